"""What stands behind a sentence about a customer, read from the tables by statements of the tests' own."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, select

from portal import clock
from portal.accounts.models import Account, LinkedIdentity
from portal.bilingual import long_date
from portal.customers.models import Customer
from portal.exports.models import AnswerPackage
from portal.identity_checks.models import IdentityCheck
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.instructions.models import Instruction
from portal.letters.models import Dispatch
from portal.personal_data.corrections.models import Correction
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.outcomes import ItemOutcome
from portal.personal_data.restrictions.models import Restriction
from portal.personal_data.stops.models import PurposeStop, StopState
from portal.personal_data.uses.lawful_bases import LawfulBasis
from portal.personal_data.uses.trackers import purposes_in_the_dark
from portal.preferences.models import ConsentRecord, PreferenceState
from portal.records.data_map.kinds import installed_data_map
from portal.records.models import Record
from portal.rights.deciding.refusals import RefusalGround
from portal.rights.following.models import DestroyedFile
from portal.rights.items.models import RequestItem
from portal.rights.items.telling.sentences import SENTENCES
from portal.rights.lifecycle import Right
from portal.rights.models import RequestDecision, RightsRequest
from tests.support.looking.said import Said, plain

Proof = Callable[[int, Said, str], bool]


def is_proven(customer_id: int, said: Said, language: str) -> bool:
    """Whether the tables hold what a sentence rests on. One in its unknown form needs the contrary."""
    if said.is_claim:
        return PROOFS[said.code](customer_id, said, language)
    return UNKNOWN.get(said.code, lambda *_: True)(customer_id, said, language)


def _all(statement: Any) -> list[Any]:
    return list(db.session.execute(statement).scalars())


def _is_one_of(said: Said, moments: Iterable[date | None], language: str) -> bool:
    words = {plain(long_date(at, language, weekday=weekday)) for at in moments if at for weekday in (True, False)}
    return said.facts["date"] in words


def _answers(customer_id: int, *, yes: bool) -> list[Any]:
    """Return when somebody said yes, or no, to a choice or to Facebook."""
    chosen = select(ConsentRecord.effective_at)
    at = LinkedIdentity.linked_at if yes else LinkedIdentity.unlinked_at
    linked = select(at).join(Account).where(Account.customer_id == customer_id)
    return _all(chosen.where(ConsentRecord.customer_id == customer_id, ConsentRecord.is_given.is_(yes))) + _all(linked)


def _agreed(customer_id: int, said: Said, language: str) -> bool:
    return _is_one_of(said, _answers(customer_id, yes=True), language)


def _refused(customer_id: int, said: Said, language: str) -> bool:
    return _is_one_of(said, _answers(customer_id, yes=False), language)


def _collected_on_consent(customer_id: int) -> list[tuple[Any, tuple[str, ...]]]:
    data_map = installed_data_map()
    choices = {
        kind.code: data_map.choices_of(kind)
        for kind in data_map.kinds.values()
        if kind.lawful_basis is LawfulBasis.CONSENT
    }
    statement = select(Record).where(Record.customer_id == customer_id, Record.kind.in_(choices))
    return [(record.recorded_at, choices[record.kind]) for record in _all(statement)]


def _was_agreed_to(customer_id: int, at: Any, choices: Iterable[str]) -> bool:
    of_customer = select(ConsentRecord.id).where(ConsentRecord.customer_id == customer_id, ConsentRecord.is_given)
    in_time = of_customer.where(ConsentRecord.effective_at <= at, ConsentRecord.flag.in_(choices))
    return bool(_all(in_time))


def _collected(customer_id: int, said: Said, language: str) -> bool:
    held = _collected_on_consent(customer_id)
    return _agreed(customer_id, said, language) and any(_was_agreed_to(customer_id, *one) for one in held)


def _collected_without(customer_id: int, said: Said, language: str) -> bool:
    return any(not _was_agreed_to(customer_id, *one) for one in _collected_on_consent(customer_id))


def _requests(customer_id: int, *rights: Right) -> list[RightsRequest]:
    statement = select(RightsRequest).where(RightsRequest.customer_id == customer_id)
    return _all(statement.where(RightsRequest.right.in_(rights)))


def _use_stopped(customer_id: int, said: Said, language: str) -> bool:
    answered = [request.answered_at for request in _requests(customer_id, Right.OBJECTION)]
    state = _state(customer_id)
    return state is not None and not all(state.flags.values()) and _is_one_of(said, answered, language)


def _state(customer_id: int) -> PreferenceState | None:
    return db.session.get(PreferenceState, customer_id)


def _advertising_stopped(customer_id: int, said: Said, language: str) -> bool:
    state = _state(customer_id)
    answered = [request.answered_at for request in _requests(customer_id, Right.ERASURE, Right.RESTRICTION)]
    return state is not None and state.is_suppressed and _is_one_of(said, answered, language)


def _locked_here(customer_id: int, said: Said, language: str) -> bool:
    return _is_one_of(said, _all(_restrictions(customer_id).where(Restriction.lifted_at.is_(None))), language)


def _restrictions(customer_id: int) -> Any:
    return select(Restriction.since).where(Restriction.customer_id == customer_id)


def _directives(customer_id: int, said: Said, language: str) -> bool:
    received = [request.received_at for request in _requests(customer_id, Right.DIRECTIVES) if request.answered_at]
    return _is_one_of(said, received, language)


def _unlinked(customer_id: int, said: Said, language: str) -> bool:
    undone = select(LinkedIdentity.unlinked_at).join(Account).where(Account.customer_id == customer_id)
    return _is_one_of(said, _all(undone), language)


def _promised(customer_id: int, said: Said, language: str) -> bool:
    owed = _all(select(AnswerPackage.owed_by).where(AnswerPackage.customer_id == customer_id))
    has_address = select(Customer.id).where(Customer.id == customer_id, Customer.email.is_not(None))
    return bool(_all(has_address)) and _is_one_of(said, owed, language)


def _planned(customer_id: int, said: Said, language: str) -> bool:
    return _is_one_of(said, [one.named_by for one in installed.organisation().recipients], language)


def _in_the_union(customer_id: int, said: Said, language: str) -> bool:
    return all(recipient.is_in_the_union for recipient in installed.organisation().recipients)


def _safeguarded(customer_id: int, said: Said, language: str) -> bool:
    return any(recipient.transfer_safeguard for recipient in installed.organisation().recipients)


def _due(customer_id: int, said: Said, language: str) -> bool:
    due = [request.due_on for request in _requests(customer_id, *Right) if request.is_open and request.due_on]
    return _is_one_of(said, [day for day in due if day >= clock.today()], language)


def _stands(state: StopState) -> Proof:
    """Return the proof that the customer's objection to some use stands so since the day that is said."""

    def holds(customer_id: int, said: Said, language: str) -> bool:
        theirs = select(PurposeStop.since).where(PurposeStop.customer_id == customer_id, PurposeStop.state == state)
        return _is_one_of(said, _all(theirs), language)

    return holds


