"""All that was decided on a request and sent about it, as the person's own copy holds it (art. 15).

What staff wrote to prove a ground, and their notes, are about the work and not the person: a copy leaves them out.
"""

from typing import Any, Final

from sqlalchemy import select

from portal import clock
from portal.bilingual import Label
from portal.infrastructure.database import db
from portal.letters.models import Dispatch
from portal.rights.items.making import exceptions_of, items_of
from portal.rights.items.models import ItemException, RequestItem
from portal.rights.items.telling import letter
from portal.rights.models import EventKind, RequestDecision, RequestEvent, RightsRequest

_LETTER: Final = Label(fr="Notre réponse", en="Our answer")


def answered(request: RightsRequest) -> dict[str, Any]:
    """Return the decisions on a request, what became of each item, the letter, and each sending, as JSON values."""
    return {
        "decisions": [_decision(each) for each in _decisions(request.id)],
        "items": [_item(item) for item in items_of(request.id)],
        "decided_apart": [_apart(exception) for exception in exceptions_of(request.id)],
        "letter": letter_text(request),
        "sendings": [_sending(sent) for sent in _sendings(request.id)],
    }


def answered_in_words(request: RightsRequest, language: object) -> list[tuple[str, str]]:
    """Return the letter as a fact of the page to read; nothing before the answer."""
    text = letter_text(request)
    return [(_LETTER.text(language), text)] if text else []


def letter_text(request: RightsRequest) -> str:
    """Return the letter that answered a request, made again from its items; empty before it."""
    items = items_of(request.id)
    if request.answered_at is None or not items:
        return ""
    theirs = (RequestEvent.request_id == request.id, RequestEvent.kind == EventKind.ANSWERED)
    newest = select(RequestEvent.text).where(*theirs).order_by(RequestEvent.id.desc()).limit(1)
    paragraph = db.session.execute(newest).scalar_one_or_none() or ""
    return letter.letter_of(request, items, paragraph, request.language, exceptions_of(request.id)).text


def _decisions(request_id: int) -> list[RequestDecision]:
    theirs = select(RequestDecision).where(RequestDecision.request_id == request_id)
    return list(db.session.execute(theirs.order_by(RequestDecision.id)).scalars())


def _decision(decision: RequestDecision) -> dict[str, Any]:
    return {
        "decided_at": clock.written(decision.decided_at),
        "outcome": decision.outcome,
        "ground": decision.ground,
        "message": decision.message,
        "second_opinion": decision.second_opinion,
        "second_at": clock.written(decision.second_at),
    }


def _item(item: RequestItem) -> dict[str, Any]:
    return {
        "part": item.part,
        "kind": item.kind,
        "words": item.words,
        "number": item.planned,
        "outcome": item.outcome,
        "ground": item.ground,
        "legal_reference": item.legal_reference,
        "until_on": clock.written(item.until_on),
        "done": item.done,
        "done_at": clock.written(item.done_at),
    }


def _apart(exception: ItemException) -> dict[str, Any]:
    return {
        "external_id": exception.external_id,
        "from_at": clock.written(exception.from_at),
        "to_at": clock.written(exception.to_at),
        "outcome": exception.outcome,
        "ground": exception.ground,
        "until_on": clock.written(exception.until_on),
    }


def _sendings(request_id: int) -> list[Dispatch]:
    about = (Dispatch.subject_kind == "request", Dispatch.subject_id == request_id)
    return list(db.session.execute(select(Dispatch).where(*about).order_by(Dispatch.id)).scalars())


def _sending(sent: Dispatch) -> dict[str, Any]:
    return {
        "letter": sent.letter_code,
        "version": sent.template_version,
        "channel": sent.channel,
        "state": sent.state,
        "at": clock.written(sent.at),
        "sha256": sent.sha256,
    }
