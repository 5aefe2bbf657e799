"""A customer with something in every category, and copies made of their data, for tests of answers."""

import re
from dataclasses import dataclass

import orjson
from sqlalchemy import select

from portal.customers.models import Customer
from portal.demo.holdings import import_lines
from portal.exports.models import AnswerPackage
from portal.exports.requesting import request_package
from portal.infrastructure.database import db, transaction
from portal.records.imports.ingest import start_run
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import run_asked_jobs
from tests.support.records import Line, record

EMAIL = "camille@example.org"
INTERNAL = "Client pénible, à rappeler."
FORMULA = '=HYPERLINK("https://attacker.example","Cliquez")'


def lines() -> list[Line]:
    """Return what the demonstration holds about Camille, with a note of staff and hostile texts."""
    own = [line for line in import_lines() if line.get("customer") == "C-1001"]
    exchange = {
        "channel": "email", "direction": "in", "subject": FORMULA, "body": "Deux lignes :\r\n« et » des \"guillemets\"; 1,5 €",
        "internal_note": INTERNAL,
    }  # fmt: skip
    hostile = [
        record("support_exchange", "E-1", exchange, source="support"),
        record("username", "U-1", {"username": "@SUM(1+1)*cmd|' /C calc'!A0", "site": "-2+3"}, source="platform"),
    ]
    return own + hostile


def take_in(*content: Line) -> None:
    """Take lines in within this process."""
    refused: list[object] = []
    numbered = enumerate((orjson.dumps(line) for line in content), start=1)
    start_run(refused.append).run(numbered, actor="command", channel="command")
    assert not refused, refused


def only_customer() -> Customer:
    db.session.rollback()
    return db.session.execute(select(Customer)).scalar_one()


def build(purpose: str = "access", language: str = "fr", categories: list[str] | None = None) -> AnswerPackage:
    """Have a package made by the worker, and return it."""
    with transaction():
        customer = only_customer()
        made = request_package(customer, purpose=purpose, request_id=None, language=language, categories=categories).id
    run_asked_jobs()
    return db.session.get_one(AnswerPackage, made)


@dataclass(frozen=True)
class Copy:
    """A package as it was made: the facts of its row, its bytes in clear and as stored, and the dashboard's counts."""

    content: bytes
    stored: bytes
    counts: dict[str, int]
    sha256: str
    size: int
    dashboard: dict[str, int]


def dashboard_counts(browser: Browser) -> dict[str, int]:
    """Return the number that the dashboard shows for each category."""
    counts = {}
    for tile in browser.get("/data").tree.select("ul.tiles li"):
        code = str(tile.a["href"]).rpartition("/")[2]  # type: ignore[index]
        counts[code] = int(re.sub(r"\D", "", tile.select_one(".figure").get_text()))  # type: ignore[union-attr]
    return counts
