"""The last steps of an erasure: recount, answer, and forget where the answer went."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta
from sqlalchemy import exists, select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.mail.models import Mail, MailStatus
from portal.personal_data.erasure.certificate import certificate_of, write_certificate
from portal.personal_data.erasure.checking.recount import Remnant, remnants_of
from portal.personal_data.erasure.contact import contact_of, normalised
from portal.personal_data.erasure.listeners import on_done, on_forget, on_halt, reference_of
from portal.personal_data.erasure.models import JOURNAL, Erasure, ErasureState
from portal.personal_data.erasure.own_rows import OwnPart
from portal.personal_data.erasure.planning import all_erasing
from portal.personal_data.erasure.scheduling import STATUS_OPEN, begin_next
from portal.personal_data.erasure.scope import Scope

CARRIED_OUT = declare("customer:erasure:carried_out", "reference", "erased", "archived", "kept")
RESUMED = declare("portal:erasure:resumed", "reference", "step")
HALTED = declare("portal:erasure:halted", "reference", "step", "cause")

RECOUNTED = "recounted "
"""The position of an erasure whose recount found nothing, followed by when."""
JOURNAL_TRIED_FOR = timedelta(hours=1)
JOURNAL_AGAIN = timedelta(seconds=30)
MAIL_AGAIN = timedelta(minutes=1)
MANY = 500
SECOND_LOOK = relativedelta(months=2)
"""How long somebody may ask for a second look at a decision that kept something."""


@dataclass(frozen=True, slots=True)
class Recount:
    """What an erasure left, and where it stood then. It is read before the locks are taken: it asks every table."""

    stood: tuple[object, ...]
    found: list[Remnant]


def recount(erasure: Erasure) -> Recount:
    """Recount what an erasure left; reads only."""
    contact = contact_of(erasure)
    return Recount(_stands(erasure), remnants_of(erasure, normalised(contact.addresses) if contact else ()))


def _stands(erasure: Erasure) -> tuple[object, ...]:
    return erasure.state, erasure.step, erasure.position, erasure.done, erasure.runs


def verify(erasure: Erasure, recounted: Recount | None, *, is_journal_empty: bool) -> datetime | None:
    """Take a recount, then let SQLite's log be emptied: step 7. A reader only delays it, and after an hour is told.

    Without a recount, or where somebody went on with the erasure since, it is asked again at once.
    """
    now = clock.now()
    if not erasure.position.startswith(RECOUNTED):
        if recounted is None or recounted.stood != _stands(erasure):
            return now
        if recounted.found:
            erasure.position = ", ".join(str(each) for each in recounted.found)[:200]
            halt(erasure, "remnants")
            return None
        erasure.position = RECOUNTED + now.isoformat()
        return now
    since = datetime.fromisoformat(erasure.position.removeprefix(RECOUNTED))
    if not is_journal_empty and now < since + JOURNAL_TRIED_FOR:
        return now + JOURNAL_AGAIN
    erasure.cause = None if is_journal_empty else JOURNAL
    erasure.step, erasure.position = "answer", ""
    return now


def answer(erasure: Erasure) -> datetime | None:
    """Make the certificate and let those who listen answer, in one transaction: step 8."""
    now = clock.now()
    certificate = write_certificate(erasure)
    erasure.state, erasure.finished_at, erasure.token_until = ErasureState.DONE, now, now + STATUS_OPEN
    erasure.step = "forget"
    customer = db.session.get_one(Customer, erasure.customer_id)
    parts = ("erased", "archived", "kept")
    counts = {part: certificate.count(getattr(certificate, part)) for part in parts}
    subject = f"customer:{customer.public_id}"
    record(CARRIED_OUT, actor="portal", subject=subject, reference=reference_of(erasure), **counts)
    on_done.tell(erasure)
    begin_next(erasure.customer_id)
    return now


def forget(erasure: Erasure) -> datetime | None:
    """Destroy where the answer went, and the mails, once they have left or their time is over.

    Where something was kept, archived or refused, the contact and the person's words stay sealed for two months, in
    which they may ask for a second look.
    """
    now = clock.now()
    if _waits_for_mail(erasure.customer_id) and erasure.token_until and now < erasure.token_until:
        return now + MAIL_AGAIN
    certificate = certificate_of(erasure)
    is_clean = certificate is None or certificate.is_clean
    on_forget.tell(erasure)
    if Scope.read(erasure.scope).is_whole:
        _erase_what_the_answer_left(erasure.customer_id)
    if is_clean:
        erasure.sealed_contact = erasure.sealed_words = None
    else:
        erasure.words_until = now + SECOND_LOOK
    # Until it is emptied once more, SQLite's log holds the address to which the answer went.
    erasure.step, erasure.cause = "over", JOURNAL
    return None


def _erase_what_the_answer_left(customer_id: int) -> None:
    """Erase the mail with the answer, and whatever else of the portal's own came after the recount: a few rows.

    Records are not asked again: those that the decision keeps are not kept from it any more once it is over.
    """
    for _code, erasing in all_erasing():
        while isinstance(erasing, OwnPart) and erasing.erase(customer_id, Scope(), MANY):
            pass


def halt(erasure: Erasure, cause: str) -> None:
    """Let an erasure stand still until a person looks, in the current transaction."""
    erasure.state, erasure.cause = ErasureState.HALTED, cause
    reference = reference_of(erasure)
    record(HALTED, actor="portal", subject="portal", reference=reference, step=erasure.step, cause=cause)
    on_halt.tell(erasure)


def _waits_for_mail(customer_id: int) -> bool:
    waits = exists().where(Mail.customer_id == customer_id, Mail.status == MailStatus.WAITING)
    return bool(db.session.execute(select(waits)).scalar_one())
