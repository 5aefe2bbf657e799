"""Passkeys (WebAuthn level 3), for staff and customers. The portal only ever has the public key.

A passkey is made or used in a ceremony: the portal gives a challenge, the browser answers it. A challenge is a row that
lives five minutes, and the cookie of the browser that asked names it. One answer uses it up, right or wrong. The
browser signs the portal's address too, so that an answer obtained by another site is refused here.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from sqlalchemy import BigInteger, LargeBinary, String, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from portal import clock
from portal.config import Settings
from portal.infrastructure import installed
from portal.infrastructure.database import UtcDateTime, db
from portal.infrastructure.identifiers import new_public_id
from portal.infrastructure.one_time_tokens import write_token

ANSWER_WITHIN = timedelta(minutes=5)
MOST = 10
LONGEST_NAME = 60
# A credential's id has 1023 bytes at most, in base64url.
LONGEST_ID = 1364
LONGEST_ANSWER = 40_000
_ALWAYS = UserVerificationRequirement.REQUIRED


class PasskeyColumns:
    """Columns of a table of passkeys; the concrete model adds `id` and its owner.

    Attributes:
        credential_id: the browser's name for it, in base64url.
        public_key: as the authenticator gave it (COSE); the private half never leaves it.
        sign_count: of the last use; an authenticator that counts backwards is a copy.
    """

    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    credential_id: Mapped[str] = mapped_column(String(LONGEST_ID), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PasskeyRefused(Exception):
    """The passkey, or the browser's answer, is not accepted: late, for another challenge or site, not theirs …"""


class PasskeyOwner(Protocol):
    """The owner of a passkey, as far as a browser shows them while it makes one."""

    public_id: Any
    email: Any


@dataclass(frozen=True)
class NewPasskey:
    """What is kept of a passkey that was just made."""

    credential_id: str
    public_key: bytes
    sign_count: int


def issue_challenge(model: Any, purpose: str, **owner: int) -> Any:
    """Add a challenge to the current transaction and return its row. The owner's expired challenges are deleted.

    Args:
        model: the table of single-use tokens, with the columns of `OneTimeToken`.
        purpose: of this ceremony; an answer for another purpose is refused.
        owner: the column that names the owner, as in `account_id=1`.
    """
    instant = clock.now()
    db.session.execute(delete(model).filter_by(purpose=purpose, **owner).where(model.expires_at < instant))
    token = model(purpose=purpose, created_at=instant, expires_at=instant + ANSWER_WITHIN, **owner)
    db.session.add(token)
    db.session.flush()
    return token


def use_challenge(model: Any, purpose: str, public_id: str | None, **owner: int) -> bytes:
    """Use a challenge up in the current transaction and return its bytes. A wrong answer uses it up too.

    Raises:
        PasskeyRefused: there is no such challenge, or it was used, has expired, or belongs to somebody else.
    """
    burn = update(model).filter_by(public_id=public_id or "", purpose=purpose, ended_at=None, **owner)
    burn = burn.where(model.expires_at > clock.now()).values(ended_at=clock.now()).returning(model.id)
    if db.session.execute(burn).scalar_one_or_none() is None:
        raise PasskeyRefused("no such challenge")
    return _bytes_of(purpose, public_id or "")


def creation_options(token: Any, owner: PasskeyOwner, site: str, held: Iterable[PasskeyColumns]) -> str:
    """Return the JSON by which a browser makes a passkey for `owner`.

    Args:
        token: the challenge's row.
        site: the organisation's name.
        held: the owner's passkeys; an authenticator that holds one of them makes no second one.
    """
    return options_to_json(
        generate_registration_options(
            rp_id=_rp_id(),
            rp_name=site,
            user_id=owner.public_id.encode(),
            user_name=owner.email,
            challenge=_bytes_of(token.purpose, token.public_id),
            timeout=_milliseconds(),
            exclude_credentials=_descriptors(held),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=_ALWAYS
            ),
        )
    )


