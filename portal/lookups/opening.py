"""Open one customer's file for half an hour, with a stated reason that the customer will read.

There is no list of customers and no search by part of a name, so that staff can find the person they talk to and cannot
browse.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from heapq import merge
from itertools import islice
from typing import Final

from sqlalchemy import or_, select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.addresses import AddressRefused, normalise_address
from portal.customers.models import Customer
from portal.infrastructure.addresses import as_pasted
from portal.infrastructure.database import db
from portal.lookups.access_log import ARCHIVE, SUMMARY
from portal.lookups.access_log import HOLDING as ACCESS_LOG
from portal.lookups.drawing import Look
from portal.lookups.grounds import ArchiveGround
from portal.lookups.models import CustomerLookup
from portal.personal_data.categories import CATEGORIES, Category
from portal.personal_data.registry import HeldItem, read
from portal.personal_data.restrictions.door import Locked, Reader, check
from portal.personal_data.restrictions.grounds import UseReason
from portal.personal_data.restrictions.standing import locked_categories
from portal.staff.models import StaffMember

OPEN_FOR: Final = timedelta(minutes=30)
SHOWN_AT_ONCE: Final = 50
SHORTEST_REASON: Final = 10
LONGEST_REASON: Final = 500
MOST_LOOKUPS: Final = "60 per hour"

LOOKED_UP = declare("staff:customer:looked_up", "lookup", "request")
NOT_FOUND = declare("staff:customer:missed")
NAMED = declare("staff:customer:named")
OWN_FILE_DENIED = declare("staff:own_file:denied")


class OwnFile(Exception):
    """The file is the staff member's own: a colleague has to open it."""


class LookupOver(Exception):
    """The half hour of a lookup has passed: its reason has to be stated again."""


class UnknownCase(Exception):
    """The case does not exist, or it is another customer's."""


class NotOpened(StrEnum):
    """Why no file was opened."""

    UNKNOWN = "unknown"
    """Nobody has exactly this address, number or reference."""
    OWN_FILE = "own_file"
    """The file is the staff member's own."""
    RESTRICTED = "restricted"
    """What it shows first is restricted, and none of the four reasons of art. 18(2) was given."""


CaseCheck = Callable[[int, str], bool]
_case_checks: list[CaseCheck] = []
OwnerCheck = Callable[[StaffMember, Customer], bool]
_owner_checks: list[OwnerCheck] = []


def check_cases_with(check: CaseCheck) -> CaseCheck:
    """Register the check of whether a case, by its reference, is that of a customer, by id."""
    _case_checks[:] = [check]
    return check


def recognise_owners_with(check: OwnerCheck) -> OwnerCheck:
    """Register the check of whether a customer's account is the staff member's, whatever address the file has."""
    _owner_checks[:] = [check]
    return check


def find_customer(identifier: str) -> Customer | None:
    """Return the customer with exactly this e-mail address, customer number or reference, or None."""
    identifier = identifier.strip()
    matches = [Customer.external_id == identifier, Customer.public_id == identifier.lower()]
    with suppress(AddressRefused):
        matches.append(Customer.email_normalised == normalise_address(as_pasted(identifier)))
    return db.session.execute(select(Customer).where(or_(*matches)).limit(1)).scalar_one_or_none()


def is_own_file(member: StaffMember, customer: Customer) -> bool:
    """Tell whether a customer is the staff member themselves, by the address of the file or of its account.

    Both are compared, because an import may give the file another address than the one the customer signs in with.
    """
    is_own_address = customer.email_normalised == member.email_normalised
    return is_own_address or any(check(member, customer) for check in _owner_checks)


def open_named(
    member: StaffMember,
    identifier: str,
    reason: str,
    request_reference: str | None = None,
    *,
    shows: str = SUMMARY,
    use_reason: UseReason | None = None,
) -> CustomerLookup | NotOpened:
    """Open the file of whom an identifier names, in the current transaction, which records why where it is not.

    Args:
        shows: what is shown first, by its category in the access log.
        use_reason: why restricted data are used (GDPR art. 18(2)); needed where what is shown first is restricted.

    Raises:
        UnknownCase: the case is not one of this customer's.
    """
    customer = named_customer(member, identifier)
    if isinstance(customer, NotOpened):
        return customer
    if is_kept_shut(member, customer, shows, use_reason):
        return NotOpened.RESTRICTED
    return open_lookup(member, customer, reason, request_reference, use_reason)


def is_kept_shut(member: StaffMember, customer: Customer, shows: str, use_reason: UseReason | None) -> bool:
    """Tell whether something stays shut because it is restricted, which the current transaction records."""
    try:
        check(customer.id, contents_of(shows), Reader.LOOKUP, use_reason)
    except Locked:
        record(NAMED, actor=f"staff:{member.public_id}", subject=f"customer:{customer.public_id}")
        return True
    return False


def contents_of(shown: str) -> tuple[Category, ...]:
    """Return the categories of which a page shows something, by its own category in the access log."""
    if shown == SUMMARY:
        return Category.IDENTITY, Category.CONTACT
    return CATEGORIES if shown == ARCHIVE else (Category(shown),)


def check_named(
    member: StaffMember,
    identifier: str,
    request_reference: str | None = None,
    *,
    shows: str = SUMMARY,
    use_reason: UseReason | None = None,
) -> NotOpened | None:
    """Return why the file of whom an identifier names would not be opened, for a form that lacks something else too.

    It opens nothing, but it tells whether somebody is a customer: the current transaction records that.

    Raises:
        UnknownCase: the case is not one of this customer's.
    """
    customer = named_customer(member, identifier)
    if isinstance(customer, NotOpened):
        return customer
    if is_kept_shut(member, customer, shows, use_reason):
        return NotOpened.RESTRICTED
    record(NAMED, actor=f"staff:{member.public_id}", subject=f"customer:{customer.public_id}")
    _check_case(customer, request_reference)
    return None


