"""What a person shows for a value that they give, where its field asks for it: sent with the request, then destroyed.

It goes the way of an identity document, and ends with the decision. Nobody has to send any: the team then checks by its
own means.
"""

from dataclasses import dataclass
from typing import Final

from flask import url_for
from flask_babel import get_locale

from portal.identity_checks.documents.shredding import shred
from portal.identity_checks.documents.uploading import end_all
from portal.identity_checks.models import VALUE_PROOF, CheckResult
from portal.identity_checks.proof import checking
from portal.identity_checks.proof.errands import Errand
from portal.identity_checks.proof.papers import Paper
from portal.identity_checks.queries import GivenSide, documents_given, given, pending_check
from portal.records.corrections.targets import fields_of
from portal.rights.acting import Act
from portal.rights.asked import Asked, Correct
from portal.rights.models import RequestDraft, RightsRequest

_AFTER_DRAFT: Final = "-proof"


def code_of(draft: RequestDraft) -> str:
    """Return the code of the errand of a draft's proof: that of the draft names the proof of who asks."""
    return f"{draft.public_id}{_AFTER_DRAFT}"


def is_proof_code(code: str) -> bool:
    return code.endswith(_AFTER_DRAFT)


def draft_of_code(code: str) -> str:
    """Return the public id of the draft that an errand of either sort is for."""
    return code.removesuffix(_AFTER_DRAFT)


def proof_asked(asked: Asked, language: object) -> tuple[str, ...]:
    """Return what the fields of a correction ask to see, in words; nothing for a value that is to be taken away."""
    if not isinstance(asked, Correct) or not asked.names_values:
        return ()
    fields = fields_of(asked.record[0])
    named = [fields[name].proof for name, value in asked.changes if name in fields and value is not None]
    return tuple(label.text(language) for label in dict.fromkeys(named) if label)


def errand_of_proof(draft: RequestDraft) -> Errand | None:
    """Return why the proof of a draft is asked for, and where its person goes on; None where none is."""
    reasons = proof_asked(draft.asked, get_locale())
    if draft.described_at is None or not reasons:
        return None
    return Errand(
        code=code_of(draft),
        title=draft.intent.label(get_locale()),
        customer_id=draft.customer_id,
        reasons=reasons,
        next_url=url_for("customer.rights.check", public_id=draft.public_id),
        back_url=url_for("customer.rights.details", public_id=draft.public_id),
        draft_id=draft.id,
        papers=(Paper.VALUE_PROOF,),
    )


@dataclass(frozen=True, slots=True)
class ProofRow:
    """The row of a draft's proof on the page that sends it: where it is given, and what has arrived."""

    url: str
    sides: tuple[GivenSide, ...]


def proof_row(draft: RequestDraft) -> ProofRow | None:
    """Return the row of a draft's proof; None where none is asked for."""
    if not proof_asked(draft.asked, get_locale()):
        return None
    url = url_for("customer.identity_checks.document", code=code_of(draft))
    return ProofRow(url, given(draft_id=draft.id, of_value=True).sides)


def file_proof(request: RightsRequest, draft_id: int | None) -> None:
    """Let the team look at the proof that came with a draft, in the transaction that sends it.

    What no value of the request asks for any more is destroyed.
    """
    staged = documents_given(draft_id=draft_id, of_value=True) if draft_id else []
    if not staged:
        return
    if not proof_asked(request.asked, request.language):
        shred(staged)
        return
    check = checking.open_check(request.customer_id, request.id, VALUE_PROOF)
    checking.hand_over(check, staged, request.due_on)


def end_proof(act: Act) -> None:
    """Note who looked at the proof of a correction that is decided, and destroy it, in the current transaction."""
    check = pending_check(act.request.id, of_value=True)
    if check is not None and act.staff is not None:
        checking.decide(check, CheckResult.CONFIRMED, member=act.staff)


def end_uploads(draft: RequestDraft) -> None:
    """End what is being sent in parts for a draft that is over, of either proof, in the current transaction."""
    for code in (draft.public_id, code_of(draft)):
        end_all(draft.customer_id, code)
