"""A served demonstration and headless Chromium: the portal as people meet it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.support.machine import need

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass(frozen=True)
class Served:
    """A running portal with the people of the demonstration."""

    url: str
    instance: Path
    people: dict[str, Any]

    def customer(self, number: int) -> dict[str, str]:
        return self.people["customers"][number]

    def staff(self, role: str) -> dict[str, str]:
        return next(person for person in self.people["staff"] if person["role"] == role)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demonstration, served by the commands that `make run` uses."""
    need("chromium")
    instance, port = tmp_path_factory.mktemp("served") / "instance", free_port()
    environment = os.environ | {"PORTAL_INSTANCE": str(instance)}

    def flask(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "flask", *arguments]

    options: dict[str, Any] = {"cwd": ROOT, "env": environment, "stdout": subprocess.DEVNULL}
    subprocess.run(flask("init", "--port", str(port)), check=True, **options)
    subprocess.run(flask("demo"), check=True, **options)
    log = (instance / "server.log").open("wb")
    server = subprocess.Popen(
        flask("serve", "--port", str(port), "--with-jobs"), start_new_session=True, stderr=log, **options
    )
    url = f"http://localhost:{port}"
    try:
        wait_for(url + "/healthz")
        yield Served(url, instance, json.loads((instance / "demo.json").read_text("utf-8")))
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)
        log.close()


def wait_for(address: str) -> None:
    """Wait until an address answers, half a minute at most."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310
                assert answer.status == 200
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.fixture(scope="session")
def chromium(served: Served) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=need("chromium"), args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """One person at one kind of screen. Console messages about the content policy are collected as faults."""

    served: Served
    context: BrowserContext
    page: Page
    language: str
    faults: list[str]

    def open(self, path: str) -> Page:
        self.page.goto(self.served.url + path)
        return self.page

    def sign_in(self, person: dict[str, str]) -> None:
        page = self.open("/sign-in")
        page.fill("[name=email]", person["email"])
        page.fill("[name=password]", person["password"])
        page.click("main form:has([name=password]) button:not([type=button])")
        page.wait_for_url("**/data")

    def sign_in_staff(self, person: dict[str, str]) -> None:
        page = self.open("/staff/sign-in")
        page.fill("[name=email]", person["email"])
        page.fill("[name=password]", person["password"])
        page.click("main form:has([name=password]) button:not([type=button])")
        page.fill("[name=code]", pyotp.TOTP(person["totp_secret"]).now())
        page.click("main form:has([name=code]) button:not([type=button])")
        page.wait_for_selector("header.site nav")


@pytest.fixture
def visit(served: Served, chromium: Browser) -> Iterator[Any]:
    """Make visitors: `visit(width=390, language="fr", script=True, scheme="light")`."""
    visitors: list[Visitor] = []

    def make(width: int = 1280, language: str = "fr", script: bool = True, scheme: str = "light") -> Visitor:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, locale="fr-FR" if language == "fr" else "en-GB",
            java_script_enabled=script, color_scheme=scheme,
        )  # fmt: skip
        context.set_default_timeout(15_000)
        faults: list[str] = []

        def listen(message: ConsoleMessage) -> None:
            if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
                faults.append(message.text)

        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: faults.append(str(error)))
        visitor = Visitor(served, context, page, language, faults)
        visitors.append(visitor)
        return visitor

    yield make
    for visitor in visitors:
        visitor.context.close()
        assert not visitor.faults, visitor.faults
