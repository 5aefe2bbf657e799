"""The OpenAPI 3.1 description of the feed, written by hand."""

from typing import Any

from portal.preferences.feed.cursors import PATTERN
from portal.preferences.feed.queries import LONGEST_NAME, MOST_ASKED, MOST_CHANGES, USUAL_LIMIT
from portal.preferences.feed.whole_base import CSV_HEADER
from portal.preferences.models import MINOR, SuppressionReason
from portal.preferences.purposes import FLAG_CODES
from portal.web.errors import PROBLEM_TITLES

# The cure of each problem, as the page of its type shows it.
PROBLEMS = {
    400: "Send well-formed JSON, in UTF-8.",
    401: "Send `Authorization: Bearer nkp_live_…` with a token that has neither expired nor been revoked.",
    403: "Have an administrator make a token that carries the scope this call needs.",
    404: "Check the address against /feed/v1/openapi.json. An unsubscribe link exists only for a known customer.",
    405: "Use the method that /feed/v1/openapi.json gives for this address.",
    410: "Read the whole base anew and go on from its `Feed-Cursor`: the database was restored since, and numbers of "
    "changes were given once more. Where the answer has `cursor`, go on from that.",
    413: "Send a smaller body: ask about fewer people in one call.",
    415: "Send `Content-Type: application/json`.",
    422: "Mend what `detail` and `errors` name. Each `pointer` (RFC 6901) is a place in the body that was sent.",
    429: "Wait for as many seconds as `Retry-After` says. For many people, read the whole base, then changes.",
    500: "Try again later. If it lasts, quote `request_id` to the operator.",
    503: "Try again later. Until then send nothing: an answer that cannot be had is a no.",
}

Node = dict[str, Any]

_GONE: Node = {
    "whole_base": {"type": "string", "format": "uri", "description": "With 410: what to read anew."},
    "cursor": {
        "type": "string",
        "description": "With 410, where `after` was a bare number and nothing was passed over since: the "
        "same place as it is written now.",
    },
    "errors": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["pointer", "detail"],
            "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
        },
    },
}
"""What a problem with 410 says beside the rest."""


