"""The official table of rights by lawful basis, cell by cell, through requests that a person files here.

One customer has a record of each basis in one category, and files each right about it. What becomes of each record is
read from the items of the request, from the copies, and from the page of the category.
"""

import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from portal.exports.delivery import clear_chunks
from portal.exports.models import AnswerPackage
from portal.infrastructure.database import db
from portal.personal_data.outcomes import ItemOutcome
from portal.personal_data.uses.lawful_bases import LawfulBasis
from portal.records.data_map.kinds import DEFAULT_FILE, DataMap
from portal.rights.items.making import items_of
from portal.rights.items.proposing import proposals
from portal.rights.models import RightsRequest
from tests.personal_data.uses.test_lawful_bases import CELLS
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.erasing.pages import file_erasure
from tests.support.filing import trust_device
from tests.support.packages import take_in
from tests.support.records import record

CAMILLE = "camille@example.org"
CATEGORY = "usage"
ASKED: dict[str, dict[str, Any]] = {
    "access": {"scope": "some", "categories": [CATEGORY]},
    "portability": {"scope": "some", "categories": [CATEGORY]},
    "restriction": {"case": "accuracy", "scope": "some", "categories": [CATEGORY]},
}
KEPT_BY_LAW = {"legal_obligation", "public_interest"}


@dataclass
class Seen:
    """What the requests of the customer led to: items by right and kind, files by right, and the category's page."""

    outcomes: dict[str, dict[str, ItemOutcome | None]] = field(default_factory=dict)
    grounds: dict[str, dict[str, str]] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    offers: dict[str, str] = field(default_factory=dict)


_seen: list[Seen] = []


def declared(path: Path) -> Path:
    """Write a data map with a kind and a purpose for each basis beside the portal's own."""
    parts = [DEFAULT_FILE.read_text(encoding="utf-8")]
    for basis in LawfulBasis:
        interest = 'interest = { fr = "un intérêt", en = "an interest" }' if basis == "legitimate_interest" else ""
        kept = basis in KEPT_BY_LAW
        reason = 'keep_reason = { fr = "La loi le demande.", en = "The law asks for it." }' if kept else ""
        parts.append(f"""
[purposes.use_{basis}]
label = {{ fr = "Usage {basis}", en = "Use {basis}" }}
lawful_basis = "{basis}"
{interest}
[kinds.cell_{basis}]
category = "{CATEGORY}"
label = {{ fr = "Cellule {basis}", en = "Cell {basis}" }}
origin = "person"
nature = "provided"
purposes = ["use_{basis}"]
lawful_basis = "{basis}"
recipients = ["host"]
erasable = {str(not kept).lower()}
{reason}
headline = ["words"]
fields = [{{ name = "words", type = "text", required = true, label = {{ fr = "Mots", en = "Words" }} }}]
[kinds.cell_{basis}.retention]
period = "P3Y"
starts = "recorded_at"
legal_reference = {{ fr = "une loi", en = "a law" }}
""")
    path.write_text("\n".join(parts), encoding="utf-8")
    return path


@pytest.fixture
def seen(app: Flask, people: People, mailbox: Mailbox, tmp_path: Path) -> Seen:
    """What came of six requests, filed once for all cells."""
    if not _seen:
        app.extensions["data_map"] = DataMap.load(declared(tmp_path / "data_map.toml"))
        browser = people.signed_in(CAMILLE)
        trust_device()
        kinds = [f"cell_{basis}" for basis in LawfulBasis]
        take_in(*(record(kind, f"N-{kind}", {"words": kind}, "C-camille", source="website") for kind in kinds))
        _seen.append(look(browser, mailbox))
    return _seen[0]


