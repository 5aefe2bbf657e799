"""Save what a customer chooses on the preferences page. Refusing takes no more effort than accepting.

When two pages are open at once, the later one does not silently overwrite the earlier one: it is shown a conflict.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from portal.customers.ages import consents_from
from portal.customers.models import Customer
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.uses.cookie_purposes import CookiePurpose
from portal.personal_data.uses.trackers import say_trackers
from portal.preferences.choices.consent import Choice, record_choices
from portal.preferences.choices.deciding import is_childs
from portal.preferences.choices.memory import asks_again_on, is_due_again
from portal.preferences.choices.states import lock_state
from portal.preferences.models import ConsentRecord, Origin, PreferenceState
from portal.preferences.purposes import AT_ONCE, FLAG_CODES, FLAGS, Flag, Processing, Section, Topic


def _signal_refuses(flag: Flag) -> bool:
    return (
        flag.topic is Topic.PARTNER_OFFERS
        or flag.processing is Processing.MARKETING_PROFILING
        or flag.cookie is CookiePurpose.ADVERTISING
    )


# What Global Privacy Control objects to: advertising, the profiling behind it, and passing data on to partners.
SIGNAL_FLAGS = frozenset(code for code, flag in FLAGS.items() if _signal_refuses(flag))


# A number that the database can hold: eighteen digits always fit into 64 bits.
_RECORD_ID = re.compile("[0-9]{1,18}")
_ANSWERS = {"accept": True, "refuse": False}


@dataclass(frozen=True)
class Standing:
    """Where one choice stands, as its row on the page shows it.

    Attributes:
        answer: what is marked (None for nothing): the customer's choice, or the refusal that the signal prepares.
        given: the last recorded answer; None without one.
        asks_again_on: the day on which a choice that holds for a limited time is asked again.
        is_due: whether that day has come. Nothing is marked then until the customer chooses anew.
        is_prepared: whether the browser's signal marked a refusal that is not saved yet.
        is_childs: whether the answer is a yes that was given under 15, which counts as a no.
    """

    flag: Flag
    answer: bool | None
    given: bool | None = None
    at: datetime | None = None
    origin: Origin | None = None
    source: str | None = None
    asks_again_on: date | None = None
    is_due: bool = False
    is_prepared: bool = False
    is_childs: bool = False


class Action(StrEnum):
    """What the page was asked to do."""

    SAVE = "save"
    REFUSE_EVERYTHING = "refuse_everything"
    REFUSE_SECTION = "refuse_section"
    ACCEPT_SECTION = "accept_section"
    PUT_BACK = "put_back"
    """Give back the e-mails that an unsubscribe link has just stopped."""


@dataclass(frozen=True)
class Sent:
    """What the page sent: the action, the answers, and in `seen` the `latest_record_id` when the page was drawn.

    `section` is what is refused or accepted at once; None for an action on no section.
    """

    action: Action
    answers: dict[str, bool]
    seen: int
    section: Section | None = None


class MadeUp(ValueError):
    """The form holds what no page of ours sends: somebody wrote the request by hand."""


@dataclass(frozen=True)
class Conflict:
    """A choice that was changed elsewhere after the page was opened, to the opposite of what the page now asks."""

    flag: Flag
    asked: bool
    stands: bool
    at: datetime
    origin: Origin
    source: str | None


def read_sent(values: Mapping[str, str]) -> Sent:
    """Return what the form of the page says. A choice that was left unmarked gives no answer.

    Raises:
        MadeUp: for anything that the page does not offer.
    """
    try:
        answers = {flag: _ANSWERS[values[flag]] for flag in FLAG_CODES if flag in values}
        action = Action(values.get("action", Action.SAVE))
        section = Section(values["section"]) if action in {Action.REFUSE_SECTION, Action.ACCEPT_SECTION} else None
    except (KeyError, ValueError):
        raise MadeUp from None
    seen = values.get("seen", "0")
    if not _RECORD_ID.fullmatch(seen):
        raise MadeUp
    return Sent(action, answers, int(seen), section)


def standings(state: PreferenceState | None, *, has_signal: bool) -> dict[str, Standing]:
    """Return every choice as the page shows it.

    Args:
        has_signal: whether the browser sends `Sec-GPC: 1`.
    """
    latest = state.latest_choices if state else {}
    alone_from = consents_from(db.session.get_one(Customer, state.customer_id)) if state else None
    return {code: _standing(code, latest.get(code), has_signal, alone_from) for code in FLAG_CODES}


def save(customer: Customer, sent: Sent, *, has_signal: bool, company: str, language: str) -> list[Conflict]:
    """Record the answers of the page in the current transaction, all or none.

    Args:
        has_signal: whether the browser sends `Sec-GPC: 1`. A refusal that the signal prepared is recorded as its own.

    Returns:
        The choices that were changed elsewhere meanwhile and that the answers would undo. With any, nothing is saved.

    Raises:
        TooYoung: an answer is a yes, and the customer may not consent alone yet.
    """
    answers = sent.answers
    state = lock_state(customer)
    conflicts = _conflicts(state, answers, sent.seen)
    if conflicts:
        return conflicts
    shown = standings(state, has_signal=has_signal)
    prepared = {flag for flag, given in answers.items() if shown[flag].is_prepared and not given}
    choices = {flag: choice_of(flag, given, company, language) for flag, given in answers.items()}
    own = [choice for flag, choice in choices.items() if flag not in prepared]
    record_choices(customer, own, origin=Origin.PORTAL, language=language)
    signalled = [choice for flag, choice in choices.items() if flag in prepared]
    record_choices(customer, signalled, origin=Origin.BROWSER_SIGNAL, language=language)
    return []


def refuse(customer: Customer, section: Section | None, *, company: str, language: str) -> None:
    """Refuse a section, or everything for None, in the current transaction, whatever was changed meanwhile."""
    lock_state(customer)
    codes = [code for code, flag in FLAGS.items() if section in {None, flag.section}]
    choices = [choice_of(code, False, company, language) for code in codes]
    record_choices(customer, choices, origin=Origin.PORTAL, language=language)


def accept(customer: Customer, section: Section, *, seen: int, company: str, language: str) -> list[Conflict]:
    """Accept at once what may be accepted at once in a section (`AT_ONCE`), in the current transaction.

    The other choices of the section stay as they are, answered or not.

    Returns:
        The conflicts, as `save` does.

    Raises:
        MadeUp: nothing in the section may be accepted at once.
        TooYoung: the customer may not consent alone yet.
    """
    codes = AT_ONCE[section]
    if not codes:
        raise MadeUp
    state = lock_state(customer)
    conflicts = _conflicts(state, dict.fromkeys(codes, True), seen)
    if not conflicts:
        choices = [choice_of(flag, True, company, language) for flag in codes]
        record_choices(customer, choices, origin=Origin.PORTAL, language=language)
    return conflicts


def stop(customer: Customer, codes: Iterable[str], *, origin: Origin, language: str) -> None:
    """Record a refusal of some flags, in the current transaction, with the sentences that the page shows."""
    company = installed.organisation().name
    choices = [choice_of(code, False, company, language) for code in codes]
    record_choices(customer, choices, origin=origin, language=language)


def choice_of(code: str, is_given: bool, company: str, language: str) -> Choice:
    """Return a choice with what the page says beside it: the sentence, and for cookies who sets which trackers."""
    flag = FLAGS[code]
    wording, version = flag.wording(language, company), flag.wording_version
    if flag.cookie is not None:
        told = say_trackers(installed.organisation(), flag.cookie, language)
        wording, version = f"{wording} {told}", f"{version}-{_list_version(flag.cookie)}"
    return Choice(code, is_given, wording, version)


def _list_version(purpose: CookiePurpose) -> str:
    """Return the version of the list of trackers, which may change without a change of the portal."""
    return sha256(say_trackers(installed.organisation(), purpose, "fr").encode()).hexdigest()[:8]


def _standing(code: str, latest: Mapping[str, Any] | None, has_signal: bool, alone_from: date | None) -> Standing:
    is_due, is_void = is_due_again(code, latest), is_childs(latest, alone_from)
    answer = None if latest is None or is_due or is_void else bool(latest["given"])
    # A yes given on this page prevails over the signal. Silence, or a yes from elsewhere, does not.
    is_explicit = answer is True and latest is not None and latest["origin"] == Origin.PORTAL
    is_prepared = has_signal and code in SIGNAL_FLAGS and answer is not False and not is_explicit
    if latest is None:
        return Standing(FLAGS[code], False if is_prepared else None, is_prepared=is_prepared)
    return Standing(
        FLAGS[code],
        answer=False if is_prepared else answer,
        given=bool(latest["given"]),
        at=datetime.fromisoformat(latest["at"]),
        origin=Origin(latest["origin"]),
        source=latest["source"],
        asks_again_on=asks_again_on(code, latest),
        is_due=is_due,
        is_prepared=is_prepared,
        is_childs=is_void,
    )


def _conflicts(state: PreferenceState, answers: Mapping[str, bool], seen: int) -> list[Conflict]:
    newer = select(ConsentRecord.flag).where(ConsentRecord.customer_id == state.customer_id, ConsentRecord.id > seen)
    changed = set(db.session.execute(newer).scalars())
    latest = state.latest_choices
    return [
        Conflict(
            FLAGS[flag], answers[flag], bool(latest[flag]["given"]), datetime.fromisoformat(latest[flag]["at"]),
            Origin(latest[flag]["origin"]), latest[flag]["source"],
        )
        for flag in FLAG_CODES
        if flag in changed and flag in answers and latest[flag]["given"] != answers[flag]
    ]  # fmt: skip
