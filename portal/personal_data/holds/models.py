"""Legal holds: an officer has something kept although its time is over, for a dispute or an inspection."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import BigId, UtcDateTime, code_column, db
from portal.infrastructure.identifiers import new_public_id
from portal.personal_data.holds.grounds import HoldGround


class LegalHold(db.Model):
    """A hold on everything of a customer, or on one category, kind or record. Its keep is a row of `keeps`.

    Attributes:
        words: why, as whoever placed it wrote it.
        is_secret: the person is not told of it, as while a fraud is looked into; somebody wrote so, and why.
        review_on: the day on which somebody has to look again, within six months. It releases nothing by itself.
    """

    __tablename__ = "legal_holds"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    category: Mapped[str | None] = mapped_column(String(20))
    kind: Mapped[str | None] = mapped_column(String(60))
    external_id: Mapped[str | None] = mapped_column(String(200))
    ground: Mapped[HoldGround] = mapped_column(code_column(HoldGround))
    words: Mapped[str] = mapped_column(Text)
    is_secret: Mapped[bool] = mapped_column(default=False, server_default=false())
    placed_by: Mapped[str] = mapped_column(String(60))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    review_on: Mapped[date]
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(60))
