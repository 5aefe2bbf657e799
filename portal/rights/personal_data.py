"""What this domain holds about a customer: drafts, requests with all that came of them, and uses objected to.

Notes that staff write for each other are about the work and not the person, so a copy leaves them out
(EDPB 01/2022 §97).
"""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import func, literal, select, union_all

from portal.bilingual import Label, long_date
from portal.clock import local_date
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.categories import Category
from portal.personal_data.registry import HeldItem, Holding, register
from portal.personal_data.stops.models import PurposeStop
from portal.personal_data.uses.purposes import REQUESTS
from portal.rights.ends import PARTS
from portal.rights.following.destroyed import destroyed_held
from portal.rights.following.models import DestroyedFile
from portal.rights.following.whole_answer import WholeAnswer
from portal.rights.models import RequestDraft, RequestEvent, RightsRequest
from portal.rights.weighing.held import stops_held

_REQUEST = Label(fr="Demande sur vos données", en="Request about your data")
_DRAFT = Label(fr="Demande en cours de rédaction", en="Request being written")
_REFERENCE = Label(fr="Référence", en="Reference")
_ASKED = Label(fr="Demande", en="Request")
_STATUS = Label(fr="État", en="Status")
_OUTCOME = Label(fr="Résultat", en="Outcome")
_RECEIVED = Label(fr="Reçue le", en="Received on")
_DUE = Label(fr="Réponse au plus tard le", en="Answer due by")
_EXPIRES = Label(fr="Gardée jusqu'au", en="Kept until")
_KEPT = Label(
    fr="Une demande est gardée {period} après sa réponse, pour prouver que nous avons répondu."
    " Un brouillon est gardé {drafts}.",
    en="A request is kept for {period} after its answer, to prove that we answered. A draft is kept for {drafts}.",
)
READ_AT_ONCE: Final = 100


def summary(customer_id: int) -> Any:
    """Return the select of (category, count, latest instant)."""
    is_unsent = RequestDraft.sent_at.is_(None)
    instants = union_all(
        select(RightsRequest.received_at.label("at")).where(RightsRequest.customer_id == customer_id),
        select(RequestDraft.updated_at).where(RequestDraft.customer_id == customer_id, is_unsent),
        select(PurposeStop.since).where(PurposeStop.customer_id == customer_id),
        select(DestroyedFile.destroyed_at).where(DestroyedFile.customer_id == customer_id),
    ).subquery()
    count = func.count(instants.c.at)
    category = literal(Category.PROFILE.value).label("category")
    return select(category, count.label("count"), func.max(instants.c.at).label("latest")).having(count > 0)


def items(customer_id: int, category: str, language: str) -> Iterator[HeldItem]:
    """Yield drafts, requests, uses objected to and what is known of destroyed files, each newest first."""
    if category != Category.PROFILE:
        return
    drafts = select(RequestDraft).where(RequestDraft.customer_id == customer_id, RequestDraft.sent_at.is_(None))
    for draft in db.session.execute(drafts.order_by(RequestDraft.updated_at.desc())).scalars():
        yield _held_draft(draft, language)
    requests = select(RightsRequest).where(RightsRequest.customer_id == customer_id)
    newest_first = requests.order_by(RightsRequest.received_at.desc(), RightsRequest.id.desc())
    for request in db.session.execute(newest_first.execution_options(yield_per=READ_AT_ONCE)).scalars():
        yield _held_request(request, language)
    yield from stops_held(customer_id, language)
    yield from destroyed_held(customer_id, language)


def _held_draft(draft: RequestDraft, language: str) -> HeldItem:
    expires_on = long_date(local_date(draft.expires_at), language, weekday=False)
    facts = [
        (_ASKED.text(language), draft.intent.label(language)),
        *draft.asked.in_words(language),
        (_EXPIRES.text(language), expires_on),
    ]
    return HeldItem(
        category=Category.PROFILE,
        kind="rights_request_draft",
        label=_DRAFT.text(language),
        at=draft.updated_at,
        values={"right": str(draft.right), "intent": draft.intent, "answers": draft.answers},
        facts=facts,
        lawful_basis=REQUESTS.lawful_basis,
    )


def _held_request(request: RightsRequest, language: str) -> HeldItem:
    received_on = local_date(request.received_at)
    facts = [
        (_REFERENCE.text(language), request.reference),
        (_ASKED.text(language), request.intent.label(language)),
        *request.asked.in_words(language),
        (_RECEIVED.text(language), long_date(received_on, language, weekday=False)),
        (_STATUS.text(language), request.status.customer_label(language)),
    ]
    if request.due_on and request.is_open:
        facts.append((_DUE.text(language), long_date(request.due_on, language, weekday=False)))
    if request.outcome:
        facts.append((_OUTCOME.text(language), request.outcome.customer_label(language)))
    whole = WholeAnswer(request)
    return HeldItem(
        category=Category.PROFILE,
        kind="rights_request",
        label=_REQUEST.text(language),
        at=request.received_at,
        values=_values(request, whole.history),
        describe=lambda is_masked: facts if is_masked else [*facts, *whole.in_words(language)],
        complete=whole.as_json,
        lawful_basis=REQUESTS.lawful_basis,
    )


def _values(request: RightsRequest, history: list[RequestEvent]) -> dict[str, Any]:
    return {
        "reference": request.reference,
        "right": str(request.right),
        "intent": request.intent,
        "channel": str(request.channel),
        "confirmation_code": request.confirmation_code,
        "language": request.language,
        "answers": request.answers,
        "status": str(request.status),
        "outcome": str(request.outcome) if request.outcome else None,
        "received_at": request.received_at.isoformat(),
        "due_on": request.due_on.isoformat() if request.due_on else None,
        "answered_at": request.answered_at.isoformat() if request.answered_at else None,
        "closed_at": request.closed_at.isoformat() if request.closed_at else None,
        "identity_signals": request.identity_signals,
        "history": [{"at": event.at.isoformat(), "kind": str(event.kind), "text": event.text} for event in history],
    }


def retention(language: str) -> str:
    """Return how long it is kept, in words."""
    periods = installed.organisation().retention
    return _KEPT.filled(language, period=periods.request_files.text(language), drafts=periods.drafts.text(language))


register(
    Holding(
        code="rights",
        parts=PARTS,
        retention=retention,
        purposes={Category.PROFILE: (REQUESTS.code,)},
        summary=summary,
        items=items,
    )
)
