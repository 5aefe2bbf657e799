"""All that was decided on a request and sent about it, as the person's own copy holds it (art. 15).

What staff wrote to prove a ground, and their notes, are about the work and not the person: a copy leaves them out.
"""

from functools import cached_property
from typing import Any, Final

from sqlalchemy import select

from portal import clock
from portal.bilingual import Label, long_date
from portal.infrastructure.database import db
from portal.instructions.models import Instruction
from portal.instructions.queue import instructions_of
from portal.instructions.targets import target_name
from portal.letters.models import Dispatch
from portal.personal_data.corrections.models import Correction
from portal.personal_data.stops.models import Weighing
from portal.rights.carrying_out.followed import say_followers
from portal.rights.correcting.noting import corrections_of
from portal.rights.correcting.wording import correction_in_words
from portal.rights.following.history import customer_history
from portal.rights.items.making import exceptions_of, items_of
from portal.rights.items.models import ItemException, RequestItem
from portal.rights.items.telling import letter
from portal.rights.models import EventKind, RequestDecision, RequestEvent, RightsRequest
from portal.rights.weighing.weighing import weighings_of

_LETTER: Final = Label(fr="Notre réponse", en="Our answer")
_CORRECTION: Final = Label(fr="Correction demandée", en="Correction asked for")
_WRITTEN: Final = Label(fr="Ce qui a été écrit", en="What was written")
_WEIGHED: Final = Label(fr="Intérêts mis en balance", en="Interests weighed")
_TOLD: Final = Label(fr="Qui a été prévenu", en="Who was told")


class WholeAnswer:
    """What came of one request. Each table is read once, when it is first needed, for the JSON and the page alike."""

    def __init__(self, request: RightsRequest) -> None:
        self._request = request

    @cached_property
    def history(self) -> list[RequestEvent]:
        """What happened, as far as the person may read it."""
        return customer_history(self._request.id)

    @cached_property
    def _told(self) -> list[Instruction]:
        return instructions_of(self._request.id)

    @cached_property
    def _items(self) -> list[RequestItem]:
        return items_of(self._request.id)

    @cached_property
    def _exceptions(self) -> list[ItemException]:
        return exceptions_of(self._request.id) if self._items else []

    @cached_property
    def _corrections(self) -> list[Correction]:
        return corrections_of(self._request.id)

    @cached_property
    def _weighings(self) -> list[Weighing]:
        """The newest of each use: what was weighed is told with the answer, and not before."""
        return list(weighings_of(self._request.id).values()) if self._request.answered_at else []

    @cached_property
    def _letter(self) -> str:
        """The letter that answered the request, made again from its items; empty before it."""
        if self._request.answered_at is None or not self._items:
            return ""
        theirs = (RequestEvent.request_id == self._request.id, RequestEvent.kind == EventKind.ANSWERED)
        newest = select(RequestEvent.text).where(*theirs).order_by(RequestEvent.id.desc()).limit(1)
        paragraph = db.session.execute(newest).scalar_one_or_none() or ""
        return letter.letter_of(
            self._request, self._items, paragraph, self._request.language, self._exceptions
        ).text  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Return the decisions, what became of each item, what was told to whom, the letter and each sending."""
        request_id = self._request.id
        return {
            "decisions": [_decision(each) for each in _decisions(request_id)],
            "items": [_item(item) for item in self._items],
            "decided_apart": [_apart(exception) for exception in self._exceptions],
            "corrections": [_correction(each) for each in self._corrections],
            "weighings": [_weighing(each) for each in self._weighings],
            "told": [_told(each, self._request.language) for each in self._told],
            "letter": self._letter,
            "sendings": [_sending(sent) for sent in _sendings(request_id)],
        }

    def _written(self, language: object) -> str:
        """Return what both sides wrote on the way, with its days; the answer itself is the letter."""
        said = (line for line in self.history if line.kind is not EventKind.ANSWERED)
        return "\n".join(f"{long_date(line.at, language, weekday=False)} – {line.text}" for line in said if line.text)

    def in_words(self, language: object) -> list[tuple[str, str]]:
        """Return as facts of the page to read what was written, corrected, weighed and told, and the letter."""
        facts = [(_WRITTEN, self._written(language))]
        facts += [(_CORRECTION, correction_in_words(each, language)) for each in self._corrections]
        facts += [(_WEIGHED, each.summary) for each in self._weighings if each.summary]
        facts += [(_TOLD, "\n".join(say_followers(self._told, language))), (_LETTER, self._letter)]
        return [(label.text(language), text) for label, text in facts if text]


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


def _correction(each: Correction) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "external_id": each.external_id,
        "field": each.field,
        "held": each.held.get("value"),
        "proposed": each.proposed.get("value"),
        "result": each.result,
        "applied_at": clock.written(each.applied_at),
        "released_at": clock.written(each.released_at),
    }


def _weighing(each: Weighing) -> dict[str, Any]:
    return {
        "purpose": each.purpose,
        "result": each.result,
        "summary": each.summary,
        "made_at": clock.written(each.made_at),
    }


def _told(each: Instruction, language: object) -> dict[str, Any]:
    return {
        "target": each.target,
        "name": target_name(each.target, language),
        "operation": each.operation,
        "channel": each.channel,
        "state": each.state,
        "sent_at": clock.written(each.sent_at),
        "acknowledged_at": clock.written(each.acknowledged_at),
        "noted_by_team": bool(each.acknowledged_by) and each.acknowledged_by != each.target,
        "exemption": each.exemption,
        "words": each.words,
    }
