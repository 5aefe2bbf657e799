"""Restrictions: data that are stored and otherwise left alone (art. 18)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, false, literal_column
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import BigId, Json, UtcDateTime, code_column, db
from portal.infrastructure.identifiers import new_public_id
from portal.personal_data.restrictions.grounds import Ground18


class Restriction(db.Model):
    """One restriction: of everything, or of some categories.

    Attributes:
        categories: what is restricted, by the codes of the nine categories; empty for everything.
        is_provisional: set while accuracy or an objection is examined; the answer ends it or makes it lasting.
        told_at: when the person was told that it was set; None is on the officer's list.
        notice_at: when the notice left that it will be lifted (art. 18(3)); `lifts_on` is 7 days after it or later.
        halted_at: when the person replied to the notice: it is not lifted until the officer looked at the reply.
        lifted_by: the id of the officer; None for the portal, which lifts a provisional one with the answer.
    """

    __tablename__ = "restrictions"
    __table_args__ = (
        Index(
            "ix_restrictions_open",
            "customer_id",
            sqlite_where=literal_column("lifted_at IS NULL"),
            postgresql_where=literal_column("lifted_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("rights_requests.id"), index=True)
    ground_18: Mapped[Ground18 | None] = mapped_column(code_column(Ground18))
    categories: Mapped[list[str]] = mapped_column(Json, default=list)
    is_provisional: Mapped[bool] = mapped_column(default=False, server_default=false())
    since: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    notice_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lifts_on: Mapped[datetime | None] = mapped_column(UtcDateTime)
    halted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reply: Mapped[str] = mapped_column(Text, default="", server_default="")
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lifted_by: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    lift_cause: Mapped[str] = mapped_column(String(40), default="", server_default="")
