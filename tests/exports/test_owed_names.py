"""A copy that cannot name a recipient promises its name until a day, and the portal keeps the promise by itself."""

import io
import json
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.access.permissions import Role
from portal.bilingual import long_date
from portal.customers.models import Customer
from portal.exports.delivery import clear_chunks
from portal.exports.models import AnswerPackage
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import enqueue
from tests.support.acting.mailbox import Mailbox, run_asked_jobs, text_of
from tests.support.acting.people import People
from tests.support.complete_organisation import nothing_missing
from tests.support.looking.audit_trail import events
from tests.support.packages import EMAIL, build

PROVIDER = "payment_provider"


@pytest.fixture
def package(people: People) -> AnswerPackage:
    people.customer(EMAIL)
    return build(categories=["financial"])


def test_the_copy_promises_the_names_with_a_day(package: AnswerPackage, people: People) -> None:
    until = clock.today() + timedelta(days=30)
    assert (package.owed_by, PROVIDER in package.owed_recipients) == (until, True)
    facts = information(package)
    entry = next(entry for entry in facts["recipients"] if entry["category"] == "Prestataire de paiement")
    assert entry["name"] == ""
    day = long_date(until, "fr", weekday=False)
    assert (
        entry["reason_not_named"] == f"Nous ne pouvons pas encore donner de nom. Nous vous l’écrirons avant le {day}."
    )
    assert events("customer:recipients:promised")[0].facts["until"] == until.isoformat()
    desk = people.signed_in_staff(Role.OFFICER).get("/staff/desk")
    assert "Destinataires promis par leur nom" in desk.text


def test_the_names_follow_by_mail_once_the_company_declares_them(
    package: AnswerPackage, app: Flask, mailbox: Mailbox
) -> None:
    give()
    assert owed_until() is not None, "nothing is known yet, so the promise stands"
    with nothing_missing(app):
        give()
    text = text_of(mailbox.last_to(EMAIL))
    assert "Prestataire de paiement : Société payment_provider" in text.replace("\u00a0", " ")
    assert owed_until() is None
    assert len(events("customer:recipients:given")) == 1
    sent = len(mailbox.all())
    with nothing_missing(app):
        give()
    assert len(mailbox.all()) == sent, "once"


def information(package: AnswerPackage) -> Any:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(clear_chunks(package))))
    return json.loads(archive.read("information.json"))


def give() -> None:
    with transaction():
        enqueue("exports.give_owed_names")
    run_asked_jobs()


def owed_until() -> date | None:
    db.session.rollback()
    return db.session.execute(select(AnswerPackage.owed_by)).scalar_one()


def test_nothing_goes_freely_to_somebody_without_an_address(people: People) -> None:
    people.customer(EMAIL)
    with transaction() as session:
        session.execute(update(Customer).values(email=None, email_normalised=None))
    package = build(categories=["financial"])
    assert package.owed_by is None
    said = {entry["reason_not_named"] for entry in information(package)["recipients"] if not entry["name"]}
    assert said == {"Nous ne pouvons pas encore donner de nom."}
    assert events("customer:recipients:promised") == []


def test_a_promise_that_no_mail_can_keep_stays_on_the_desk(package: AnswerPackage, app: Flask, people: People) -> None:
    with transaction() as session:
        session.execute(update(Customer).values(email=None, email_normalised=None))
    with nothing_missing(app):
        give()
    assert owed_until() is not None
    assert events("customer:recipients:given") == []
    assert "Destinataires promis par leur nom" in people.signed_in_staff(Role.OFFICER).get("/staff/desk").text
