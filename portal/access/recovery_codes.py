"""Recovery codes: eight on paper for the day when the telephone is lost. Each works once; only hashes are kept."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.access.one_time_codes import plain_code
from portal.infrastructure.database import UtcDateTime, db
from portal.infrastructure.passwords.hashing import hash_password, is_password

CODES = 8
CODE_LENGTH = 10

# Letters and digits that nobody confuses on paper: 32 of them, so ten make 50 bits.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class RecoveryCodeColumns:
    """Columns of a table of recovery codes; the concrete model adds `id` and its owner."""

    code_hash: Mapped[str] = mapped_column(String(200))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True)
class NewRecoveryCodes:
    """Codes to show once, and the hashes to keep."""

    codes: list[str]
    hashes: list[str]


def make_recovery_codes() -> NewRecoveryCodes:
    """Make eight codes. Call it before the transaction: hashing them takes a quarter of a second."""
    plain = ["".join(secrets.choice(_ALPHABET) for _place in range(CODE_LENGTH)) for _ in range(CODES)]
    return NewRecoveryCodes([f"{code[:5]}-{code[5:]}" for code in plain], [hash_password(code) for code in plain])


def replace_codes(model: Any, made: NewRecoveryCodes | None, **owner: int) -> None:
    """Replace somebody's recovery codes in the current transaction; None removes them."""
    db.session.execute(delete(model).filter_by(**owner))
    db.session.add_all(model(code_hash=code_hash, **owner) for code_hash in (made.hashes if made else []))


def find_code(model: Any, typed: str, **owner: int) -> int | None:
    """Return the id of the unused recovery code that was typed, or None. Slow: call it before a transaction."""
    plain = plain_code(typed).upper()
    if len(plain) != CODE_LENGTH:
        return None
    for row in db.session.execute(select(model).filter_by(used_at=None, **owner)).scalars():
        if is_password(row.code_hash, plain):
            return int(row.id)
    return None


def burn_code(model: Any, code_id: int, **owner: int) -> bool:
    """Mark a recovery code as used in the current transaction; return False when it was used already."""
    burn = update(model).filter_by(id=code_id, used_at=None, **owner)
    burned = db.session.execute(burn.values(used_at=clock.now()).returning(model.id))
    return burned.scalar_one_or_none() is not None


def unused_codes(model: Any, **owner: int) -> int:
    """Return how many recovery codes somebody has left."""
    statement = select(func.count()).select_from(model).filter_by(used_at=None, **owner)
    return int(db.session.execute(statement).scalar_one())
