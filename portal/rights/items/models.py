"""What a request is about, item by item, and what was decided and done about each."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.infrastructure.database import BigId, Json, UtcDateTime, code_column, db
from portal.personal_data.outcomes import ItemOutcome


class ItemState(StrEnum):
    UNDECIDED = "undecided"
    DECIDED = "decided"
    DOING = "doing"
    DONE = "done"
    "A recount confirmed it."
    DEFERRED = "deferred"
    "It is done when what keeps it ends, without a new request."
    HALTED = "halted"


class RequestItem(db.Model):
    """One kind of what is held, under one rule, in one request: some sixty rows at any volume.

    Attributes:
        planned: how many there were when the item was made or last looked at.
        proposed: what the plan proposes; None where only a person can tell. `outcome` is empty until it is decided.
        ground: code of the reason of a negative outcome.
        legal_reference: the law or contract behind the ground, in the language of the request, as the letter cites it.
        is_then_erased: what is kept is erased when its reason ends.
        done: how many were done.
        decided_by: the id of the member who decided it; None for the portal.
        systems: the codes of the company's systems that sent it, which have to be told.
        words: what it is about, in the words of the team, where no kind names it.
    """

    __tablename__ = "request_items"
    __table_args__ = (UniqueConstraint("request_id", "part", "kind", "rule"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("rights_requests.id"))
    part: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(60))
    rule: Mapped[str] = mapped_column(String(60), default="")
    category: Mapped[str | None] = mapped_column(String(20))
    planned: Mapped[int] = mapped_column(default=0)
    proposed: Mapped[ItemOutcome | None] = mapped_column(code_column(ItemOutcome))
    outcome: Mapped[ItemOutcome | None] = mapped_column(code_column(ItemOutcome))
    ground: Mapped[str] = mapped_column(String(60), default="")
    legal_reference: Mapped[str] = mapped_column(Text, default="")
    until_on: Mapped[date | None]
    is_then_erased: Mapped[bool] = mapped_column(default=False)
    state: Mapped[ItemState] = mapped_column(code_column(ItemState), default=ItemState.UNDECIDED)
    done: Mapped[int] = mapped_column(default=0)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    systems: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    words: Mapped[str] = mapped_column(Text, default="", server_default="")


class ItemException(db.Model):
    """Records of an item that are decided otherwise: one by its id, or those of a span. At most 500 an item."""

    __tablename__ = "item_exceptions"
    __table_args__ = (Index("ix_item_exceptions_item_id", "item_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("request_items.id"))
    external_id: Mapped[str | None] = mapped_column(String(200))
    from_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[ItemOutcome] = mapped_column(code_column(ItemOutcome))
    ground: Mapped[str] = mapped_column(String(60), default="")
    until_on: Mapped[date | None]
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
