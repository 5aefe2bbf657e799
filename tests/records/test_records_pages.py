"""What a customer sees: nine tiles, records newest first and masked, five answers; never somebody else's data."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.personal_data import notices
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.notices import Notice, RecentAccess
from portal.records.models import Record
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.keeping import restrict
from tests.support.records import customer, invoice, record, removed, visit

CAMILLE = "C-camille"
TakeIn = Callable[..., list[Any]]


def headings(page: Page, level: str = "h2") -> list[str]:
    return [" ".join(tag.get_text(" ").replace("\u00a0", " ").split()) for tag in page.tree.select(f"main {level}")]


def cards(page: Page, part: str = "#records") -> list[str]:
    """Return the words of each record of a part of the page."""
    found = page.tree.select(f"{part} details.record")
    return [" ".join(card.get_text(" ").replace("\u00a0", " ").split()) for card in found]


def tile(page: Page, name: str) -> str:
    """Return the words of one tile of the dashboard."""
    for item in page.tree.select(".tiles > li"):
        if item.strong.get_text(strip=True) == name:
            return " ".join(item.get_text(" ").replace("\u00a0", " ").replace("\u202f", " ").split())
    raise AssertionError(f"no tile {name}")


def test_the_dashboard_shows_nine_tiles_in_their_order_with_counts_and_dates(people: People, take_in: TakeIn) -> None:
    browser = people.signed_in()
    newest = clock.now() - timedelta(days=30)
    take_in(invoice(of=CAMILLE, recorded_at=(newest - timedelta(days=9)).isoformat()))
    take_in(invoice("F-2", of=CAMILLE, recorded_at=newest.isoformat()))
    page = browser.get("/data")
    assert page.h1 == "Bonjour Camille"
    names = [name.get_text(strip=True) for name in page.tree.select(".tiles strong")]
    assert names == [category.label("fr") for category in CATEGORIES]
    assert (
        tile(page, "Achats et paiements")
        == f"2 Achats et paiements il y a {(clock.today() - clock.local_date(newest)).days} jours"
    )
    assert tile(page, "Utilisation") == "0 Utilisation"
    for words, path in [
        ("Télécharger mes données", "/requests/new/access"),
        ("Faire une demande", "/requests/new"),
        ("Régler mes préférences", "/preferences"),
    ]:
        assert page.link(words) == path
    assert len(page.tree.select("main .button.primary")) == 1


def test_large_numbers_and_both_languages(people: People, take_in: TakeIn) -> None:
    browser = people.signed_in(language="en")
    take_in(*(visit(number, of=CAMILLE) for number in range(1248)))
    assert tile(browser.get("/data"), "Usage").startswith("1,248 Usage")
    page = browser.get("/data/usage")
    assert page.h1 == "Usage"
    assert page.text.count("Kept until") == 30


def test_one_state_comes_first_and_the_last_looks_last(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_requests(asked: Customer) -> list[Notice]:
        return [
            Notice("Effacer mes données", "dans 4 jours", "/requests/DR-1", "Suivre", "DR-1",
                   before="Réponse le", day=date(2026, 12, 4)),
            Notice("Recevoir une copie", "Nous attendons votre réponse.", "/requests/DR-2", "Suivre", "DR-2"),
        ]  # fmt: skip

    def looks(asked: Customer, number: int) -> list[RecentAccess]:
        return [
            RecentAccess(clock.now() - timedelta(days=day), "Service client", "Coordonnées", f"Appel {day}")
            for day in (3, 1, 2, 4)
        ][:number]

    monkeypatch.setattr(notices, "_notices", [open_requests, lambda asked: []])
    monkeypatch.setattr(notices, "_accesses", [looks])
    page = people.signed_in().get("/data")
    assert headings(page)[0] == "Effacer mes données"
    assert page.link("Suivre") == "/requests/DR-1"
    hero = " ".join(page.tree.select_one(".hero").get_text(" ").replace("\u00a0", " ").split())
    assert "DR-1 Réponse le vendredi 4 décembre 2026 dans 4 jours" in hero
    assert page.link("Recevoir une copie") == "/requests/DR-2"
    assert "Nous attendons votre réponse." in page.text
    assert len(page.tree.select("main .button")) == 1
    assert headings(page)[-1] == "Qui a vu vos données récemment"
    assert [item.find_all("p")[1].get_text() for item in page.tree.select(".timeline li")] == [
        "Appel 1", "Appel 2", "Appel 3",
    ]  # fmt: skip


def test_restricted_and_unmatched_people_are_told(people: People) -> None:
    browser = people.signed_in(external_id=None)
    assert "n’est encore relié à aucune fiche client" in browser.get("/data").text
    with transaction():
        person = db.session.execute(select(Customer)).scalar_one()
        restrict(person)
    assert "l’usage de vos données est en pause" in browser.get("/data").text


def test_a_category_shows_its_records_newest_first_then_five_answers(people: People, take_in: TakeIn) -> None:
    browser = people.signed_in()
    take_in(
        invoice(of=CAMILLE),
        invoice("F-NEW", amount="1234.50", of=CAMILLE, recorded_at="2026-05-10T10:00:00+02:00"),
        record("payment", "P-1", {"reference": "P-1", "amount": "5", "card_last4": "4242"}, CAMILLE,
               source="payments"),
    )  # fmt: skip
    page = browser.get("/data/transaction")
    assert page.h1 == "Achats et paiements"
    shown = cards(page)
    assert len(shown) == 3
    assert shown[0].replace("\u202f", " ").startswith("F-NEW 10 mai 2026 1 234,50 €")
    assert "Date 10 mai 2026 à 10 h 00 Vient de Facturation" in shown[0]
    assert "Montant 1 234,50 €" in shown[0].replace("\u202f", " ")
    assert "Jusqu’au 31 décembre 2036" in shown[0]
    assert any("Carte •••• 4242" in card for card in shown)
    assert headings(page) == [
        "Facture", "Paiement",
        "D’où viennent ces données ?", "À quoi servent-elles ?", "Qui les reçoit ?",
        "Combien de temps les gardons-nous ?", "Que pouvez-vous faire ?",
    ]  # fmt: skip
    assert page.link("Télécharger cette catégorie") == "/requests/new/access?categories=transaction"
    assert "La loi nous oblige à garder les factures dix ans." in page.text
    assert "OVH" in page.text


def test_only_the_rights_that_the_law_gives_are_offered(people: People, take_in: TakeIn) -> None:
    browser = people.signed_in()
    take_in(
        invoice(of=CAMILLE),
        visit(1, of=CAMILLE),
        record("fraud_score", "S-1", {"score": 3}, CAMILLE, source="payments"),
        record("tracker", "T-1", {"name": "_nk", "technique": "cookie"}, CAMILLE, source="analytics"),
    )

    def rights(category: str) -> set[str]:
        page = browser.get(f"/data/{category}")
        links = page.tree.select("section[aria-labelledby=question-rights] li > a")
        assert all("categories=" in str(link["href"]) or link["href"] == "/preferences" for link in links)
        return {str(link["href"]).split("?")[0].rpartition("/")[2] for link in links}

    # An invoice is a legal obligation; a visit, a legitimate interest; a tracker, a consent; a score is inferred.
    assert rights("transaction") == {"access", "rectification", "restriction"}
    assert rights("usage") == {"access", "rectification", "erasure", "restriction", "objection"}
    assert rights("profile") == {"access", "rectification", "erasure", "restriction", "objection"}
    assert rights("tracking") == {
        "access", "rectification", "erasure", "restriction", "portability", "preferences",
    }  # fmt: skip


def test_an_empty_category_says_so_and_still_answers(people: People) -> None:
    page = people.signed_in().get("/data/financial")
    assert "Nous n’avons rien dans cette catégorie." in page.text
    assert len([name for name in headings(page) if name.endswith("?")]) == 5
    assert "Carte de paiement" in page.text or "Encaisser vos paiements" in page.text


def test_what_the_portal_itself_holds_is_shown_with_the_records(people: People, take_in: TakeIn) -> None:
    browser = people.signed_in()
    take_in(record("username", "U-1", {"username": "camille"}, CAMILLE, source="platform"))
    page = browser.get("/data/identity")
    assert len(cards(page)) == 1
    own = " ".join(cards(page, "[aria-labelledby=portal]"))
    assert "Mot de passe défini, changé le" in own
    assert "argon2" not in page.text
    count = int(tile(browser.get("/data"), "Identité").split()[0])
    assert count == 1 + len(cards(page, "[aria-labelledby=portal]"))


@pytest.mark.parametrize("path", ["/data/health", "/data/Identity", "/data/identity%00", "/data/..%2f"])
def test_other_categories_do_not_exist(people: People, path: str) -> None:
    assert people.signed_in().get(path).status == 404


def test_nobody_sees_the_data_of_somebody_else(people: People, take_in: TakeIn) -> None:
    people.account("other@example.org")
    take_in(
        invoice("F-THEIRS", of="C-other"),
        *(visit(number, of="C-other") for number in range(120)),
        *(visit(number, of=CAMILLE) for number in []),
    )
    browser = people.signed_in()
    assert "F-THEIRS" not in browser.get("/data/transaction").text
    assert tile(browser.get("/data"), "Utilisation") == "0 Utilisation"
    theirs = people.sign_in("other@example.org")
    page = theirs.get("/data/usage")
    assert len(cards(page)) == 30
    stolen = page.link("Plus anciennes")
    assert browser.get(stolen).status == 400


def test_pages_go_forwards_and_backwards_without_a_gap_or_a_double(people: People, take_in: TakeIn) -> None:
    browser = people.signed_in()
    same_instant = "2026-03-10T10:00:00+01:00"
    take_in(*(visit(number, of=CAMILLE, recorded_at=same_instant) for number in range(70)))
    take_in(*(visit(number, of=CAMILLE) for number in range(70, 173)))
    seen: list[list[str]] = []
    page = browser.get("/data/usage")
    while True:
        seen.append(pages_shown(page))
        if not has_link(page, "Plus anciennes"):
            break
        page = page.click("Plus anciennes")
    flat = [name for names in seen for name in names]
    assert [len(names) for names in seen] == [30, 30, 30, 30, 30, 23]
    assert len(set(flat)) == 173
    for names in reversed(seen[:-1]):
        page = page.click("Plus récentes")
        assert pages_shown(page) == names
    assert not has_link(page, "Plus récentes")
    assert "(page suivante)" in browser.get(page.link("Plus anciennes")).tree.title.get_text()


def pages_shown(page: Page) -> list[str]:
    """Return the address in the title of each record of a page."""
    return [title.get_text(strip=True) for title in page.tree.select("#records summary strong")]


def has_link(page: Page, words: str) -> bool:
    return any(words in link.get_text() for link in page.tree.find_all("a"))


def test_a_cursor_that_was_touched_is_refused(people: People, take_in: TakeIn) -> None:
    browser = people.signed_in()
    take_in(*(visit(number, of=CAMILLE) for number in range(60)))
    address = browser.get("/data/usage").link("Plus anciennes")
    assert browser.get(address).status == 200
    for wrong in (address[:-2], address + "x", address.replace("usage", "technical"), "/data/usage?cursor=%00"):
        assert browser.get(wrong).status == 400, wrong


def test_a_removed_record_leaves_a_cursor_usable(people: People, take_in: TakeIn) -> None:
    browser = people.signed_in()
    take_in(*(visit(number, of=CAMILLE) for number in range(52)))
    address = browser.get("/data/usage").link("Plus anciennes")
    take_in(*(removed("page_visit", f"V-{number}", CAMILLE) for number in range(52)))
    page = browser.get(address)
    assert "Il n’y a rien de plus ancien." in page.text
    assert page.click("Revenir aux plus récentes").status == 200


NAUGHTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "%(name)s %s %%",
    "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤",
    "مرحبا \u202e txt.exe",
    "Jean-Baptiste de La Rochefoucauld-Montbel-Courtenay",
    "👩‍👩‍👧‍👦 🏳️‍🌈",
    "' OR 1=1 --",
]


def test_whatever_was_sent_is_shown_as_text(people: People, take_in: TakeIn) -> None:
    browser = people.signed_in(given_name=NAUGHTY[0], family_name=NAUGHTY[1])
    exchange = {"channel": "email", "direction": "in"}
    refused = take_in(
        *(
            record("support_exchange", f"E-{place}", exchange | {"subject": text, "body": f"{text}\n\n{text}" * 40},
                   CAMILLE, source="support")
            for place, text in enumerate(NAUGHTY)
        )
    )  # fmt: skip
    assert refused == []
    page = browser.get("/data/profile")
    body = page.response.get_data(as_text=True)
    assert "<script>alert" not in body
    assert "<img src=x" not in body
    for text in NAUGHTY:
        assert " ".join(text.replace("\u202e", "").split()) in page.text
    assert browser.get("/data").h1 == f"Bonjour {NAUGHTY[0]}"
    assert page.tree.select("details .words")


def test_records_of_a_kind_that_is_declared_no_longer_show_no_value(people: People) -> None:
    browser = people.signed_in()
    with transaction() as session:
        owner = session.execute(select(Customer)).scalar_one()
        session.add(
            Record(
                customer_id=owner.id, kind="forgotten_kind", category="usage", external_id="X-1",
                recorded_at=clock.now(), source="gone", values={"secret": "4242"}, expires_on=None,
            )
        )  # fmt: skip
    page = browser.get("/data/usage")
    assert "forgotten_kind" in page.text
    assert "4242" not in page.text


def test_a_corrected_record_and_an_overdue_one_say_so(people: People, take_in: TakeIn) -> None:
    browser = people.signed_in()
    # What an import brings past its last day is not kept; this visit came in time and was not removed since.
    with clock.stopped_at(datetime(2020, 1, 20, tzinfo=UTC)):
        take_in(visit(1, of=CAMILLE, recorded_at="2020-01-15T10:00:00Z"))
    take_in(
        record("username", "U-1", {"username": "camille"}, CAMILLE, source="platform"),
    )
    with transaction() as session:
        held = session.execute(select(Record).where(Record.kind == "username")).scalar_one()
        held.corrected_at = datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert "Corrigé le 4 mars 2026" in browser.get("/data/identity").text
    assert "Son délai a pris fin le 15 février 2022" in browser.get("/data/usage").text


def test_signing_in_is_needed(app: Any) -> None:
    for path in ("/data", "/data/identity"):
        page = Browser(app).get(path, follow=False)
        assert page.status == 303
        assert page.response.location.startswith("/sign-in?next=")


def test_a_customer_line_may_come_after_the_account(people: People, take_in: TakeIn) -> None:
    browser = people.signed_in()
    assert take_in(customer(CAMILLE, given_name="Camille-Marie", email="camille@example.org")) == []
    assert browser.get("/data").h1 == "Bonjour Camille-Marie"
