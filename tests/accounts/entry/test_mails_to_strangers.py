"""Mails that strangers ask for: a budget for addresses that nobody has proven, and a lane that delays nobody else."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.accounts.entry.limits import unproven_mails
from portal.accounts.models import Account
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs import queue
from portal.infrastructure.jobs.models import Job, JobStatus, Lane
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.jobs.worker import due_jobs, run_job, sweep
from portal.infrastructure.mail.models import Mail, MailStatus
from portal.infrastructure.mail.outbox import queue_mail
from portal.web.incoming.rate_limits import counted
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.visitors import ask_for_reset, come_from, count, mailed_link, register, sign_in
from tests.support.servers.facebook import Provider, come_in, link_facebook

FLOOD = 1000
TITLES = {
    "fr": "Nous ne pouvons pas écrire à de nouvelles adresses pour le moment",
    "en": "We cannot write to new addresses for the moment",
}


@pytest.fixture
def two_an_hour(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = app.extensions["settings"].model_copy(update={"unproven_mails_an_hour": 2})
    monkeypatch.setitem(app.extensions, "settings", settings)


def from_elsewhere(app: Flask, number: int, language: str = "fr") -> Browser:
    return come_from(Browser(app, language), f"192.0.2.{number}")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_past_the_budget_people_read_that_nothing_was_sent(
    app: Flask, two_an_hour: None, mailbox: Mailbox, language: str
) -> None:
    for number in range(2):
        assert register(from_elsewhere(app, number), f"p{number}@example.org").url == "/register/sent"
    page = register(from_elsewhere(app, 9, language), "nadia@example.org")
    assert (page.status, page.h1) == (503, TITLES[language])
    assert 0 < int(page.response.headers["Retry-After"]) <= 3600
    assert count(Account) == 2, "nothing is kept of who was not written to"
    assert page.form(with_field="given_name").find(attrs={"name": "email"})["value"] == "nadia@example.org"
    assert len(mailbox.all()) == 2


def test_the_budget_is_the_same_for_every_address(app: Flask, two_an_hour: None, people: People) -> None:
    people.account("camille@example.org")
    for number in range(2):
        register(from_elsewhere(app, number), f"p{number}@example.org")
    answers = [register(from_elsewhere(app, 9), email) for email in ("camille@example.org", "nobody@example.org")]
    assert [answer.status for answer in answers] == [503, 503]


def test_proven_people_are_written_to_past_the_budget(
    app: Flask, provider: Provider, two_an_hour: None, people: People, mailbox: Mailbox
) -> None:
    people.account("camille@example.org")
    people.account("nadia@example.org")
    link_facebook("nadia@example.org")
    for number in range(2):
        register(from_elsewhere(app, number), f"p{number}@example.org")
    ask_for_reset(from_elsewhere(app, 9), "camille@example.org")
    assert mailed_link(mailbox, "camille@example.org", "/password/reset/")
    assert sign_in(from_elsewhere(app, 9), "camille@example.org", PASSWORD).url == "/data"
    assert come_in(from_elsewhere(app, 10)).url == "/data"
    provider.person = {"id": "5", "first_name": "A", "last_name": "B", "email": "new@example.org"}
    assert come_in(from_elsewhere(app, 11)).status == 503


def test_what_is_not_sent_to_one_address_costs_the_others_nothing(app: Flask) -> None:
    for number in range(8):
        register(from_elsewhere(app, number), "nadia@example.org")
    assert counted(*unproven_mails()) == 5


def test_a_flood_of_strangers_delays_no_mail_of_the_law(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer_id, woken = people.customer().id, list[int]()
    monkeypatch.setattr(queue, "_wakers", [woken.append])
    with transaction() as session:
        for number in range(FLOOD):
            queue_mail("accounts/unknown", f"p{number}@example.org", "fr", lane=Lane.STRANGERS)
        customer = session.get_one(Customer, customer_id)
        due_on = clock.now().date().isoformat()
        queue_mail(
            "rights/received", "camille@example.org", "fr", customer_id=customer.id, first_name=customer.given_name,
            reference="DR-2026-00001", due_on=due_on,
        )  # fmt: skip
    assert len(woken) == 1, "only the main lane wakes the workers"
    assert run_job(woken[0])
    mail = db.session.execute(select(Mail).where(Mail.customer_id == customer_id)).scalar_one()
    assert mail.status is MailStatus.SENT
    assert "mail.send" not in {db.session.get_one(Job, job_id).name for job_id in sweep()}
    assert count(Job, Job.lane == Lane.STRANGERS, Job.status == JobStatus.WAITING) == FLOOD


@pytest.mark.parametrize("path", ["/register", "/password/forgotten", "/unsubscribe"])
def test_what_a_stranger_causes_stays_in_their_lane(app: Flask, people: People, path: str) -> None:
    people.account("camille@example.org")
    values = {"email": "camille@example.org"}
    if path == "/register":
        register(Browser(app), **values)
    else:
        Browser(app).get(path).submit(values, with_field="email")
    assert db.session.execute(select(Job.lane)).scalars().all() == [Lane.STRANGERS]
    for _turn in range(2):
        for job_id in due_jobs(Lane.STRANGERS):
            run_job(job_id)
    assert set(db.session.execute(select(Job.lane, Job.status)).all()) == {(Lane.STRANGERS, JobStatus.DONE)}


def test_a_job_of_the_main_lane_stays_there(app: Flask) -> None:
    with transaction():
        enqueue("accounts.send_reset_link", account_id=0)
    assert due_jobs(Lane.STRANGERS) == []
