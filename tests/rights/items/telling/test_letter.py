"""The letter of an answer: a function of the items and one paragraph, the same bytes whenever it is made again."""

import hashlib
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from portal import clock
from portal.infrastructure.database import db, transaction
from portal.letters.models import Dispatch
from portal.personal_data.outcomes import ItemOutcome
from portal.rights.items.making import exceptions_of, items_of
from portal.rights.items.models import ItemException, ItemState, RequestItem
from portal.rights.items.telling.letter import CODE, VERSION, letter_of
from portal.rights.lifecycle import Outcome, Right
from portal.rights.models import RequestEvent, RightsRequest
from tests.support.acting.people import People
from tests.support.cases import case, decide, open_case, refusal_values, second, taken_in
from tests.support.erasing.pages import carry_out, file_erasure, grant, team
from tests.support.filing import trust_device
from tests.support.packages import take_in
from tests.support.records import customer, invoice, record

DONE = datetime(2026, 11, 22, 10, tzinfo=UTC)


def item(number: int, **facts: object) -> RequestItem:
    given = {"part": "records", "kind": "page_visit", "rule": "", "planned": 3, "done": 0, "systems": [], "words": ""}
    given |= {"ground": "", "legal_reference": "", "is_then_erased": False, "state": ItemState.DECIDED}
    return RequestItem(id=number, **given | facts)


def a_request(language: str = "fr", right: Right = Right.ERASURE) -> RightsRequest:
    return RightsRequest(id=1, right=right, language=language, reference="DR-2026-00001")


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


ITEMS = [
    item(1, outcome=ItemOutcome.ERASED, done_at=DONE, done=3, state=ItemState.DONE, systems=["website"]),
    item(2, kind="support_exchange", planned=2, outcome=ItemOutcome.ERASED),
    item(3, kind="invoice", planned=12, outcome=ItemOutcome.ARCHIVED, ground="legal_obligation", done_at=DONE, done=12,
         legal_reference="article L123-22 du Code de commerce", until_on=date(2035, 12, 31), is_then_erased=True),
    item(4, kind="order", planned=4, outcome=ItemOutcome.KEPT, ground="legal_claims", is_then_erased=True),
]  # fmt: skip


def test_each_item_is_told_done_only_once_it_is_done(app: Flask) -> None:
    told = plain(letter_of(a_request(), ITEMS, "Bonjour.", "fr", as_of=DONE).text)
    assert told.startswith("Bonjour.\n\nCe qui est fait\n– Visite de page (3) : effacement de ce portail fait le")
    assert "22 novembre 2026" in told
    waits = told.index("Ce qui est décidé, et reste à faire")
    assert "effacement de ce portail décidé, qui n’est pas encore fait" in told[waits:]
    kept = told[told.index("Ce que nous gardons, pourquoi et jusqu’à quand") :]
    for words in (
        "Facture (12)", "La loi nous oblige à garder ces données (article L123-22 du Code de commerce).",
        "Conservation jusqu’au 31 décembre 2035 au plus tard, puis effacement sans nouvelle demande.",
        "Conservation tant que ce motif dure", "Notre équipe doit encore prévenir ces systèmes de l’entreprise", "CNIL",
        "tribunal judiciaire",
    ):  # fmt: skip
        assert words in kept, words
    before = plain(letter_of(a_request(), ITEMS, "", "fr", as_of=DONE - timedelta(seconds=1)).text)
    assert "Ce qui est fait" not in before


def test_what_a_person_kept_until_a_day_is_not_said_to_go_by_itself(app: Flask) -> None:
    """Nothing carries such a day out: the person may ask again, and is told so."""
    until, ground = date(2027, 5, 31), "still_needed"
    kept = [
        item(1, outcome=outcome, ground=ground, until_on=until) for outcome in (ItemOutcome.KEPT, ItemOutcome.REFUSED)
    ]
    apart = ItemException(id=1, item_id=1, external_id="V-1", outcome=ItemOutcome.KEPT, ground=ground)
    told = plain(letter_of(a_request(), kept, "", "fr", [apart], as_of=DONE).text)
    said = "Ce motif vaut jusqu’au 31 mai 2027. Ensuite, vous pourrez demander de nouveau l’effacement."
    assert (told.count(said), "sans nouvelle demande" in told) == (2, False)


def test_english_is_written_in_english(app: Flask) -> None:
    told = letter_of(a_request("en"), ITEMS, "Dear Emma,", "en", as_of=DONE).text
    for words in ("What is done", "erased from this portal on 22 November 2026", "What we keep, why and until when"):
        assert words in plain(told)
    own_words = told.split("You can complain")[0].replace(ITEMS[2].legal_reference, "")
    assert not re.search(r"[éèàù]", own_words)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("outcome", ItemOutcome)
def test_every_outcome_has_its_words(app: Flask, language: str, outcome: ItemOutcome) -> None:
    ground = "still_needed" if outcome.is_negative and outcome is not ItemOutcome.MISSING else ""
    found = item(1, outcome=outcome, proposed=outcome, ground=ground)
    apart = ItemException(item_id=1, external_id="V-2", outcome=ItemOutcome.KEPT, ground="still_needed")
    told = letter_of(a_request(language), [found], "", language, [apart]).text
    assert "V-2" in told
    assert len(told.splitlines()) > 3


