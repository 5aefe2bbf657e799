"""Staff members and their ways in."""

from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.access.one_time_codes import AppHolder
from portal.access.passkeys import PasskeyColumns
from portal.access.permissions import Permission, Role, may
from portal.access.recovery_codes import RecoveryCodeColumns
from portal.infrastructure.database import BigId, UtcDateTime, code_column, db
from portal.infrastructure.identifiers import new_public_id
from portal.infrastructure.one_time_tokens import OneTimeToken
from portal.web.sessions import SignedInSession


class StaffMember(AppHolder, UserMixin, db.Model):
    """Somebody who works in the portal, or is invited to. While the invitation waits for a second person, `proposed_at`
    says since when.

    `access_given_at` says when others last gave them something: a way in that they finished, a role, an open door.
    It stays when a way in is taken away, so it also tells that somebody came in once.
    """

    __tablename__ = "staff_members"
    __table_args__ = (UniqueConstraint("company_issuer", "company_subject"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    email: Mapped[str] = mapped_column(String(254))
    email_normalised: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(code_column(Role))
    language: Mapped[str] = mapped_column(String(2), default="fr")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    proposed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    invited_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    access_given_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    informed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the member confirmed the notice that looks are counted; nothing is counted before."""
    company_issuer: Mapped[str | None] = mapped_column(String(255))
    company_subject: Mapped[str | None] = mapped_column(String(255))

    def may(self, permission: Permission) -> bool:
        """Whether this person's role carries a permission; for templates and case rules."""
        return may(self.role, permission)

    @property
    def may_sign_in(self) -> bool:
        """Whether the invitation was finished and the member is not disabled."""
        return self.activated_at is not None and self.disabled_at is None

    @property
    def has_come_in(self) -> bool:
        """Whether they finished a way in once, be it closed or taken away since."""
        return bool(self.activated_at or self.disabled_at or self.access_given_at)

    @property
    def first_name(self) -> str:
        """The first word of the name, for mails."""
        return self.name.partition(" ")[0]

    @property
    def short_name(self) -> str:
        """First name and initial, as colleagues see it in lists: Nora P."""
        first, _, rest = self.name.partition(" ")
        return f"{first} {rest[0]}." if rest else first


class StaffDevice(db.Model):
    """A browser from which a staff member signed in: a random cookie, kept as its hash."""

    __tablename__ = "staff_devices"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class StaffSession(SignedInSession, db.Model):
    """A session of one browser. A thief who copies its cookie to another browser opens nothing."""

    __tablename__ = "staff_sessions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"), index=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("staff_devices.id"))

    staff: Mapped[StaffMember] = relationship(lazy="joined")
    browser: Mapped[StaffDevice] = relationship(lazy="joined")


class StaffToken(OneTimeToken, db.Model):
    """A single-use token: an invitation's link, a sign-in that waits for its next step, or a passkey's challenge.

    `purpose` says which; the modules that make tokens hold its values.
    """

    __tablename__ = "staff_tokens"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"), index=True)

    staff: Mapped[StaffMember] = relationship()


class RecoveryCode(RecoveryCodeColumns, db.Model):
    __tablename__ = "staff_recovery_codes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"), index=True)


class StaffPasskey(PasskeyColumns, db.Model):
    __tablename__ = "staff_passkeys"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"), index=True)