def _done(outcome: ItemOutcome) -> Proof:
    """Return the proof that an item of the customer with an outcome was done on the day that is said."""

    def holds(customer_id: int, said: Said, language: str) -> bool:
        done = select(RequestItem.done_at).join(RightsRequest, RightsRequest.id == RequestItem.request_id)
        theirs = done.where(RightsRequest.customer_id == customer_id, _ends_as(outcome))
        return _is_one_of(said, _all(theirs), language)

    return holds


def _ends_as(outcome: ItemOutcome) -> Any:
    """Return the condition that an item ended so; words that were asked for beside a record are a correction."""
    is_so = RequestItem.outcome == outcome
    words = (RequestItem.part == "statements") & (RequestItem.outcome == ItemOutcome.CORRECTED)
    return is_so | words if outcome is ItemOutcome.STATEMENT else is_so


def _corrected(customer_id: int, said: Said, language: str) -> bool:
    done = (Correction.customer_id == customer_id, Correction.result == "corrected")
    return _is_one_of(said, _all(select(Correction.applied_at).where(*done)), language)


def _sent(customer_id: int, said: Said, language: str) -> bool:
    """Whether a letter about a request of the customer was taken by a mail server, or opened, on the day that is said."""
    theirs = select(Dispatch.at).where(Dispatch.customer_id == customer_id, Dispatch.subject_kind == "request")
    left = theirs.where(Dispatch.state.in_(["accepted", "posted", "handed", "read_out"]))
    return _is_one_of(said, _all(left), language)