@pytest.mark.parametrize(
    ("language", "line"),
    [
        (
            "fr",
            "– Facture, dans « Facturation » (2) ; Identité, dans ce portail (3) : copie déposée dans votre compte le",
        ),
        ("en", "– Invoice, in “Billing” (2); Identity, in this portal (3): a copy was ready in your account on"),
    ],
)
def test_things_of_one_fate_stand_in_a_line_that_can_be_read(app: Flask, language: str, line: str) -> None:
    handed = {"outcome": ItemOutcome.HANDED, "done_at": DONE, "state": ItemState.DONE}
    found = [
        item(1, kind="invoice", rule="billing", done=2, **handed),
        item(2, part="portal", kind="identity", done=3, **handed),
    ]
    assert line in plain(letter_of(a_request(language, Right.ACCESS), found, "", language, as_of=DONE).text)


@pytest.mark.parametrize(
    ("language", "span"),
    [("fr", "du 1er mars 2026 au 22 novembre 2026"), ("en", "from 1 March 2026 to 22 November 2026")],
)
def test_days_are_written_in_words(app: Flask, language: str, span: str) -> None:
    days = {"from_at": datetime(2026, 3, 1, 10, tzinfo=UTC), "to_at": DONE}
    apart = ItemException(item_id=1, outcome=ItemOutcome.KEPT, ground="still_needed", **days)
    told = letter_of(a_request(language), [item(1, outcome=ItemOutcome.ERASED)], "", language, [apart]).text
    assert span in plain(told)
    assert not re.search(r"\d{4}-\d\d-\d\d", told)


def test_the_same_bytes_are_made_again(people: People) -> None:
    browser = people.signed_in()
    trust_device()
    take_in(
        record(
            "survey_answer", "S-1", {"survey": "Été", "question": "?", "answer": "Oui"}, "C-camille", source="support"
        )
    )
    reference = file_erasure(browser, scope="some", categories=["profile"])
    carry_out(grant(team(people), reference))
    sent = db.session.execute(select(Dispatch).where(Dispatch.letter_code == CODE)).scalar_one()
    first = made_again(reference)
    assert (hashlib.sha256(first.encode()).hexdigest(), VERSION) == (sent.sha256, sent.template_version)
    with transaction() as session:  # what is done later is no part of the letter that left
        session.execute(
            update(RequestItem).values(done_at=clock.now() + timedelta(days=30)).where(RequestItem.done_at.is_(None))
        )
    assert made_again(reference) == first


def test_what_stays_says_how_long_at_least_and_goes_on_after_a_colon(app: Flask) -> None:
    kept = item(1, kind="order", outcome=ItemOutcome.KEPT, ground="hold")
    told = plain(letter_of(a_request(), [kept], "", "fr").text)
    assert "– Commande (3) : un litige ou un contrôle demande de garder ces données." in told
    assert "Conservation au moins tant que ce motif dure." in told


def test_as_many_items_are_announced_as_stand_there(people: People) -> None:
    """Tables of which there is nothing are items too, and no line of the page."""
    browser = people.signed_in()
    trust_device()
    reference = file_erasure(browser)
    reviewer, officer = team(people)
    decide(open_case(reviewer, reference), "refused", "Non.", **refusal_values(Right.ERASURE))
    second(officer, reference)
    page = browser.get(f"/requests/{reference}")
    announced = re.search(r"(\d+) points", page.text)
    assert announced and int(announced[1]) == len(page.tree.select("#items ~ details li"))


def made_again(reference: str) -> str:
    found = case(reference)
    paragraph = db.session.execute(
        select(RequestEvent.text).where(RequestEvent.request_id == found.id, RequestEvent.kind == "answered")
    ).scalar_one()
    items, apart = items_of(found.id), exceptions_of(found.id)
    return letter_of(found, items, paragraph, found.language, apart, found.answered_at).text


def test_vector_9_an_invoice_stays_in_the_archive_and_the_letter_is_partial(app: Flask, people: People) -> None:
    """Invoice of 2025 and a profile, all erased on 2026-11-22: archived to 2035-12-31, the rest gone."""
    with clock.stopped_at(datetime(2026, 11, 22, 9, tzinfo=UTC)):
        people.customer()
        take_in(
            customer("C-camille", email="camille@example.org", relationship_ended_on="2026-06-30"),
            invoice("F-1", of="C-camille", recorded_at="2025-03-10T10:00:00+01:00"),
            record("survey_answer", "S-1", {"survey": "Été", "question": "?", "answer": "Oui"}, "C-camille", source="support"),
        )  # fmt: skip
        reference = taken_in(people, Right.ERASURE)
        carry_out(grant(team(people), reference))
    found = case(reference)
    assert found.outcome is Outcome.PARTIAL
    (archived,) = [item for item in items_of(found.id) if item.outcome is ItemOutcome.ARCHIVED]
    assert (archived.kind, archived.done, archived.until_on) == ("invoice", 1, date(2035, 12, 31))
    letter = plain(made_again(reference))
    for words in (
        "Facture (1) : mise en archive faite le", "Conservation jusqu’au 31 décembre 2035 au plus tard",
        "Réponse à un sondage (1)", " : effacement de ce portail fait le", "doivent agir à leur tour et ne l’ont pas encore confirmé",
        "CNIL",
    ):  # fmt: skip
        assert words in letter, words
    assert "Facturation" not in letter, "its invoices stay, by law"
    left = db.session.execute(
        text("SELECT (SELECT COUNT(*) FROM records), (SELECT COUNT(*) FROM archived_records)")
    ).one()
    assert tuple(left) == (0, 1)
