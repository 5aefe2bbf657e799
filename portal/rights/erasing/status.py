"""Where an erasure stands, for whoever holds its address: when it begins, how far it is, its certificate. No name."""

from dataclasses import dataclass

from flask_babel import gettext as _

from portal.personal_data.erasure.listeners import reference_of
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.rights.erasing.certificates import Shown, shown_certificate
from portal.rights.erasing.standing import planned_rows
from portal.web.filters import long_date


@dataclass(frozen=True, slots=True)
class Status:
    """What the page says.

    Attributes:
        title: the state in a few words; `sentence` says what it means, `hero` is its colour.
        done, total: how many rows went so far, of how many; both 0 before it runs.
    """

    reference: str
    state: ErasureState
    title: str
    sentence: str
    hero: str
    done: int
    total: int
    certificate: Shown | None


def status_of(erasure: Erasure, language: str) -> Status:
    """Return where an erasure stands, in a language."""
    title, sentence, hero = _words(erasure)
    total = planned_rows(erasure) if erasure.state in {ErasureState.RUNNING, ErasureState.HALTED} else 0
    return Status(
        reference_of(erasure), erasure.state, title, sentence, hero, min(erasure.done, total), total,
        shown_certificate(erasure, language),
    )  # fmt: skip


def _words(erasure: Erasure) -> tuple[str, str, str]:
    match erasure.state:
        case ErasureState.COOLING:
            return (
                _("The erasure is decided"),
                _("Until then it can be cancelled, by the link in our mail or on the page of the request."),
                "running",
            )
        case ErasureState.WAITING:
            return (
                _("The erasure waits for its turn"),
                _("Another erasure of yours is under way. This one begins when that one is over."),
                "paused",
            )
        case ErasureState.RUNNING:
            return _("The erasure is under way"), _("You have nothing to do. It can no longer be cancelled."), "running"
        case ErasureState.HALTED:
            return (
                _("The erasure stands still"),
                _("It could not be finished, and a person of our team has to look. What is gone cannot come back."),
                "late",
            )
        case ErasureState.DONE:
            return _("The erasure is carried out"), "", "answered"
        case ErasureState.RETURNED:
            return (
                _("We look at the erasure again"),
                _("What we hold had changed before it began: our team decides once more. Everything is still there."),
                "paused",
            )
        case _:
            sentence = _(
                "It was cancelled on %(date)s. Everything is still there.", date=long_date(erasure.finished_at)
            )
            return _("The erasure is cancelled"), sentence, "paused"
