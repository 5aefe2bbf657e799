"""Answers that cost nothing, for when a page would: short, in both languages, without a thread or a template."""

from html import escape
from http import HTTPStatus
from typing import Final

from portal.bilingual import LANGUAGES, Label

RETRY_AFTER_SECONDS = 5
_HEADERS: Final = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"connection", b"close"),
]
_WORDS: Final = {
    HTTPStatus.BAD_REQUEST: Label(
        fr="Nous ne pouvons pas lire cette demande : elle est incomplète ou peut se lire de deux façons.",
        en="We cannot read this request: it is incomplete or could be read in two ways.",
    ),
    HTTPStatus.REQUEST_TIMEOUT: Label(
        fr="L’envoi a pris trop de temps et n’a pas été enregistré. Vérifiez votre connexion, puis recommencez.",
        en="Sending took too long, and nothing was saved. Check your connection, then try again.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Label(
        fr="Ce que vous avez envoyé est trop gros et n’a pas été enregistré.",
        en="What you sent is too large, and was not saved.",
    ),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: Label(
        fr="Votre navigateur joint trop d’informations à sa demande. Effacez les cookies de ce site, puis réessayez.",
        en="Your browser sends too much along with its request. Delete the cookies of this site, then try again.",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: Label(
        fr="Trop de personnes à la fois : rien n’a été enregistré. Réessayez dans quelques secondes.",
        en="Too many people at once: nothing was saved. Try again in a few seconds.",
    ),
}
STATUSES = frozenset(_WORDS)

Headers = list[tuple[bytes, bytes]]


class Refused(Exception):
    """A request is not carried out; `status` is the answer, one of `STATUSES`."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


def bare_answer(status: HTTPStatus) -> tuple[Headers, bytes]:
    """Return headers and body for a status of `STATUSES`. The connection closes after them."""
    lines = "".join(f'<p lang="{language}">{escape(_WORDS[status].text(language))}</p>' for language in LANGUAGES)
    body = f'<!doctype html><html lang="fr"><title>{status.value}</title>{lines}</html>'.encode()
    headers = [*_HEADERS, (b"content-length", str(len(body)).encode())]
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", str(RETRY_AFTER_SECONDS).encode()))
    return headers, body


def bare_bytes(status: HTTPStatus) -> bytes:
    """Return the same answer as it goes over the wire (RFC 9112)."""
    headers, body = bare_answer(status)
    lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode(), *(name + b": " + value for name, value in headers)]
    return b"\r\n".join([*lines, b"", body])