def look(browser: Browser, mailbox: Mailbox) -> Seen:
    seen = Seen()
    for right, values in ASKED.items():
        page = browser.get(f"/requests/new/{right}?another=yes").submit(values, with_field="scope")
        read(seen, right, page.submit(action="/send").url.rpartition("/")[2], mailbox)
    for link in browser.get(f"/data/{CATEGORY}").tree.select("section[aria-labelledby=question-rights] li a"):
        assert link.parent is not None
        seen.offers[" ".join(link.get_text().split())] = link.parent.get_text(" ")
    read(seen, "erasure", file_erasure(browser, scope="some", categories=[CATEGORY]), mailbox)
    return seen


def read(seen: Seen, right: str, reference: str, mailbox: Mailbox) -> None:
    """Read the items of a request, or what is proposed while nobody has opened it, and the files that answered it."""
    mailbox.all()
    db.session.rollback()
    request = db.session.execute(select(RightsRequest).where(RightsRequest.reference == reference)).scalar_one()
    items = [(item.kind, item.outcome or item.proposed, item.ground) for item in items_of(request.id)]
    items = items or [(item.kind, item.outcome, item.ground) for item in proposals(request)]
    seen.outcomes[right] = {kind: outcome for kind, outcome, _ground in items}
    seen.grounds[right] = {kind: ground for kind, _outcome, ground in items}
    for package in db.session.execute(select(AnswerPackage).where(AnswerPackage.request_id == request.id)).scalars():
        archive = zipfile.ZipFile(io.BytesIO(b"".join(clear_chunks(package))))
        seen.files[right] = {name: archive.read(name) for name in archive.namelist()}


def kinds_in(seen: Seen, right: str) -> set[str]:
    return {item["kind"] for item in json.loads(seen.files[right][f"{CATEGORY}.json"])}


def offered(seen: Seen, words: str, basis: str) -> bool:
    """Tell whether the category's page offers something for a kind; without names it is offered for all."""
    lines = [text for offer, text in seen.offers.items() if words in offer]
    return any(f"Cellule {basis}" in text or "Concerne" not in text for text in lines)


@pytest.mark.parametrize(("basis", "right", "cell"), CELLS)
def test_a_cell_holds_for_a_real_request(basis: str, right: str, cell: str, seen: Seen) -> None:
    kind = f"cell_{basis}"
    match right:
        case "access":
            assert seen.outcomes[right][kind] is ItemOutcome.HANDED
            assert kind in kinds_in(seen, right)
        case "portability":
            is_open = cell == "yes"
            assert seen.outcomes[right][kind] is (ItemOutcome.HANDED if is_open else ItemOutcome.LEFT_OUT)
            assert (kind in kinds_in(seen, right)) is is_open
            assert seen.grounds[right][kind] == ("" if is_open else "other_basis")
            told = {line["kind"]: line for line in json.loads(seen.files[right]["portability.json"])["left_out"]}
            assert (kind in told) is not is_open
            assert is_open or (told[kind]["items"], told[kind]["reason"]) == (1, "other_basis")
        case "erasure":
            assert (seen.outcomes[right][kind] is ItemOutcome.ERASED) is (cell == "yes")
        case "restriction":
            assert seen.outcomes[right][kind] is ItemOutcome.RESTRICTED
        case "rectification":
            assert offered(seen, "droit de rectification", basis)
        case "objection":
            uses = next(offer for offer in seen.offers if "droit d’opposition" in offer)
            assert (f"Usage {basis}" in uses) is (cell == "yes")
            assert offered(seen, "Retirer un accord", basis) is (cell == "withdraw_consent")


def test_the_page_of_a_portable_copy_says_what_it_leaves_out(seen: Seen) -> None:
    page = BeautifulSoup(seen.files["portability"]["index.html"].decode(), "html.parser")
    left_out = next(table for table in page.select("table") if "laisse de côté" in table.get_text())
    for basis in LawfulBasis:
        assert (f"Cellule {basis}" in left_out.get_text()) is (basis not in {"consent", "contract"})
    assert "Nous n’envoyons pas cette copie nous-mêmes à une autre entreprise" in page.get_text(" ")
