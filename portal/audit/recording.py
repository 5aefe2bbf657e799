"""Record audit events: collected during a transaction, chained at its very end under one short lock."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.models import AuditEvent, AuditHead
from portal.audit.tags import TAGS
from portal.infrastructure.database import before_commit, db

GENESIS = "0" * 64
HEAD = 1
"""The id of the one row of `audit_head`."""


def record(tag: str, *, actor: str, subject: str, **facts: str | int | bool | list[str] | None) -> None:
    """Add an event to the current transaction.

    Args:
        tag: a declared `subject:object:verb_past`.
        actor: `customer:<public id>`, `staff:<public id>`, `portal`, `command` or `token:<id>`.
        subject: whom it concerns, `customer:<public id>` or `staff:<public id>`, or `portal`.
        facts: exactly the keys declared for the tag: references, codes, counts, dates.

    Raises:
        KeyError: the tag is not declared.
        ValueError: the facts have other keys than those declared.
        RuntimeError: there is no transaction.
    """
    if set(facts) != TAGS[tag]:
        raise ValueError(f"{tag} takes exactly {sorted(TAGS[tag])}, not {sorted(facts)}")
    event = {"at": clock.now(), "tag": tag, "actor": actor, "subject": subject, "facts": facts}
    if "writing" not in db.session.info:
        raise RuntimeError("an audit event outside transaction()")
    db.session.info.setdefault("audit", []).append(event)


def event_hash(sequence: int, event: dict[str, Any], previous_hash: str) -> str:
    """Return the SHA-256, in hexadecimal, that chains an event to the one before it."""
    at: datetime = event["at"].astimezone(UTC)
    content = [
        sequence, at.isoformat(timespec="microseconds"), event["tag"], event["actor"], event["subject"],
        event["facts"], previous_hash,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@before_commit
def append_to_chain(session: Session) -> None:
    """Chain the collected events. The head row stays locked until the commit, so the chain is in order of commits.

    One event at a time, then the head: the database takes nothing but what follows the head, and moves the head to
    nothing but that.
    """
    events = session.info.pop("audit", [])
    if not events:
        return
    head = select(AuditHead.sequence, AuditHead.hash).where(AuditHead.id == HEAD).with_for_update(key_share=True)
    sequence, previous = session.execute(head).one()
    for event in events:
        sequence += 1
        chained = event_hash(sequence, event, previous)
        session.execute(insert(AuditEvent).values(sequence=sequence, previous_hash=previous, hash=chained, **event))
        session.execute(update(AuditHead).where(AuditHead.id == HEAD).values(sequence=sequence, hash=chained))
        previous = chained
