"""What left for a person: the only ground on which anything is said to be sent."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import BigId, UtcDateTime, code_column, db
from portal.infrastructure.identifiers import new_public_id


class DispatchChannel(StrEnum):
    ACCOUNT = "account"
    "It can be read in the portal."
    EMAIL = "email"
    PAPER = "paper"
    REGISTERED = "registered"
    "Registered post."
    TELEPHONE = "telephone"
    "Read out."


class DispatchState(StrEnum):
    QUEUED = "queued"
    ACCEPTED = "accepted"
    "The mail server took it."
    POSTED = "posted"
    HANDED = "handed"
    READ_OUT = "read_out"
    BOUNCED = "bounced"
    RETURNED = "returned"


class Dispatch(db.Model):
    """One sending of one letter. Its states only go forward.

    Attributes:
        letter_code: which letter; `template_version` says in which version of its text.
        subject_kind: what it is about, such as `request` or `erasure`, with `subject_id`.
        sealed_address: where it went, sealed; None where it needs none.
        sha256: of the letter as it left.
        message_id: of a mail; `relay_answer` is what the server answered.
        by: the id of the member who posted or read it out; None for the portal.
    """

    __tablename__ = "dispatches"
    __table_args__ = (
        Index("ix_dispatches_subject", "subject_kind", "subject_id"),
        Index("ix_dispatches_customer_id", "customer_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    letter_code: Mapped[str] = mapped_column(String(60))
    template_version: Mapped[str] = mapped_column(String(40))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    requester_id: Mapped[int | None] = mapped_column(BigId)
    subject_kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int] = mapped_column(BigId)
    channel: Mapped[DispatchChannel] = mapped_column(code_column(DispatchChannel))
    sealed_address: Mapped[bytes | None] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(String(2))
    sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[DispatchState] = mapped_column(code_column(DispatchState), default=DispatchState.QUEUED)
    message_id: Mapped[str | None] = mapped_column(String(200))
    relay_answer: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    by: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    proof: Mapped[str] = mapped_column(Text, default="")
