"""What Facebook signs when it calls: `base64url(HMAC-SHA256) + "." + base64url(JSON)`, under the app's secret.

Nothing of a request is read before its signature is known to be right.
"""

import binascii
import hashlib
import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

ALGORITHM = "HMAC-SHA256"
# Meta gives no limit. A day lets it try again after a night in which the portal was down; its clock may be a bit ahead.
OLDEST, MOST_AHEAD = timedelta(hours=24), timedelta(minutes=5)

_SCOPED_ID = re.compile(r"[0-9A-Za-z]{1,64}")


class SignedRequestRefused(ValueError):
    """The text was not signed by Facebook, is not what it signs, or is too old."""


@dataclass(frozen=True)
class Callback:
    """Whom a call of Facebook is about, by the number it made for this service, and when it was signed."""

    scoped_id: str
    issued_at: datetime


def read_callback(text: str, secret: str, instant: datetime) -> Callback:
    """Return what a signed request says, if it is fresh.

    Args:
        text: the field `signed_request` as received.
        secret: of the application at Facebook.
        instant: now, with its zone.

    Raises:
        SignedRequestRefused: it is not signed by Facebook, not of the right form, or not fresh.
    """
    payload = read_payload(text, secret)
    callback = Callback(_scoped_id(payload.get("user_id")), _instant(payload.get("issued_at")))
    if not -MOST_AHEAD <= instant - callback.issued_at <= OLDEST:
        raise SignedRequestRefused("too old, or from the future")
    return callback


def read_payload(text: str, secret: str) -> dict[str, Any]:
    """Return the payload of a signed request: signature first, then the encoding, then the algorithm.

    Raises:
        SignedRequestRefused: when one of the three is wrong.
    """
    if not text.isascii():
        raise SignedRequestRefused("not base64url")
    signature, _, encoded = text.partition(".")
    # The texts are compared, not the decoded bytes: several texts of base64 decode to the same bytes.
    if not hmac.compare_digest(signature.removesuffix("=").encode(), _sign(encoded, secret).encode()):
        raise SignedRequestRefused("the signature does not fit")
    payload = _decode(encoded)
    if payload.get("algorithm") != ALGORITHM:
        raise SignedRequestRefused("another algorithm")
    return payload


def write_signed_request(payload: dict[str, Any], secret: str) -> str:
    """Return a payload as Facebook signs it."""
    encoded = _encode(json.dumps(payload).encode())
    return f"{_sign(encoded, secret)}.{encoded}"


def _sign(encoded: str, secret: str) -> str:
    """Return the signature over the payload exactly as it came: neither decoded, nor padded, nor stripped."""
    return _encode(hmac.digest(secret.encode(), encoded.encode(), hashlib.sha256))


def _encode(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(encoded: str) -> dict[str, Any]:
    bare = encoded.rstrip("=")
    try:
        payload = json.loads(urlsafe_b64decode(bare + "=" * (-len(bare) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise SignedRequestRefused("not base64url of JSON") from None
    if not isinstance(payload, dict):
        raise SignedRequestRefused("not an object")
    return payload


def _scoped_id(value: Any) -> str:
    """Return the number as text; old versions of the interface gave an integer."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not _SCOPED_ID.fullmatch(text):
        raise SignedRequestRefused("no user")
    return text


def _instant(value: Any) -> datetime:
    if not isinstance(value, int) or isinstance(value, bool):
        raise SignedRequestRefused("no time of issue")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise SignedRequestRefused("no time of issue") from None