def _erased(customer_id: int, said: Said, language: str) -> bool:
    done = (Erasure.customer_id == customer_id, Erasure.state == "done", Erasure.certificate.is_not(None))
    return _is_one_of(said, _all(select(Erasure.finished_at).where(*done)), language)


def _instructed(column: str, state: str, *only: ColumnElement[bool]) -> Proof:
    """Whether somebody who was told about the customer stands in a state, since the day that is said if one is."""

    def holds(customer_id: int, said: Said, language: str) -> bool:
        at = getattr(Instruction, column)
        theirs = select(at).where(
            Instruction.customer_id == customer_id, Instruction.state == state, at.is_not(None), *only
        )
        days = _all(theirs)
        return bool(days) if state == "exempt" else _is_one_of(said, days, language)

    return holds


def _automated(expected: bool) -> Proof:
    return lambda customer_id, said, language: installed.organisation().takes_automated_decisions is expected


def _document_destroyed(customer_id: int, said: Said, language: str) -> bool:
    destroyed = select(IdentityCheck.destroyed_at).where(IdentityCheck.customer_id == customer_id)
    return _is_one_of(said, _all(destroyed), language)


def _copy_destroyed(customer_id: int, said: Said, language: str) -> bool:
    theirs = (AnswerPackage.customer_id == customer_id, AnswerPackage.wrapped_key.is_(None))
    return _is_one_of(said, _all(select(AnswerPackage.expires_at).where(*theirs)), language)


def _file_destroyed(customer_id: int, said: Said, language: str) -> bool:
    destroyed = select(DestroyedFile.destroyed_at).where(DestroyedFile.customer_id == customer_id)
    return _is_one_of(said, _all(destroyed), language)


def _emptied(customer_id: int, said: Said, language: str) -> bool:
    return _is_one_of(said, _all(select(Customer.erased_at).where(Customer.id == customer_id)), language)


def _sealed(customer_id: int, said: Said, language: str) -> bool:
    sealed = select(Erasure).where(Erasure.customer_id == customer_id, Erasure.sealed_proof.is_not(None))
    ends = [moment for erasure in _all(sealed) for moment in (erasure.words_until, _five_years(erasure))]
    return _is_one_of(said, ends, language)


def _five_years(erasure: Erasure) -> date | None:
    finished = erasure.finished_at
    return clock.local_date(finished).replace(year=finished.year + 5) if finished else None


PROOFS: Final[dict[str, Proof]] = {
    "agreed": _agreed,
    "agreed_in_part": _agreed,
    "refused": _refused,
    "collected_with_agreement": _collected,
    "no_automated_decision": _automated(False),
    "decided_by_machine": _automated(True),
    "recipient_name_promised": _promised,
    "recipient_name_planned": _planned,
    "in_the_union": _in_the_union,
    "transfer_safeguarded": _safeguarded,
    "erased": _erased,
    "target_told": _instructed("sent_at", "sent"),
    "target_followed": _instructed(
        "acknowledged_at", "acknowledged", Instruction.acknowledged_by == Instruction.target
    ),
    "target_noted": _instructed("acknowledged_at", "acknowledged", Instruction.acknowledged_by != Instruction.target),
    "target_exempted": _instructed("acknowledged_at", "exempt"),
    "corrected": _corrected,
    "locked_here": _locked_here,
    **{f"item_{outcome}": _done(outcome) for outcome in SENTENCES},
    "answer_sent": _sent,
    "use_stopped": _use_stopped,
    "use_weighed": _stands(StopState.WEIGHING),
    "use_ended": _stands(StopState.STOPPED),
    "use_goes_on": _stands(StopState.OVERRIDDEN),
    "advertising_stopped": _advertising_stopped,
    "directives_kept": _directives,
    "facebook_unlinked": _unlinked,
    "case_document_destroyed": _document_destroyed,
    "case_copy_destroyed": _copy_destroyed,
    "case_sealed": _sealed,
    "case_emptied": _emptied,
    "case_file_destroyed": _file_destroyed,
    "trackers": lambda *_: bool(installed.organisation().trackers),
    "no_trackers": lambda *_: bool(installed.organisation().no_trackers_for),
}
UNKNOWN: Final[dict[str, Proof]] = {
    "collected_with_agreement": _collected_without,
    "no_automated_decision": lambda *_: installed.organisation().takes_automated_decisions is None,
    "in_the_union": lambda *_: any(one.is_in_the_union is None for one in installed.organisation().recipients),
    "trackers": lambda *_: bool(purposes_in_the_dark(installed.organisation())),
    "advertising_stopped": lambda customer_id, *_: not (state := _state(customer_id)) or not state.is_suppressed,
}


