"""That the file of a request was destroyed: its reference and the day, so that whoever asks for it reads that."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import BigId, UtcDateTime, db


class DestroyedFile(db.Model):
    """What is left for a year of a file whose time was over: nothing of what was asked, answered or decided in it."""

    __tablename__ = "destroyed_files"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    destroyed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, index=True)
