"""What a customer finds in a copy of their data: everything, readable by people and machines, safe to open."""

import csv
import hashlib
import io
import json
import re
import zipfile
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup
from flask import Flask, current_app

from portal.exports import contents
from portal.exports.information import article_15_information
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.registry import HeldItem
from portal.personal_data.uses.portability import LeftOut
from tests.support.packages import FORMULA, INTERNAL, Copy

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
ARTICLE_15 = {
    "confirmation", "data", "purposes", "categories", "recipients", "retention", "rights", "complaint", "source",
    "automated_decisions", "transfers",
}  # fmt: skip


def opened(copy: Copy) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(copy.content))


def json_of(copy: Copy, name: str) -> Any:
    return json.loads(opened(copy).read(name))


def rows_of(copy: Copy, category: str) -> list[dict[str, str]]:
    text = opened(copy).read(f"{category}.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def pages(copy: Copy) -> dict[str, BeautifulSoup]:
    archive = opened(copy)
    names = [name for name in archive.namelist() if name.endswith(".html")]
    return {name: BeautifulSoup(archive.read(name).decode(), "html.parser") for name in names}


def test_it_opens_as_a_zip_of_plain_names(access: Copy) -> None:
    archive = opened(access)
    assert archive.testzip() is None
    names = archive.namelist()
    assert len(names) == len(set(names))
    for entry in archive.infolist():
        assert re.fullmatch(r"[a-z]+(-\d+)?\.(json|csv|html|css)", entry.filename), entry.filename
        assert entry.external_attr >> 16 == 0o600, "no link, no program"
        assert entry.date_time[0] >= 2026
    wanted = {f"{category}.{ending}" for category in CATEGORIES for ending in ("json", "csv", "html")}
    assert wanted | {"index.html", "style.css", "information.json", "manifest.json"} == set(names)


def test_the_manifest_names_every_file_as_it_is(access: Copy) -> None:
    archive, manifest = opened(access), json_of(access, "manifest.json")
    assert [file["name"] for file in manifest["files"]] == [
        name for name in archive.namelist() if name != "manifest.json"
    ]
    for file in manifest["files"]:
        content = archive.read(file["name"])
        assert (file["size"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest()), file["name"]
    assert manifest["customer"] == "C-1001"
    assert manifest["purpose"] == "access"
    assert (access.size, access.sha256) == (len(access.content), hashlib.sha256(access.content).hexdigest())


def test_it_holds_what_the_dashboard_counts(access: Copy) -> None:
    counts = {category: len(json_of(access, f"{category}.json")) for category in CATEGORIES}
    assert counts == access.dashboard
    assert counts == json_of(access, "manifest.json")["counts"] == access.counts
    assert all(counts.values()), "something in every category"
    for category, count in counts.items():
        assert len(rows_of(access, category)) == count
        shown = sum(len(page.find_all("article")) for name, page in pages(access).items() if name.startswith(category))
        assert shown == count
    table = pages(access)["index.html"].select("table tbody tr")
    assert [int(row.td.get_text()) for row in table] == list(counts.values())  # type: ignore[union-attr]


def test_each_item_says_where_it_comes_from_and_why_it_is_held(access: Copy) -> None:
    for category in CATEGORIES:
        for item in json_of(access, f"{category}.json"):
            assert set(item) == {"kind", "label", "recorded_at", "source", "nature", "lawful_basis", "values"}
            assert item["nature"] in {"provided", "observed", "inferred"}
    (card,) = [item for item in json_of(access, "financial.json") if item["kind"] == "payment_card"]
    assert set(card["values"]) == {"external_id", "brand", "last4", "expires", "kept_for"}
    (identity,) = [item for item in json_of(access, "identity.json") if item["kind"] == "civil_identity"]
    assert identity["values"]["birth_date"] == "1988-03-04", "the person's own copy masks nothing"


def test_the_pages_can_be_read_without_network_and_without_script(copies: dict[tuple[str, str], Copy]) -> None:
    for (_purpose, language), copy in copies.items():
        names = set(opened(copy).namelist())
        for name, page in pages(copy).items():
            assert page.html is not None
            assert page.html["lang"] == language
            assert len(page.find_all("h1")) == 1, name
            assert page.title is not None
            assert page.title.get_text().strip()
            assert not page.find_all(["script", "iframe", "object", "embed", "form", "img", "base", "style"]), name
            for tag in page.find_all(True):
                assert not [key for key in tag.attrs if key.startswith("on") or key == "style"], name
                for key in ("href", "src", "action"):
                    if tag.has_attr(key):
                        parts = urlsplit(str(tag[key]))
                        assert (parts.scheme, parts.netloc) == ("", ""), f"{name} links to {tag[key]}"
                        assert parts.path in names, f"{name} links to {tag[key]}"
        assert "url(" not in opened(copy).read("style.css").decode()


def test_it_speaks_the_customers_language(copies: dict[tuple[str, str], Copy]) -> None:
    french, english = (pages(copies["access", language])["index.html"].get_text(" ") for language in ("fr", "en"))
    assert "Vos données" in french
    assert "Qui reçoit vos données" in french
    assert "Your data" in english
    assert "Who receives your data" in english
    assert "Vos données" not in english
    assert "Camille Lefèvre" in french
    for language in ("fr", "en"):
        facts = json_of(copies["access", language], "information.json")
        assert (
            facts["rights"]
            != json_of(copies["access", "en" if language == "fr" else "fr"], "information.json")["rights"]
        )


def test_the_information_of_article_15_is_whole(copies: dict[tuple[str, str], Copy]) -> None:
    for copy in copies.values():
        facts = json_of(copy, "information.json")
        check_information(facts)
        assert facts["categories"]
        assert facts["data"] == [f"{category}.json" for category in CATEGORIES]
        names = {recipient["name"] for recipient in facts["recipients"]}
        assert len(names) >= 4
        assert "CNIL" in facts["complaint"]


def check_information(facts: dict[str, Any]) -> None:
    """Assert the validity test of legal-rules.md 2.2."""
    assert set(facts) == ARTICLE_15
    assert all(facts.values()), {key for key, value in facts.items() if not value}
    for recipient in facts["recipients"]:
        assert recipient["name"] or recipient["reason_not_named"], recipient
        assert recipient["receives"]
    for rule in facts["retention"]:
        assert rule["what"]
        assert rule["duration"]
    for purpose in facts["purposes"]:
        assert purpose["label"]
        assert purpose["lawful_basis"]


def test_we_hold_nothing_is_an_answer_too(app: Flask) -> None:
    with app.test_request_context():
        facts = article_15_information(0, dict.fromkeys(CATEGORIES, 0), "fr")
    check_information(facts)
    assert facts["confirmation"] == "Nous n’avons aucune donnée sur vous dans ces catégories."


def test_the_index_says_what_the_information_says(access: Copy) -> None:
    facts, page = (
        json_of(access, "information.json"),
        " ".join(pages(access)["index.html"].get_text(" ").replace("\u2060", "").split()),
    )
    texts = [facts["confirmation"], facts["complaint"], facts["automated_decisions"], facts["transfers"]]
    texts += facts["rights"] + facts["source"]
    texts += [recipient["name"] for recipient in facts["recipients"] if recipient["name"]]
    texts += [purpose["label"] for purpose in facts["purposes"]] + [rule["duration"] for rule in facts["retention"]]
    missing = [text for text in texts if " ".join(text.split()) not in page]
    assert not missing


def test_portability_leaves_out_what_the_company_worked_out(access: Copy, portability: Copy) -> None:
    kinds = {item["kind"] for category in CATEGORIES for item in json_of(portability, f"{category}.json")}
    all_kinds = {item["kind"] for category in CATEGORIES for item in json_of(access, f"{category}.json")}
    assert {
        "civil_identity",
        "postal_address",
        "order",
        "payment",
        "support_exchange",
        "survey_answer",
        "tracker",
    } <= kinds
    assert {"profile_segment", "fraud_score", "page_visit", "invoice"} <= all_kinds
    assert kinds.isdisjoint({"profile_segment", "fraud_score", "page_visit", "invoice"})
    for category in CATEGORIES:
        for item in json_of(portability, f"{category}.json"):
            assert item["nature"] in {"provided", "observed"}
            assert item["lawful_basis"] in {"consent", "contract"}
    assert portability.counts["usage"] < access.counts["usage"]


def test_portability_leaves_out_the_notes_of_staff(access: Copy, portability: Copy) -> None:
    def text(copy: Copy) -> str:
        return "\n".join(opened(copy).read(name).decode() for name in opened(copy).namelist())

    assert INTERNAL in text(access), "an access answer holds them"
    assert INTERNAL not in text(portability)
    data = "".join(opened(portability).read(f"{category}.json").decode() for category in CATEGORIES)
    assert "internal_note" not in data + opened(portability).read("schema.json").decode()
    assert "à rappeler" not in text(portability)


def test_a_kind_that_is_no_longer_declared_is_not_portable(app: Flask) -> None:
    forgotten = HeldItem("usage", "gone", "gone", None, {"a": 1}, source="analytics")
    own = HeldItem("preferences", "consent_record", "choice", None, {}, lawful_basis="consent")
    data_map = current_app.extensions["data_map"]
    assert contents.portable(forgotten, data_map, "fr") is LeftOut.OTHER_BASIS
    assert contents.portable(own, data_map, "fr") is own


def test_tables_are_safe_to_open_in_a_spreadsheet(access: Copy) -> None:
    for category in CATEGORIES:
        content = opened(access).read(f"{category}.csv")
        assert content.startswith(b"\xef\xbb\xbfkind,"), "or a spreadsheet takes it for another encoding"
        text = content.decode("utf-8-sig")
        for row in csv.reader(io.StringIO(text, newline="")):
            for cell in row:
                is_number = re.fullmatch(r"[+-]?[\d .,()/-]*\d", cell)
                assert not cell.startswith(FORMULA_STARTS) or is_number, cell
    (hostile,) = [row for row in rows_of(access, "profile") if row.get("subject", "").endswith(FORMULA)]
    assert hostile["subject"] == "'" + FORMULA
    phones = [row["number"] for row in rows_of(access, "contact") if row.get("number")]
    assert "+33611223344" in phones, "a telephone number stays readable"


def test_texts_come_through_unchanged(access: Copy) -> None:
    exchanges = json_of(access, "profile.json")
    (hostile,) = [item for item in exchanges if item["values"].get("subject") == FORMULA]
    (row,) = [row for row in rows_of(access, "profile") if row.get("subject", "").endswith(FORMULA)]
    assert row["body"] == hostile["values"]["body"]
    assert '« et » des "guillemets"; 1,5 €' in row["body"]


def test_nothing_can_be_read_at_rest(copies: dict[tuple[str, str], Copy]) -> None:
    for copy in copies.values():
        for word in (b"PK\x03\x04", b"PK\x01\x02", b"index.html", b"manifest", "Lefèvre".encode(), b"1988", b"C-1001"):
            assert word not in copy.stored, word
        assert len(copy.stored) >= len(copy.content)


def test_a_portable_copy_says_what_is_not_in_it(access: Copy, portability: Copy) -> None:
    told = "Ce que nous avons déduit"
    assert told in pages(portability)["index.html"].get_text(" ")
    assert told not in pages(access)["index.html"].get_text(" ")
