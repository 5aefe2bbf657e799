"""What is left to read of an erasure: its page without an account, its certificate, its answer on paper."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db, transaction
from portal.personal_data.erasure.models import JOURNAL, Erasure, ErasureState
from portal.rights.lifecycle import Status
from portal.rights.models import EventKind
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.visitors import sign_in
from tests.support.cases import case, open_case, taken_in
from tests.support.erasing.pages import begin, carry_out, file_erasure, finish, grant, newest_erasure, team
from tests.support.filing import trust_device
from tests.support.looking.audit_trail import all_events
from tests.support.packages import take_in
from tests.support.preferences import FeedClient
from tests.support.records import customer, invoice, record

CAMILLE = "camille@example.org"
Staff = tuple[Browser, Browser]


@pytest.fixture
def staff(people: People) -> Staff:
    return team(people)


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    take_in(
        customer("C-camille", relationship_ended_on="2026-06-30"),
        invoice("F-1", of="C-camille"),
        record("survey_answer", "S-1", {"survey": "Printemps", "question": "Contente ?", "answer": "Oui"}, "C-camille",
               source="support", recorded_at="2026-03-10T10:00:00+01:00"),
    )  # fmt: skip
    return browser


def status_page(app: Flask, mailbox: Mailbox, address: str = CAMILLE) -> Page:
    found = re.search(r"http://localhost:8000(/erasure/\S+)", text_of(mailbox.last_to(address)))
    assert found, text_of(mailbox.last_to(address))
    return Browser(app).get(found[1])


def test_whoever_was_erased_reads_the_certificate_without_an_account(
    app: Flask, camille: Browser, staff: Staff, mailbox: Mailbox
) -> None:
    reference = file_erasure(camille)
    assert carry_out(grant(staff, reference)).state is ErasureState.DONE
    assert (case(reference).status, case(reference).is_open) == (Status.ANSWERED, False)

    page = status_page(app, mailbox)
    assert page.status == 200
    assert "Ces données ont été effacées de ce portail le" in page.text
    assert "(effacer) : ce n’est pas encore demandé, notre équipe doit s’en charger" in page.text
    assert "Ce que la loi nous fait garder, en archive" in page.text
    assert "Factures" in page.text or "Facture" in page.text
    assert "Au plus tard jusqu’au" in page.text
    assert "Une empreinte à clé de l’adresse" in page.text
    assert "porter plainte" in page.text
    assert reference in page.text
    for name in ("Lefèvre", "Camille", CAMILLE):
        assert name not in page.text.replace("L’effacement", "")
    assert page.response.headers["Cache-Control"] == "no-store"
    assert "noindex" in page.response.headers["X-Robots-Tag"]

    assert "Ce que vous avez écrit dans vos demandes" in page.text
    assert "Conservations décidées" not in page.text, "nobody placed a hold: only what is there is said to stay"
    rows = [row.get_text(" ", strip=True) for row in page.tree.select("section.card ul.rows li")]
    assert len(rows) == len(set(rows)), "what stays under one name is one row"

    mail = mailbox.last_to(CAMILLE)
    assert mail["Subject"] == f"{reference} : notre réponse à votre demande d’effacement"
    printed = staff[0].get(f"/staff/requests/{reference}/certificate")
    assert "Notre réponse à votre demande d’effacement" in printed.text
    assert "Ces données ont été effacées de ce portail le" in printed.text


def test_staff_read_of_an_erased_person_that_they_were_and_nothing_invented(camille: Browser, staff: Staff) -> None:
    reference = file_erasure(camille)
    carry_out(grant(staff, reference))
    page = staff[0].get(f"/staff/requests/{reference}")
    assert "Effacée le" in page.text
    assert "Inconnu" not in page.text
    assert "connectée" not in page.text
    assert "Les mots de la demande ne sont plus gardés" in page.text
    assert "Effacement décidé" in page.text


def test_each_kind_of_event_has_a_name_in_the_history_of_staff(app: Flask) -> None:
    with app.test_request_context():
        labels = app.jinja_env.get_template("rights/staff/history.html").make_module({}).event_labels
    assert set(labels) == set(EventKind)


def test_the_page_ends_after_thirty_days(app: Flask, camille: Browser, staff: Staff, mailbox: Mailbox) -> None:
    erasure = carry_out(grant(staff, file_erasure(camille)))
    address = status_page(app, mailbox).url
    assert erasure.token_until is not None
    with clock.stopped_at(erasure.token_until):
        assert Browser(app).get(address).status == 404


def test_while_it_runs_the_page_says_how_far_and_signing_in_answers_as_for_nobody(
    app: Flask, camille: Browser, staff: Staff, mailbox: Mailbox
) -> None:
    reference = file_erasure(camille)
    erasure = grant(staff, reference)
    address = camille.get(f"/requests/{reference}").click("Voir où il en est").url
    begin(erasure)
    page = Browser(app).get(address)
    assert "L’effacement est en cours" in page.text
    finish(erasure)
    assert "L’effacement est fait dans ce portail" in Browser(app).get(address).text
    for who in (CAMILLE, "nobody@example.org"):
        answer = sign_in(Browser(app), who, PASSWORD)
        assert answer.status == 422
    assert camille.get("/data").url.startswith("/sign-in"), "the session is over"
    feed = FeedClient(app)
    assert feed.item("C-camille")["reason"] == "erased"


def test_a_halted_erasure_says_so_and_is_on_the_desk(app: Flask, camille: Browser, staff: Staff) -> None:
    reference = file_erasure(camille)
    erasure = grant(staff, reference)
    address = camille.get(f"/requests/{reference}").click("Voir où il en est").url
    with transaction() as session:
        session.get_one(Erasure, erasure.id).state = ErasureState.HALTED
    page = Browser(app).get(address)
    assert "L’effacement est arrêté" in page.text
    assert "une personne de notre équipe doit l’examiner" in page.text
    assert "Effacements arrêtés" in staff[1].get("/staff/desk").text
    assert "Effacement arrêté : à regarder" in staff[0].get("/staff/queue").text
    assert "Il est arrêté." in open_case(staff[0], reference).text


def test_one_whose_rows_may_lie_in_the_log_of_the_database_is_on_the_desk(camille: Browser, staff: Staff) -> None:
    erasure = carry_out(grant(staff, file_erasure(camille)))
    line = "Effacements arrêtés, ou dont le journal de la base reste à vider"
    assert line not in staff[1].get("/staff/desk").text
    with transaction() as session:
        session.get_one(Erasure, erasure.id).cause = JOURNAL
    assert line in staff[1].get("/staff/desk").text


def test_a_partial_erasure_keeps_account_and_file(app: Flask, camille: Browser, staff: Staff, mailbox: Mailbox) -> None:
    reference = file_erasure(camille, scope="kinds", kinds=["survey_answer"])
    erasure = carry_out(grant(staff, reference))
    assert erasure.state is ErasureState.DONE
    page = camille.get(f"/requests/{reference}")
    assert "Ces données ont été effacées de ce portail le" in page.text
    assert "Voir le certificat d’effacement" in page.text
    assert db.session.execute(select(Customer.status)).scalar_one() is CustomerStatus.ACTIVE
    tags = [event.tag for event in all_events() if event.facts.get("reference") == reference]
    assert tags[-3:] == ["customer:erasure:sealed", "customer:erasure:carried_out", "customer:request:answered"]
    db.session.rollback()


def test_on_paper_for_who_asked_by_post_and_has_no_address(people: People, staff: Staff) -> None:
    from portal.rights.channels import Channel
    from portal.rights.lifecycle import Right

    reference = taken_in(people, Right.ERASURE, email="jeanne@example.org", channel=Channel.POST)
    carry_out(grant(staff, reference))
    page = staff[0].get(f"/staff/requests/{reference}/certificate")
    assert page.status == 200
    assert "jeanne" not in page.text.lower()
    assert newest_erasure().state is ErasureState.DONE
