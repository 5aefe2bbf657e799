"""Whether a choice may be used now: what an import brought and what marketing reads both go through here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from portal import clock
from portal.preferences.marketing_rules import Message, decide
from portal.preferences.purposes import Flag, Topic


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one choice of a person.

    Attributes:
        latest: the newest answer, as `PreferenceState.latest_choices` holds it; None without any.
        asks_again_on: the day from which it no longer holds; None for one without end.
        consents_from: the first day on which the person may consent alone; None while their age is not known.
    """

    latest: Mapping[str, Any] | None
    asks_again_on: date | None = None
    consents_from: date | None = None
    is_suppressed: bool = False


def may_use(flag: Flag, known: Known, today: date) -> bool:
    """Return whether a choice may be used on a day in Paris. A message goes by the table of direct marketing."""
    if flag.channel is None:
        return _has_consent(known, today) and not _is_child(known) and not known.is_suppressed
    return decide(_message(flag, known, today)).may_send


def is_too_young(at: datetime, consents_from: date | None) -> bool:
    """Return whether a yes of an instant came before the day on which the person may consent alone.

    What was accepted before that day stays off after it: the question is asked anew.
    """
    return consents_from is not None and clock.local_date(at) < consents_from


def is_childs(latest: Mapping[str, Any] | None, consents_from: date | None) -> bool:
    """Return whether the newest answer is a yes that was given before the age of consent: it counts as a no."""
    if latest is None or not latest["given"]:
        return False
    return is_too_young(datetime.fromisoformat(latest["at"]), consents_from)


def _message(flag: Flag, known: Known, today: date) -> Message:
    """Return what the table asks. What the portal does not know counts against the message, Bloctel included."""
    assert flag.channel is not None
    latest = known.latest
    return Message(
        flag.channel,
        today,
        is_own=flag.topic is not Topic.PARTNER_OFFERS,
        is_suppressed=known.is_suppressed,
        is_too_young=_is_child(known),
        has_objected=latest is not None and not latest["given"],
        has_consent=_has_consent(known, today),
        has_proof=latest is not None and bool(latest["version"]),
        is_on_bloctel=True,
    )


def _has_consent(known: Known, today: date) -> bool:
    is_yes = known.latest is not None and bool(known.latest["given"])
    return is_yes and (known.asks_again_on is None or today < known.asks_again_on)


def _is_child(known: Known) -> bool:
    return is_childs(known.latest, known.consents_from)