def describe(public_url: str) -> Node:
    """Return the OpenAPI 3.1 document of the feed.

    Args:
        public_url: the address of the portal, without a slash at the end.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Preference feed",
            "version": "1.0.0",
            "summary": "What marketing may do with each customer, as it stands now.",
            "description": (
                "Read a flag just before you use it: an answer holds for this moment. A customer who is unknown, "
                "suppressed or has not chosen has every flag off. A date in `updated_at` never makes a flag true."
            ),
        },
        "servers": [{"url": public_url}],
        "security": [{"token": []}],
        "paths": {
            "/feed/v1/preferences/{customer}": {"get": _one()},
            "/feed/v1/preferences/lookup": {"post": _lookup()},
            "/feed/v1/preferences": {"get": _changes()},
            "/feed/v1/preferences.ndjson": {"get": _ndjson()},
            "/feed/v1/preferences.csv": {"get": _csv()},
            "/feed/v1/unsubscribe-links/{customer}": {"get": _link()},
            "/feed/v1/unsubscribe-links/lookup": {"post": _links()},
            "/feed/v1/openapi.json": {"get": _openapi()},
            "/feed/v1/problems/{code}": {"get": _problem_page()},
        },
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "nkp_live_…",
                    "description": "Scope `preferences:read` for one customer, lookups and links; "
                    "`preferences:list` for changes and the whole base.",
                }
            },
            "schemas": _schemas(),
            "responses": {f"Problem{code}": _problem(code) for code in PROBLEMS},
        },
    }


def _one() -> Node:
    return {
        "operationId": "readOne",
        "summary": "One customer",
        "description": "Scope `preferences:read`. An unknown reference answers 200 with every flag off.",
        "parameters": [
            _customer(),
            {
                "name": "If-None-Match", "in": "header", "schema": {"type": "string"},
                "description": "The `ETag` of an earlier answer; 304 says that it still holds.",
            },
        ],
        "responses": {
            "200": {
                **_json("The flags as they stand now.", _ref("Item")),
                "headers": {"ETag": {"schema": {"type": "string"}, "description": "Strong. New after every change."}},
            },
            "304": {"description": "What you have still holds."},
            **_problems(401, 403, 429, 500, 503),
        },
    }  # fmt: skip


def _lookup() -> Node:
    return {
        "operationId": "lookUp",
        "summary": "Up to 10 000 customers, by reference or e-mail address",
        "description": (
            "Scope `preferences:read`. The answer holds one item for each entry, the references first, then the "
            "addresses, in the order sent, repeats included. Somebody unknown has every flag off, `reason` "
            "`unknown`, and `customer` as you sent it. Addresses are compared in normalised form."
        ),
        "requestBody": _body(_ref("Lookup")),
        "responses": {
            "200": _json("One item for each entry, in the order sent.", _items("Item")),
            **_problems(400, 401, 403, 413, 415, 422, 429, 500, 503),
        },
    }


def _changes() -> Node:
    return {
        "operationId": "readChanges",
        "summary": "Changes, in the order in which they were committed",
        "description": (
            "Scope `preferences:list`. Without `after` it starts at the beginning. Each customer appears once, at "
            "the latest change. Keep `next` and send it as `after` the next time, also after an empty page: "
            "nothing is passed over."
        ),
        "parameters": [
            {
                "name": "after", "in": "query", "schema": {"type": "string", "pattern": PATTERN},
                "description": "The `next` of an earlier page, unchanged: `epoch.sequence`. Of another epoch: 410.",
            },
            {
                "name": "limit", "in": "query", "description": "Items a page.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MOST_CHANGES, "default": USUAL_LIMIT},
            },
        ],
        "responses": {
            "200": {
                **_json("A page of changes.", _ref("ChangePage")),
                "headers": {"Link": {"schema": {"type": "string"}, "description": "`rel=next` while more wait."}},
            },
            **_problems(401, 403, 410, 422, 429, 500, 503),
        },
    }  # fmt: skip


def _ndjson() -> Node:
    return {
        "operationId": "readBaseAsNdjson",
        "summary": "The whole base, one item a line",
        "description": "Scope `preferences:list`. Streamed, in no particular order.",
        "responses": {
            "200": {
                "description": "Every customer once.",
                "headers": _cursor_header(),
                "content": {"application/x-ndjson": {"schema": _ref("Item")}},
            },
            **_problems(401, 403, 429, 500, 503),
        },
    }


def _csv() -> Node:
    return {
        "operationId": "readBaseAsCsv",
        "summary": "The whole base as CSV",
        "description": (
            "Scope `preferences:list`. UTF-8, RFC 4180, with a header: " + ", ".join(CSV_HEADER[:5]) + ", one "
            "column a flag, `true` or `false`, and `stops`, its codes with spaces between. A reference that a "
            "spreadsheet would run as a formula gets a leading apostrophe."
        ),
        "responses": {
            "200": {
                "description": "Every customer once.",
                "headers": _cursor_header(),
                "content": {"text/csv": {"schema": {"type": "string"}}},
            },
            **_problems(401, 403, 429, 500, 503),
        },
    }


def _link() -> Node:
    return {
        "operationId": "readUnsubscribeLink",
        "summary": "The unsubscribe link of one customer",
        "description": (
            "Scope `preferences:read`. Put the address into the message and into `List-Unsubscribe`, with "
            "`List-Unsubscribe-Post: List-Unsubscribe=One-Click` (RFC 8058). It does not expire."
        ),
        "parameters": [_customer()],
        "responses": {
            "200": _json("The link.", _ref("UnsubscribeLink")),
            **_problems(401, 403, 404, 429, 500, 503),
        },
    }


def _links() -> Node:
    return {
        "operationId": "lookUpUnsubscribeLinks",
        "summary": "The unsubscribe links of up to 10 000 customers",
        "description": "Scope `preferences:read`. Somebody unknown has no link and is left out of the answer.",
        "requestBody": _body(_ref("LinkLookup")),
        "responses": {
            "200": _json("The links of those known, each once.", _items("UnsubscribeLink")),
            **_problems(400, 401, 403, 413, 415, 422, 429, 500, 503),
        },
    }


def _openapi() -> Node:
    return {
        "operationId": "readDescription",
        "summary": "This description",
        "security": [],
        "responses": {"200": _json("OpenAPI 3.1.", {"type": "object"}), **_problems(500, 503)},
    }


def _problem_page() -> Node:
    return {
        "operationId": "readProblem",
        "summary": "What the `type` of a problem means and how to mend it",
        "security": [],
        "parameters": [
            {"name": "code", "in": "path", "required": True, "schema": {"type": "integer", "enum": sorted(PROBLEMS)}}
        ],
        "responses": {
            "200": {
                "description": "JSON, or a page for a browser.",
                "content": {
                    "application/json": {"schema": _ref("ProblemType")},
                    "text/html": {"schema": {"type": "string"}},
                },
            },
            **_problems(404, 500, 503),
        },
    }  # fmt: skip


def _schemas() -> Node:
    text = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
    names = {"type": "array", "items": text, "maxItems": MOST_ASKED}
    reasons = [*(str(reason) for reason in SuppressionReason), MINOR, "unknown", None]
    return {
        "Item": {
            "type": "object",
            "additionalProperties": False,
            "required": ["customer", "flags", "suppressed", "reason", "stops", "sequence", "updated_at"],
            "properties": {
                "customer": {"type": "string", "description": "Your reference, or ours where you gave none."},
                "flags": {
                    "type": "object",
                    "description": "Topics as `topic.channel`, processing choices, and `cookies.purpose`.",
                    "required": list(FLAG_CODES),
                    "properties": {flag: {"type": "boolean"} for flag in FLAG_CODES},
                    "additionalProperties": {"type": "boolean"},
                },
                "suppressed": {"type": "boolean", "description": "All flags are off. Send nothing, not even service."},
                "reason": {"enum": reasons, "description": "Why suppressed, or `minor` or `unknown`; null otherwise."},
                "stops": {
                    "type": "array", "items": {"type": "string"}, "uniqueItems": True,
                    "description": "Codes of the purposes of the data map for which this person's data are not to be "
                    "used: they objected (GDPR art. 21(1)), and it is weighed or has stopped. Mostly empty.",
                },
                "sequence": {
                    "type": ["integer", "null"], "minimum": 1,
                    "description": "Grows with every change, in the order of the commits; null for somebody unknown.",
                },
                "updated_at": {"type": ["string", "null"], "format": "date-time"},
            },
        },
        "ChangePage": {
            "type": "object",
            "additionalProperties": False,
            "required": ["items", "next"],
            "properties": {
                "items": {"type": "array", "items": _ref("Item")},
                "next": {"type": "string", "description": "Opaque; always there, also on the last page."},
            },
        },
        "Lookup": {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "description": f"At most {MOST_ASKED} entries in both lists together.",
            "properties": {"references": names, "emails": names},
        },
        "LinkLookup": {
            "type": "object",
            "additionalProperties": False,
            "required": ["references"],
            "properties": {"references": names},
        },
        "UnsubscribeLink": {
            "type": "object",
            "additionalProperties": False,
            "required": ["customer", "url"],
            "properties": {"customer": {"type": "string"}, "url": {"type": "string", "format": "uri"}},
        },
        **_problem_schemas(),
    }  # fmt: skip


def _problem_schemas() -> Node:
    return {
        "Problem": {
            "type": "object",
            "description": "RFC 9457.",
            "required": ["type", "title", "status", "request_id"],
            "properties": {
                "type": {"type": "string", "format": "uri"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "request_id": {"type": "string"},
                **_GONE,
            },
        },
        "ProblemType": {
            "type": "object",
            "required": ["status", "title", "cure"],
            "properties": {
                "status": {"type": "integer"}, "title": {"type": "string"}, "cure": {"type": "string"},
            },
        },
    }  # fmt: skip


def _customer() -> Node:
    return {
        "name": "customer", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1},
        "description": "The customer's reference, as in `customer` of an item, percent-encoded.",
    }  # fmt: skip


def _cursor_header() -> Node:
    return {
        "Feed-Cursor": {
            "schema": {"type": "string"},
            "description": "Send it as `after` to the change feed to read what has changed since this base was begun.",
        }
    }


def _body(schema: Node) -> Node:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _json(description: str, schema: Node) -> Node:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _items(name: str) -> Node:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["items"],
        "properties": {"items": {"type": "array", "items": _ref(name)}},
    }


def _problems(*codes: int) -> Node:
    return {str(code): {"$ref": f"#/components/responses/Problem{code}"} for code in codes}


def _problem(code: int) -> Node:
    problem: Node = {
        "description": f"{PROBLEM_TITLES[code]}. {PROBLEMS[code]}",
        "content": {"application/problem+json": {"schema": _ref("Problem")}},
    }
    if code == 429:
        seconds = {"schema": {"type": "integer"}, "description": "In how many seconds to try again."}
        problem["headers"] = {"Retry-After": seconds}
    return problem


def _ref(name: str) -> Node:
    return {"$ref": f"#/components/schemas/{name}"}
