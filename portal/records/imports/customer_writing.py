"""The customers that a batch of lines names: found in one query, changed in memory, written together."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import bindparam, or_, select, update

from portal import clock
from portal.customers.ages import births_changed
from portal.customers.claims import kept_fields, sent_the_same
from portal.customers.creation import create_customers
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.personal_data.categories import Category
from portal.personal_data.erasure.tombstones import ADDRESS, REFERENCE, buried_among
from portal.personal_data.restrictions.standing import locked_of
from portal.records.days.expiry import Person
from portal.records.imports.parsing import CompleteLine, CustomerLine, LineRefused, Statement

COLUMNS = (
    "email", "email_normalised", "given_name", "family_name", "birth_date", "birth_known", "language",
    "customer_since", "relationship_ended_on", "capacity",
)  # fmt: skip
PUBLIC_ID = re.compile(r"[0-9a-f]{32}")
_CATEGORY_OF = dict.fromkeys(("email", "email_normalised", "language"), Category.CONTACT)
"""In which category a fact of the file is; all others say who the person is."""
ERASED = "names a person whose data were erased: take them off the source"
RESTRICTED = "names a person whose data are restricted: what is held stays as it is"


@dataclass(eq=False, slots=True)
class HeldCustomer:
    """A customer as the batch leaves them. `id` is None until a new one is written. `kept` fields are never changed.

    `locked` are the categories that a restriction locks: nothing held in them changes.
    """

    id: int | None
    reference: str
    status: CustomerStatus
    facts: dict[str, Any]
    kept: frozenset[str] = frozenset()
    locked: frozenset[str] = frozenset()
    changed: set[str] = field(default_factory=set)
    same: frozenset[str] = frozenset()
    """Kept fields of which a line said what is held."""

    @property
    def is_erased(self) -> bool:
        return self.status is CustomerStatus.ERASED

    def check_unlocked(self, names: Iterable[str]) -> None:
        """Check that facts of their file may change. Raises `LineRefused`."""
        if not self.locked.isdisjoint(_CATEGORY_OF.get(name, Category.IDENTITY) for name in names):
            raise LineRefused("external_id", RESTRICTED)

    def person(self, last_contact_on: date | None = None) -> Person:
        """Return what the days of their records depend on."""
        return Person(self.facts.get("relationship_ended_on"), self.facts.get("capacity"), last_contact_on)


class CustomerLines:
    """Takes the customer lines of one batch, and finds the customers that its other lines name."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        """Read every customer named in the batch, locked until the end of the transaction."""
        references: set[str] = set()
        addresses: set[str] = set()
        for statement in statements:
            if isinstance(statement, CustomerLine):
                references.add(statement.external_id)
                addresses.add(statement.facts.get("email_normalised") or "")
            elif not isinstance(statement, CompleteLine):
                references.add(statement.customer)
        self._by_reference: dict[str, HeldCustomer] = {}
        self._by_address: dict[str, HeldCustomer] = {}
        self._new: list[HeldCustomer] = []
        self._read(references, addresses - {""})
        # Of those whom nobody is: whether they were erased, and are not to come back by a file.
        self._buried = buried_among(REFERENCE, references - self._by_reference.keys())
        self._buried_addresses = buried_among(ADDRESS, addresses - self._by_address.keys() - {""})

    def _read(self, references: set[str], addresses: set[str]) -> None:
        columns = [getattr(Customer, name) for name in COLUMNS]
        statement = (
            select(Customer.id, Customer.external_id, Customer.public_id, Customer.status, *columns)
            .where(
                or_(
                    Customer.external_id.in_(references),
                    Customer.public_id.in_([text for text in references if PUBLIC_ID.fullmatch(text)]),
                    Customer.email_normalised.in_(addresses),
                )
            )
            # In one order for everybody: two imports that meet then wait for each other and never deadlock.
            .order_by(Customer.id)
            .with_for_update(key_share=True)
        )
        rows = db.session.execute(statement).all()
        kept, locked = kept_fields([row.id for row in rows]), locked_of(row.id for row in rows)
        for row in rows:
            held = HeldCustomer(
                row.id,
                row.external_id or row.public_id,
                row.status,
                {name: getattr(row, name) for name in COLUMNS},
                kept.get(row.id, frozenset()),
                locked.get(row.id, frozenset()),
            )
            self._by_reference[held.reference] = held
            if row.email_normalised:
                self._by_address[row.email_normalised] = held

    def find(self, reference: str) -> HeldCustomer | None:
        """Return the customer that has a reference, if anybody has."""
        return self._by_reference.get(reference)

    def named(self, reference: str) -> HeldCustomer:
        """Return the customer a line names, by the company's reference or ours where there is none.

        Raises:
            LineRefused: when nobody has it, or somebody had who was erased.
        """
        held = self._by_reference.get(reference)
        if held is None and reference in self._buried:
            raise LineRefused("customer", ERASED)
        if held is None:
            raise LineRefused("customer", "is not known: send its customer line first")
        return held

    def take(self, line: CustomerLine) -> bool:
        """Take one customer line. Returns whether it changes anything.

        Raises:
            LineRefused: for an address of somebody else, for a customer that is erased, and for restricted facts.
        """
        held = self._by_reference.get(line.external_id)
        if line.external_id in self._buried:
            raise LineRefused("external_id", ERASED)
        if line.facts.get("email_normalised") in self._buried_addresses:
            raise LineRefused("email", ERASED)
        if held is None:
            self._add(line)
            return True
        if held.is_erased:
            raise LineRefused("external_id", ERASED)
        changes = _changes(held, line)
        held.same |= {name for name in held.kept if name in line.facts and held.facts.get(name) == line.facts[name]}
        if not changes:
            return False
        held.check_unlocked(changes)
        self._move_address(held, changes)
        held.facts |= changes
        held.changed |= changes.keys()
        return True

    def _add(self, line: CustomerLine) -> None:
        held = HeldCustomer(None, line.external_id, CustomerStatus.ACTIVE, dict(line.facts))
        self._move_address(held, line.facts)
        self._by_reference[line.external_id] = held
        self._new.append(held)

    def _move_address(self, held: HeldCustomer, changes: dict[str, Any]) -> None:
        if "email_normalised" not in changes:
            return
        address = changes["email_normalised"]
        owner = self._by_address.get(address) if address else None
        if owner is not None and owner is not held:
            raise LineRefused("email", "belongs to another customer")
        before = held.facts.get("email_normalised")
        if before and self._by_address.get(before) is held:
            del self._by_address[before]
        if address:
            self._by_address[address] = held

    def write(self) -> list[HeldCustomer]:
        """Write what was taken. Return the customers known before whose records may have other days now."""
        changed = [held for held in self._by_reference.values() if held.id is not None and held.changed]
        moved = [held for held in changed if "email_normalised" in held.changed]
        connection = db.session.connection()
        if moved:
            # An address may pass from one customer to another in a batch: let go of all before taking any.
            ids = [held.id for held in moved]
            connection.execute(update(Customer).where(Customer.id.in_(ids)).values(email_normalised=None))
        if changed:
            statement = update(Customer.__table__).where(Customer.id == bindparam("customer_id"))
            values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in COLUMNS}
            rows = [
                {"customer_id": held.id} | {f"new_{name}": held.facts[name] for name in COLUMNS} for held in changed
            ]
            connection.execute(statement.values(values), rows)
        births_changed(held.id for held in changed if held.id and held.changed & {"birth_date", "birth_known"})
        sent_the_same({held.id: held.same for held in self._by_reference.values() if held.id and held.same})
        new = sorted(self._new, key=lambda held: held.reference)
        facts = [held.facts | {"external_id": held.reference, "imported_at": clock.now()} for held in new]
        for held, customer in zip(new, create_customers(facts), strict=True):
            held.id = customer.id
        return [held for held in changed if held.changed & {"relationship_ended_on", "capacity"}]


def _changes(held: HeldCustomer, line: CustomerLine) -> dict[str, Any]:
    kept = held.kept | {"email_normalised"} if "email" in held.kept else held.kept
    return {name: value for name, value in line.facts.items() if name not in kept and held.facts.get(name) != value}
