"""A customer's rights request, from its draft to its closed file."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import BigId, Json, UtcDateTime, code_column, db
from portal.infrastructure.identifiers import new_public_id
from portal.legal_time.clock_state import PauseReason
from portal.rights.asked import Asked, read_asked
from portal.rights.channels import Channel
from portal.rights.deciding.refusals import RefusalGround
from portal.rights.intents import Intent
from portal.rights.lifecycle import Outcome, Right, SecondOpinion, Status
from portal.staff.models import StaffMember


class RequestDraft(db.Model):
    """What a customer has typed of a request not sent yet. A draft makes one request, however often it is sent.

    A sent draft is emptied. It stays until its expiry only to lead a second sending to the same request.
    """

    __tablename__ = "request_drafts"
    # A request keeps the number of its draft after the draft is gone: SQLite must not give it out again.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    right: Mapped[Right] = mapped_column(code_column(Right))
    intent: Mapped[Intent] = mapped_column(code_column(Intent))
    answers: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    described_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    identity_proven_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    identity_proven_in: Mapped[int | None] = mapped_column(BigId)
    identity_lifted: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    is_document_later: Mapped[bool] = mapped_column(default=False)

    @property
    def asked(self) -> Asked:
        """What was typed so far, as an object; see `portal.rights.asked`."""
        return read_asked(self.intent, self.answers)


class RightsRequest(db.Model):
    __tablename__ = "rights_requests"
    __table_args__ = (
        Index("ix_rights_requests_queue", "is_open", "sort_on", "id"),
        Index("ix_rights_requests_customer", "customer_id", "received_at", "id"),
        Index("ix_rights_requests_holder", "holder_id", "is_open", "sort_on"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    draft_id: Mapped[int | None] = mapped_column(unique=True)
    right: Mapped[Right] = mapped_column(code_column(Right))
    intent: Mapped[Intent] = mapped_column(code_column(Intent))
    channel: Mapped[Channel] = mapped_column(code_column(Channel), default=Channel.PORTAL)
    confirmation_code: Mapped[str | None] = mapped_column(String(48), unique=True)
    language: Mapped[str] = mapped_column(String(2))
    answers: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    status: Mapped[Status] = mapped_column(code_column(Status))
    outcome: Mapped[Outcome | None] = mapped_column(code_column(Outcome))
    is_open: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    initial_due_on: Mapped[date]
    due_on_unpaused: Mapped[date]
    due_on: Mapped[date | None]
    sort_on: Mapped[date]
    extended_on: Mapped[date | None]
    paused_on: Mapped[date | None]
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    identity_signals: Mapped[list[str]] = mapped_column(Json, default=list)
    is_document_needed: Mapped[bool] = mapped_column(default=False)
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    held_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wrongly_closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it had been closed as granted though nothing was done; open again since. See `items.reopening`."""
    reopening_confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))

    customer: Mapped[Customer] = relationship()
    holder: Mapped[StaffMember | None] = relationship(foreign_keys=holder_id)

    # Read only by who asks for them with the row: the queue (`portal.rights.queue.to_do`).
    has_document: Mapped[bool | None] = query_expression()
    has_failed_copy: Mapped[bool | None] = query_expression()
    erasure_state: Mapped[str | None] = query_expression()

    @property
    def asked(self) -> Asked:
        """What the person asks for, as an object; see `portal.rights.asked`."""
        return read_asked(self.intent, self.answers)

    @property
    def is_paused(self) -> bool:
        """Whether the legal clock stands still, waiting for the customer."""
        return self.paused_on is not None

    @property
    def awaits_confirmation(self) -> bool:
        """Whether it was closed by mistake, and waits for the officer's word that it is open again."""
        return self.wrongly_closed_at is not None and self.reopening_confirmed_by is None

    @property
    def is_extended(self) -> bool:
        """Whether the two further months of art. 12(3) were taken, with notice."""
        return self.extended_on is not None


class RequestPause(db.Model):
    """A time during which the clock stood still: identity doubt or a request for precision."""

    __tablename__ = "request_pauses"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("rights_requests.id"), index=True)
    reason: Mapped[PauseReason] = mapped_column(code_column(PauseReason))
    asked_on: Mapped[date]
    received_on: Mapped[date | None]


class EventKind(StrEnum):
    FILED = "filed"
    DOCUMENT_RECEIVED = "document_received"
    IDENTITY_CONFIRMED = "identity_confirmed"
    DOCUMENT_ASKED = "document_asked"
    IDENTITY_REJECTED = "identity_rejected"
    CALLED_BACK = "called_back"
    """We called a number of record, and the person said that they asked; `text` is the number, masked."""
    CALL_MISSED = "call_missed"
    """We called such a number and did not reach the person."""
    CALL_DENIED = "call_denied"
    """We called such a number, and the person said that they asked for nothing: staff only."""
    LETTER_SENT = "letter_sent"
    """A registered letter with a code left; `text` is the masked address and the post's number."""
    LETTER_CONFIRMED = "letter_confirmed"
    """The code of the letter came back."""
    LETTER_RETURNED = "letter_returned"
    """The post brought the letter back."""
    DOUBT_LIFTED = "doubt_lifted"
    """The privacy officer wrote why there is no doubt, and a second person agreed."""
    CLARIFICATION_ASKED = "clarification_asked"
    ADDED = "added"
    EXTENDED = "extended"
    SECOND_OPINION_ASKED = "second_opinion_asked"
    SECOND_OPINION_GIVEN = "second_opinion_given"
    PACKAGE_READY = "package_ready"
    ERASURE_SCHEDULED = "erasure_scheduled"
    """It was seconded, and can be cancelled for some days."""
    ERASURE_RETURNED = "erasure_returned"
    """What is held had changed before it began: it is decided once more."""
    ERASURE_HELD = "erasure_held"
    """A legal hold was placed after the decision on what was to go; `text` names the kinds, if not everything."""
    ANSWERED = "answered"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"
    """It had been closed as granted, and nothing was done: staff only, until the letter says so."""
    NOTE = "note"
    """An internal note: staff only, never shown to the customer."""


class RequestEvent(db.Model):
    """One line of a request's history; `text` is what a person typed, unchanged, or a masked number or address."""

    __tablename__ = "request_events"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("rights_requests.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    kind: Mapped[EventKind] = mapped_column(code_column(EventKind))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    is_internal: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str] = mapped_column(Text, default="")

    staff: Mapped[StaffMember | None] = relationship()


class RequestDecision(db.Model):
    """What was decided, by whom, and seconded by whom where a second person is needed."""

    __tablename__ = "request_decisions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("rights_requests.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"))
    outcome: Mapped[Outcome] = mapped_column(code_column(Outcome))
    ground: Mapped[RefusalGround | None] = mapped_column(code_column(RefusalGround, length=60))
    evidence: Mapped[str] = mapped_column(Text, default="")
    message: Mapped[str] = mapped_column(Text, default="")
    done: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    second_staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    second_opinion: Mapped[SecondOpinion | None] = mapped_column(code_column(SecondOpinion, length=20))
    second_text: Mapped[str] = mapped_column(Text, default="")
    second_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
