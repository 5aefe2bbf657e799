"""What Facebook signs: the published vectors, and everything that is almost one of them."""

import base64
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.accounts.facebook.signed_request import (
    Callback,
    SignedRequestRefused,
    read_callback,
    read_payload,
    write_signed_request,
)

SECRET = "appsecret"
SIGNATURE = "RLNA5vOFTKRdmsWUZKY9PBJzJjL_INVEUkdkuAK2Se8"
PAYLOAD = (
    "eyJ1c2VyX2lkIjoiMjE4NDcxIiwiYWxnb3JpdGhtIjoiSE1BQy1TSEEyNTYiLCJpc3N1ZWRfYXQiOjEyOTE4MzY4MDAsImV4cGlyZXMiOjEyOTE4"
    "NDA0MDB9"
)
SIGNED = f"{SIGNATURE}.{PAYLOAD}"
ISSUED = datetime.fromtimestamp(1291836800, UTC)

# (secret, signed request, what it says): the samples of Facebook's own documents and of its PHP library.
VECTORS = [
    (
        "secret",
        "vlXgu64BQGFSQrY0ZcJBZASMvYvTHu9GQ0YM9rjPSso.eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsIjAiOiJwYXlsb2FkIn0",
        {"algorithm": "HMAC-SHA256", "0": "payload"},
    ),
    (
        SECRET,
        SIGNED,
        {"user_id": "218471", "algorithm": "HMAC-SHA256", "issued_at": 1291836800, "expires": 1291840400},
    ),
    (
        "foo_app_secret",
        "U0_O1MqqNKUt32633zAkdd2Ce-jGVgRgJeRauyx_zC8=.eyJvYXV0aF90b2tlbiI6ImZvb190b2tlbiIsImFsZ29yaXRobSI6IkhNQUMtU0hB"
        "MjU2IiwiaXNzdWVkX2F0IjozMjEsImNvZGUiOiJmb29fY29kZSIsInN0YXRlIjoiZm9vX3N0YXRlIiwidXNlcl9pZCI6MTIzLCJmb28iOiJi"
        "YXIifQ==",
        {
            "oauth_token": "foo_token", "algorithm": "HMAC-SHA256", "issued_at": 321, "code": "foo_code",
            "state": "foo_state", "user_id": 123, "foo": "bar",
        },
    ),
]  # fmt: skip


def signed(payload: Any, secret: str = SECRET) -> str:
    return write_signed_request(payload, secret)


def fresh(**changed: Any) -> dict[str, Any]:
    return {"user_id": "218471", "algorithm": "HMAC-SHA256", "issued_at": int(ISSUED.timestamp())} | changed


def refused(text: str, secret: str = SECRET, instant: datetime = ISSUED) -> str:
    """Return why a text is refused."""
    with pytest.raises(SignedRequestRefused) as refusal:
        read_callback(text, secret, instant)
    return str(refusal.value)


@pytest.mark.parametrize(("secret", "text", "payload"), VECTORS)
def test_the_published_vectors_are_read(secret: str, text: str, payload: dict[str, Any]) -> None:
    assert read_payload(text, secret) == payload


def test_the_padded_payload_signs_otherwise_than_the_bare_one() -> None:
    secret, text, _payload = VECTORS[2]
    with pytest.raises(SignedRequestRefused, match="signature"):
        read_payload(text.removesuffix("=="), secret)


@pytest.mark.parametrize("user_id", ["123", 123])
def test_a_number_is_read_as_text(user_id: str | int) -> None:
    assert read_callback(signed(fresh(user_id=user_id)), SECRET, ISSUED) == Callback("123", ISSUED)


def test_what_we_sign_reads_as_theirs() -> None:
    assert read_callback(signed(fresh()), SECRET, ISSUED) == read_callback(SIGNED, SECRET, ISSUED)


def test_a_signature_may_carry_its_padding_and_no_more() -> None:
    assert read_payload(f"{SIGNATURE}=.{PAYLOAD}", SECRET)
    assert "signature" in refused(f"{SIGNATURE}==.{PAYLOAD}")


