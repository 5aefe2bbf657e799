"""Who a person is to the company: reference, names, address of record, language, status."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.customers.capacity import Capacity
from portal.customers.names import initial_of
from portal.infrastructure.database import BigId, UtcDateTime, code_column, db
from portal.infrastructure.identifiers import new_public_id


class CustomerStatus(StrEnum):
    ACTIVE = "active"
    """Data may be used for the declared purposes."""
    RESTRICTED = "restricted"
    """Art. 18: data are stored and otherwise left alone."""
    ERASED = "erased"
    """Art. 17: nothing that names the person is left; the row holds the reference for what the law keeps."""


class Customer(db.Model):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    external_id: Mapped[str | None] = mapped_column(String(100), unique=True)
    email: Mapped[str | None] = mapped_column(String(254))
    email_normalised: Mapped[str | None] = mapped_column(String(254), unique=True)
    given_name: Mapped[str] = mapped_column(String(200), default="")
    family_name: Mapped[str] = mapped_column(String(200), default="")
    birth_date: Mapped[date | None]
    birth_known: Mapped[str | None] = mapped_column(String(7))
    """What is known of the day of birth where the whole is not: `1988` or `1988-05`."""
    language: Mapped[str] = mapped_column(String(2), default="fr")
    customer_since: Mapped[date | None]
    relationship_ended_on: Mapped[date | None]
    last_contact_on: Mapped[date | None]
    """The last day on which something came from the person: a sign-in, a request, an exchange that they began."""
    capacity: Mapped[Capacity | None] = mapped_column(code_column(Capacity))
    """None where no system says; they count as a consumer then."""
    status: Mapped[CustomerStatus] = mapped_column(code_column(CustomerStatus), default=CustomerStatus.ACTIVE)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    imported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    restricted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def birth(self) -> str | None:
        """The day of birth, or what is known of it, as ISO 8601 writes it; None where nothing is."""
        return self.birth_date.isoformat() if self.birth_date else self.birth_known

    @property
    def full_name(self) -> str:
        """Given and family name as one line; empty when neither is known."""
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def short_name(self) -> str:
        """Given name and the initial of the family name, which lists of staff show; empty when neither is known."""
        letter = initial_of(self.family_name)
        initial = f"{letter}." if letter else ""
        return f"{self.given_name} {initial}".strip()

    @property
    def reference(self) -> str:
        """What other systems call this customer: the company's own number, else our public id."""
        return self.external_id or self.public_id
