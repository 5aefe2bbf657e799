"""A password from the operator's list is refused wherever one is chosen, by customers and staff, in both languages."""

import hashlib
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from portal.infrastructure.database import transaction
from portal.infrastructure.passwords.breached import BreachedPasswords
from portal.staff.members.invitation import link_of, new_link
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.visitors import ask_for_reset, mailed_link, register

STOLEN = "quinze lapins bleus sous la lune"
FRENCH = "Ce mot de passe a été volé ailleurs et des voleurs le connaissent. Choisissez-en un autre."
ENGLISH = "This password was stolen elsewhere and is known to thieves. Choose another one."


@pytest.fixture(autouse=True)
def listed(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list.txt"
    path.write_text(hashlib.sha1(STOLEN.encode()).hexdigest().upper() + ":12\n")
    monkeypatch.setitem(app.extensions, "breached_passwords", BreachedPasswords(path))


def refused(page: Page, words: str = FRENCH) -> None:
    assert (page.status, page.errors) == (422, [words])


def test_at_registration(app: Flask) -> None:
    refused(register(Browser(app), "nadia@example.org", password=STOLEN))
    refused(register(Browser(app, "en"), "nadia@example.org", password=STOLEN), ENGLISH)


def test_at_a_change(people: People) -> None:
    page = people.signed_in().get("/account/password")
    refused(page.submit({"current_password": PASSWORD, "new_password": STOLEN}, with_field="new_password"))


def test_at_a_reset(app: Flask, people: People, mailbox: Mailbox) -> None:
    people.account()
    browser = Browser(app)
    ask_for_reset(browser, "camille@example.org")
    page = browser.get(mailed_link(mailbox, "camille@example.org", "/password/"))
    refused(page.submit({"password": STOLEN}, with_field="password"))


def test_of_an_invited_staff_member(app: Flask, people: People) -> None:
    member_id = people.staff("reviewer").id
    with transaction() as session:
        session.execute(update(StaffMember).where(StaffMember.id == member_id).values(activated_at=None))
        link = link_of(new_link(session.get_one(StaffMember, member_id)), app.extensions["settings"])
    refused(Browser(app).get(link.partition("8000")[2]).submit({"password": STOLEN}, with_field="password"))


def test_of_a_staff_member_who_changes_theirs(people: People) -> None:
    page = people.signed_in_staff("reviewer").get("/staff/account/password")
    refused(page.submit({"current": PASSWORD, "password": STOLEN}, with_field="current"))
