"""Asking for an erasure: how far it goes, what it would do before it is sent, and what must end first."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.infrastructure.database import db
from portal.personal_data.erasure import planning
from portal.personal_data.erasure.becoming import becomings
from portal.personal_data.erasure.scope import Extent, Scope
from portal.records.models import Record
from portal.rights.erasing.names import has_name
from portal.rights.lifecycle import Status
from portal.rights.models import EventKind
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.cases import case, decide, open_case, second
from tests.support.erasing.pages import carry_out, file_erasure, grant, newest_erasure, team
from tests.support.filing import trust_device
from tests.support.packages import take_in
from tests.support.records import Line, invoice, record

CAMILLE = "camille@example.org"
SUBSCRIPTION = {"product": "Netkin", "plan": "Essentiel", "started_on": "2026-01-01"}


def answer(number: str) -> Line:
    """Return an answer to a survey, which nothing but the person's yes keeps."""
    values = {"survey": "Printemps", "question": "Contente ?", "answer": "Oui"}
    return record("survey_answer", number, values, "C-camille", source="support")


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    take_in(invoice("F-1", of="C-camille"), answer("S-1"), answer("S-2"))
    return browser


def check_page(browser: Browser, **values: object) -> Page:
    return browser.get("/requests/new/erasure").submit({"scope": "all"} | values, with_field="scope")


def test_before_sending_one_reads_what_is_erased_archived_and_what_it_means(camille: Browser) -> None:
    page = check_page(camille)
    assert page.h1 == "Vérifiez votre demande"
    for words in (
        "Ce qui sera effacé", "Réponse à un sondage", "Ce que la loi nous fait garder, en archive", "Facture",
        "Votre compte ici prend fin", "personne ne peut revenir en arrière", "D’abord votre copie ?",
        "gardez une copie de celles dont vous avez besoin",
    ):  # fmt: skip
        assert words in page.text, words


def test_an_open_copy_is_named_and_other_requests_end_with_the_file(camille: Browser, people: People) -> None:
    copy = camille.get("/requests/new/access").submit({"scope": "all", "details": "Tout."}, with_field="scope")
    copied = copy.submit(action="/send").url.rpartition("/")[2]
    wrong = camille.get("/requests/new/rectification").submit(
        {"category": "contact", "wrong": "Rue."}, with_field="wrong"
    )
    corrected = wrong.submit(action="/send").url.rpartition("/")[2]
    page = check_page(camille)
    assert f"Vous avez demandé une copie : {copied}" in page.text
    assert f"Cette demande prend fin avec votre dossier : {corrected}" in page.text
    reference = file_erasure(camille)
    staff = team(people)
    page = open_case(staff[0], reference)
    assert f"Il attend la copie de {copied}" in page.text
    assert f"Ce dossier prend fin avec la fiche : {corrected}" in page.text


def test_the_reviewer_reads_the_same_plan_with_its_digest(camille: Browser, people: People) -> None:
    reference = file_erasure(camille)
    staff = team(people)
    page = open_case(staff[0], reference)
    digest = planning.plan(case(reference).customer_id, Scope()).digest
    assert "Ce que ferait cet effacement" in page.text
    assert f"Empreinte de ce plan : {digest}" in page.text
    assert grant(staff, reference).digest == digest


def test_one_record_is_asked_for_from_its_category(camille: Browser, people: People) -> None:
    page = camille.get("/data/profile").click("Faire effacer")
    assert "Seulement ceci" in page.text
    page = page.submit(with_field="scope")
    assert "Ce qui sera effacé" in page.text
    assert "Votre compte ici prend fin" not in page.text
    reference = page.submit(action="/send").url.rpartition("/")[2]
    erasure = carry_out(grant(team(people), reference))
    assert Scope.read(erasure.scope).extent is Extent.RECORDS
    left = db.session.execute(select(Record.external_id).where(Record.kind == "survey_answer")).scalars().all()
    assert len(left) == 1
    assert left[0] not in case(reference).answers["record"]


def test_a_record_of_somebody_else_is_not_offered(camille: Browser, people: People) -> None:
    people.account("lucas@example.org")
    take_in(answer("S-9") | {"customer": "C-lucas"})
    page = camille.get("/requests/new/erasure?kind=survey_answer&record=S-9")
    assert "Seulement ceci" not in page.text
    data = {"csrf_token": camille.form_token("/account"), "scope": "record", "record": "survey_answer:S-9"}
    assert camille.post("/requests/new/erasure", data).status == 422


def test_while_a_contract_runs_everything_waits_or_goes_without_it(camille: Browser, people: People) -> None:
    take_in(record("subscription", "AB-1", SUBSCRIPTION, "C-camille"))
    page = check_page(camille)
    assert "Un contrat est encore en cours" in page.text
    reference = page.submit(action="/send").url.rpartition("/")[2]
    staff = team(people)
    decide(open_case(staff[0], reference), "granted")
    refused = second(staff[1], reference)
    assert (refused.status, refused.errors) == (422, ["Ceci doit d’abord prendre fin : Abonnement."])
    assert case(reference).status is Status.SECOND_OPINION
    camille.get(f"/requests/{reference}/withdraw").submit(action="/withdraw")

    reference = file_erasure(camille, when_it_ends="y")
    erasure = grant(staff, reference)
    assert Scope.read(erasure.scope).extent is Extent.CATEGORIES
    kept = {item["kind"]: item["is_then_erased"] for item in erasure.items if item["outcome"] == "kept"}
    assert kept["subscription"] is True
    assert newest_erasure().id == erasure.id
    told = open_case(staff[0], reference).text
    once = "Votre contrat en cours en a besoin, jusqu’à sa fin (article 6, paragraphe 1, point b), du RGPD)."
    assert once in told, "the reason and the law, each once"
    assert "Effacement décidé" in told


def test_staff_read_a_name_for_all_that_happens(app: Flask) -> None:
    with app.test_request_context():
        history = app.jinja_env.get_template("rights/staff/history.html").make_module()
        labels = {str(kind): str(words) for kind, words in vars(history)["event_labels"].items()}
    assert labels.keys() == set(EventKind)
    assert all(labels.values())


def test_every_part_of_a_plan_has_a_name(app: Flask) -> None:
    parts = [part for part, _erasing in planning.all_erasing()] + [
        part for part, becoming in becomings().items() if becoming.leaves
    ]
    assert [part for part in parts if not has_name(part)] == []
