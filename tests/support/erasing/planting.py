"""One row of a person in every table that leads to them, each text of it a word that nothing else holds.

The tables come from the schema: one that is added tomorrow is planted tomorrow. So a test that searches for the words
after an erasure knows of no part, and forgets none.
"""

import hashlib
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Integer,
    LargeBinary,
    String,
    Table,
    insert,
    inspect,
    select,
)

from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.personal_data.erasure.checking.reach import reached_tables

ADDRESS = "planted.person@example.org"
WORD = "planted"
AT = datetime(2026, 5, 1, 8, tzinfo=UTC)

# What a column must hold so that the portal takes the row for what it is. Everything else is made from its type.
HELD: dict[str, Any] = {
    "customers.email": ADDRESS, "customers.email_normalised": ADDRESS, "customers.status": "active",
    "customers.external_id": "C-planted", "customers.language": "fr", "customers.relationship_ended_on": None,
    "customers.birth_known": None, "customers.erased_at": None,
    "accounts.email": ADDRESS, "accounts.email_normalised": ADDRESS, "accounts.sealed_totp_secret": None,
    "account_tokens.email": ADDRESS, "account_tokens.email_normalised": ADDRESS, "account_tokens.purpose": "deny_change",
    "mails.to_address": ADDRESS, "mails.status": "sent",
    "records.kind": "page_visit", "records.category": "usage", "records.rule": "", "records.expires_on": date(2040, 1, 1),
    "record_counts.category": "usage", "record_counts.count": 1,
    "archived_records.kind": "invoice", "archived_records.category": "transaction", "archived_records.rule": "",
    "archived_records.expires_on": date(2040, 1, 1), "archive_counts.kind": "invoice",
    "archive_counts.category": "transaction", "archive_counts.count": 1, "archive_counts.last_day": date(2040, 1, 1),
    "answer_packages.status": "ready", "answer_packages.storage_key": f"exports/{WORD}", "answer_packages.downloads": 1,
    "identity_documents.status": "ready", "identity_documents.storage_key": f"identity/{WORD}", "identity_documents.preview_storage_key": None,
    "identity_documents.preview_key": None, "identity_documents.original_storage_key": None,
    "identity_uploads.parts": [], "rights_requests.right": "rectification", "rights_requests.status": "closed",
    "rights_requests.is_open": False, "rights_requests.intent": "correct", "rights_requests.channel": "portal",
    "rights_requests.outcome": "granted",
    "keeps.reason": "hold", "keeps.kind": "invoice", "keeps.external_id": None, "keeps.category": None,
    "keeps.ended_at": AT, "legal_holds.ended_at": AT, "erasures.state": "cancelled", "erasures.sealed_contact": None,
    "erasures.sealed_words": None, "erasures.sealed_proof": None, "erasures.scope": {"extent": "whole"},
    "erasures.items": [], "erasures.certificate": None, "preference_states.reason": None,
    "preference_states.is_suppressed": False, "preference_states.flags": {}, "preference_states.latest_choices": {},
    "consent_records.flag": "offers.email", "instructions.state": "acknowledged",
}  # fmt: skip


def plant(staff_id: int) -> int:
    """Add the person, with a row in every table that leads to them; return their id."""
    ids: dict[str, dict[str, Any]] = {"staff_members": {"id": staff_id}}
    with transaction() as session:
        for table in _parents_first():
            values = {c.name: value for c in table.columns if (value := value_of(c, ids)) is not _LEFT_OUT}
            session.execute(insert(table).values(**values))
            ids[table.name] = dict(
                session.execute(select(table).order_by(*reversed(key_of(table)))).mappings().all()[-1]
            )
    for key in (HELD["identity_documents.storage_key"], HELD["answer_packages.storage_key"]):
        installed.storage().put(key, [WORD.encode()])
    return int(ids["customers"]["id"])


def key_of(table: Table) -> list[Column[Any]]:
    return list(inspect(table).primary_key)


def _parents_first() -> list[Table]:
    reached = {table.name for table in reached_tables()}
    return [table for table in db.metadata.sorted_tables if table.name in reached]


_LEFT_OUT = object()


def value_of(column: Column[Any], ids: dict[str, dict[str, Any]]) -> Any:
    """Return what is planted in a column, or `_LEFT_OUT` where the database numbers it."""
    name = f"{column.table.name}.{column.name}"
    if name in HELD:
        return HELD[name]
    if column.foreign_keys:
        (foreign,) = column.foreign_keys
        row = ids.get(foreign.column.table.name)
        return row[foreign.column.name] if row else None
    if column.primary_key and isinstance(column.type, Integer):
        return _LEFT_OUT
    if column.name == "public_id":
        return hashlib.sha256(name.encode()).hexdigest()[:32]  # tells nothing, and may stay in the trail
    return _of_type(column, f"{WORD} {name}")


def _of_type(column: Column[Any], word: str) -> Any:
    kind = column.type
    match kind:
        case Enum():
            return kind.enums[0]
        case String():
            return word[: kind.length] if kind.length else word
        case JSON():
            return {WORD: word}
        case LargeBinary():
            return word.encode()
        case Boolean():
            return True
        case Date():
            return AT.date()
        case DateTime():
            return AT
    return AT if "DateTime" in type(kind).__name__ else 7