def named_customer(member: StaffMember, identifier: str) -> Customer | NotOpened:
    """Return whom an identifier names, or why they are not opened, which is recorded in the current transaction."""
    customer = find_customer(identifier)
    if customer is None:
        record(NOT_FOUND, actor=f"staff:{member.public_id}", subject="portal")
        return NotOpened.UNKNOWN
    if is_own_file(member, customer):
        note_own_file(member, customer)
        return NotOpened.OWN_FILE
    return customer


def _check_case(customer: Customer, reference: str | None) -> None:
    if reference and not all(check(customer.id, reference) for check in _case_checks):
        raise UnknownCase


def open_lookup(
    member: StaffMember,
    customer: Customer,
    reason: str,
    request_reference: str | None,
    use_reason: UseReason | None = None,
) -> CustomerLookup:
    """Open a customer's file for half an hour: add the lookup to the current transaction and return it.

    Raises:
        UnknownCase: the case is not one of this customer's.
    """
    lookup = add_lookup(member, customer, reason, request_reference, use_reason=use_reason)
    record(
        LOOKED_UP,
        actor=f"staff:{member.public_id}",
        subject=f"customer:{customer.public_id}",
        lookup=lookup.public_id,
        request=request_reference,
    )
    return lookup


def add_lookup(
    member: StaffMember,
    customer: Customer,
    reason: str,
    request_reference: str | None,
    ground: ArchiveGround | None = None,
    use_reason: UseReason | None = None,
) -> CustomerLookup:
    """Add a reason to the current transaction, without its audit event, and return it.

    Args:
        ground: of what lies in the archive, which it opens then; None for the file.
        use_reason: why restricted data are used; None opens only what is not restricted.

    Raises:
        UnknownCase: the case is not one of this customer's.
    """
    _check_case(customer, request_reference)
    instant = clock.now()
    lookup = CustomerLookup(
        staff_id=member.id, customer_id=customer.id, reason=reason, request_reference=request_reference,
        archive_ground=ground, use_reason=use_reason, at=instant, expires_at=instant + OPEN_FOR,
    )  # fmt: skip
    db.session.add(lookup)
    db.session.flush()
    return lookup


def note_own_file(member: StaffMember, customer: Customer) -> None:
    """Record in the current transaction that a member was kept out of their own file."""
    record(OWN_FILE_DENIED, actor=f"staff:{member.public_id}", subject=f"customer:{customer.public_id}")


def find_lookup(member: StaffMember, public_id: str, *, of_archive: bool = False) -> CustomerLookup | None:
    """Return a member's own lookup, expired or not; None for another member's, and for one that opens something else.

    Args:
        of_archive: whether it must be one that opens the archive.
    """
    is_theirs = (CustomerLookup.public_id == public_id, CustomerLookup.staff_id == member.id)
    ground = CustomerLookup.archive_ground
    statement = select(CustomerLookup).where(*is_theirs, ground.is_not(None) if of_archive else ground.is_(None))
    return db.session.execute(statement).scalar_one_or_none()


def is_open(lookup: CustomerLookup) -> bool:
    """Tell whether the half hour of a lookup has not passed yet."""
    return clock.now() < lookup.expires_at


def look_under(lookup: CustomerLookup, member: StaffMember, category: str, reader: Reader = Reader.LOOKUP) -> Look:
    """Return the look at a category that an open lookup allows.

    Raises:
        Locked: it is restricted, and the lookup gives none of the four reasons of art. 18(2).
        LookupOver: the half hour has passed.
        OwnFile: the file is the staff member's own by now, as after a change of their address.
    """
    if not is_open(lookup):
        raise LookupOver
    if is_own_file(member, lookup.customer):
        raise OwnFile
    check(lookup.customer_id, contents_of(category), reader, lookup.use_reason)
    return look_of(lookup, category)


def may_look_again(lookup: CustomerLookup, member: StaffMember) -> bool:
    """Tell whether a form may name the customer of an earlier lookup: not the member, and not restricted since."""
    shuts = not locked_categories(lookup.customer_id).isdisjoint(contents_of(SUMMARY)) and lookup.use_reason is None
    return not (shuts or is_own_file(member, lookup.customer))


def look_of(lookup: CustomerLookup, category: str) -> Look:
    """Return the look at a category for the reason of a lookup, which may be over."""
    is_needed = lookup.use_reason and not locked_categories(lookup.customer_id).isdisjoint(contents_of(category))
    because = lookup.use_reason if is_needed else None
    return Look(lookup.customer_id, category, lookup.reason, lookup.request_reference, because)


def newest_items(lookup: CustomerLookup, category: Category, language: str) -> tuple[list[HeldItem], bool]:
    """Return the newest items held in a category, fifty at most, and whether there are more.

    The access log is left out: it is for the customer to read, and not for the next colleague.

    Raises:
        Locked: the category is restricted, and the lookup gives none of the four reasons of art. 18(2).
    """
    held = read(lookup.customer_id, category, language, Reader.LOOKUP, because=lookup.use_reason)
    of_each = (islice(items, SHOWN_AT_ONCE + 1) for holding, items in held if holding.code != ACCESS_LOG)
    newest_first = merge(*of_each, key=_instant, reverse=True)
    found = list(islice(newest_first, SHOWN_AT_ONCE + 1))
    return found[:SHOWN_AT_ONCE], len(found) > SHOWN_AT_ONCE


def _instant(item: HeldItem) -> float:
    return item.at.timestamp() if item.at else 0.0
