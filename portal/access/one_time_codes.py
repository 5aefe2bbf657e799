"""One-time codes of an authenticator app (RFC 6238), for staff and customers alike.

A code counts once, also when two browsers send it at the same moment.
"""

import hmac
import io
import logging
import re
from typing import Any

import pyotp
import segno
from sqlalchemy import String, update
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import db
from portal.infrastructure.sealing.keys import KeyBroken, MasterKeys
from portal.infrastructure.sealing.streams import SealBroken
from portal.infrastructure.sealing.texts import open_text, rewrap_text, seal_text, version_of_text

STEP_SECONDS = 30

logger = logging.getLogger("portal.access")

_SEPARATORS = re.compile(r"[\s\-‐‑–]")


class AppHolder:
    """Columns of a model of people who may have an authenticator app; its key is `id`."""

    sealed_totp_secret: Mapped[str | None] = mapped_column(String(400))
    last_totp_step: Mapped[int] = mapped_column(default=0)


def new_totp_secret() -> str:
    """Return a fresh secret of 160 bits as authenticator apps read it, in base32."""
    return pyotp.random_base32()


def keep_totp_secret(holder: Any, secret: str | None) -> None:
    """Store the secret of a person's app, sealed for their row, in the current transaction. None removes the app."""
    db.session.flush()  # a new row has its number from here on
    holder.sealed_totp_secret = seal_text(secret, _row_of(holder)) if secret else None
    holder.last_totp_step = 0


def totp_secret(holder: Any) -> str:
    """Return the secret of somebody who has an app. Raises `KeyMissing`, `KeyBroken`, `SealBroken`."""
    return open_text(holder.sealed_totp_secret or "", _row_of(holder))


def secret_in_groups(secret: str) -> list[str]:
    """Return a secret in groups of four, as people type it into an app without a camera."""
    return [secret[start : start + 4] for start in range(0, len(secret), 4)]


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


def confirm_app(holder: AppHolder, secret: str, code: str) -> bool:
    """Store the secret of a new app if the app gave the right code for it, and return whether it did.

    Call it inside `transaction()`. The code proves that the app took the secret: without that proof a failed set-up
    would lock its owner out. The code is used then.
    """
    step = _matching_step(secret, plain_code(code))
    if step is None:
        return False
    keep_totp_secret(holder, secret)
    holder.last_totp_step = step
    return True


def burn_totp_code(holder: Any, code: str) -> bool:
    """Return whether a one-time code fits, and make sure that it fits only once (RFC 6238, 5.2).

    The code may be of the present step of 30 seconds or of the one before or after. Its step is burned, with every
    earlier one. Call it inside `transaction()`: of two callers with the same code exactly one gets True.

    Args:
        holder: a row with the columns of `AppHolder`; without an app no code fits.

    Raises:
        KeyMissing: the master key of the stored secret is not configured.
    """
    if holder.sealed_totp_secret is None:
        return False
    try:
        secret = totp_secret(holder)
    except (KeyBroken, SealBroken, ValueError):
        logger.error("an app's secret does not open in its own row: no code fits", extra={"row": _row_of(holder)})
        return False
    step = _matching_step(secret, plain_code(code))
    if step is None:
        return False
    model = type(holder)
    burn = update(model).where(model.id == holder.id, model.last_totp_step < step)
    burn = burn.values(last_totp_step=step).returning(model.id)
    return db.session.execute(burn).scalar_one_or_none() is not None


def plain_code(typed: str) -> str:
    """Return a code without the spaces and hyphens that make it readable."""
    return _SEPARATORS.sub("", typed)


def sealed_key_version(holder: Any) -> int | None:
    """Return the version of the master key that wraps a secret's key; None without an app. For key rotation."""
    return version_of_text(holder.sealed_totp_secret) if holder.sealed_totp_secret else None


def rewrap_secret(holder: Any, keys: MasterKeys) -> None:
    """Wrap the key of a secret again, by the current master key. Raises `KeyMissing`, `KeyBroken`."""
    holder.sealed_totp_secret = rewrap_text(holder.sealed_totp_secret, _row_of(holder), keys)


def _row_of(holder: Any) -> str:
    """Return what a secret is sealed for: copied to another row, it does not open."""
    return f"{holder.__tablename__}.sealed_totp_secret:{holder.id}"


def _matching_step(secret: str, code: str) -> int | None:
    now = int(clock.now().timestamp()) // STEP_SECONDS
    otp = pyotp.TOTP(secret)
    matching = None
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(otp.generate_otp(step).encode(), code.encode()):
            matching = step
    return matching
