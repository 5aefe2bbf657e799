"""The triggers by which the database itself keeps the trail: revisions 0001 and 0003 create them.

They stop whoever may write rows. Whoever owns the tables can take them away, which is why their absence is looked for;
what such a person then changes is found by `portal/audit/verification.py`.
"""

from sqlalchemy import text

from portal.infrastructure.database import db

_GUARDS = {
    "sqlite": {
        "audit_events_no_update", "audit_events_no_delete", "audit_events_only_next",
        "audit_head_only_forward", "audit_head_no_insert", "audit_head_no_delete",
    },
    "postgresql": {
        "audit_events_append_only", "audit_events_no_truncate", "audit_events_only_next",
        "audit_head_no_truncate", "audit_head_no_change", "audit_head_only_forward",
    },
}  # fmt: skip
_ON_SQLITE = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
_ON_POSTGRESQL = text("SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A')")


def missing_guards() -> list[str]:
    """Return the names of the triggers that were taken away or switched off."""
    dialect = db.engine.dialect.name
    at_work = set(db.session.execute(_ON_POSTGRESQL if dialect == "postgresql" else _ON_SQLITE).scalars())
    return sorted(_GUARDS[dialect] - at_work)