def request_options(token: Any, held: Iterable[PasskeyColumns]) -> str:
    """Return the JSON by which a browser uses one of the passkeys `held`."""
    return options_to_json(
        generate_authentication_options(
            rp_id=_rp_id(),
            challenge=_bytes_of(token.purpose, token.public_id),
            timeout=_milliseconds(),
            allow_credentials=_descriptors(held),
            user_verification=_ALWAYS,
        )
    )


def read_new(answer: str, challenge: bytes) -> NewPasskey:
    """Return the passkey that a browser made for a challenge. Raises `PasskeyRefused`."""
    try:
        made = verify_registration_response(
            credential=_json(answer),
            expected_challenge=challenge,
            expected_rp_id=_rp_id(),
            expected_origin=_settings().public_url,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as fault:
        raise PasskeyRefused(str(fault)) from None
    if len(made.credential_id) > 1023:
        raise PasskeyRefused("an id longer than any")
    return NewPasskey(bytes_to_base64url(made.credential_id), made.credential_public_key, made.sign_count)


def add_passkey(model: Any, made: NewPasskey, name: str, **owner: int) -> None:
    """Keep a passkey in the current transaction, under a name that its owner recognises.

    Raises:
        PasskeyRefused: the passkey is stored already, or the owner has ten of them.
    """
    known = select(model.id).where(model.credential_id == made.credential_id)
    if db.session.execute(known).first() or len(passkeys_of(model, **owner)) >= MOST:
        raise PasskeyRefused("known, or one too many")
    db.session.add(
        model(
            name=name[:LONGEST_NAME],
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            **owner,
        )
    )
    db.session.flush()


def use_passkey(model: Any, answer: str, challenge: bytes, **owner: int) -> Any:
    """Check a signature by one of somebody's passkeys, in the current transaction, and return its row.

    Raises:
        PasskeyRefused: the answer does not fit, or the authenticator's counter did not grow. Then somebody has a copy
            of the authenticator.
    """
    try:
        credential = parse_authentication_credential_json(_json(answer))
        credential_id = bytes_to_base64url(credential.raw_id)
        statement = select(model).filter_by(credential_id=credential_id, **owner).with_for_update(key_share=True)
        passkey = db.session.execute(statement).scalar_one_or_none()
        if passkey is None:
            raise PasskeyRefused("not theirs")
        used = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_rp_id(),
            expected_origin=_settings().public_url,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as fault:
        raise PasskeyRefused(str(fault)) from None
    passkey.sign_count, passkey.last_used_at = used.new_sign_count, clock.now()
    return passkey


def passkeys_of(model: Any, **owner: int) -> list[Any]:
    """Return somebody's passkeys, in the order in which they were made; there are ten at most."""
    return list(db.session.execute(select(model).filter_by(**owner).order_by(model.id)).scalars())


def count_passkeys(model: Any, **owner: int) -> int:
    """Return how many passkeys somebody has."""
    return int(db.session.execute(select(func.count()).select_from(model).filter_by(**owner)).scalar_one())


def _bytes_of(purpose: str, public_id: str) -> bytes:
    # Derived from the row and the portal's key, like the secret of a mailed link, and stored nowhere (docs/adr/0003).
    return bytes.fromhex(write_token(_settings().secret_key, purpose, public_id).partition(".")[2])


def _descriptors(held: Iterable[PasskeyColumns]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.credential_id)) for passkey in held]


def _json(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST_ANSWER:
        raise ValueError("longer than any answer")
    found = json.loads(answer)
    if not isinstance(found, dict):
        raise TypeError("no object")
    return found


def _milliseconds() -> int:
    return int(ANSWER_WITHIN.total_seconds() * 1000)


def _rp_id() -> str:
    return urlsplit(_settings().public_url).hostname or ""


def _settings() -> Settings:
    settings: Settings = installed.settings()
    return settings
