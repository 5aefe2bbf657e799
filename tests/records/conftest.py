"""Fixtures of the tests of records: the import command, the ingest API, the statements a page sends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from portal.access.tokens import create_token
from portal.config import Settings
from portal.infrastructure.database import db, transaction
from portal.records.imports.ingest import Refusal, start_run
from tests.support.records import Importer, Line, ndjson


@pytest.fixture
def importer(app: Flask, settings: Settings, tmp_path: Path) -> Importer:
    """The command `flask import` beside the test's database."""
    return Importer(app, settings, tmp_path)


@pytest.fixture
def take_in(app: Flask) -> Callable[..., list[Refusal]]:
    """Take lines in within this process, for tests of what is shown; returns what was refused."""

    def take(*lines: Line) -> list[Refusal]:
        refusals: list[Refusal] = []
        numbered = enumerate(ndjson(*lines).splitlines(), start=1)
        start_run(refusals.append).run(numbered, actor="command", channel="command")
        db.session.rollback()
        return refusals

    return take


@pytest.fixture
def send(app: Flask) -> Callable[..., TestResponse]:
    """Post a body to the ingest API with a token that may send records."""
    with transaction():
        _row, text = create_token("test", ["records:write"])
    client = app.test_client()

    def post(body: bytes, content_type: str = "application/x-ndjson", **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {text}"} | options.pop("headers", {})
        return client.post("/ingest/v1/records", data=body, content_type=content_type, headers=headers, **options)

    return post


@pytest.fixture
def statements(app: Flask) -> Callable[[], Any]:
    """Count the statements that reach the database inside a `with`."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            sent.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return counting
