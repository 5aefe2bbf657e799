"""Where an erasure stands, for whoever holds its address: when it begins, how far it is, its certificate. No name."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.personal_data.erasure.listeners import reference_of
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.rights.erasing.certificates import Shown, shown_certificate
from portal.rights.erasing.standing import begins_at, planned_rows, waits_for_copy
from portal.web.filters import long_date


@dataclass(frozen=True, slots=True)
class Status:
    """What the page says.

    Attributes:
        title: the state in a few words; `sentence` says what it means, `hero` is its colour.
        begins_at: when it begins, or does so at the latest, as `before` says in front of it.
        done, total: how many rows went so far, of how many; both 0 before it runs.
    """

    reference: str
    state: ErasureState
    title: str
    sentence: str
    hero: str
    before: str
    begins_at: datetime
    done: int
    total: int
    certificate: Shown | None


def status_of(erasure: Erasure, language: str) -> Status:
    """Return where an erasure stands, in a language."""
    title, sentence, hero = _words(erasure)
    total = planned_rows(erasure) if erasure.state in {ErasureState.RUNNING, ErasureState.HALTED} else 0
    return Status(
        reference_of(erasure), erasure.state, title, sentence, hero, before_day(erasure), begins_at(erasure),
        min(erasure.done, total), total,
        shown_certificate(erasure, language),
    )  # fmt: skip


def before_day(erasure: Erasure) -> str:
    """Return what stands before the day on which an erasure begins."""
    return _("It begins at the latest on") if waits_for_copy(erasure) else _("It begins on")


def waits_in_words() -> str:
    """Return what an erasure waits for whose hour has come, and what one may still do."""
    return _("It begins as soon as you have downloaded your copy. Until then you can cancel it.")


def _words(erasure: Erasure) -> tuple[str, str, str]:
    """Return the state in a few words, what it means, and the colour of its hero."""
    if waits_for_copy(erasure):
        return _("The erasure waits for your copy"), waits_in_words(), "yours"
    if erasure.state in _SAID:
        title, sentence, hero = _SAID[erasure.state]
        return str(title), str(sentence), hero
    day = long_date(erasure.finished_at)
    sentence = _("It was cancelled on %(date)s. Everything is still there.", date=day)
    return _("The erasure is cancelled"), sentence, "paused"


_SAID = {
    ErasureState.COOLING: (
        _l("The erasure is decided"),
        _l("Until then it can be cancelled, by the link in our e-mail or on the page of the request."),
        "running",
    ),
    ErasureState.WAITING: (
        _l("The erasure waits for its turn"),
        _l(
            "Another erasure of your data is under way. When it is over, this one begins; until then you can cancel it."
        ),
        "paused",
    ),
    ErasureState.RUNNING: (
        _l("The erasure is under way"),
        _l("You have nothing to do. It can no longer be cancelled."),
        "running",
    ),
    ErasureState.HALTED: (
        _l("The erasure stands still"),
        _l("It could not be finished, and a person of our team has to look. What is gone cannot come back."),
        "late",
    ),
    ErasureState.DONE: (_l("This portal has carried out the erasure"), "", "answered"),
    ErasureState.RETURNED: (
        _l("We look at the erasure again"),
        _l("What we hold had changed before it began: our team decides once more. Everything is still there."),
        "paused",
    ),
}
