"""A served demonstration and headless Chromium: the portal as people meet it."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect, sync_playwright

from tests.support.acting.browser import Browser
from tests.support.acting.visitor import FLAGS, PATIENCE, Profiles, Visitor
from tests.support.servers.loopback import Loopback
from tests.support.servers.machine import need
from tests.support.servers.served import Served, serve_demonstration, shared_folder


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demonstration, one for each test process."""
    need("chromium")
    with serve_demonstration(tmp_path_factory.getbasetemp() / "served", shared_folder(tmp_path_factory)) as portal:
        yield portal


@pytest.fixture(scope="session")
def profiles() -> Iterator[Profiles]:
    """Headless Chromium."""
    path = need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS, timeout=PATIENCE)
        expect.set_options(timeout=PATIENCE)
        yield Profiles(browser)
        browser.close()


@pytest.fixture
def visit(served: Served, profiles: Profiles) -> Iterator[Any]:
    """Make visitors: `visit(width=390, language="fr", script=True, scheme="light")`."""
    with visitors_of(served, profiles) as make:
        yield make


@contextmanager
def visitors_of(served: Served, profiles: Profiles) -> Iterator[Callable[..., Visitor]]:
    """Make visitors of a portal; at the end, fail if any of them met a fault."""
    visitors: list[Visitor] = []

    def make(**options: Any) -> Visitor:
        visitors.append(profiles.take(served, **options))
        return visitors[-1]

    yield make
    faults = [fault for visitor in visitors for fault in visitor.faults]
    for visitor in visitors:
        profiles.give_back(visitor)
    assert not faults, faults


@contextmanager
def shown(app: Flask, profiles: Profiles) -> Iterator[Callable[..., Visitor]]:
    """Serve an app of this process, and make visitors who go on where browsers of the tests are.

    So a test brings a page into a state by the portal's own steps, with its clock, and looks at it in Chromium:
    `show(browser, width=390)`.
    """
    with closing(Loopback(app)) as server:
        served = Served(server.url, Path(), {}, 0)
        with visitors_of(served, profiles) as make:

            def show(browser: Browser, **options: Any) -> Visitor:
                visitor = make(**options)
                jar = browser.client._cookies.values()
                visitor.page.context.add_cookies(
                    [{"name": one.key, "value": one.value, "url": server.url} for one in jar]
                )
                return visitor

            yield show
