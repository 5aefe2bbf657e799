"""What systems and recipients have to be told after a decision (art. 19), and what was disclosed to whom."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.bilingual import Label
from portal.infrastructure.database import BigId, Json, UtcDateTime, code_column, db
from portal.infrastructure.identifiers import new_public_id


class Operation(StrEnum):
    """What a system or recipient has to do."""

    ERASE = "erase"
    CORRECT = "correct"
    RESTRICT = "restrict"
    RELEASE = "release"
    "A restriction ended."
    STOP = "stop"
    "Use the data no longer for a purpose."
    CONFIRM = "confirm"
    "Say what is held, for an access request."

    def label(self, language: object) -> str:
        """Return what has to be done, in a few words."""
        return _OPERATIONS[self].text(language)


class InstructionChannel(StrEnum):
    MAIL = "mail"
    WEBHOOK = "webhook"
    LIST = "list"
    "Staff work it off."


class InstructionState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    EXEMPT = "exempt"
    "It is impossible, disproportionate, or not held there; the officer wrote why."
    FAILED = "failed"
    "The way gave up, or the system says no; staff work it off from the list."

    def label(self, language: object) -> str:
        return _STATES[self].text(language)


CLOSED_STATES = frozenset({InstructionState.ACKNOWLEDGED, InstructionState.EXEMPT})


class Exemption(StrEnum):
    """Why somebody does not do it (GDPR art. 19). A system may say so; it counts once the officer agrees."""

    IMPOSSIBLE = "impossible"
    DISPROPORTIONATE = "disproportionate"
    NOT_HELD = "not_held"

    def label(self, language: object) -> str:
        return _EXEMPTIONS[self].text(language)


class Instruction(db.Model):
    """One thing that one system or recipient has to do for one request.

    Attributes:
        target: the code of the system or recipient in the organisation's file.
        purpose: the code of the use that stops; empty for every other operation.
        scope: ids and codes only: which kinds, records and fields it is about. Contents are fetched by whoever is told.
        token_hash: of the one-time link in the mail; None for the other channels.
        next_at: when the next attempt or reminder is due; None when nothing is.
        acknowledged_by: the system, or the public id of a member who worked it off the list.
        exemption: why it is not done: said by the system while it is open, by the officer once it is exempt.
        words: what the system answered, or the officer's reason of an exemption.
    """

    __tablename__ = "instructions"
    __table_args__ = (
        UniqueConstraint("request_id", "target", "operation", "purpose"),
        Index("ix_instructions_state", "state", "next_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    request_id: Mapped[int] = mapped_column(ForeignKey("rights_requests.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    target: Mapped[str] = mapped_column(String(60))
    operation: Mapped[Operation] = mapped_column(code_column(Operation))
    purpose: Mapped[str] = mapped_column(String(60), default="", server_default="")
    scope: Mapped[dict[str, Any]] = mapped_column(Json)
    channel: Mapped[InstructionChannel] = mapped_column(code_column(InstructionChannel))
    state: Mapped[InstructionState] = mapped_column(code_column(InstructionState), default=InstructionState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    reminders: Mapped[int] = mapped_column(default=0)
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[str] = mapped_column(String(60), default="")
    exemption: Mapped[Exemption | None] = mapped_column(code_column(Exemption))
    words: Mapped[str] = mapped_column(Text, default="")


class EndedEndpoint(db.Model):
    """An address that answered 410 Gone: nothing is sent there any more. Another address in the file is a new one."""

    __tablename__ = "ended_endpoints"
    __table_args__ = (UniqueConstraint("target", "url"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    target: Mapped[str] = mapped_column(String(60))
    url: Mapped[str] = mapped_column(String(500))
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class Disclosure(db.Model):
    """That some of a person's data went to a recipient: which kinds, how many, when and why. Never the data."""

    __tablename__ = "disclosures"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    recipient: Mapped[str] = mapped_column(String(60))
    kinds: Mapped[list[str]] = mapped_column(Json)
    count: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    why: Mapped[str] = mapped_column(String(60))


_OPERATIONS = {
    Operation.ERASE: Label(fr="Effacer", en="Erase"),
    Operation.CORRECT: Label(fr="Corriger", en="Correct"),
    Operation.RESTRICT: Label(fr="Mettre en pause", en="Put on hold"),
    Operation.RELEASE: Label(fr="Reprendre l'usage", en="Use again"),
    Operation.STOP: Label(fr="Arrêter un usage", en="Stop a use"),
    Operation.CONFIRM: Label(fr="Dire ce qui est détenu", en="Say what is held"),
}
_STATES = {
    InstructionState.QUEUED: Label(fr="À faire", en="To do"),
    InstructionState.SENT: Label(fr="Envoyée, pas confirmée", en="Sent, not confirmed"),
    InstructionState.ACKNOWLEDGED: Label(fr="Confirmée", en="Confirmed"),
    InstructionState.EXEMPT: Label(fr="Dispensée", en="Exempt"),
    InstructionState.FAILED: Label(fr="À voir", en="To look at"),
}
_EXEMPTIONS = {
    Exemption.IMPOSSIBLE: Label(fr="c'est impossible", en="it is impossible"),
    Exemption.DISPROPORTIONATE: Label(fr="l'effort serait disproportionné", en="the effort would be disproportionate"),
    Exemption.NOT_HELD: Label(fr="rien de tel n'y est détenu", en="nothing of the kind is held there"),
}
