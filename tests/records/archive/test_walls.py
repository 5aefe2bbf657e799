"""What lies in the archive is out of use: no page, look-up, portable file or feed shows it; the person's copy does."""

from collections.abc import Callable
from datetime import date

import orjson
import pytest

from portal.access.permissions import Role
from portal.exports.contents import as_csv, as_json, items_of
from portal.infrastructure.database import db, transaction
from portal.lookups.opening import newest_items, open_lookup
from portal.personal_data.categories import CATEGORIES, Category
from portal.records.data_map.kinds import installed_data_map
from portal.records.queries import first_page, overview
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.looking.archive import in_archive, on, order
from tests.support.packages import only_customer, take_in
from tests.support.records import customer, invoice, visit

ENDED = {"relationship_ended_on": "2026-06-30"}


@pytest.fixture
def browser(people: People) -> Browser:
    """Camille, whose relation ended: an invoice and an order lie in the archive, a visit is still in use."""
    signed_in = people.signed_in(external_id="C-1001")
    take_in(customer(email="camille@example.org", **ENDED), invoice("F-77"), order("CMD-7", "130.00"), visit(1))
    on(date(2026, 12, 1))
    assert in_archive() == {"F-77", "CMD-7"}
    return signed_in


def test_the_first_page_counts_it_apart_and_says_until_when(browser: Browser) -> None:
    held = first_page(only_customer().id)
    assert {tile.category: tile.count for tile in held.tiles}["transaction"] == 0
    assert (held.archived.count, held.archived.last_day) == (2, date(2036, 12, 31))
    page = browser.get("/data")
    assert "2 données sont en archive, jusqu’au 31 décembre 2036 au plus tard." in page.text.replace("\u00a0", " ")
    assert page.link("Voir chaque ouverture") == "/access-log"


def test_a_category_lists_nothing_of_it_and_counts_it(browser: Browser) -> None:
    page = browser.get("/data/transaction")
    assert "F-77" not in page.text
    assert "CMD-7" not in page.text
    assert "2 données sont en archive" in page.text.replace("\u00a0", " ")
    assert "données sont en archive" not in browser.get("/data/usage").text
    assert "Nous n’avons rien dans cette catégorie" not in page.text
    assert "La loi nous oblige à garder les factures dix ans." in page.text
    held = overview(only_customer().id, Category.TRANSACTION, installed_data_map())
    assert (held.count, held.archived.count) == (0, 2)


def test_it_costs_the_first_page_no_further_statement(browser: Browser, statements: Callable[[], object]) -> None:
    customer_id = only_customer().id
    with statements() as sent:  # type: ignore[attr-defined]
        first_page(customer_id)
    assert len(sent) == 1


def test_no_look_up_shows_it(browser: Browser, people: People) -> None:
    member = people.staff(Role.SUPPORT)
    with transaction():
        lookup = open_lookup(db.session.merge(member), only_customer(), "Appel du client", None)
    shown = [item for each in CATEGORIES for item in newest_items(lookup, each, "fr")[0]]
    assert not {"F-77", "CMD-7"} & {item.values.get("external_id") for item in shown}


def test_a_portable_file_leaves_it_out_and_a_copy_says_until_when_and_why(browser: Browser) -> None:
    customer_id = only_customer().id
    assert not list(items_of(customer_id, "transaction", "fr", "portability"))
    fields: dict[str, None] = {}
    written = b"".join(as_json(items_of(customer_id, "transaction", "fr", "access"), fields, [0]))
    copied = orjson.loads(written)
    by_number = {item["values"]["number"]: item["values"] for item in copied}
    assert by_number["F-77"]["archived_until"] == "2036-12-31"
    assert by_number["F-77"]["archived_because"] == "article L123-22 du Code de commerce"
    assert by_number["CMD-7"]["archived_until"] == "2036-03-10"
    assert by_number["CMD-7"]["amount"] == "130.00", "whole, as what is in use"
    table = b"".join(as_csv(iter([written]), list(fields))).decode()
    assert "archived_until" in table.splitlines()[0]
    (note, *_rest) = [item.note for item in items_of(customer_id, "transaction", "fr", "access")]
    assert "En archive, au plus tard jusqu’au" in note


def test_what_is_in_use_is_not_marked(browser: Browser) -> None:
    (found,) = [item for item in items_of(only_customer().id, "usage", "fr", "access") if item.source != "portal"]
    assert "archived_until" not in found.values
