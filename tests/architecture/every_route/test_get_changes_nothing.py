"""GET changes nothing: whoever calls a route, every table stays as it was, and no route breaks."""

from pathlib import Path

import pytest
from flask import Flask

from portal.access.declare import PUBLIC
from portal.access.permissions import Role
from portal.customers.creation import create_customer
from portal.infrastructure.database import transaction
from tests.support.acting.browser import Browser
from tests.support.demonstration import Demonstration, fill, make_app, snapshot, walkable
from tests.support.looking.answers import answer_faults

CALLERS = ["nobody", "customer", *Role, "machine"]


def walk(app: Flask, browser: Browser, paths: list[str], headers: dict[str, str]) -> dict[str, int]:
    """Fetch every address, read each answer to its end, check its headers, and return the statuses."""
    statuses, faults = {}, []
    for path in paths:
        with browser.client.get(path, headers=headers) as answer:
            for _piece in answer.iter_encoded():
                pass
            statuses[path] = answer.status_code
            faults += [f"{path}: {fault}" for fault in answer_faults(answer)]
    assert not faults, "\n".join(faults)
    return statuses


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [table for table, digest in after.items() if before[table] != digest]


@pytest.mark.parametrize("caller", CALLERS)
def test_reading_changes_nothing(demo: Demonstration, caller: str) -> None:
    is_machine = caller == "machine"
    browser = Browser(demo.app) if is_machine else demo.browsers[caller]
    headers = {"Authorization": f"Bearer {demo.people['feed_token']}"} if is_machine else {"Accept-Language": "fr"}
    paths = [demo.path(rule, caller) for rule in walkable(demo.app, "GET")]
    assert len(paths) > 60
    before = snapshot(demo.app)
    statuses = walk(demo.app, browser, paths, headers)
    assert not {path: status for path, status in statuses.items() if status >= 500}
    assert changed(before, snapshot(demo.app)) == []
    assert sum(status == 200 for status in statuses.values()) >= 20, statuses


def test_a_view_that_writes_is_found(tmp_path: Path) -> None:
    app = make_app(tmp_path)

    def visit() -> str:
        with transaction():
            create_customer(email="seen@example.org")
        return "seen"

    visit.access = PUBLIC  # type: ignore[attr-defined]
    app.add_url_rule("/seen", "public.site.seen", visit)
    assert "/seen" in {rule.rule for rule in walkable(app, "GET")}
    before = snapshot(app)
    assert walk(app, Browser(app), ["/seen"], {}) == {"/seen": 200}
    assert set(changed(before, snapshot(app))) >= {"customers"}


def test_a_route_without_an_identifier_is_found() -> None:
    assert fill("/data/<category>", {"/data/": "contact"}) == "/data/contact"
    with pytest.raises(AssertionError, match="what stands after /new/"):
        fill("/new/<public_id>", {"/data/": "contact"})
