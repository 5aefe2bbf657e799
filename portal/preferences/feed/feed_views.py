"""The marketing feed, /feed/v1: one customer, lookup, ordered changes, the whole base, and what describes them."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import orjson
from flask import Blueprint, Response, g, render_template, request, url_for
from sqlalchemy import Engine
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from portal.access.declare import FEED_OPEN, requires, token
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.preferences.feed import reading, whole_base
from portal.preferences.feed.cursors import CursorGone
from portal.preferences.feed.limits import count_call, count_stream
from portal.preferences.feed.openapi import PROBLEMS, describe
from portal.preferences.feed.queries import ReadBaseAnew, asked_about, change_window
from portal.preferences.purposes import FLAG_CODES
from portal.web.errors import PROBLEM_TITLES

blueprint = Blueprint("preferences", __name__)

READ, LIST = "preferences:read", "preferences:list"
LARGEST_LOOKUP = 4 * 1024 * 1024
REVALIDATE = "private, max-age=0, must-revalidate"

# A newly declared flag changes how an old row reads, so the declared flags are part of its ETag.
_DECLARED = sha256(",".join(FLAG_CODES).encode()).hexdigest()[:8]


@blueprint.after_request
def challenge(response: Response) -> Response:
    """Name the scheme that the feed accepts, in each answer 401 (RFC 6750, 3)."""
    if response.status_code == 401:
        response.headers.setdefault("WWW-Authenticate", "Bearer")
    return response


@blueprint.get("/feed/v1/preferences/<path:customer>")
@requires(token(READ))
def one(customer: str) -> AnyResponse:
    count_call(g.api_token.public_id)
    item, version = reading.read_one(customer)
    response = _json(item)
    response.headers["Cache-Control"] = REVALIDATE
    response.set_etag(f"{version}-{_DECLARED}")
    return response.make_conditional(request)


@blueprint.post("/feed/v1/preferences/lookup")
@requires(token(READ))
def lookup() -> Response:
    references, addresses = _asked()
    return _json({"items": reading.look_up(references, addresses)})


@blueprint.get("/feed/v1/preferences")
@requires(token(LIST))
def changes() -> Response:
    count_call(g.api_token.public_id)
    after, limit = change_window(request.args)
    try:
        items, last, has_more = reading.read_changes(after, limit)
    except CursorGone as gone:
        raise ReadBaseAnew(_whole_base(), gone.cursor) from None
    response = _json({"items": items, "next": last})
    if has_more:
        following = url_for(".changes", after=last, limit=limit)
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


@blueprint.get("/feed/v1/preferences.ndjson")
@requires(token(LIST))
def ndjson() -> Response:
    return _stream(whole_base.ndjson, "application/x-ndjson")


@blueprint.get("/feed/v1/preferences.csv")
@requires(token(LIST))
def csv() -> Response:
    return _stream(whole_base.csv, "text/csv")


@blueprint.get("/feed/v1/unsubscribe-links/<path:customer>")
@requires(token(READ))
def unsubscribe_link(customer: str) -> Response:
    count_call(g.api_token.public_id)
    links = _links([customer])
    if not links:
        raise NotFound
    return _json(links[0])


@blueprint.post("/feed/v1/unsubscribe-links/lookup")
@requires(token(READ))
def unsubscribe_links() -> Response:
    references, _addresses = _asked(with_addresses=False)
    return _json({"items": _links(references)})


@blueprint.get("/feed/v1/openapi.json")
@requires(FEED_OPEN)
def openapi() -> AnyResponse:
    response = _json(describe(installed.settings().public_url))
    response.headers["Cache-Control"] = "public, max-age=300"
    response.add_etag()
    return response.make_conditional(request)


@blueprint.get("/feed/v1/problems/<int:code>")
@requires(FEED_OPEN)
def problem_page(code: int) -> Response | str:
    """The page that the `type` of a problem names (RFC 9457, 3.1.1)."""
    if code not in PROBLEMS:
        raise NotFound
    facts = {"status": code, "title": PROBLEM_TITLES[code], "cure": PROBLEMS[code]}
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        return render_template("preferences/feed/problem.html", **facts)
    return _json(facts)


def _asked(*, with_addresses: bool = True) -> tuple[list[str], list[str]]:
    request.max_content_length = LARGEST_LOOKUP
    references, addresses = asked_about(request.get_data(), request.mimetype, with_addresses=with_addresses)
    count_call(g.api_token.public_id, people=len(references) + len(addresses))
    return references, addresses


def _whole_base() -> str:
    return installed.settings().public_url + url_for(".ndjson")


def _links(references: list[str]) -> list[dict[str, str]]:
    settings = installed.settings()
    tokens = reading.unsubscribe_links(references, settings.secret_key)
    return [
        {"customer": reference, "url": f"{settings.public_url}/unsubscribe/{tokens[reference]}"}
        for reference in dict.fromkeys(references)
        if reference in tokens
    ]


def _stream(write: Callable[[Engine], tuple[str, Iterator[bytes]]], kind: str) -> Response:
    """Stream the base. `Feed-Cursor` is where to go on from in the changes."""
    count_stream(g.api_token.public_id)
    db.session.rollback()
    cursor, content = write(db.engine)
    return Response(content, mimetype=kind, headers={"Feed-Cursor": cursor})


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content), mimetype="application/json")
