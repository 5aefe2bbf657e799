"""Check what a call of the feed asks. The faults are named with their places, before anything is read."""

from collections.abc import Mapping
from typing import Any

import orjson
from werkzeug.exceptions import BadRequest, Gone, HTTPException, UnprocessableEntity, UnsupportedMediaType

from portal.preferences.feed.cursors import Cursor, NoCursor

MOST_ASKED = 10_000
LONGEST_NAME = 254
USUAL_LIMIT, MOST_CHANGES = 500, 5000
MOST_FAULTS_NAMED = 20

Fault = dict[str, str]


class ReadBaseAnew(Gone):
    """The cursor says nothing any more; `problem_fields` names the whole base, and a new cursor where there is one."""

    problem_detail = (
        "This cursor is not of the present epoch, or beyond the newest change: the database was restored since, or the "
        "cursor is of the form that was given before. Read the whole base anew, and go on from its Feed-Cursor."
    )

    def __init__(self, whole_base: str, cursor: str | None) -> None:
        super().__init__()
        self.problem_fields = {"whole_base": whole_base} | ({"cursor": cursor} if cursor else {})


class FeedFault(UnprocessableEntity):
    """The content of a call has faults; `errors` names each with a JSON pointer (RFC 6901)."""

    def __init__(self, detail: str, errors: list[Fault] | None = None) -> None:
        super().__init__(detail)
        self.problem_detail = detail
        self.errors = errors


def asked_about(body: bytes, mimetype: str, *, with_addresses: bool = True) -> tuple[list[str], list[str]]:
    """Return the references and the e-mail addresses that a lookup names, as sent, repeats included.

    Args:
        body: `{"references": […], "emails": […]}`, either key absent or empty, 10 000 entries at most in all.
        with_addresses: whether `emails` is taken at all.

    Raises:
        UnsupportedMediaType: the body is not declared as JSON.
        BadRequest: the body is not JSON.
        FeedFault: the JSON does not have the shape above.
    """
    if mimetype != "application/json":
        raise _detailed(UnsupportedMediaType(), "Send application/json.")
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _detailed(BadRequest(), f"The body is not JSON: {error}.") from None
    keys = ("references", "emails") if with_addresses else ("references",)
    if not isinstance(content, dict):
        raise FeedFault("The body is not a JSON object.", [_fault("", f"Send an object with {' or '.join(keys)}.")])
    errors = _faults_in(content, keys)
    if errors:
        raise FeedFault("The lookup has faults; nothing was read.", errors[:MOST_FAULTS_NAMED])
    return content.get("references", []), content.get("emails", [])


def change_window(arguments: Mapping[str, str]) -> tuple[Cursor | None, int]:
    """Return (cursor to go on from, None for the beginning; number of items) of a call of the change feed.

    Raises:
        FeedFault: for a cursor that we did not give, or a limit out of bounds.
    """
    after, limit = arguments.get("after"), arguments.get("limit", str(USUAL_LIMIT))
    try:
        cursor = None if after is None else Cursor.read(after)
    except NoCursor:
        raise FeedFault("after: send the `next` of an earlier page, unchanged.") from None
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 4 and 1 <= int(limit) <= MOST_CHANGES):
        raise FeedFault(f"limit: send a number from 1 to {MOST_CHANGES}.")
    return cursor, int(limit)


def _faults_in(content: dict[str, Any], keys: tuple[str, ...]) -> list[Fault]:
    unknown = [_fault(f"/{_escaped(key)}", "is not known here") for key in content if key not in keys]
    lists = {key: content[key] for key in keys if key in content}
    wrong = [_fault(f"/{key}", "must be a list") for key, value in lists.items() if not isinstance(value, list)]
    if unknown or wrong:
        return unknown + wrong
    if not lists:
        return [_fault("", f"name somebody in {' or '.join(keys)}")]
    if sum(map(len, lists.values())) > MOST_ASKED:
        return [_fault("", f"names more than {MOST_ASKED} people; ask in several calls")]
    return [
        _fault(f"/{key}/{place}", f"must be a text of 1 to {LONGEST_NAME} characters")
        for key, entries in lists.items()
        for place, entry in enumerate(entries)
        if not (isinstance(entry, str) and 1 <= len(entry) <= LONGEST_NAME)
    ]


def _detailed(error: HTTPException, detail: str) -> HTTPException:
    error.problem_detail = detail  # type: ignore[attr-defined]
    return error


def _fault(pointer: str, detail: str) -> Fault:
    return {"pointer": pointer, "detail": detail}


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