# ------------------------------------------------------------------------- what is said without a declared sentence

_PROMISES: Final = re.compile(
    r"(?:Réponse|répondrons) au plus tard le (?:\w+ )?(\d+(?:er)? \w+ \d{4})"
    r"|(?:Answer|answer) by (?:\w+ )?(\d+ \w+ \d{4})"
)
_OPENING: Final = re.compile(r"Ouvrir votre fichier|Open your file|Télécharger la copie|Download the copy")
_DESTROYED: Final = re.compile(r"cette copie est détruite|copy has expired and was destroyed")
_ON_HOLD: Final = re.compile(
    r"accepté le .{5,30} de mettre l’usage|Vos données sont en pause|we agreed to put|Your data are on hold"
)
_MAIL_PROMISED: Final = re.compile(
    r"e-mail vous prévient|ous (vous )?écrirons (quand|à)|an e-mail tells you|e-mail you when"
)
_ANSWERED: Final = re.compile(r"Nous avons répondu|Réponse donnée le|We have answered|Answered on")


def untrue_states(place: str, words: str, customer_id: int, language: str) -> Iterator[str]:
    """Yield what a text says of the state of a request, a file or a duty, and the tables do not."""
    written_on = date.fromisoformat(place.split()[-1]) if place.startswith("mail ") else clock.today()
    for found in _PROMISES.finditer(words):
        if _day(found[1] or found[2], language) < written_on:
            yield f"promises a day that is over: {found.group()!r}"
    if _OPENING.search(words) and not _packages(place, customer_id, is_there=True):
        yield "opens a file that is gone"
    if _DESTROYED.search(words) and not _packages(place, customer_id, is_there=False):
        yield "says that a copy was destroyed"
    if _ON_HOLD.search(words) and not _all(_restrictions(customer_id)):
        yield "says that the data are on hold"
    if _MAIL_PROMISED.search(words) and not db.session.get_one(Customer, customer_id).email:
        yield "promises a mail to nobody"
    if _ANSWERED.search(words) and not any(request.answered_at for request in _requests(customer_id, *Right)):
        yield "says that we answered"
    for reason, kinds in duties(language).items():
        held = select(Record.id).where(Record.customer_id == customer_id, Record.kind.in_(kinds))
        if reason in words and not _all(held.limit(1)):
            yield f"names a duty to keep what is not held: {reason!r}"
    if plain(RefusalGround.LEGAL_OBLIGATION.sentence(language)).removesuffix(".") in words and not _refused_by_law(
        customer_id
    ):
        yield "says that the law makes us keep something"


def duties(language: str) -> dict[str, list[str]]:
    """Return why the law keeps some kinds of record, in words, each with those kinds."""
    found: dict[str, list[str]] = {}
    for kind in installed_data_map().kinds.values():
        if kind.keep_reason:
            found.setdefault(plain(kind.keep_reason.text(language)), []).append(kind.code)
    return found


def _packages(place: str, customer_id: int, *, is_there: bool) -> list[AnswerPackage]:
    """Return the files of a customer, or the one that a page is about, that can be opened now or are destroyed."""
    statement = select(AnswerPackage).where(AnswerPackage.customer_id == customer_id)
    return [
        package
        for package in _all(statement)
        if package.public_id in place or place.startswith("/requests/") or place == "/data"
        if (package.wrapped_key is not None and package.expires_at > clock.now()) is is_there
    ]


def _refused_by_law(customer_id: int) -> bool:
    grounds = select(RequestDecision.ground).join(RightsRequest, RightsRequest.id == RequestDecision.request_id)
    of_items = select(RequestItem.ground).join(RightsRequest, RightsRequest.id == RequestItem.request_id)
    theirs = RightsRequest.customer_id == customer_id
    return RefusalGround.LEGAL_OBLIGATION in [*_all(grounds.where(theirs)), *_all(of_items.where(theirs))]


def _day(words: str, language: str) -> date:
    """Return the day that some words name, within a year of today."""
    around = (clock.today() + timedelta(days=days) for days in range(-366, 367))
    return next(day for day in around if plain(long_date(day, language, weekday=False)) == words)
