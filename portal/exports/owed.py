"""Names of recipients that a copy could not give: promised in it until a day, and written to the person when known.

Whoever asks for a copy may know each recipient by name (GDPR art. 15(1)(c), CJEU C-154/21). A gap of the company does
not hold the copy back: it leaves with the promise, and the names follow by themselves once the organisation file has
them.
"""

from datetime import date, timedelta
from typing import Final

from sqlalchemy import select

from portal import clock
from portal.access.permissions import Permission
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.bilingual import Label
from portal.customers.models import Customer, CustomerStatus
from portal.exports.information import recipients_of
from portal.exports.models import AnswerPackage
from portal.infrastructure import installed
from portal.infrastructure.jobs.queue import JobRun, job
from portal.infrastructure.mail.outbox import queue_mail
from portal.personal_data.recipients import RecipientRegister, say_missing_name
from portal.personal_data.sentences import Behind, row
from portal.staff.desk.lines import Rank, Waiting, count_waiting, on_desk
from portal.staff.models import StaffMember

PROMISED: Final = declare("customer:recipients:promised", "package", "recipients", "until")
GIVEN: Final = declare("customer:recipients:given", "package", "recipients")

WITHIN: Final = timedelta(days=30)
"""A month: as long as the law leaves for an answer (GDPR art. 12(3))."""


def promise(package: AnswerPackage) -> tuple[date, Behind]:
    """Return until when a package promises the names that it lacks, and the row that keeps the promise."""
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
    register = RecipientRegister.of(installed.organisation())
    with run.finish() as session:
        for package in session.execute(select(AnswerPackage).where(AnswerPackage.owed_by.is_not(None))).scalars():
            known = [recipient for recipient in register.of_codes(package.owed_recipients) if not recipient.is_owed]
            still_declared = [code for code in package.owed_recipients if code in register]
            if len(known) == len(still_declared):
                _give(package, session.get_one(Customer, package.customer_id))


def _give(package: AnswerPackage, customer: Customer) -> None:
    recipients = RecipientRegister.of(installed.organisation()).of_codes(package.owed_recipients)
    if customer.email and customer.status is not CustomerStatus.ERASED:
        language = package.language
        names = [
            f"{recipient.shown_category(language)}{' : ' if language == 'fr' else ': '}"
            f"{recipient.name or say_missing_name(recipient, language)}"
            for recipient in recipients
        ]
        queue_mail(
            "exports/recipients_named", customer.email, language, customer_id=customer.id,
            first_name=customer.given_name, names=names, made_on=(package.ready_at or package.created_at).isoformat(),
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
def count_promises(member: StaffMember) -> Waiting | None:
    """Return how many copies promised names that are still missing, and the first day until which."""
    if not member.may(Permission.SEE_DESK):
        return None
    return count_waiting(select(AnswerPackage.owed_by).where(AnswerPackage.owed_by.is_not(None)))
