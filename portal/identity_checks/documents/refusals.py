"""Why a side was not taken in: a sentence for the page and for its script, and a code for the audit trail."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import gettext as _

from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.identity_checks.decoding.inspection import MAX_BYTES, DocumentRefused, UploadProblem
from portal.identity_checks.decoding.rendition import RenditionBusy, RenditionUnavailable
from portal.identity_checks.documents.intake import Infected, SentTwice, StillLooking, take_in
from portal.identity_checks.forms import problem_sentence
from portal.identity_checks.proof.errands import Errand
from portal.identity_checks.proof.papers import Paper, Side
from portal.infrastructure.database import db, transaction
from portal.infrastructure.sealing.keys import SessionKey
from portal.infrastructure.storage import StorageError
from portal.web.filters import date_time
from portal.web.incoming.rate_limits import TooManyTries, count_try, trying

REFUSED = declare("customer:identity_document:refused", "paper", "side", "reason")
UPLOADS_A_DAY = "40 per day"

logger = logging.getLogger("portal.identity_checks")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a side was not taken, in the person's language; `may_pass` when the same file may pass a minute later."""

    sentence: str
    may_pass: bool = False
    status: int = 422


def try_to_take_in(
    errand: Errand, paper: Paper, side: Side, content: bytes, viewer: SessionKey,
    use_up: Callable[[], None] | None = None,
) -> Refusal | None:  # fmt: skip
    """Take in one side, or return why it was not taken. Raises `NoLongerNeeded`.

    A file that we could not take for a reason of ours, such as a store that is down, does not count as a try.
    """
    try:
        with trying([(UPLOADS_A_DAY, f"identity-upload:{errand.customer_id}")], waits=False) as attempt:
            refusal = _taken_in(errand, paper, side, content, viewer, use_up)
            attempt.is_right = bool(refusal and refusal.may_pass)
    except TooManyTries as limit:
        return too_many(limit)
    return refusal


def too_large(errand: Errand, paper: Paper, side: Side, size: int) -> Refusal:
    """Return the refusal of a file past the limit, of which nothing was kept; it counts as a try."""
    try:
        count_try([(UPLOADS_A_DAY, f"identity-upload:{errand.customer_id}")])
    except TooManyTries as limit:
        return too_many(limit)
    return refuse(errand, paper, side, DocumentRefused(UploadProblem.TOO_BIG, size=size, limit=MAX_BYTES))


def _taken_in(
    errand: Errand, paper: Paper, side: Side, content: bytes, viewer: SessionKey, use_up: Callable[[], None] | None
) -> Refusal | None:
    try:
        take_in(errand, paper, side, content, viewer=viewer, use_up=use_up)
    except DocumentRefused as fault:
        return refuse(errand, paper, side, fault)
    except Infected:
        sentence = _("Our virus scanner rejected this file. Take a new photo and send that.")
        return _refuse(errand, paper, side, "infected", sentence)
    except SentTwice:
        return _refuse(errand, paper, side, "sent_twice", _("You sent the same file twice. Choose the other side."))
    except StillLooking:
        return Refusal(_("We are still looking at your other files. Send this one again in a minute."), True, 503)
    except (RenditionBusy, RenditionUnavailable, StorageError) as error:
        return not_now(error)
    return None


def refuse(errand: Errand, paper: Paper, side: Side, fault: DocumentRefused) -> Refusal:
    """Return the refusal of a file that cannot be used; its code goes into the audit trail at once."""
    return _refuse(errand, paper, side, fault.problem, problem_sentence(fault))


def too_many(limit: TooManyTries) -> Refusal:
    """Return the refusal of a file past the files of an hour or a day."""
    again_at = date_time(limit.opens_at)
    sentence = _("You have sent many files. You can send this one from %(time)s on.", time=again_at)
    return Refusal(sentence, may_pass=True, status=429)


def not_now(error: Exception) -> Refusal:
    """Return the refusal for a fault of ours, and log the cause."""
    logger.warning("an upload could not be kept", extra={"fault": type(error).__name__})
    return Refusal(_("We cannot take your document at the moment. Send it again in a minute."), True, 503)


def _refuse(errand: Errand, paper: Paper, side: Side, reason: str, sentence: str) -> Refusal:
    with transaction():
        who = f"customer:{db.session.get_one(Customer, errand.customer_id).public_id}"
        record(REFUSED, actor=who, subject=who, paper=paper, side=side, reason=reason)
    return Refusal(sentence)
