"""An erasure on its way, and what is left to know that somebody or something was erased."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, literal_column
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import BigId, Json, UtcDateTime, code_column, db
from portal.infrastructure.identifiers import new_public_id


class ErasureState(StrEnum):
    WAITING = "waiting"
    "Decided, while another erasure of the same customer is under way: it cools off once that one is over."
    COOLING = "cooling"
    "Decided and seconded; the person may still cancel it."
    RUNNING = "running"
    HALTED = "halted"
    "A recount found something, or a step failed for good: a person must look."
    DONE = "done"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    "The plan had changed when it was to begin: back to review."


JOURNAL: Final = "journal"
"""The cause while SQLite's log has to be emptied of what went: a reader that holds an older state prevents it."""


class Erasure(db.Model):
    """One erasure of one customer.

    Attributes:
        request_id: the request that asks for it; None for one begun from the shell.
        scope: see `Scope`.
        due_on: when its request is due; the start waits for an open copy at most until two days before.
        digest: of the plan that was decided (`Plan.digest`): another one sends it back to review.
        items: what it does, item by item, as counted when it could not be cancelled any more (`planning.stored`).
        systems: the codes of the company's systems that sent what goes: they are to be told.
        step: the step that is next or under way; `position` says how far it is.
        done: how many rows are erased or moved so far.
        runs: how many jobs were asked for: a key of a job works once for ever.
        entry: the id of its line in the ledger.
        sealed_contact: where the answer goes, sealed (`contact.Contact`); gone once the answer was sent, or with the
            words.
        sealed_words: what the person wrote in their requests, sealed, where something was kept, archived or refused;
            gone at `words_until`, when nobody looks at the decision a second time any more.
        sealed_proof: the letters and the evidence behind such a decision, sealed; gone with this row.
        token_hash: of the address of its status page, which is open without an account until `token_until`.
        certificate: what was done, by kind and count, without a name; None until the recount.
        cause: why it is halted, or waits although its hour has come, or what an officer must know of one that is done,
            as a code.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        Index(
            "uq_erasures_under_way",
            "customer_id",
            unique=True,
            sqlite_where=literal_column("state IN ('cooling', 'running', 'halted')"),
            postgresql_where=literal_column("state IN ('cooling', 'running', 'halted')"),
        ),
        Index("ix_erasures_runs_at", "state", "runs_at"),
        Index("ix_erasures_words_until", "words_until"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("rights_requests.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    scope: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[ErasureState] = mapped_column(code_column(ErasureState), default=ErasureState.COOLING)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    runs_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date | None]
    digest: Mapped[str] = mapped_column(String(64))
    items: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list, server_default="[]")
    systems: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    step: Mapped[str] = mapped_column(String(20), default="start")
    position: Mapped[str] = mapped_column(String(200), default="")
    done: Mapped[int] = mapped_column(default=0, server_default="0")
    runs: Mapped[int] = mapped_column(default=0, server_default="0")
    entry: Mapped[int | None] = mapped_column(BigId)
    sealed_contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_words: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_proof: Mapped[bytes | None] = mapped_column(LargeBinary)
    words_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    token_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    certificate: Mapped[dict[str, Any] | None] = mapped_column(Json)
    cause: Mapped[str | None] = mapped_column(String(60))
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CancelLink(db.Model):
    """A link that cancels an erasure while it cools off: one for each address that is held, or was left just before."""

    __tablename__ = "erasure_cancel_links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    erasure_id: Mapped[int] = mapped_column(ForeignKey("erasures.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Tombstone(db.Model):
    """A keyed hash of what named an erased person, so that no system brings them back.

    Attributes:
        what: `address`, `reference` or `facebook`.
        key_version: of `PORTAL_TOMBSTONE_KEYS`, which lie outside the database and its backups.
        released_at: since when the person themself may be known here again.
    """

    __tablename__ = "tombstones"
    __table_args__ = (UniqueConstraint("what", "keyed_hash", "key_version"), Index("ix_tombstones_ends_on", "ends_on"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    what: Mapped[str] = mapped_column(String(20))
    keyed_hash: Mapped[str] = mapped_column(String(64))
    key_version: Mapped[int]
    erasure_id: Mapped[int | None] = mapped_column(BigId, index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    ends_on: Mapped[date]
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ErasedSpan(db.Model):
    """A kind that was erased for a customer: records of it from before `until_at` are not taken in again."""

    __tablename__ = "erased_spans"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    until_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ErasedRecord(db.Model):
    """A single record that was erased: the keyed hash of its external id is refused."""

    __tablename__ = "erased_records"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    keyed_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
