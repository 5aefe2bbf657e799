"""The ingest API: the same path as the command, with a token, limits and problem+json."""

from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.access.tokens import create_token
from portal.audit.models import AuditEvent
from portal.infrastructure.database import db, transaction
from portal.records.models import Record
from tests.support.records import customer, invoice, ndjson, visit

Send = Callable[..., TestResponse]
PROBLEM = "application/problem+json"


def records() -> int:
    db.session.rollback()
    return db.session.execute(select(func.count()).select_from(Record)).scalar_one()


def test_lines_are_taken_and_bad_ones_reported(send: Send) -> None:
    answer = send(ndjson(customer(), invoice(), invoice(source="nowhere"), visit(1)))
    assert answer.status_code == 200
    assert answer.json == {
        "accepted": 3,
        "unchanged": 0,
        "archived": 0,
        "erased": 0,
        "refused": [{"line": 3, "field": "source", "reason": "is not a registered system of the organisation file"}],
    }
    assert records() == 2


def test_sending_again_changes_nothing(send: Send) -> None:
    body = ndjson(customer(), invoice(), visit(1))
    send(body)
    assert send(body).json == {"accepted": 0, "unchanged": 3, "archived": 0, "erased": 0, "refused": []}
    assert records() == 2


def test_one_object_may_come_as_json(send: Send) -> None:
    send(ndjson(customer()))
    pretty = b'{\n "type": "removed",\n "customer": "C-1001",\n "kind": "invoice",\n "external_id": "F-1"\n}'
    assert send(pretty, "application/json; charset=utf-8").json == {
        "accepted": 0,
        "unchanged": 1,
        "archived": 0,
        "erased": 0,
        "refused": [],
    }


def test_a_call_of_which_nothing_can_be_taken_is_a_problem(send: Send) -> None:
    answer = send(ndjson(invoice(), "{"))
    assert (answer.status_code, answer.mimetype) == (422, PROBLEM)
    assert answer.json is not None
    assert answer.json["status"] == 422
    assert answer.json["accepted"] == 0
    assert [refusal["field"] for refusal in answer.json["refused"]] == ["customer", None]
    empty = send(b"")
    assert (empty.status_code, empty.mimetype) == (422, PROBLEM)
    assert empty.json is not None
    assert empty.json["detail"] == "The body holds no line."


@pytest.mark.parametrize("content_type", ["text/csv", "multipart/form-data", "application/xml", ""])
def test_other_content_types_are_not_taken(send: Send, content_type: str) -> None:
    answer = send(ndjson(customer()), content_type)
    assert (answer.status_code, answer.mimetype) == (415, PROBLEM)


def test_a_body_of_more_than_ten_megabytes_is_not_read(send: Send) -> None:
    answer = send(b" " * 10_000_001)
    assert (answer.status_code, answer.mimetype) == (413, PROBLEM)


def test_more_than_ten_thousand_lines_are_cut_and_said(send: Send) -> None:
    lines = [customer()] + ["{}"] * 10_000
    answer = send(ndjson(*lines))
    assert (answer.status_code, answer.mimetype) == (422, PROBLEM)
    assert answer.json is not None
    assert "The first 10000 lines were taken" in answer.json["detail"]
    assert answer.json["accepted"] == 1
    assert len(answer.json["refused"]) == 9_999


def test_an_unannounced_body_is_bounded_too(send: Send) -> None:
    line = ndjson(customer(given_name="x" * 100))
    body = line + (b" " * 200_000 + b"\n") * 51
    answer = send(
        b"", input_stream=BytesIO(body), headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )  # fmt: skip
    assert answer.status_code == 413
    assert answer.json is not None
    assert answer.json["accepted"] == 1


def test_only_a_token_with_the_scope_may_send(app: Flask, send: Send) -> None:
    assert send(ndjson(customer()), headers={"Authorization": ""}).status_code == 401
    with transaction():
        _row, reader = create_token("reader", ["preferences:read"])
    answer = send(ndjson(customer()), headers={"Authorization": f"Bearer {reader}"})
    assert (answer.status_code, answer.mimetype) == (403, PROBLEM)
    assert app.test_client().get("/ingest/v1/records").status_code == 405


def test_each_call_leaves_one_event_that_names_the_token(send: Send) -> None:
    send(ndjson(customer(), invoice()))
    event = db.session.execute(select(AuditEvent).where(AuditEvent.tag == "portal:records:imported")).scalar_one()
    assert event.actor.startswith("token:")
    assert (event.facts["channel"], event.facts["accepted"]) == ("api", 2)


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 100_000, b'{"type":"customer","external_id":"' + b"\\u0000" * 1000 + b'"}']
)
def test_hostile_bodies_are_refused_lines(send: Send, body: bytes) -> None:
    answer = send(body)
    assert answer.status_code == 422
    assert answer.json is not None
    assert len(answer.json["refused"]) == 1
