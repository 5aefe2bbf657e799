"""The holding of the customer's own row (names, dates, main address) and of every mail that was sent to them."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from flask import render_template
from flask_babel import force_locale
from jinja2 import TemplateError
from sqlalchemy import Select, func, literal, select, union_all

from portal import clock
from portal.bilingual import Label, known_date, long_date
from portal.customers.addresses import mask_address
from portal.customers.capacity import Capacity
from portal.customers.masks import mask_birth
from portal.customers.models import Customer
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.mail.models import Mail, MailStatus
from portal.infrastructure.mail.outbox import text_again
from portal.personal_data.corrections.ends import PARTS as CORRECTIONS
from portal.personal_data.corrections.held import statements_held
from portal.personal_data.corrections.models import ValueStatement
from portal.personal_data.corrections.own_file import NAMES, OWN_FILE
from portal.personal_data.corrections.statements import statements_of
from portal.personal_data.ends import MAILS, PARTS
from portal.personal_data.erasure.ends import PARTS as ERASURES
from portal.personal_data.holds.ends import PARTS as HOLDS
from portal.personal_data.own_file import OWN_FILES
from portal.personal_data.registry import HeldItem, Holding, register
from portal.personal_data.restrictions.ends import PARTS as RESTRICTIONS
from portal.personal_data.restrictions.held import restrictions_held
from portal.personal_data.restrictions.models import Restriction
from portal.personal_data.stops.ends import PARTS as STOPS
from portal.personal_data.uses.purposes import ACCOUNT, REQUESTS

_FILE = Label(fr="Votre fiche client", en="Your customer file")
_REFERENCE = Label(fr="Numéro de client", en="Customer number")
_GIVEN_NAME, _FAMILY_NAME = NAMES["given_name"], NAMES["family_name"]
_BIRTH_DATE, _LANGUAGE = NAMES["birth_date"], NAMES["language"]
_CUSTOMER_SINCE = Label(fr="Début de la relation", en="Customer since")
_ENDED = Label(fr="Fin de la relation", en="No longer a customer since")
_CAPACITY = Label(fr="Client en tant que", en="Customer as")
_CAPACITIES = {
    Capacity.CONSUMER: Label(fr="consommateur", en="a consumer"),
    Capacity.BUSINESS: Label(fr="professionnel", en="a business"),
}
_ADDRESS_OF_RECORD = Label(fr="Adresse e-mail principale", en="Main e-mail address")
_ADDRESS = Label(fr="Adresse e-mail", en="E-mail address")
_MAIL = Label(fr="E-mail de notre part", en="E-mail from us")
_SUBJECT = Label(fr="Objet", en="Subject")
_SENT_TO = Label(fr="À l'adresse", en="To the address")
_SENT = Label(fr="Envoyé le", en="Sent on")
_STATUS = Label(fr="État", en="Status")
_TEXT = Label(fr="Texte", en="Text")
_STATUSES = {
    MailStatus.WAITING: Label(fr="en attente d'envoi", en="waiting to be sent"),
    MailStatus.SENT: Label(fr="remis au serveur de messagerie", en="handed to the mail server"),
    MailStatus.REFUSED: Label(fr="refusé par le serveur de messagerie", en="refused by the mail server"),
}
_LANGUAGES = {"fr": Label(fr="français", en="French"), "en": Label(fr="anglais", en="English")}
_KEPT = Label(
    fr="Votre fiche est gardée pendant votre relation avec nous, puis {file} ; sans relation, {file} après votre"
    " dernier contact. Les e-mails envoyés sont gardés {period}, et ceux d'une demande avec son dossier.",
    en="Your file is kept while you are our customer, then for {file}; without being one, for {file} after you last"
    " wrote or signed in. The e-mails sent are kept for {period}, and those about a request with its file.",
)

Facts = list[tuple[Label, str | None]]
Masked = Mapping[Label, str]

READ_AT_ONCE: Final = 200


def summary(customer_id: int) -> Select[Any]:
    """Return the select of (category, count, latest instant)."""
    known_at = func.coalesce(Customer.imported_at, Customer.created_at)
    is_customer, has_address = Customer.id == customer_id, Customer.email.is_not(None)
    held = union_all(
        _counted("identity", known_at).where(is_customer),
        _counted("contact", known_at).where(is_customer, has_address),
        _counted("profile", Mail.created_at).where(Mail.customer_id == customer_id),
        _counted("profile", Restriction.since).where(Restriction.customer_id == customer_id),
        _counted("profile", ValueStatement.made_at).where(ValueStatement.customer_id == customer_id),
    ).subquery()
    return select(held)


def _counted(category: str, at: Any) -> Select[Any]:
    count = func.count(at)
    return select(literal(category).label("category"), count.label("count"), func.max(at).label("latest")).having(
        count > 0
    )


def items(customer_id: int, category: str, language: str) -> Iterator[HeldItem]:
    """Yield the file, its address, or the mails sent, newest first."""
    if category == "profile":
        yield from restrictions_held(customer_id, language)
        yield from statements_held(customer_id, language)
        for mail in _newest_mails(customer_id):
            yield _held_mail(mail, language)
        return
    customer = db.session.get(Customer, customer_id)
    if customer is None:
        return
    if category == "identity":
        words = functools.cache(lambda: statements_of(customer_id).beside(OWN_FILE, "", NAMES, language))
        yield replace(_held_file(customer, language), say_beside=words)
    elif category == "contact" and customer.email:
        yield _held_address(customer, language)


def _held_file(customer: Customer, language: str) -> HeldItem:
    facts = [
        (_REFERENCE, customer.external_id),
        (_GIVEN_NAME, customer.given_name),
        (_FAMILY_NAME, customer.family_name),
        (_BIRTH_DATE, known_date(customer.birth, language) if customer.birth else None),
        (_LANGUAGE, _LANGUAGES[customer.language].text(language)),
        (_CAPACITY, _CAPACITIES[customer.capacity].text(language) if customer.capacity else None),
        (_CUSTOMER_SINCE, _day(customer.customer_since, language)),
        (_ENDED, _day(customer.relationship_ended_on, language)),
    ]
    dates = (
        "birth_date",
        "customer_since",
        "relationship_ended_on",
        "last_contact_on",
        "created_at",
        "imported_at",
        "restricted_at",
    )
    values: dict[str, Any] = {name: clock.written(getattr(customer, name)) for name in dates}
    values |= {
        "birth_known": customer.birth_known,
        "reference": customer.reference,
        "given_name": customer.given_name,
        "family_name": customer.family_name,
        "language": customer.language,
        "capacity": customer.capacity.value if customer.capacity else None,
        "status": customer.status.value,
    }
    masked = {_BIRTH_DATE: mask_birth(customer.birth)} if customer.birth else {}
    return _held(customer, "identity", OWN_FILE, _FILE, values, facts, language, masked)


def _held_address(customer: Customer, language: str) -> HeldItem:
    address = customer.email or ""
    facts: Facts = [(_ADDRESS, address)]
    return _held(
        customer,
        "contact",
        "address_of_record",
        _ADDRESS_OF_RECORD,
        {"email": customer.email},
        facts,
        language,
        {_ADDRESS: mask_address(address)},
    )


def _held(
    customer: Customer,
    category: str,
    kind: str,
    label: Label,
    values: dict[str, Any],
    facts: Facts,
    language: str,
    masked: Masked,
) -> HeldItem:
    return HeldItem(
        category=category,
        kind=kind,
        label=label.text(language),
        at=customer.imported_at or customer.created_at,
        values=values,
        facts=[(name.text(language), value) for name, value in facts if value],
        masked={name.text(language): value for name, value in masked.items()},
    )


def _newest_mails(customer_id: int) -> Iterator[Mail]:
    statement = select(Mail).where(Mail.customer_id == customer_id).order_by(Mail.created_at.desc(), Mail.id.desc())
    yield from db.session.execute(statement.execution_options(yield_per=READ_AT_ONCE)).scalars()


def _held_mail(mail: Mail, language: str) -> HeldItem:
    subject = _subject(mail)
    facts = [
        (_SUBJECT, subject),
        (_SENT_TO, mail.to_address),
        (_SENT, _day(mail.sent_at, language)),
        (_STATUS, _STATUSES[mail.status].text(language)),
    ]
    # Portability (GDPR art. 20) covers what the person provided, so not our mails. The copy of art. 15 holds them.
    return HeldItem(
        category="profile",
        kind="portal_mail",
        label=_MAIL.text(language),
        at=mail.created_at,
        values={
            "subject": subject,
            "template": mail.template,
            "to_address": mail.to_address,
            "language": mail.language,
            "status": mail.status.value,
            "created_at": clock.written(mail.created_at),
            "sent_at": clock.written(mail.sent_at),
        },
        describe=lambda is_masked: _facts_of_mail(mail, facts, language, is_masked=is_masked),
        masked={_SENT_TO.text(language): mask_address(mail.to_address)},
        nature="inferred",
        complete=lambda: {"text": _text(mail)},
    )


def _facts_of_mail(mail: Mail, facts: Facts, language: str, *, is_masked: bool) -> list[tuple[str, str]]:
    """Return the facts of a mail: with its address masked for a screen, with its text for the person's own copy."""
    masked = {_SENT_TO: mask_address(mail.to_address)} if is_masked else {}
    shown = facts if is_masked else [*facts, (_TEXT, _text(mail))]
    return [(name.text(language), masked.get(name, value)) for name, value in shown if value]


