"""What officers are told of: who came in, who got which role, which machine may read."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.access.permissions import Role
from portal.bilingual import Label
from portal.infrastructure.database import BigId, UtcDateTime, code_column, db
from portal.staff.models import StaffMember


class Act(StrEnum):
    INVITED = "invited"
    """Somebody was invited, and a link left by mail."""
    WAY_IN = "way_in"
    """A member's password, second step and sessions were taken away, and a new link left by mail."""
    ROLE = "role"
    """A member got another role."""
    REOPENED = "reopened"
    """A closed way in was opened again."""
    CLOSED = "closed"
    """A member's way in was closed."""
    MACHINE = "machine"
    """A machine got a token."""
    EXPORT = "export"
    """A member may download the preferences of all customers."""
    ERASURE = "erasure"
    """An erasure was asked for by a command on the server."""
    LOST = "lost"
    """A correction that a restored backup undid, and that could not be made again."""
    SECONDED = "seconded"
    """Something else was seconded by a command on the server."""

    def label(self, language: object) -> str:
        """Return what happened, in a language."""
        return _LABELS[self].text(language)


_LABELS = {
    Act.INVITED: Label(fr="Invitation envoyée", en="Invitation sent"),
    Act.WAY_IN: Label(fr="Nouvel accès envoyé", en="New way in sent"),
    Act.ROLE: Label(fr="Rôle changé", en="Role changed"),
    Act.REOPENED: Label(fr="Accès rouvert", en="Way in opened again"),
    Act.CLOSED: Label(fr="Accès fermé", en="Way in closed"),
    Act.MACHINE: Label(fr="Jeton créé", en="Token made"),
    Act.EXPORT: Label(fr="Export de tous les clients autorisé", en="Export of all customers allowed"),
    Act.ERASURE: Label(fr="Effacement demandé par une commande", en="Erasure asked for by a command"),
    Act.LOST: Label(fr="Correction perdue par une restauration", en="Correction lost by a restore"),
    Act.SECONDED: Label(fr="Proposition validée par une commande", en="Proposal seconded by a command"),
}


class OfficerNotice(db.Model):
    """One act, until an officer has read of it. `by` is None for a command on the server."""

    __tablename__ = "officer_notices"
    __table_args__ = (Index("ix_officer_notices_read", "read_at", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    act: Mapped[Act] = mapped_column(code_column(Act))
    about: Mapped[str] = mapped_column(String(500))
    role: Mapped[Role | None] = mapped_column(code_column(Role))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))

    author: Mapped[StaffMember | None] = relationship(foreign_keys=author_id)
    by: Mapped[StaffMember | None] = relationship(foreign_keys=by_id)
