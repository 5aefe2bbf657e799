"""What an erasure leaves of requests: right, dates, items and hashes, as proof of the answer, without anybody's words.

The words of the request that asks for the erasure go last, once its answer has left. Where something was kept, archived
or refused they stay sealed with the erasure for two months, in which the person may ask for a second look.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from portal import clock
from portal.audit.tags import declare
from portal.bilingual import Label
from portal.exports.models import AnswerPackage, PackageStatus
from portal.infrastructure.database import db
from portal.instructions import queue
from portal.personal_data.erasure.becoming import Becoming, becomes, deleted
from portal.personal_data.erasure.certificate import certificate_of
from portal.personal_data.erasure.contact import seal
from portal.personal_data.erasure.listeners import locks, names_request, on_forget, on_seal
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.erasure.own_rows import OwnPart, Rows
from portal.personal_data.erasure.planning import OPEN_COPY, ROWS, PlannedItem, erases, stops_erasure
from portal.personal_data.erasure.scope import Scope
from portal.rights.acting import Act
from portal.rights.carrying_out.answering import PACKAGED
from portal.rights.items.models import ItemException, RequestItem
from portal.rights.lifecycle import Step
from portal.rights.models import EventKind, RequestDecision, RequestDraft, RequestEvent, RightsRequest

ENDED = declare("customer:request:ended", "reference", "reason")

_WORDS: dict[Any, dict[str, Any]] = {
    RightsRequest: {"answers": {}, "identity_signals": []},
    RequestEvent: {"text": ""},
    RequestItem: {"words": ""},
    RequestDecision: {"evidence": "", "message": "", "done": {}, "second_text": ""},
}


def _is_spared() -> Any:
    """Return the select of requests that an erasure under way still has to answer."""
    going_on = Erasure.state.in_((ErasureState.COOLING, ErasureState.RUNNING, ErasureState.HALTED))
    answered = (Erasure.state == ErasureState.DONE) & (Erasure.step == "forget")
    return select(Erasure.request_id).where(Erasure.request_id.is_not(None), or_(going_on, answered))


def _is_theirs(customer_id: int) -> ColumnElement[bool]:
    return (RightsRequest.customer_id == customer_id) & RightsRequest.id.not_in(_is_spared())


def _of_requests(model: Any) -> Rows:
    def theirs(customer_id: int) -> ColumnElement[bool]:
        own: ColumnElement[bool] = model.request_id.in_(select(RightsRequest.id).where(_is_theirs(customer_id)))
        return own

    return Rows(model, theirs, emptied=_WORDS[model])


def _is_exception(customer_id: int) -> ColumnElement[bool]:
    own = select(RequestItem.id).join(RightsRequest, RightsRequest.id == RequestItem.request_id)
    return ItemException.item_id.in_(own.where(RightsRequest.customer_id == customer_id))


_HISTORY = (
    _of_requests(RequestEvent),
    _of_requests(RequestDecision),
    _of_requests(RequestItem),
    Rows(ItemException, _is_exception, emptied={"external_id": None}),
)

erases("drafts", OwnPart("drafts", ROWS, (Rows(RequestDraft, lambda one: RequestDraft.customer_id == one),)))
erases("request_history", OwnPart("request_history", ROWS, _HISTORY))
erases("request_files", OwnPart("request_files", ROWS, (Rows(RightsRequest, _is_theirs, _WORDS[RightsRequest]),)))
deleted("drafts")
_PROOF = Label(
    fr="article 17, paragraphe 3, point e), et Code civil, article 2224", en="art. 17(3)(e), Code civil art. 2224"
)
becomes(
    "request_files",
    Becoming(
        Label(fr="droit, dates, résultat : 5 ans ; mots vidés", en="right, dates, outcome: 5 years; words emptied"),
        _PROOF,
        {
            "rights_requests": frozenset(
                {
                    "reference", "draft_id", "right", "intent", "channel", "confirmation_code", "language", "status",
                    "outcome", "is_open", "version", "received_at", "initial_due_on", "due_on_unpaused", "due_on",
                    "sort_on", "extended_on", "paused_on", "answered_at", "closed_at", "is_document_needed",
                    "holder_id", "held_until", "wrongly_closed_at", "reopening_confirmed_by",
                }
            )
        },
    ),
)  # fmt: skip
becomes(
    "request_history",
    Becoming(
        Label(
            fr="étapes, décisions et points avec leurs dates : 5 ans ; textes et preuves vidés",
            en="steps, decisions and items with their dates: 5 years; texts and evidence emptied",
        ),
        _PROOF,
        {
            "request_pauses": frozenset({"reason", "asked_on", "received_on"}),
            "request_events": frozenset({"at", "kind", "staff_id", "is_internal"}),
            "request_decisions": frozenset(
                {
                    "staff_id", "outcome", "ground", "decided_at", "second_staff_id", "second_opinion", "second_at",
                }
            ),
            "request_items": frozenset(
                {
                    "part", "kind", "rule", "category", "planned", "outcome", "ground", "legal_reference", "until_on",
                    "is_then_erased", "state", "done", "decided_by", "done_at", "proposed", "systems",
                }
            ),
            "item_exceptions": frozenset({"from_at", "to_at", "outcome", "ground", "until_on", "done_at"}),
        },
    ),
)  # fmt: skip


@locks(RightsRequest.__tablename__)
def lock_requests(customer_id: int) -> None:
    """Lock the requests of a customer, after the customer."""
    own = select(RightsRequest.id).where(RightsRequest.customer_id == customer_id).order_by(RightsRequest.id)
    db.session.execute(own.with_for_update(key_share=True)).all()


@names_request
def reference_of(request_id: int) -> str | None:
    """Return the reference of a request."""
    named = select(RightsRequest.reference).where(RightsRequest.id == request_id)
    return db.session.execute(named).scalar_one_or_none()


@stops_erasure
def waits_for_copy(customer_id: int, scope: Scope, items: Iterable[PlannedItem]) -> Iterable[str]:
    """Yield `OPEN_COPY` while a copy that the person asked for is owed, or is ready and was not downloaded."""
    if not scope.is_whole:
        return
    is_open = (RightsRequest.is_open.is_(True), RightsRequest.right.in_(PACKAGED))
    owed = select(RightsRequest.id).where(RightsRequest.customer_id == customer_id, *is_open).limit(1)
    over = (PackageStatus.EXPIRED, PackageStatus.FAILED)
    unread = (AnswerPackage.status.not_in(over), AnswerPackage.downloads == 0)
    made = select(AnswerPackage.id).where(AnswerPackage.customer_id == customer_id, *unread).limit(1)
    if db.session.execute(owed).first() or db.session.execute(made).first():
        yield OPEN_COPY


@on_seal
def end_others(erasure: Erasure) -> None:
    """End the other open requests of an erased person with their file: the preview said so."""
    if not Scope.read(erasure.scope).is_whole:
        return
    others = (RightsRequest.customer_id == erasure.customer_id, RightsRequest.is_open.is_(True))
    spared = RightsRequest.id != (erasure.request_id or 0)
    for request in db.session.execute(select(RightsRequest).where(*others, spared)).scalars().all():
        act = Act(request, "portal")
        act.step(Step.WITHDRAW)
        act.close()
        queue.take_back(request.id)
        act.note(EventKind.WITHDRAWN)
        act.record(ENDED, reason="erased")


@on_forget
def seal_words(erasure: Erasure) -> None:
    """Destroy the words of the request that was answered; where a reason is owed, seal them with the erasure first."""
    if erasure.request_id is None or not Scope.read(erasure.scope).is_whole:
        return
    certificate = certificate_of(erasure)
    if certificate is not None and not certificate.is_clean:
        _seal(erasure, erasure.request_id)
    for model, nothing in _WORDS.items():
        key = RightsRequest.id if model is RightsRequest else model.request_id
        db.session.execute(update(model).where(key == erasure.request_id).values(**nothing))


def _seal(erasure: Erasure, request_id: int) -> None:
    request = db.session.get_one(RightsRequest, request_id)
    events = select(RequestEvent).where(RequestEvent.request_id == request_id).order_by(RequestEvent.id)
    decisions = select(RequestDecision).where(RequestDecision.request_id == request_id).order_by(RequestDecision.id)
    lines = [[clock.written(line.at), line.kind, line.text] for line in db.session.execute(events).scalars()]
    erasure.sealed_words = seal(erasure, "sealed_words", {"answers": request.answers, "lines": lines})
    items = select(RequestItem.part, RequestItem.kind, RequestItem.words).where(RequestItem.request_id == request_id)
    proof: list[Any] = [list(item) for item in db.session.execute(items.where(RequestItem.words != "")).all()]
    proof += [
        {name: getattr(decision, name) for name in _WORDS[RequestDecision]}
        for decision in db.session.execute(decisions).scalars()
    ]
    erasure.sealed_proof = seal(erasure, "sealed_proof", proof)
