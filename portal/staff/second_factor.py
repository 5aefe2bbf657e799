"""The second factor of staff: a one-time code of an app (RFC 6238), or one of eight recovery codes.

A code opens one session at most, also when two browsers send it at the same moment.
"""

import hmac
import io
import re
import secrets
from dataclasses import dataclass

import pyotp
import segno
from sqlalchemy import delete, func, select, update

from portal import clock
from portal.infrastructure.database import db
from portal.infrastructure.passwords import hash_password, is_password
from portal.staff.models import RecoveryCode, StaffMember
from portal.staff.sealed_texts import open_text, seal_text

STEP_SECONDS = 30
RECOVERY_CODES = 8
RECOVERY_CODE_LENGTH = 10

# Letters and digits that nobody confuses on paper: 31 of them, so ten make 49 bits.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_SEPARATORS = re.compile(r"[\s\-‐‑–]")
SEALED_AS = "staff second factor"


def new_totp_secret() -> str:
    """Return a fresh secret of 160 bits as authenticator apps read it, in base32."""
    return pyotp.random_base32()


def seal_totp_secret(secret: str) -> str:
    """Return a secret in the form that the database may hold."""
    return seal_text(secret, SEALED_AS)


def open_totp_secret(sealed: str) -> str:
    """Return the secret. Raises `KeyMissing`, `KeyBroken`, `SealBroken`."""
    return open_text(sealed, SEALED_AS)


def provisioning_uri(secret: str, account: str, issuer: str) -> str:
    """Return the `otpauth:` address that an authenticator app scans."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def qr_svg(text: str) -> bytes:
    """Return a text as a QR code in SVG, black on white in every colour scheme, without style or script."""
    picture = io.BytesIO()
    segno.make(text, micro=False).save(
        picture, kind="svg", light="#fff", border=4, svgclass=None, lineclass=None, omitsize=True
    )
    return picture.getvalue()


def burn_totp_code(member: StaffMember, code: str) -> bool:
    """Accept a one-time code of the present step or one beside it, and burn its step and all before it.

    Call it inside `transaction()`: of two callers with the same code exactly one gets True (RFC 6238, 5.2).
    """
    step = _matching_step(open_totp_secret(member.sealed_totp_secret or ""), plain_code(code))
    if step is None:
        return False
    burn = update(StaffMember).where(StaffMember.id == member.id, StaffMember.last_totp_step < step)
    burn = burn.values(last_totp_step=step).returning(StaffMember.id)
    return db.session.execute(burn).scalar_one_or_none() is not None


@dataclass(frozen=True)
class NewRecoveryCodes:
    """Codes to show once, and the hashes to keep."""

    codes: list[str]
    hashes: list[str]


def make_recovery_codes() -> NewRecoveryCodes:
    """Make eight codes. Call it before the transaction: hashing them takes a quarter of a second."""
    plain = [
        "".join(secrets.choice(_ALPHABET) for _place in range(RECOVERY_CODE_LENGTH)) for _ in range(RECOVERY_CODES)
    ]
    return NewRecoveryCodes([f"{code[:5]}-{code[5:]}" for code in plain], [hash_password(code) for code in plain])


def keep_recovery_codes(member: StaffMember, made: NewRecoveryCodes) -> None:
    """Replace a member's recovery codes in the current transaction."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == member.id))
    db.session.add_all(RecoveryCode(staff_id=member.id, code_hash=code_hash) for code_hash in made.hashes)


def find_recovery_code(staff_id: int, code: str) -> int | None:
    """Return the id of the recovery code that was typed, if unused. Slow: call it before a transaction."""
    plain = plain_code(code).upper()
    if len(plain) != RECOVERY_CODE_LENGTH:
        return None
    unused = select(RecoveryCode).where(RecoveryCode.staff_id == staff_id, RecoveryCode.used_at.is_(None))
    for row in db.session.execute(unused).scalars():
        if is_password(row.code_hash, plain):
            return row.id
    return None


def burn_recovery_code(code_id: int) -> bool:
    """Mark a recovery code as used in the current transaction; False when somebody was quicker."""
    burn = update(RecoveryCode).where(RecoveryCode.id == code_id, RecoveryCode.used_at.is_(None))
    burn = burn.values(used_at=clock.now()).returning(RecoveryCode.id)
    return db.session.execute(burn).scalar_one_or_none() is not None


def unused_recovery_codes(staff_id: int) -> int:
    """Return how many recovery codes a member has left."""
    statement = select(func.count()).where(RecoveryCode.staff_id == staff_id, RecoveryCode.used_at.is_(None))
    return int(db.session.execute(statement).scalar_one())


def plain_code(typed: str) -> str:
    """Return a code without the spaces and hyphens that make it readable."""
    return _SEPARATORS.sub("", typed)


def _matching_step(secret: str, code: str) -> int | None:
    now = int(clock.now().timestamp()) // STEP_SECONDS
    otp = pyotp.TOTP(secret)
    matching = None
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(otp.generate_otp(step).encode(), code.encode()):
            matching = step
    return matching