@pytest.mark.parametrize("place", range(len(SIGNED)))
def test_no_character_may_be_another(place: int) -> None:
    """The last one of the signature too: two of its bits decode to nothing."""
    for other in "Ab9-_.=":
        if SIGNED[place] != other:
            assert "signature" in refused(SIGNED[:place] + other + SIGNED[place + 1 :])


MUTATIONS = [
    "",
    ".",
    SIGNATURE,
    f"{SIGNATURE}.",
    f".{PAYLOAD}",
    f"{PAYLOAD}.{SIGNATURE}",
    f"{SIGNATURE}.{PAYLOAD}=",
    f"{SIGNATURE}.{PAYLOAD[:-1]}",
    f"{SIGNATURE[:-1]}.{PAYLOAD}",
    f"{SIGNATURE}.{PAYLOAD}.{PAYLOAD}",
    f" {SIGNED}",
    f"{SIGNED}\n",
    SIGNED.upper(),
    f"{base64.urlsafe_b64decode(SIGNATURE + '=').hex()}.{PAYLOAD}",
    f"{SIGNATURE.replace('_', '/')}.{PAYLOAD}",
]


@pytest.mark.parametrize("text", MUTATIONS)
def test_nothing_that_is_almost_signed_is_read(text: str) -> None:
    assert "signature" in refused(text)


@pytest.mark.parametrize("text", ["é" + SIGNED, SIGNED + "\ud800", SIGNED.replace(".", "\u2024")])
def test_letters_outside_base64url_are_refused(text: str) -> None:
    assert "base64url" in refused(text)


@pytest.mark.parametrize("secret", ["", "appsecreT", "appsecret ", "foo_app_secret"])
def test_another_secret_does_not_fit(secret: str) -> None:
    assert "signature" in refused(SIGNED, secret)


def test_the_signature_is_judged_before_anything_is_read() -> None:
    assert "signature" in refused(f"{SIGNATURE}.not json at all")
    assert "signature" in refused(signed(fresh(algorithm="none"), "another secret"))


@pytest.mark.parametrize("algorithm", ["none", "HMAC-SHA1", "hmac-sha256", "", None, ["HMAC-SHA256"]])
def test_another_algorithm_is_refused(algorithm: Any) -> None:
    assert "algorithm" in refused(signed(fresh(algorithm=algorithm)))
    assert "algorithm" in refused(signed({"user_id": "1", "issued_at": 1291836800}))


@pytest.mark.parametrize("encoded", [b"x", b"\xff\xff\xff", b"{", b"[" * 100_000, b'"text"', b"[1]", b"7" * 5000])
def test_what_is_signed_and_no_object_is_refused(encoded: bytes) -> None:
    text = base64.urlsafe_b64encode(encoded).decode()
    signature = base64.urlsafe_b64encode(hmac.digest(SECRET.encode(), text.encode(), "sha256")).decode()
    assert refused(f"{signature}.{text}") in {"not base64url of JSON", "not an object"}


@pytest.mark.parametrize(
    "user_id", [None, "", " ", True, 1.5, -1, ["1"], {"id": "1"}, "1 OR 1", "1\x00", "9" * 65, "é"]
)
def test_somebody_without_a_number_is_refused(user_id: Any) -> None:
    assert refused(signed(fresh(user_id=user_id))) == "no user"


@pytest.mark.parametrize("issued_at", [None, "1291836800", True, 1291836800.5, 10**30, -(10**30)])
def test_a_call_without_its_time_is_refused(issued_at: Any) -> None:
    assert refused(signed(fresh(issued_at=issued_at))) == "no time of issue"


@pytest.mark.parametrize(
    ("age", "is_read"),
    [
        (timedelta(0), True), (timedelta(hours=24), True), (timedelta(hours=24, seconds=1), False),
        (timedelta(minutes=-5), True), (timedelta(minutes=-5, seconds=-1), False), (timedelta(days=-4000), False),
    ],
)  # fmt: skip
def test_a_call_is_good_for_a_day(age: timedelta, is_read: bool) -> None:
    text = signed(fresh())
    if is_read:
        assert read_callback(text, SECRET, ISSUED + age).scoped_id == "218471"
    else:
        assert "too old" in refused(text, instant=ISSUED + age)
