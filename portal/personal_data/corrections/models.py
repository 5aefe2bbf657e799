"""What was asked to be corrected, field by field, and the person's own words that stand beside a value (art. 16)."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import BigId, Json, UtcDateTime, code_column, db
from portal.infrastructure.identifiers import new_public_id

WHOLE_RECORD = ""
"""The field of a statement about a record as a whole."""


class CorrectionResult(StrEnum):
    CORRECTED = "corrected"
    STATEMENT = "statement"
    "The value stays; the person's words stand beside it."
    REFUSED = "refused"


class Correction(db.Model):
    """One field that a person wants corrected. Old and new value live as long as the file of the request.

    Attributes:
        part: which part of what is held: `records` or `customers`.
        kind: of the record, by its code; with `external_id` it names the record. Empty for the customer's own file.
        held: the value when it was asked, under the name `value`; empty where nothing was held.
        proposed: the value that the person gives, likewise.
        result: None until it is decided.
        decided_by: the id of the member who decided; None for the portal, which corrects what needs nobody.
        released_at: when the source sent the corrected value itself: from then on its lines are taken again.
    """

    __tablename__ = "corrections"
    __table_args__ = (Index("ix_corrections_record", "customer_id", "kind", "external_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("rights_requests.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    part: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(60), default="")
    external_id: Mapped[str] = mapped_column(String(200), default="")
    field: Mapped[str] = mapped_column(String(60))
    held: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    proposed: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    result: Mapped[CorrectionResult | None] = mapped_column(code_column(CorrectionResult))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ValueStatement(db.Model):
    """The person's own words beside a value that stays as it is; shown wherever the value is shown.

    Attributes:
        field: the field that it stands beside; `WHOLE_RECORD` for the record.
        request_id: the request that asked for it; None once its file is gone, which ends no statement.
    """

    __tablename__ = "statements"
    __table_args__ = (Index("ix_statements_record", "customer_id", "kind", "external_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("rights_requests.id"), index=True)
    part: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(60), default="")
    external_id: Mapped[str] = mapped_column(String(200), default="")
    field: Mapped[str] = mapped_column(String(60), default=WHOLE_RECORD)
    text: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
