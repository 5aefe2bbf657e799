"""A customer's way in: credentials, sessions, devices, single-use links. A customer may have no account."""

from datetime import date, datetime

from flask_login import UserMixin
from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.access.one_time_codes import AppHolder
from portal.access.passkeys import PasskeyColumns
from portal.access.recovery_codes import RecoveryCodeColumns
from portal.customers.models import Customer
from portal.infrastructure.database import BigId, UtcDateTime, db
from portal.infrastructure.identifiers import new_public_id
from portal.infrastructure.one_time_tokens import OneTimeToken
from portal.web.sessions import SignedInSession


class Account(AppHolder, UserMixin, db.Model):
    """Credentials. Until its address is confirmed, an account has no customer and opens nothing.

    Several unconfirmed accounts may name one address, so that nobody can occupy somebody else's. The first of them that
    proves the address becomes its account, and the others lose every way in.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        Index(
            "uq_accounts_confirmed_address",
            "email_normalised",
            unique=True,
            sqlite_where=text("email_confirmed_at IS NOT NULL"),
            postgresql_where=text("email_confirmed_at IS NOT NULL"),
        ),
        Index("ix_accounts_email_normalised", "email_normalised"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    email_normalised: Mapped[str] = mapped_column(String(254))
    email_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    email_changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    given_name: Mapped[str] = mapped_column(String(200), default="")
    family_name: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(2), default="fr")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    password_changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_claimed_by_match: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unused_ends_on: Mapped[date | None] = mapped_column(index=True)
    """The last day of an account whose owner was told that it ends unless they sign in."""
    facebook_linked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    second_step_lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    app_added_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    customer: Mapped[Customer | None] = relationship()

    @property
    def subject(self) -> str:
        """How the audit trail names its customer; `portal` while nobody has proven the address."""
        return f"customer:{self.customer.public_id}" if self.customer else "portal"


class LinkedIdentity(db.Model):
    """An identity at a provider that opens an account, or did.

    The key is the provider with the number that it made for this service alone. An e-mail address is no key, because
    the provider's address is not proven. When a link is undone its row stays a while: Facebook first tells that the
    application was removed, and may ask for the erasure later, and the row then says whose data are meant.

    Attributes:
        brought_names: whether the account was made with the names that the provider gave.
    """

    __tablename__ = "linked_identities"
    __table_args__ = (
        UniqueConstraint("provider", "scoped_id"),
        Index(
            "uq_linked_identities_live",
            "account_id",
            "provider",
            unique=True,
            sqlite_where=text("unlinked_at IS NULL"),
            postgresql_where=text("unlinked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    provider: Mapped[str] = mapped_column(String(20))
    scoped_id: Mapped[str] = mapped_column(String(64))
    brought_names: Mapped[bool] = mapped_column(default=False)
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    unlinked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship()


class SpentState(db.Model):
    """The hash of a `state` that came back from Facebook. It is accepted once, also from a copy of the cookie."""

    __tablename__ = "spent_states"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    spent_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AccountSession(SignedInSession, db.Model):
    __tablename__ = "account_sessions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    device_id: Mapped[int | None] = mapped_column(ForeignKey("account_devices.id"))

    account: Mapped[Account] = relationship(lazy="joined")


class AccountDevice(db.Model):
    """A browser from which the account was entered, known by the hash of a random cookie.

    Attributes:
        is_first: whether nobody had ever entered the account before. Then there is nothing that it could differ from.
    """

    __tablename__ = "account_devices"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(String(100))
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_first: Mapped[bool] = mapped_column(default=False, server_default=false())


class AccountToken(OneTimeToken, db.Model):
    """A mailed link of a `Purpose`, a `doubt_code` to an address known before, a sign-in that waits for its second
    step, or the challenge of a passkey.

    Attributes:
        email: the address that the link brings: the new one of a change, or the former one that it gives back; of a
            `doubt_code`, the address that it was sent to.
    """

    __tablename__ = "account_tokens"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    email: Mapped[str | None] = mapped_column(String(254))
    email_normalised: Mapped[str | None] = mapped_column(String(254), index=True)

    account: Mapped[Account] = relationship()


class AccountPasskey(PasskeyColumns, db.Model):
    __tablename__ = "account_passkeys"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)


class AccountRecoveryCode(RecoveryCodeColumns, db.Model):
    __tablename__ = "account_recovery_codes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
