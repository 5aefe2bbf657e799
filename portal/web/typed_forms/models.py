"""The table of forms that wait for who opened them."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.infrastructure.database import BigId, UtcDateTime, db
from portal.infrastructure.identifiers import new_public_id


class KeptForm(db.Model):
    """A form that was sent when nobody was signed in.

    Attributes:
        owner: the mark of the account that opened the form, as `owners.owner_mark` writes it.
        sealed: its `Typed`; the stolen database tells nobody what was typed.
    """

    __tablename__ = "kept_forms"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    owner: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
