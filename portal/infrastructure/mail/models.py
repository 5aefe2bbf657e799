"""A mail to be sent, written in the transaction of the fact that it tells."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import BigId, Json, UtcDateTime, code_column, db
from portal.infrastructure.identifiers import new_public_id


class MailStatus(StrEnum):
    WAITING = "waiting"
    """Not accepted by a mail server yet."""
    SENT = "sent"
    """Accepted by the mail server."""
    REFUSED = "refused"
    """Refused for good by the mail server; shown to staff."""


class Mail(db.Model):
    """One message to one address. `context` holds identifiers, first name and reference, never more."""

    __tablename__ = "mails"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    to_address: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(2))
    template: Mapped[str] = mapped_column(String(80))
    context: Mapped[dict[str, Any]] = mapped_column(Json)
    status: Mapped[MailStatus] = mapped_column(code_column(MailStatus), default=MailStatus.WAITING)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
