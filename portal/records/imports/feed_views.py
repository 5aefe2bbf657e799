"""The ingest API: systems of the company send what they hold, in the lines that `flask import` reads."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from flask import Blueprint, Response, current_app, g, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from portal.access.declare import requires, token
from portal.records.imports.ingest import Refusal, Tally, start_run
from portal.records.imports.stream import LONGEST_LINE, Line, read_lines
from portal.web.errors import problem

blueprint = Blueprint("records", __name__)

LARGEST_BODY = 10 * 1000 * 1000
MOST_LINES = 10_000
STREAM = "application/x-ndjson"
ONE_OBJECT = "application/json"


class Cut:
    """Passes on the lines of a call up to the limits; `status` is the HTTP status of the limit that was passed."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = lines
        self.status: int | None = None

    def __iter__(self) -> Iterator[Line]:
        taken = 0
        try:
            for line in self._lines:
                taken += 1
                if taken > MOST_LINES:
                    self.status = 422
                    return
                yield line
        except RequestEntityTooLarge:
            self.status = 413


@blueprint.post("/ingest/v1/records")
@requires(token("records:write"))
def ingest() -> Response:
    """Take lines in as they arrive. Sending the same lines again changes nothing."""
    request.max_content_length = LARGEST_BODY
    lines = Cut(_lines())
    refusals: list[Refusal] = []
    run = start_run(refusals.append)
    run.run(lines, actor=f"token:{g.api_token.public_id}", channel="api")
    return _answer(run.tally, refusals, lines.status)


def _lines() -> Iterable[Line]:
    if request.mimetype not in {STREAM, ONE_OBJECT}:
        raise UnsupportedMediaType
    body = io.BufferedReader(request.stream)  # type: ignore[type-var]
    if request.mimetype == STREAM:
        return read_lines(body)
    content = body.read(LONGEST_LINE + 1)
    return [(1, None if len(content) > LONGEST_LINE else content)]


def _answer(tally: Tally, refusals: list[Refusal], cut_at: int | None) -> Response:
    counts = {
        "accepted": tally.accepted,
        "unchanged": tally.unchanged,
        "archived": tally.archived,
        "erased": tally.erased,
        "refused": [asdict(refusal) for refusal in refusals],
    }
    if cut_at:
        most = f"{MOST_LINES} lines" if cut_at == 422 else f"{LARGEST_BODY // 1_000_000} MB"
        taken = f"The first {tally.lines} lines were taken; send the rest in another call."
        detail = f"A call takes {most} at most. {taken}"
    elif not tally.lines:
        cut_at, detail = 422, "The body holds no line."
    elif tally.refused == tally.lines:
        cut_at, detail = 422, "No line could be taken; see refused."
    else:
        return jsonify(counts)
    response = problem(cut_at, detail)
    response.set_data(current_app.json.dumps((response.get_json() or {}) | counts))
    return response
