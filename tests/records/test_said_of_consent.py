"""What the pages and the copy say of consent: the rule, what this person chose with its date, and no more than that."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from portal.customers.models import Customer
from portal.exports.information import article_15_information
from portal.infrastructure.database import db, transaction
from portal.preferences.choices.consent import Choice, record_choices
from portal.preferences.models import ConsentRecord, Origin
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.records import Line, record
from tests.support.servers.facebook import link_facebook

TakeIn = Callable[..., list[Any]]
CAMILLE = "C-camille"
SEPARATOR = re.compile(r"[\s\u00a0]+")


def survey(number: int, at: str = "2026-03-10T10:00:00+01:00") -> Line:
    values = {"survey": "Printemps", "question": f"Question {number}", "answer": "Oui"}
    return record("survey_answer", f"S-{number}", values, CAMILLE, recorded_at=at)


def choose(is_yes: bool, at: datetime, flag: str = "surveys.email") -> None:
    customer = db.session.execute(select(Customer).where(Customer.external_id == CAMILLE)).scalar_one()
    with transaction():
        choice = Choice(flag, is_yes, "J’accepte les sondages.", "1")
        record_choices(customer, [choice], origin=Origin.IMPORT, language="fr", effective_at=at)


def words(browser: Browser, category: str = "profile") -> str:
    return SEPARATOR.sub(" ", browser.get(f"/data/{category}").text)


@pytest.fixture
def browser(people: People, take_in: TakeIn) -> Browser:
    signed_in = people.signed_in()
    assert take_in(survey(1)) == []
    return signed_in


def test_nobody_is_told_that_they_agreed_who_never_did(browser: Browser) -> None:
    said = words(browser)
    assert "Seulement avec votre accord (consentement, article 6.1.a du RGPD)" in said
    assert "Nous n’avons aucune trace d’un accord de votre part." in said
    assert "Cette donnée demande votre accord, et nous n’en trouvons pas la trace. Vous pouvez la faire effacer" in said
    assert "Vous avez donné" not in said


def test_who_agreed_reads_when(browser: Browser) -> None:
    choose(True, datetime(2026, 2, 1, 9, tzinfo=UTC))
    said = words(browser)
    assert "Vous avez donné cet accord pour 1 choix sur 5, en dernier lieu le 1er février 2026." in said
    assert "Recueilli avec votre accord du 1er février 2026." in said
    assert "aucune trace" not in said


def test_an_agreement_after_the_fact_does_not_cover_it(browser: Browser) -> None:
    choose(True, datetime(2026, 3, 11, 9, tzinfo=UTC))
    said = words(browser)
    assert "Vous avez donné cet accord pour 1 choix sur 5, en dernier lieu le 11 mars 2026." in said
    assert "Cette donnée demande votre accord, et nous n’en trouvons pas la trace. Vous pouvez la faire effacer" in said


def test_who_took_it_back_reads_that_and_what_was_collected_before_stays_covered(browser: Browser) -> None:
    choose(True, datetime(2026, 2, 1, 9, tzinfo=UTC))
    choose(False, datetime(2026, 4, 1, 9, tzinfo=UTC))
    said = words(browser)
    assert "Vous l’avez refusé ou retiré le 1er avril 2026." in said
    assert "Recueilli avec votre accord du 1er février 2026." in said
    assert "Vous avez donné cet accord" not in said


def test_each_row_that_goes_takes_its_sentence_along(browser: Browser) -> None:
    choose(True, datetime(2026, 2, 1, 9, tzinfo=UTC))
    assert "1er février 2026" in words(browser)
    with transaction() as session:
        session.execute(delete(ConsentRecord))
    said = words(browser)
    assert "1er février 2026" not in said
    assert "Nous n’avons aucune trace d’un accord de votre part." in said


def test_the_copy_says_the_same(browser: Browser, app: Flask) -> None:
    customer = db.session.execute(select(Customer).where(Customer.external_id == CAMILLE)).scalar_one()
    choose(True, datetime(2026, 2, 1, 9, tzinfo=UTC))
    with app.test_request_context():
        facts = article_15_information(customer.id, {"profile": 1}, "en")
    said = {purpose["label"]: purpose["your_choice"] for purpose in facts["purposes"]}
    assert (
        said["Know what you think"] == "You gave this consent for 1 of 5 choices, the latest on 1\u00a0February 2026."
    )
    assert said["Adapt our services to your tastes"] == "We have no record that you agreed."
    assert said["Answer your questions and follow our exchanges"] == ""


def test_linking_with_facebook_is_the_agreement_to_it(people: People) -> None:
    browser = people.signed_in()
    assert "Nous n’avons aucune trace d’un accord de votre part." in words(browser, "identity")
    link_facebook("camille@example.org")
    assert re.search(r"Vous avez donné cet accord le \d", words(browser, "identity"))
