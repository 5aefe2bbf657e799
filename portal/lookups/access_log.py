"""The access log: each look of a staff member at personal data leaves an entry that the customer can read.

The entry, its audit event and the look are in one transaction, so nothing is shown that was not logged. The customer
reads the team, never the person.
"""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Select, select

from portal.access.permissions import Role
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.bilingual import Label
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.lookups.models import AccessLogEntry
from portal.personal_data.categories import CATEGORIES, Category
from portal.personal_data.restrictions.grounds import UseReason
from portal.staff.models import StaffMember

READ = declare("staff:customer_data:read", "category", "request")

HOLDING: Final = "access_log"
"""The code of the access log in the registry of holdings."""
SUMMARY: Final = "summary"
"""The first page of a customer's file: name, masked address, status."""
REQUEST: Final = "request"
"""A rights request with its messages."""
SEARCH: Final = "search"
"""A row of the results of a search by name, address or number."""
ARCHIVE: Final = "archive"
"""What lies in the archive."""
IDENTITY_DOCUMENT: Final = "identity_document"
"""The picture of an identity document."""
PROOF: Final = "value_proof"
"""The picture of what proves a value to correct."""

CASE_WORK: Final = "case_work"
"""The reason of a look that belongs to a request; unlike typed words it is shown in the reader's language."""
FINDING: Final = "finding"
"""The reason of a look at a customer in the results of a search."""
WHOLE_BASE: Final = "whole_base"
"""The reason that a customer reads of a file of something of all customers."""
IDENTITY_CHECK: Final = "identity_check"
"""The usual reason of a look at an identity document; the next two are for further looks."""
VALUE_CHECK: Final = "value_check"
"""The same of a look at what proves a value to correct."""
IDENTITY_AGAIN: Final = "identity_again"
IDENTITY_QUESTION: Final = "identity_question"

_REASONS: Final = {
    CASE_WORK: Label(fr="Traiter votre demande", en="Working on your request"),
    FINDING: Label(fr="Retrouver une demande", en="Finding a request"),
    IDENTITY_CHECK: Label(fr="Vérifier votre identité", en="Checking your identity"),
    VALUE_CHECK: Label(fr="Vérifier la valeur à corriger", en="Checking the value to correct"),
    IDENTITY_AGAIN: Label(fr="Revoir votre pièce avant de décider", en="Looking at your document again, to decide"),
    WHOLE_BASE: Label(fr="Fichier des choix de tous les clients", en="File of the choices of all customers"),
    IDENTITY_QUESTION: Label(fr="Répondre à une question sur votre pièce", en="Answering a question on your document"),
}
LOOK_REASONS: Final = (IDENTITY_CHECK, IDENTITY_AGAIN, IDENTITY_QUESTION)
"""The reasons that a member may choose from before they open an identity document."""
PROOF_REASONS: Final = (VALUE_CHECK, IDENTITY_AGAIN, IDENTITY_QUESTION)
"""The same of what proves a value to correct."""
_CHOICES: Final = {
    IDENTITY_CHECK: Label(fr="Vérifier l'identité du client", en="To check the customer’s identity"),
    VALUE_CHECK: Label(fr="Vérifier la valeur à corriger", en="To check the value to correct"),
    IDENTITY_AGAIN: Label(fr="Revoir la pièce avant de décider", en="To look at the document again before I decide"),
    IDENTITY_QUESTION: Label(fr="Répondre à une question sur la pièce", en="To answer a question about the document"),
}
_OTHER_LABELS: Final = {
    SUMMARY: Label(fr="Votre fiche", en="Your file"),
    REQUEST: Label(fr="Votre demande", en="Your request"),
    SEARCH: Label(fr="Votre nom, dans une recherche", en="Your name, in a search"),
    ARCHIVE: Label(fr="Vos données en archive", en="Your data in the archive"),
    IDENTITY_DOCUMENT: Label(fr="Votre pièce d'identité", en="Your identity document"),
    PROOF: Label(fr="Le justificatif de votre correction", en="The proof of your correction"),
}
LOG_CATEGORIES: Final = (*_OTHER_LABELS, *CATEGORIES)

_TEAMS: Final = {
    Role.SUPPORT: Label(fr="Service client", en="Customer service"),
    Role.REVIEWER: Label(fr="Vérification d'identité et demandes", en="Identity checks and requests"),
    Role.OFFICER: Label(fr="Protection des données", en="Data protection"),
    Role.MARKETING: Label(fr="Marketing", en="Marketing"),
    Role.ADMINISTRATOR: Label(fr="Administration du portail", en="Portal administration"),
}


def log_access(
    member: StaffMember,
    customer: Customer,
    *,
    category: str,
    reason: str,
    request_reference: str | None = None,
    use_reason: UseReason | None = None,
) -> AccessLogEntry:
    """Add a look at a customer's data, and its audit event, to the current transaction.

    Call it before anything is read or shown.

    Args:
        category: one of the nine categories, or `SUMMARY`, `REQUEST`, `SEARCH`, `ARCHIVE`, `IDENTITY_DOCUMENT`,
            `PROOF`.
        reason: `CASE_WORK`, `FINDING`, one of `LOOK_REASONS` or `PROOF_REASONS`, or words, which the customer will read
            as typed.
        request_reference: the case that the look belongs to.
        use_reason: why data were used although they are restricted (GDPR art. 18(2)).

    Raises:
        ValueError: the category is unknown, so there are no words for it that the customer could read.
    """
    if category not in LOG_CATEGORIES:
        raise ValueError(f"{category} is none of {', '.join(LOG_CATEGORIES)}")
    why: dict[str, Any] = {"reason": reason, "request_reference": request_reference, "use_reason": use_reason}
    if customer.status is CustomerStatus.ERASED:
        why = {"reason": "", "request_reference": None}  # nobody is left to read it; the trail has the case
    entry = AccessLogEntry(customer_id=customer.id, staff_id=member.id, team=member.role, category=category, **why)
    db.session.add(entry)
    db.session.flush()
    actor, subject = f"staff:{member.public_id}", f"customer:{customer.public_id}"
    record(READ, actor=actor, subject=subject, category=category, request=request_reference)
    return entry


def team_label(team: Role, language: object) -> str:
    """Return the team as the customer knows it."""
    return _TEAMS[team].text(language)


def category_label(category: str, language: object) -> str:
    """Return what was looked at, in words."""
    if category in _OTHER_LABELS:
        return _OTHER_LABELS[category].text(language)
    return Category(category).label(language)


def reason_text(reason: str, language: object) -> str:
    """Return why somebody looked, as the customer reads it."""
    return _REASONS[reason].text(language) if reason in _REASONS else reason


def reason_choices(language: object, reasons: tuple[str, ...] = LOOK_REASONS) -> list[tuple[str, str]]:
    """Return each reason for opening a document as staff read it: the same code has its own words for the customer."""
    return [(reason, _CHOICES[reason].text(language)) for reason in reasons]


def entries_of(customer_id: int, category: str | None = None) -> Select[AccessLogEntry]:
    """Return an unordered select of a customer's entries, of one category where given."""
    statement = select(AccessLogEntry).where(AccessLogEntry.customer_id == customer_id)
    return statement.where(AccessLogEntry.category == category) if category else statement


def newest_entries(customer_id: int) -> Iterator[AccessLogEntry]:
    """Yield all entries of a customer, newest first, in bounded memory."""
    newest_first = entries_of(customer_id).order_by(AccessLogEntry.at.desc(), AccessLogEntry.id.desc())
    yield from db.session.execute(newest_first.execution_options(yield_per=500)).scalars()
