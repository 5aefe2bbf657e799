"""The answer to an access or portability request: one encrypted file with a short life."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import BigId, Json, UtcDateTime, code_column, db
from portal.infrastructure.identifiers import new_public_id


class PackageStatus(StrEnum):
    QUEUED = "queued"
    """A worker will begin soon."""
    BUILDING = "building"
    """A worker is writing it."""
    READY = "ready"
    """It can be downloaded after fresh re-authentication."""
    FAILED = "failed"
    """It could not be built; staff see why, the customer may ask again."""
    EXPIRED = "expired"
    """Its key and its bytes are gone."""


class AnswerPackage(db.Model):
    """One copy. `owed_recipients` are those whose names it lacks; `owed_by` is the day until which they are promised,
    and empty once they were given.
    """

    __tablename__ = "answer_packages"
    __table_args__ = (
        CheckConstraint("status <> 'ready' OR wrapped_key IS NOT NULL", name="ready_has_key"),
        Index("ix_answer_packages_owed_by", "owed_by"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("rights_requests.id"), unique=True)
    purpose: Mapped[str] = mapped_column(String(20))
    categories: Mapped[list[str]] = mapped_column(Json)
    language: Mapped[str] = mapped_column(String(2))
    status: Mapped[PackageStatus] = mapped_column(code_column(PackageStatus), default=PackageStatus.QUEUED)
    progress: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    storage_key: Mapped[str | None] = mapped_column(String(100), unique=True)
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    size: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    ready_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    has_every_page: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether every item has its place on a page to read; else the newest of each category have."""
    downloads: Mapped[int] = mapped_column(default=0)
    owed_recipients: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    owed_by: Mapped[date | None]
    made_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When its data were read; the next copy says what changed since. `kinds` counts them, by category and kind."""
    kinds: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")
    last_record: Mapped[int | None] = mapped_column(BigId)
    """The newest record of the person then, by its id."""


def key_context(package: AnswerPackage) -> bytes:
    """Return what a package's key is wrapped for: its own row and object. In another's place it does not open."""
    return f"answer_packages.wrapped_key:{package.id}:{package.storage_key}".encode()