def _text(mail: Mail) -> str:
    """Return the text that the person got, with words for what works once; nothing where its template is no more."""
    try:
        return text_again(mail)
    except TemplateError:
        return ""


def _subject(mail: Mail) -> str:
    """Return the subject that the person got, or the name of its template when the template no longer exists."""
    organisation, settings = installed.organisation(), installed.settings()
    context = mail.context | {
        "organisation": organisation,
        "public_url": settings.public_url,
        "language": mail.language,
    }
    try:
        with force_locale(mail.language):
            return " ".join(render_template(f"email/{mail.template}.subject.txt", **context).split())
    except TemplateError:
        return mail.template


def retention(language: str) -> str:
    """Return how long the file and the mails are kept, in words."""
    return _KEPT.filled(language, period=MAILS.term.text(language), file=OWN_FILES.term.text(language))


def _day(day: date | None, language: str) -> str | None:
    return long_date(day, language, weekday=False) if day else None


register(
    Holding(
        code="customers",
        parts=PARTS + HOLDS + ERASURES + CORRECTIONS + RESTRICTIONS + STOPS,
        retention=retention,
        purposes={"identity": (ACCOUNT.code,), "contact": (ACCOUNT.code,), "profile": (ACCOUNT.code, REQUESTS.code)},
        summary=summary,
        items=items,
    )
)
