"""The unsubscribe link of a message: whoever holds it may stop the e-mails, nothing else, and never start any.

RFC 8058: a mail program may stop them by itself, with neither cookie nor sign-in, as often as it likes.
"""

from collections.abc import Iterable

from sqlalchemy import select

from portal.bilingual import Label
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.infrastructure.jobs.models import Lane
from portal.infrastructure.jobs.queue import JobRun, enqueue, job
from portal.infrastructure.mail.outbox import queue_mail
from portal.infrastructure.one_time_tokens import read_token
from portal.preferences.choices.choosing import choice_of
from portal.preferences.choices.consent import Choice, record_choices
from portal.preferences.choices.states import is_on, read_state
from portal.preferences.feed.reading import LINK_PURPOSE
from portal.preferences.models import ConsentRecord, Origin, UnsubscribeLink
from portal.preferences.purposes import FLAGS, MESSAGE_FLAG_CODES, Channel

EMAIL_FLAGS = tuple(code for code in MESSAGE_FLAG_CODES if FLAGS[code].channel is Channel.EMAIL)

WORDING_VERSION = "2026-11-22"
WORDING = Label(
    fr="Ne plus m'envoyer de nouveautés, d'offres ni de sondages par e-mail.",
    en="Stop sending me news, offers and surveys by e-mail.",
)
NOBODY = 0


class LinkUnknown(Exception):
    """This portal made no link with that token."""


def find_customer(token: str, secret_key: str) -> Customer | None:
    """Return the customer whose messages a link stops; None when they were erased, and get no messages anyway.

    Raises:
        LinkUnknown: the token was not made here.
    """
    public_id = read_token(secret_key, LINK_PURPOSE, token)
    if public_id is None:
        raise LinkUnknown
    statement = select(Customer).join(UnsubscribeLink, UnsubscribeLink.customer_id == Customer.id)
    customer = db.session.execute(statement.where(UnsubscribeLink.public_id == public_id)).scalar_one_or_none()
    return None if customer is None or customer.status is CustomerStatus.ERASED else customer


def stop_emails(customer: Customer, language: str) -> bool:
    """Switch every e-mail topic off, in the current transaction; return whether anything was recorded.

    The customer hears of it by mail once, in case somebody else used a forwarded message.
    """
    choices = [Choice(flag, False, WORDING.text(language), WORDING_VERSION) for flag in EMAIL_FLAGS]
    stopped = record_choices(customer, choices, origin=Origin.MAIL_LINK, language=language)
    if stopped and customer.email:
        queue_mail(
            "preferences/unsubscribed", customer.email, customer.language, customer_id=customer.id,
            first_name=customer.given_name,
        )  # fmt: skip
    return bool(stopped)


def is_stopped(customer: Customer) -> bool:
    """Whether no e-mail topic is on any more."""
    state = read_state(customer.id)
    return state is None or not any(is_on(state, flag) for flag in EMAIL_FLAGS)


def stopped_by_link(customer: Customer) -> list[str]:
    """Return the flags that the link switched off and that were on before, so that they can be put back."""
    state = read_state(customer.id)
    latest = state.latest_choices if state else {}
    stopped = [flag for flag in EMAIL_FLAGS if latest.get(flag, {}).get("origin") == Origin.MAIL_LINK]
    return [flag for flag in stopped if _was_given(customer.id, flag)]


def put_back(customer: Customer, flags: Iterable[str], company: str, language: str) -> None:
    """Switch on again what the link switched off, in the current transaction. Only for the signed-in customer."""
    choices = [choice_of(flag, True, company, language) for flag in flags]
    record_choices(customer, choices, origin=Origin.PORTAL, language=language)


def ask_for_link(address: str, *, may_mail: bool) -> None:
    """Have the link sent to an address, in the current transaction, if it is a customer's.

    The same rows are written if it is not, so that the time of the answer does not tell who is a customer.

    Args:
        address: normalised.
        may_mail: False once the address got enough mails this hour.
    """
    found = select(Customer.id).where(Customer.email_normalised == address, Customer.status != CustomerStatus.ERASED)
    customer_id = db.session.execute(found).scalar_one_or_none()
    if may_mail:
        enqueue("preferences.send_unsubscribe_link", customer_id=customer_id or NOBODY, lane=Lane.STRANGERS)


@job("preferences.send_unsubscribe_link")
def send_unsubscribe_link(run: JobRun, customer_id: int) -> None:
    """Send a customer their unsubscribe link. For the id `NOBODY`, do nothing."""
    customer = db.session.get(Customer, customer_id)
    link = db.session.execute(
        select(UnsubscribeLink).where(UnsubscribeLink.customer_id == customer_id)
    ).scalar_one_or_none()
    if customer is None or link is None or not customer.email:
        return
    facts = {"first_name": customer.given_name, "token_purpose": LINK_PURPOSE, "token_id": link.public_id}
    address, language = customer.email, customer.language
    with run.finish():
        queue_mail("preferences/unsubscribe_link", address, language, customer_id=customer_id, lane=run.lane, **facts)


def _was_given(customer_id: int, flag: str) -> bool:
    """Whether the newest choice on a flag that was not made by the link is yes."""
    statement = (
        select(ConsentRecord.is_given)
        .where(
            ConsentRecord.customer_id == customer_id,
            ConsentRecord.flag == flag,
            ConsentRecord.origin != Origin.MAIL_LINK,
        )
        .order_by(ConsentRecord.effective_at.desc(), ConsentRecord.is_given, ConsentRecord.id.desc())
    )
    return bool(db.session.execute(statement.limit(1)).scalar())
