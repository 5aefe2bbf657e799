"""Names of recipients that a copy could not give: promised in it until a day, and written to the person when known.

Whoever asks for a copy may know each recipient by name (GDPR art. 15(1)(c), CJEU C-154/21). A gap of the company does
not hold the copy back: it leaves with the promise, and the names follow by themselves once the organisation file has
them.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Select, select

from portal import clock
from portal.access.permissions import Permission
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.bilingual import Label
from portal.customers.models import Customer, CustomerStatus
from portal.exports.information import recipients_of
from portal.exports.models import AnswerPackage
from portal.infrastructure import installed
from portal.infrastructure.database import transaction
from portal.infrastructure.jobs.queue import JobRun, job
from portal.infrastructure.mail.outbox import queue_mail
from portal.organisation import Recipient
from portal.personal_data.recipients import RecipientRegister, say_missing_name
from portal.personal_data.sentences import Behind, row
from portal.staff.desk.lines import Counted, Rank, count_waiting, on_desk
from portal.staff.models import StaffMember

PROMISED: Final = declare("customer:recipients:promised", "package", "recipients", "until")
GIVEN: Final = declare("customer:recipients:given", "package", "recipients")

WITHIN: Final = timedelta(days=30)
"""A month: as long as the law leaves for an answer (GDPR art. 12(3))."""
SLICE: Final = 500
"""Promises that one transaction looks at: writers of one person do not wait for all the others."""


def promise(package: AnswerPackage, customer: Customer) -> tuple[date, Behind] | None:
    """Return until when a package may promise the names that it lacks, and the row that keeps the promise.

    Nothing is promised to somebody without an address: the names leave by mail.
    """
    if not customer.email:
        return None
    return clock.today() + WITHIN, row(AnswerPackage.__tablename__, package.public_id)


def note_promise(package: AnswerPackage, customer: Customer, until: date) -> None:
    """Keep, in the current transaction, which names a copy of the data lacks; nothing where it lacks none."""
    owed = [recipient.code for recipient in recipients_of(package.categories) if recipient.is_owed]
    if not owed:
        return
    package.owed_recipients, package.owed_by = owed, until
    record(
        PROMISED, actor="portal", subject=f"customer:{customer.public_id}", package=package.public_id,
        recipients=owed, until=until.isoformat(),
    )  # fmt: skip


@job("exports.give_owed_names", every=timedelta(days=1))
def give_owed_names(run: JobRun) -> None:
    """Write the names to whoever was promised them, as soon as the organisation file says each of them."""
    last = 0
    while True:
        with transaction() as session:
            packages = session.execute(_promised_after(last)).all()
            for package, customer in packages:
                last = package.id
                _keep_promise(package, customer)
        if len(packages) < SLICE:
            return
        run.renew()


def _promised_after(last: int) -> Select[AnswerPackage, Customer]:
    with_customer = select(AnswerPackage, Customer).join(Customer, AnswerPackage.customer_id == Customer.id)
    promised = with_customer.where(AnswerPackage.owed_by.is_not(None), AnswerPackage.id > last)
    return promised.order_by(AnswerPackage.id).limit(SLICE)


def _keep_promise(package: AnswerPackage, customer: Customer) -> None:
    """Send the names if all are known. Without an address, or without a recipient, the promise waits on the desk."""
    recipients = RecipientRegister.of(installed.organisation()).of_codes(package.owed_recipients)
    is_known = len(recipients) == len(package.owed_recipients) and not any(one.is_owed for one in recipients)
    if customer.status is CustomerStatus.ERASED:
        package.owed_by = None
    elif customer.email and is_known:
        _give(package, customer, customer.email, recipients)


def _give(package: AnswerPackage, customer: Customer, address: str, recipients: Iterable[Recipient]) -> None:
    language = package.language
    names = [
        (recipient.shown_category(language), recipient.name or say_missing_name(recipient, language))
        for recipient in recipients
    ]
    queue_mail(
        "exports/recipients_named", address, language, customer_id=customer.id, first_name=customer.given_name,
        names=names, made_on=(package.ready_at or package.created_at).isoformat(),
    )  # fmt: skip
    package.owed_by = None
    record(
        GIVEN, actor="portal", subject=f"customer:{customer.public_id}", package=package.public_id,
        recipients=list(package.owed_recipients),
    )  # fmt: skip


@on_desk(
    Label(fr="Destinataires promis par leur nom", en="Recipients promised by name"),
    rank=Rank.CLOCK,
    endpoint="staff.staff.register",
)
def count_promises(member: StaffMember) -> Counted | None:
    """Return how many copies promised names that are still missing, and the first day until which."""
    if not member.may(Permission.SEE_DESK):
        return None
    return count_waiting(select(AnswerPackage.owed_by).where(AnswerPackage.owed_by.is_not(None)))
