"""The files of a portable copy: each meets its schema, the vCard can be read, and what is left out is counted."""

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator

from portal.exports.portability.covering import portable
from portal.exports.portability.vcard import LONGEST_LINE, Card
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.registry import HeldItem
from portal.personal_data.uses.portability import LeftOut
from portal.records.data_map.kinds import DEFAULT_FILE, DataMap, installed_data_map
from tests.support.packages import Copy


def opened(copy: Copy) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(copy.content))


def lines_of(card: bytes) -> list[tuple[str, str]]:
    """Read a card as RFC 6350 says: unfold its lines, and part each into name and value."""
    unfolded = card.decode("utf-8").replace("\r\n ", "")
    assert unfolded.endswith("\r\n")
    return [(name, value) for name, _, value in (line.partition(":") for line in unfolded.split("\r\n")[:-1])]


def test_each_file_meets_the_schema_that_is_in_the_copy(portability: Copy) -> None:
    archive = opened(portability)
    schema = json.loads(archive.read("schema.json"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    described: Counter[str] = Counter()
    for category in CATEGORIES:
        items = json.loads(archive.read(f"{category}.json"))
        assert list(validator.iter_errors(items)) == []
        described.update(item["kind"] for item in items if item["kind"] in schema["$defs"])
        (heads, *rows) = csv.reader(io.StringIO(archive.read(f"{category}.csv").decode("utf-8-sig"), newline=""))
        assert heads[0] == "kind"
        assert len(rows) == len(items)
    assert len(described) > 10, "the schema says something of what is there"


@pytest.mark.parametrize(
    ("field", "value"), [("nature", "inferred"), ("lawful_basis", "legitimate_interest"), ("values", {"score": 3})]
)
def test_the_schema_refuses_what_portability_does_not_cover(field: str, value: Any, portability: Copy) -> None:
    archive = opened(portability)
    schema = json.loads(archive.read("schema.json"))
    (order, *_rest) = [item for item in json.loads(archive.read("transaction.json")) if item["kind"] == "order"]
    assert list(Draft202012Validator(schema).iter_errors([order])) == []
    assert list(Draft202012Validator(schema).iter_errors([order | {field: value}]))


def test_what_is_left_out_and_what_is_handed_over_make_up_all_that_is_held(access: Copy, portability: Copy) -> None:
    told = json.loads(opened(portability).read("portability.json"))
    whole = [line for line in told["left_out"] if not line["field"]]
    for category in set(CATEGORIES) - {"profile"}:  # copies are held there too, and the second one holds the first
        left_out = sum(line["items"] for line in whole if line["category"] == category)
        assert portability.counts[category] + left_out == access.counts[category], category
    reasons = {line["kind"]: line["reason"] for line in whole}
    assert reasons["profile_segment"] == reasons["fraud_score"] == "inferred"
    assert reasons["page_visit"] == reasons["invoice"] == "other_basis"
    assert all(line["why"].endswith(".") for line in told["left_out"])
    notes = [line for line in told["left_out"] if line["field"] == "internal_note"]
    assert [(line["kind"], line["items"], line["reason"]) for line in notes] == [("support_exchange", 1, "inferred")]
    assert told["direct_transfer"]["offered"] is False
    assert "article 20, paragraphe 2" in told["direct_transfer"]["why"]


def test_a_copy_of_all_that_is_held_has_none_of_these_files(access: Copy) -> None:
    assert {"schema.json", "contact.vcf", "portability.json"}.isdisjoint(opened(access).namelist())


def test_contact_details_can_be_read_as_a_vcard(portability: Copy) -> None:
    card = opened(portability).read("contact.vcf")
    lines = lines_of(card)
    assert (lines[0], lines[1], lines[-1]) == (("BEGIN", "VCARD"), ("VERSION", "4.0"), ("END", "VCARD"))
    found = dict(lines)
    assert (found["FN"], found["N"], found["BDAY"]) == ("Camille Lefèvre", "Lefèvre;Camille;;;", "19880304")
    assert found["EMAIL;PREF=1"] == "camille@example.org"
    assert ("TEL;VALUE=text", "+33611223344") in lines
    held = [item["values"] for item in json.loads(opened(portability).read("contact.json"))]
    streets = {item["line1"] for item in held if item.get("line1")}
    assert {value.split(";")[2] for name, value in lines if name == "ADR"} == streets
    assert all(len(line) <= LONGEST_LINE for line in card.split(b"\r\n"))


@pytest.fixture
def data_map(app: Flask) -> Iterator[DataMap]:
    with app.test_request_context():
        yield installed_data_map()


def test_signs_that_mean_something_in_a_card_mean_nothing_in_a_name(data_map: DataMap) -> None:
    card = Card(data_map, "fr")
    values = {"given_name": "Zoé;\r\nEND:VCARD", "family_name": "O\\Neil, " + "é" * 60, "birth_known": "1988-05"}
    card.read(HeldItem("identity", "customer_file", "", None, values))
    card.read(HeldItem("contact", "postal_address", "", None, {"line1": "1, rue; de\\Lille", "city": "Lille"}))
    written = card.written("C-1")
    lines = lines_of(written)
    assert [name for name, _value in lines].count("END") == 1
    assert dict(lines)["N"] == "O\\\\Neil\\, " + "é" * 60 + ";Zoé\\;\\nEND:VCARD;;;"
    assert dict(lines)["ADR"] == ";;1\\, rue\\; de\\\\Lille;Lille;;;"
    assert dict(lines)["BDAY"] == "1988-05"
    assert all(len(line) <= LONGEST_LINE for line in written.split(b"\r\n"))


def test_a_card_without_a_name_has_one(data_map: DataMap) -> None:
    assert dict(lines_of(Card(data_map, "en").written("C-1001")))["FN"] == "C-1001"


def with_own_use(path: Path, purpose: str, own: str) -> DataMap:
    """Return a data map in which visits serve one purpose, and the title of the page another one of its own."""
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    of_kind = 'purposes = ["statistics", "security"]\nlawful_basis = "legitimate_interest"'
    of_field = '{ name = "title", type = "text", label = { fr = "Titre", en = "Title" } },\n  { name = "came_from"'
    assert of_kind in text
    assert of_field in text
    basis = "contract" if purpose == "account" else "legitimate_interest"
    text = text.replace(of_kind, f'purposes = ["{purpose}"]\nlawful_basis = "{basis}"', 1)
    text = text.replace(of_field, of_field.replace('type = "text"', f'type = "text", purpose = "{own}"'), 1)
    path.write_text(text, encoding="utf-8")
    return DataMap.load(path)


def test_a_field_with_a_use_of_its_own_counts_by_that_use(tmp_path: Path) -> None:
    """The agreement to one use of one field does not open the whole record, nor does a contract open every field."""
    visit = HeldItem(
        "usage", "page_visit", "", None, {"external_id": "V-1", "page": "/", "title": "Accueil"}, source="w"
    )
    agreed = portable(visit, with_own_use(tmp_path / "1.toml", "security", "form_of_address"), "fr")
    assert isinstance(agreed, HeldItem)
    assert agreed.values == {"external_id": "V-1", "title": "Accueil"}
    assert agreed.lawful_basis == "consent"
    on_contract = portable(visit, with_own_use(tmp_path / "2.toml", "account", "security"), "fr")
    assert isinstance(on_contract, HeldItem)
    assert on_contract.values == {"external_id": "V-1", "page": "/"}
    assert portable(visit, with_own_use(tmp_path / "3.toml", "security", "security"), "fr") is LeftOut.OTHER_BASIS
