"""Uses that a person objected to: being weighed, stopped, or continued on compelling grounds (art. 21(1))."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import BigId, UtcDateTime, code_column, db


class StopState(StrEnum):
    WEIGHING = "weighing"
    "The company looks at it; meanwhile the use is restricted (art. 18(1)(d))."
    STOPPED = "stopped"
    OVERRIDDEN = "overridden"
    "Compelling grounds go before it; the officer seconded that."

    @property
    def holds_back(self) -> bool:
        """Whether nobody may use the person's data for it."""
        return self is not StopState.OVERRIDDEN


class PurposeStop(db.Model):
    """How a person's objection to one purpose stands. One row a person and purpose; its history is in `weighings`."""

    __tablename__ = "purpose_stops"
    __table_args__ = (UniqueConstraint("customer_id", "purpose"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("rights_requests.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(60))
    state: Mapped[StopState] = mapped_column(code_column(StopState), default=StopState.WEIGHING)
    since: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class Weighing(db.Model):
    """The company's interest weighed against the person's (art. 21(1)): kept with the file of the request.

    Attributes:
        interest: what the company pursues. `necessity`: why it cannot without these data. `grounds`: what is
            compelling, or why nothing is. `safeguards`: what protects the person.
        summary: what the answer says of it, in the language of the request.
        officer_id: who seconded an override; None for a stop.
    """

    __tablename__ = "weighings"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("rights_requests.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(60))
    result: Mapped[StopState] = mapped_column(code_column(StopState))
    interest: Mapped[str] = mapped_column(Text)
    necessity: Mapped[str] = mapped_column(Text)
    grounds: Mapped[str] = mapped_column(Text)
    safeguards: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text, default="")
    author_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"))
    officer_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
