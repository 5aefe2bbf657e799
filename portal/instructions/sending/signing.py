"""Signed calls as Standard Webhooks 1.0 has them: HMAC-SHA256 over id, instant and body, one signature a secret."""

import base64
import binascii
import hashlib
import hmac
import os
from typing import Final

PREFIX: Final = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret, as the specification bounds them."""


def new_secret() -> str:
    """Return a new secret, as both sides write it."""
    return PREFIX + base64.b64encode(os.urandom(32)).decode()


def read_secrets(text: str | None) -> dict[str, list[bytes]]:
    """Return the secrets by system of a setting: `system=whsec_…`, with commas; the same system may stand twice.

    Raises:
        ValueError: what is wrong with it, without any secret.
    """
    found: dict[str, list[bytes]] = {}
    for part in filter(None, (part.strip() for part in (text or "").split(","))):
        code, _, secret = part.partition("=")
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            key = b""
        if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
            raise ValueError(f"give {code or 'each system'} a secret of 24 to 64 bytes, as whsec_ and Base64")
        found.setdefault(code.strip(), []).append(key)
    return found


def secrets_of(code: str, text: str | None) -> list[bytes]:
    """Return the secrets of one system, in the order of the setting: two while a new one replaces an old one."""
    return read_secrets(text).get(code, [])


def signed_headers(message_id: str, seconds: int, body: bytes, secrets: list[bytes]) -> dict[str, str]:
    """Return the three headers of a call; each secret signs, so that the reader may hold any of them.

    Args:
        seconds: when the call is made, since 1970.
    """
    message = f"{message_id}.{seconds}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(key, message, hashlib.sha256)).decode() for key in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
