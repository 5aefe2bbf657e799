"""A check of identity, of which only the result is kept, and its document, which is destroyed after use."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.identity_checks.decoding.legibility import PictureDoubt
from portal.infrastructure.database import BigId, Json, UtcDateTime, code_column, db
from portal.infrastructure.identifiers import new_public_id


class CheckResult(StrEnum):
    PENDING = "pending"
    """A document is awaited or waits to be looked at."""
    CONFIRMED = "confirmed"
    """The person is who the account says."""
    ASKED_AGAIN = "asked_again"
    """The document was not good enough; another was asked for."""
    REJECTED = "rejected"
    """Identity could not be established."""
    ABANDONED = "abandoned"
    """The request ended without a decision on identity."""


VALUE_PROOF = "value_proof"
"""The method of a check that is not about who asks: a document shows that a value to correct is right."""


class IdentityCheck(db.Model):
    """What remains of a check: method, result, by which role, when, and when the document was destroyed.

    Attributes:
        lifted: the doubts that it lifted, by their codes.
        place: the number or address of record at which the person was reached, masked; empty where none was.
    """

    __tablename__ = "identity_checks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("rights_requests.id"), index=True)
    method: Mapped[str] = mapped_column(String(40))
    result: Mapped[CheckResult] = mapped_column(code_column(CheckResult), default=CheckResult.PENDING)
    reason: Mapped[str | None] = mapped_column(String(40))
    checked_by: Mapped[str | None] = mapped_column(String(20))
    lifted: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    place: Mapped[str] = mapped_column(Text, default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def is_of_value(self) -> bool:
        """Whether it is about a value to correct, and not about who asks."""
        return self.method == VALUE_PROOF


class DocumentStatus(StrEnum):
    STAGED = "staged"
    """Given while filing, the request not sent yet."""
    HELD = "held"
    """Waits for an explicit clean verdict of the scanner; nobody may open it."""
    READY = "ready"
    """The reviewer may look at the rendition."""
    SHREDDING = "shredding"
    """Its key is destroyed; its bytes are being removed."""


class IdentityDocument(db.Model):
    """One side of a document: where its sealed rendition is stored, and its key, which only the staff side can open.

    A digest is the SHA-256 of the sealed bytes, so that a process without opening keys can tell that they are whole.
    """

    __tablename__ = "identity_documents"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("request_drafts.id"), index=True)
    check_id: Mapped[int | None] = mapped_column(ForeignKey("identity_checks.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    side: Mapped[str] = mapped_column(String(20))
    status: Mapped[DocumentStatus] = mapped_column(code_column(DocumentStatus))
    pages: Mapped[int]
    sealed_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    storage_key: Mapped[str] = mapped_column(String(100), unique=True)
    original_storage_key: Mapped[str | None] = mapped_column(String(100), unique=True)
    original_sealed_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))
    original_digest: Mapped[str | None] = mapped_column(String(64))
    preview_storage_key: Mapped[str | None] = mapped_column(String(100), unique=True)
    preview_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The preview's key, wrapped by the key of the session that sent it (`keys.SessionKey`)."""
    fingerprint: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[str] = mapped_column(String(20))
    verdict_detail: Mapped[str] = mapped_column(Text, default="")
    picture_doubt: Mapped[PictureDoubt | None] = mapped_column(code_column(PictureDoubt))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    shred_after: Mapped[datetime] = mapped_column(UtcDateTime)
    key_destroyed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StoreFault(StrEnum):
    FILE_MISSING = "file_missing"
    """A row whose bytes are not in the store."""
    FILE_ALTERED = "file_altered"
    """Bytes that are not those that were stored."""
    KEY_UNUSABLE = "key_unusable"
    """A sealed key that does not open, or whose opening key is not configured any more."""
    FILE_UNKNOWN = "file_unknown"
    """Bytes that no row knows. A process killed before its commit leaves such bytes."""
    BYTES_LEFT = "bytes_left"
    """Bytes still there long after their key was destroyed."""


class StoreFinding(db.Model):
    """A disagreement between rows and stored bytes. The first comparison that no longer finds it deletes it.

    It names an object of the store and the public id of a document, and no person.
    """

    __tablename__ = "store_findings"
    __table_args__ = (UniqueConstraint("storage_key", "fault"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    fault: Mapped[StoreFault] = mapped_column(code_column(StoreFault))
    storage_key: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(String(32), default="")
    first_found_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    last_found_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class IdentityUpload(db.Model):
    """One side that is being sent in parts: where the sealed parts are, and their key, wrapped by the session."""

    __tablename__ = "identity_uploads"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    code: Mapped[str] = mapped_column(String(40))
    """What the proof is for: a draft's public id, or a request's reference."""
    kind: Mapped[str] = mapped_column(String(40))
    side: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]
    received: Mapped[int] = mapped_column(default=0)
    fingerprint: Mapped[str] = mapped_column(String(64))
    parts: Mapped[list[str]] = mapped_column(Json, default=list)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
