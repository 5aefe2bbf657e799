"""The sealing key changes while documents wait: each opens before, between and after, and doctor says what is needed."""

from collections.abc import Callable

import pytest
from flask import Flask

from portal.cli import doctor, keys
from portal.identity_checks.models import CheckResult
from portal.infrastructure.sealing.keys import OpeningKeys, SealingKey, sealing_version
from tests.identity_checks.documents.test_identity_shredding import decide
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import run_asked_jobs
from tests.support.acting.people import People
from tests.support.cases import take
from tests.support.documents import specimens
from tests.support.filing import all_documents, file_with_document_later, only_request, send_sides

UseKeys = Callable[..., None]


@pytest.fixture
def restart_with(app: Flask, monkeypatch: pytest.MonkeyPatch) -> UseKeys:
    """Give this process other keys, as a restart does."""

    def use(*, sealing: str | None = None, opening: str | None = None) -> None:
        if sealing:
            monkeypatch.setitem(app.extensions, "sealing_key", SealingKey.parse(sealing))
        if opening:
            monkeypatch.setitem(app.extensions, "opening_keys", OpeningKeys.parse(opening))

    return use


def examined(app: Flask) -> list[str]:
    lines = app.test_cli_runner().invoke(doctor).output.splitlines()
    return [line for line in lines if "sealing keys: " in line or "keys: opening" in line or "documents: " in line]


def may_be_seen(reviewer: Browser) -> list[int]:
    return [reviewer.client.get(f"/staff/documents/{row.public_id}/1").status_code for row in all_documents()]


def test_documents_open_while_the_sealing_key_changes(app: Flask, people: People, restart_with: UseKeys) -> None:
    customer = people.signed_in()
    page = (
        file_with_document_later(customer)
        .follow_to("/requests/identity/")
        .submit({"paper": "identity_card"}, with_field="paper")
    )
    page = send_sides(page, front=specimens.front())

    # A fresh pair: first every process that opens knows both keys, then everything seals with the new one.
    printed = app.test_cli_runner().invoke(keys, ["next-sealing"]).stdout.split()
    opening, sealing = (line.partition("=")[2] for line in printed)
    new, _, old = opening.partition(",")
    restart_with(opening=opening)
    assert "FAULT" not in "".join(examined(app))
    restart_with(sealing=sealing)
    send_sides(page, back=specimens.back())
    assert [sealing_version(row.sealed_key or b"") for row in all_documents()] == [1, 2]
    reviewer = people.signed_in_staff("reviewer")
    take(reviewer, only_request().reference)
    assert may_be_seen(reviewer) == [200, 200]
    assert "well   sealing keys: 1 wait for opening key v1; keep it until they are destroyed" in examined(app)

    # The old key taken out too early: said aloud, the other side still opens, and putting it back mends it.
    restart_with(opening=new)
    assert "FAULT  sealing keys: opening key v1 is missing; put it back into PORTAL_OPENING_KEYS" in examined(app)
    assert "FAULT  documents: 1 key_unusable; see /staff/documents" in examined(app)
    assert may_be_seen(reviewer) == [500, 200]
    restart_with(opening=f"{new},{old}")
    assert may_be_seen(reviewer) == [200, 200]

    # The decision destroys the last document that needed it.
    decide(CheckResult.CONFIRMED)
    run_asked_jobs()
    assert "well   sealing keys: no document needs opening key v1; take it out of PORTAL_OPENING_KEYS" in examined(app)
    restart_with(opening=new)
    assert [line for line in examined(app) if "sealing keys" in line or "FAULT" in line] == []


def test_where_nothing_can_be_opened_no_pair_is_made(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = app.extensions["settings"].model_copy(update={"opening_keys": None})
    monkeypatch.setitem(app.extensions, "settings", settings)
    result = app.test_cli_runner().invoke(keys, ["next-sealing"])
    assert result.exit_code == 1
    assert "PORTAL_OPENING_KEYS" in result.output
