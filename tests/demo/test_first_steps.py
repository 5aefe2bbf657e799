"""The README's first steps, walked on a fresh demonstration as they are written; and what the demonstration shows."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import select

from portal.app import create_app
from portal.config import Settings
from portal.customers.models import Customer
from portal.demo.consents import WITHOUT_PROOF
from portal.demo.people import CUSTOMERS
from portal.infrastructure.database import db
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.personal_data.agreements import Agreements
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.uses.lawful_bases import LawfulBasis
from portal.preferences.queries import totals
from portal.records.data_map.kinds import Origin, installed_data_map
from portal.records.models import Record
from tests.support.acting.browser import Browser, Page
from tests.support.servers.served import ledger_beside, make_once, shared_folder

SPACES = re.compile(r"[\s\u00a0]+")
WORDS = {
    "fr": {"code": "Utiliser un code", "preferences": "Vos choix sont enregistrés.", "file": "Ouvrir votre fichier"},
    "en": {"code": "Use a code", "preferences": "Your choices are saved.", "file": "Open your file"},
}


@dataclass(frozen=True)
class Fresh:
    """A demonstration of one's own, to act in."""

    app: Any
    folder: Path

    @property
    def content(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "demo.json").read_text("utf-8"))
        return found

    def sign_in(self, email: str, language: str) -> Browser:
        person = next(one for one in self.content["customers"] if one["email"] == email)
        browser = Browser(self.app, language)
        assert browser.get("/sign-in").submit(dict(person), with_field="password").url == "/data"
        browser.post("/language", {"language": language, "csrf_token": browser.form_token("/language")})
        return browser

    def newest_code(self) -> str:
        run_due_jobs()
        newest = max((self.folder / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        body = message_from_bytes(newest.read_bytes(), policy=policy.default).get_body(("plain",))
        assert body is not None
        found = re.search(r"\b\d{6}\b", body.get_content())
        assert found, body.get_content()
        return found[0]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    folder = tmp_path_factory.mktemp("first-steps") / "instance"
    made, _said = make_once(shared_folder(tmp_path_factory))
    shutil.copytree(made, folder)
    shutil.copytree(ledger_beside(made), ledger_beside(folder))
    app = create_app(Settings.from_environment({"PORTAL_INSTANCE": str(folder)}))
    with app.app_context():
        yield Fresh(app, folder)
        db.session.remove()


def show_that_it_is_you(fresh: Fresh, page: Page, email: str, language: str) -> Page:
    """Give the code that a new browser is asked for, as the README says; nobody is asked for a document."""
    if "/requests/identity/" not in page.url:
        return page
    password = next(one["password"] for one in fresh.content["customers"] if one["email"] == email)
    page = page.click(WORDS[language]["code"])
    if page.tree.select("input[name=password]"):
        page = page.submit({"password": password}, with_field="password")
    if not page.tree.select("input[name=code]"):
        page = page.submit(action="/code")
    return page.submit({"code": fresh.newest_code()}, with_field="code")


@pytest.mark.parametrize(
    ("email", "language"), [("camille@example.org", "fr"), ("oliver@example.org", "en"), ("camille@example.org", "en")]
)
def test_a_customer_looks_chooses_and_has_a_copy_a_moment_later(fresh: Fresh, email: str, language: str) -> None:
    words, browser = WORDS[language], fresh.sign_in(email, language)
    for category in CATEGORIES:
        assert browser.get(f"/data/{category}").status == 200
    page = browser.get("/preferences").submit({"offers.sms": "accept"}, with_field="offers.email")
    assert words["preferences"] in page.text
    page = browser.get("/requests/new/access").submit({"scope": "all"}, with_field="scope")
    page = show_that_it_is_you(fresh, page, email, language).submit(action="/send")
    reference = page.url.rpartition("/")[2]
    run_due_jobs()
    page = browser.get(f"/requests/{reference}").click(words["file"])
    assert page.status == 200
    assert page.url.startswith("/answers/")


def test_a_reviewer_takes_the_most_urgent_case(fresh: Fresh) -> None:
    person = next(one for one in fresh.content["staff"] if one["role"] == "reviewer")
    browser = Browser(fresh.app)
    page = browser.get("/staff/sign-in").submit(
        {key: person[key] for key in ("email", "password")}, with_field="password"
    )
    page = page.submit({"code": pyotp.TOTP(person["totp_secret"]).now()}, with_field="code")
    page = browser.get("/staff/queue").submit(action="/next")
    assert page.url.startswith("/staff/requests/DR-")


def text_of(fresh: Fresh, email: str) -> str:
    browser = fresh.sign_in(email, "fr")
    return SPACES.sub(" ", " ".join(browser.get(f"/data/{category}").text for category in CATEGORIES))


def test_it_shows_every_example_that_the_policy_names(fresh: Fresh) -> None:
    said = text_of(fresh, "camille@example.org")
    for example in (
        "Civilité", "Madame", "Identifiant", "Mot de passe enregistré", "Facebook",
        "Facturation", "Livraison", "Adresse e-mail", "Téléphone", "Carte de paiement",
        "Cookie", "Balise web", "Pixel", "Identifiant mobile", "Ouverture d’un e-mail", "Publicité vue",
        "Paiement", "Remboursement", "Retour dans les 14 jours", "Commande", "Abonnement",
        "Préférence indiquée", "Plateforme", "Formulaire du site", "Réseau social", "Mon retour sur le nouvel éditeur",
        "Réponse à un sondage", "Avis", "Profil établi par analyse", "Adresse IP", "Modules du navigateur et versions",
        "uBlock Origin", "x86-64", "Fuseau horaire", "Lieu estimé", "Choix sur la publicité",
        "Choix sur les moyens de vous écrire", "D’un partenaire de données", "D’un fournisseur d’informations",
    ):  # fmt: skip
        assert example in said, example
    kinds, data_map = set(db.session.execute(select(Record.kind)).scalars()), installed_data_map()
    assert kinds == set(data_map.kinds), "every declared kind has a record"
    assert {data_map.kinds[kind].origin for kind in kinds} == set(Origin)


def without_consent(records: list[Record]) -> Counter[str]:
    """Count, by customer, the records collected on consent before which the person never gave it."""
    data_map, missing = installed_data_map(), Counter[str]()
    references = dict(db.session.execute(select(Customer.id, Customer.external_id)).all())
    for record in records:
        kind = data_map.kinds[record.kind]
        if kind.lawful_basis is LawfulBasis.CONSENT:
            choices = data_map.choices_of(kind)
            standing = Agreements.of(record.customer_id, choices).standing(choices, record.recorded_at)
            if not any(answer.is_yes for answer in standing.values()):
                missing[str(references[record.customer_id])] += 1
    return missing


def test_what_is_collected_on_consent_has_its_row_except_for_one_person(fresh: Fresh) -> None:
    missing = without_consent(list(db.session.execute(select(Record)).scalars()))
    assert set(missing) == {WITHOUT_PROOF}, missing
    assert "Cette donnée demande votre accord, et nous n’en trouvons pas la trace." in text_of(
        fresh, "thomas@example.org"
    )
    assert "Nous ne trouvons pas la trace" not in text_of(fresh, "camille@example.org")


def test_the_totals_are_worth_reading(fresh: Fresh) -> None:
    flags = totals().flags
    assert sum(count > 0 for count in flags.values()) >= 15
    assert len(set(flags.values())) >= 6


def test_the_relation_of_two_has_ended(fresh: Fresh) -> None:
    ended = select(Customer.external_id, Customer.relationship_ended_on).where(
        Customer.relationship_ended_on.is_not(None)
    )
    assert sorted(tuple(row) for row in db.session.execute(ended)) == [
        (person.number, person.ended_on) for person in CUSTOMERS if person.ended_on and not person.is_erased
    ]
    assert sum(person.ended_on is not None and not person.is_erased for person in CUSTOMERS) == 2
    newest = (
        select(Record.recorded_at)
        .join(Customer)
        .where(Customer.external_id == "C-1013")
        .order_by(Record.recorded_at.desc())
    )
    julien = next(person for person in CUSTOMERS if person.number == "C-1013")
    assert julien.ended_on is not None
    assert db.session.execute(newest.limit(1)).scalar_one().date() <= julien.ended_on
