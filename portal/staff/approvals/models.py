"""What one member proposed, and what became of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.infrastructure.database import BigId, Json, UtcDateTime, code_column, db
from portal.infrastructure.identifiers import new_public_id
from portal.staff.models import StaffMember


class ApprovalState(StrEnum):
    PROPOSED = "proposed"
    """Waits for a second person; nothing is changed yet."""
    SECONDED = "seconded"
    """A second person agreed, and it was carried out in the same transaction."""
    DECLINED = "declined"
    """Another member said no, with their words; nothing was changed."""
    ENDED = "ended"
    """Nobody decided within its time; nothing was changed."""

    @property
    def label(self) -> str:
        """The state in the reader's language."""
        return str(_STATE_LABELS[self])


_STATE_LABELS = {
    ApprovalState.PROPOSED: _l("Proposed"),
    ApprovalState.SECONDED: _l("Seconded"),
    ApprovalState.DECLINED: _l("Declined"),
    ApprovalState.ENDED: _l("Ended"),
}


class Approval(db.Model):
    """A proposal that takes a second person; `what` is the code of a registered kind, `target` a reference.

    A seconded proposal without `decided_by` was seconded from the shell.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        Index("ix_approvals_waiting", "state", "ends_at", "id"),
        Index("ix_approvals_decided", "decided_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    what: Mapped[str] = mapped_column(String(60))
    target: Mapped[str] = mapped_column(String(120))
    before: Mapped[dict[str, Any]] = mapped_column(Json)
    after: Mapped[dict[str, Any]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[ApprovalState] = mapped_column(code_column(ApprovalState), default=ApprovalState.PROPOSED)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    words: Mapped[str] = mapped_column(Text, default="")

    author: Mapped[StaffMember] = relationship(foreign_keys=author_id)
    decided_by: Mapped[StaffMember | None] = relationship(foreign_keys=decided_by_id)

    @property
    def state_now(self) -> ApprovalState:
        """The state now. A proposal whose time is over counts as ended, even before the job writes that."""
        is_over = self.state is ApprovalState.PROPOSED and self.ends_at <= clock.now()
        return ApprovalState.ENDED if is_over else self.state
