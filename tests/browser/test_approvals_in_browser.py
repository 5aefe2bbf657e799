"""Two members and one proposal in Chromium: seconded by the one, or left until its time is over."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from portal import clock
from portal.access.permissions import Role
from portal.config import Settings
from portal.infrastructure.database import db
from portal.infrastructure.jobs.worker import run_due_jobs
from tests.support.acting.chromium import visitors_of
from tests.support.acting.people import PASSWORD, TOTP_SECRET, People
from tests.support.acting.visitor import Profiles, Visitor
from tests.support.approvals import found, proposed
from tests.support.looking.pages.page_checks import check_page, refuse
from tests.support.servers.loopback import Loopback
from tests.support.servers.served import Served

AUTHOR, ZOE, OFFICER = "author@example.org", "zoe@example.org", "officer@example.org"


@pytest.fixture
def visit_here(app: Flask, settings: Settings, people: People, profiles: Profiles) -> Iterator[Callable[..., Visitor]]:
    """Make visitors of a portal served by this process, whose clock the test holds and whose kind is the tests'."""
    people.staff(Role.SUPPORT, ZOE, name="Zoé Maurin")
    people.staff(Role.REVIEWER, AUTHOR, name="Bruno Petit")
    people.staff(Role.OFFICER, OFFICER, name="Inès Garde")
    server = Loopback(app)
    try:
        with visitors_of(Served(server.url, settings.instance, {}, group=0), profiles) as make:
            yield make
    finally:
        server.close()


def come_in(visitor: Visitor, email: str) -> Visitor:
    visitor.open("/staff/sign-in")
    visitor.send({"email": email, "password": PASSWORD}, "form:has([name=password])")
    visitor.send({"code": pyotp.TOTP(TOTP_SECRET).at(clock.now())}, "form:has([name=code])")
    visitor.page.wait_for_selector("header.site nav", state="attached")
    visitor.speak()
    return visitor


def lines(page: Page) -> list[str]:
    return [" ".join(row.split()) for row in page.locator("main tbody tr").all_inner_texts()]


def answer(visitor: Visitor, said: str, words: str) -> None:
    visitor.send({"answer": said, "words": words}, "form:has([name=answer])")


def test_a_proposal_is_seconded_by_another_member(visit_here: Callable[..., Visitor]) -> None:
    officer = come_in(visit_here(), OFFICER)
    expect(officer.open("/staff/desk").get_by_role("link", name="Propositions à valider")).to_have_count(0)
    check_page(officer.page)
    public_id = proposed(AUTHOR, ZOE)
    author = come_in(visit_here(width=390, language="en"), AUTHOR)
    expect(author.open(f"/staff/approvals/{public_id}").get_by_text("You proposed this")).to_be_visible()
    check_page(author.page)

    page = officer.open("/staff/desk")
    assert lines(page)[0].startswith("Propositions à valider 1 ")
    check_page(page)
    page.get_by_role("link", name="Propositions à valider").click()
    page.get_by_role("link", name="Changer un rôle").click()
    check_page(page)
    refuse(officer)
    answer(officer, "second", "Vu avec Bruno ce matin.")

    expect(page.get_by_role("alert")).to_have_text("La proposition est validée, et le changement est fait.")
    check_page(page)
    db.session.rollback()
    assert found(ZOE).role == Role.REVIEWER
    expect(officer.open("/staff/desk").get_by_role("link", name="Propositions à valider")).to_have_count(0)
    page = author.open("/staff/approvals")
    (line,) = lines(page)
    assert "Seconded" in line
    check_page(page)
    page.get_by_role("link", name="Change a role").click()
    expect(page.get_by_text("Vu avec Bruno ce matin.")).to_be_visible()


def test_a_proposal_ends_while_somebody_hesitates(visit_here: Callable[..., Visitor]) -> None:
    made_at = clock.now().replace(microsecond=0)
    with clock.stopped_at(made_at):
        public_id = proposed(AUTHOR, ZOE)
    with clock.stopped_at(made_at + timedelta(days=14, minutes=-1)):
        officer = come_in(visit_here(width=390), OFFICER)
        assert lines(officer.open("/staff/desk"))[0].startswith("Propositions à valider 1 ")
        page = officer.open(f"/staff/approvals/{public_id}")
    with clock.stopped_at(made_at + timedelta(days=14)):
        answer(officer, "second", "D’accord.")
        expect(page.get_by_text("Elle a expiré le ")).to_be_visible()
        expect(page.get_by_text("D’accord.")).to_be_visible()
        assert page.locator("[name=answer]").count() == 0
        check_page(page)
        _end(officer, public_id)
    db.session.rollback()
    assert found(ZOE).role == Role.SUPPORT


def _end(officer: Visitor, public_id: str) -> Any:
    """Let the job come by: what the pages say stays the same."""
    run_due_jobs()
    expect(officer.open("/staff/desk").get_by_role("link", name="Propositions à valider")).to_have_count(0)
    (line,) = lines(officer.open("/staff/approvals"))
    assert "Expirée" in line
    expect(officer.open(f"/staff/approvals/{public_id}").get_by_text("Personne n’a décidé à temps.")).to_be_visible()
