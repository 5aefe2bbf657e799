"""Carry out what was decided about values: write them, or put the person's own words beside them.

Each field is one item. What is written is noted in the same transaction: row, item, audit, ledger; and whoever sent
the value or received it is told there (GDPR art. 19).
"""

from typing import Final

from portal.audit.tags import declare
from portal.instructions.models import Operation
from portal.instructions.queue import instruct
from portal.personal_data.corrections.models import WHOLE_RECORD, Correction, CorrectionResult
from portal.personal_data.corrections.statements import add_statement
from portal.personal_data.ledger.entries import note
from portal.personal_data.ledger.models import EntryKind
from portal.personal_data.outcomes import ItemOutcome
from portal.records.corrections.applying import apply
from portal.records.corrections.targets import fields_of
from portal.rights.acting import Act
from portal.rights.asked import Correct, change_in_words, label_of_change
from portal.rights.carrying_out.telling import tell_of_words
from portal.rights.correcting.noting import corrections_of, target_of
from portal.rights.correcting.proof import end_proof
from portal.rights.items.carrying import note_done
from portal.rights.items.making import items_of
from portal.rights.items.models import RequestItem
from portal.rights.items.proposing import CORRECTIONS, STATEMENTS

CORRECTED: Final = declare("customer:field:corrected", "reference", "kind", "field", "result")
_RESULTS: Final = {
    ItemOutcome.CORRECTED: CorrectionResult.CORRECTED,
    ItemOutcome.STATEMENT: CorrectionResult.STATEMENT,
    ItemOutcome.REFUSED: CorrectionResult.REFUSED,
}


def correct(act: Act) -> None:
    """Do in the current transaction what was decided about each value that a request names, and tell who has it too."""
    rows = corrections_of(act.request.id)
    corrections = {(row.kind, row.field): row for row in rows}
    for item in items_of(act.request.id):
        if item.part == CORRECTIONS and item.outcome is not None:
            _carry_out(act, item, corrections[item.kind, item.rule])
        elif item.part == STATEMENTS and item.outcome is ItemOutcome.CORRECTED:
            _say_beside(act, item)
    if rows:
        end_proof(act)
    tell_of_words(act.request)
    if corrected := [[row.kind, row.external_id, row.field] for row in rows if row.applied_at is not None]:
        instruct(act.request, Operation.CORRECT, {"fields": corrected})


def _carry_out(act: Act, item: RequestItem, correction: Correction) -> None:
    result = _RESULTS[item.outcome or ItemOutcome.REFUSED]
    correction.result, correction.decided_by = result, item.decided_by
    if result is CorrectionResult.CORRECTED:
        if not apply(act.request.customer, correction):
            return  # nothing is held there any more: the answer says that it is not done
        _note_in_ledger(act, correction)
    elif result is CorrectionResult.STATEMENT:
        _put_beside(act, correction)
    if result is not CorrectionResult.REFUSED:
        note_done(act.request.id, item.part, item.kind, item.rule, 1)
    act.record(CORRECTED, kind=correction.kind, field=correction.field, result=result)


def _note_in_ledger(act: Act, correction: Correction) -> None:
    """Say that a backup must not undo it. The values stay out of the ledger: an officer is told which were lost."""
    customer, request = act.request.customer, act.request
    body = {"customer": customer.public_id, "request": request.reference, "kind": correction.kind}
    note(EntryKind.CORRECTED, body | {"field": correction.field})


def _put_beside(act: Act, correction: Correction) -> None:
    """Put the person's words beside a value that stays: those they typed for it, else the value that they gave."""
    language, fields = act.request.language, fields_of(correction.kind)
    proposed = change_in_words(correction.field, correction.proposed.get("value"), fields, language)
    words = act.request.asked.statement if isinstance(act.request.asked, Correct) else ""
    given = f"{label_of_change(correction.field, fields, language)}{_COLON[language == 'fr']}{proposed}"
    add_statement(
        act.request.customer, words or given, part=correction.part, kind=correction.kind,
        external_id=correction.external_id, field=correction.field, request_id=act.request.id,
        reference=act.request.reference, actor=act.actor,
    )  # fmt: skip


def _say_beside(act: Act, item: RequestItem) -> None:
    """Put the person's words beside a whole record, as they asked."""
    asked, target = act.request.asked, target_of(act.request)
    if target is None or not isinstance(asked, Correct):
        return
    add_statement(
        act.request.customer, asked.statement, part=target.part, kind=target.kind, external_id=target.external_id,
        field=WHOLE_RECORD, request_id=act.request.id, reference=act.request.reference, actor=act.actor,
    )  # fmt: skip
    note_done(act.request.id, item.part, item.kind, item.rule, 1)


_COLON: Final = {True: "\u00a0: ", False: ": "}
