"""Who takes part in a journey: somebody in Chromium, with and without JavaScript, and the team that answers them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure.database import transaction
from portal.infrastructure.jobs.queue import enqueue
from tests.support.acting.browser import Browser
from tests.support.acting.chromium import profiles, shown
from tests.support.acting.mailbox import Mailbox, run_asked_jobs, text_of
from tests.support.acting.people import People
from tests.support.acting.visitor import Profiles, Visitor
from tests.support.cases import staff_browser
from tests.support.filing import trust_device
from tests.support.looking.pages.page_checks import check_page
from tests.support.packages import take_in
from tests.support.records import invoice, record, visit

__all__ = ["profiles"]

CAMILLE, OF = "camille@example.org", "C-camille"
HOW = [(True, "fr", 1280), (False, "en", 390)]


@dataclass
class Cast:
    """Everybody in a journey. All pages that `read` opens are checked; every mail to the person is kept in order."""

    people: People
    mailbox: Mailbox
    show: Callable[..., Visitor]
    script: bool
    language: str
    width: int
    person: Visitor = field(init=False)
    reviewer: Visitor = field(init=False)
    officer: Visitor = field(init=False)

    def come(self) -> None:
        """Have everybody sign in by the clock as it is now: after some days their sessions are over."""
        own = self.people.sign_in(CAMILLE, language=self.language)
        trust_device(CAMILLE)
        how = {"language": self.language, "script": self.script, "width": self.width}
        self.person = self.show(own, **how)
        self.reviewer, self.officer = (self._member(role) for role in (Role.REVIEWER, Role.OFFICER))

    def _member(self, role: Role) -> Visitor:
        member: Browser = staff_browser(self.people.app, f"{role}@example.org")
        return self.show(member, language="fr", script=self.script)

    def read(self, visitor: Visitor, path: str, *said: str) -> Page:
        """Open a page, check it as every page is, and find words on it."""
        page = visitor.open(path)
        check_page(page, is_brief=True, with_axe=self.script)
        for words in said:
            expect(page.locator("main"), f"{path} says so").to_contain_text(words)
        return page

    def says(self, french: str, english: str) -> str:
        return self.person.says(french, english)

    def file(self, path: str, values: dict[str, str], form: str) -> str:
        """Fill the form of a right, read what will be sent, and send it; return the reference."""
        self.read(self.person, path)
        page = self.person.send(values, form)
        page.wait_for_url("**/check")
        check_page(page, is_brief=True, with_axe=self.script)
        self.person.send({}, "main form[action$='/send']")
        page.wait_for_url("**/requests/DR-*")
        check_page(page, is_brief=True, with_axe=self.script)
        return self.person.path.rpartition("/")[2]

    def take(self, reference: str) -> Page:
        """Open a case as the reviewer and take it, unless they hold it."""
        page = self.read(self.reviewer, f"/staff/requests/{reference}")
        if page.locator("form[action$='/claim']").count():
            self.reviewer.send({}, "form[action$='/claim']")
            expect(page.locator("form[action$='/release']")).to_be_visible()
        return page

    def decide(self, reference: str, message: str, way: str = "proposed", **values: str) -> None:
        page = self.take(reference)
        folded = page.locator("form[action$='/decision'] details:not([open]) > summary")
        while folded.count():
            folded.first.click()
        self.reviewer.send({"way": way, "message": message} | values, "form[action$='/decision']")
        expect(self.reviewer.page.locator(".error-summary")).to_have_count(0)

    def agree(self, reference: str) -> None:
        """Give the second opinion as the officer."""
        self.read(self.officer, f"/staff/requests/{reference}")
        self.officer.send({"agrees": "yes"}, "form[action$='/second-opinion']")
        expect(self.officer.page.locator(".banner")).to_be_visible()

    def items(self, reference: str, part: str = "/items/") -> list[str]:
        page = self.take(reference)
        links = [str(link.get_attribute("href")) for link in page.locator(".items a.whole").all()]
        return [link for link in links if part in link]

    def told(self) -> list[str]:
        """Return the addresses of what waits for a system or recipient, from the list of the team."""
        page = self.read(self.reviewer, "/staff/instructions")
        return [str(link.get_attribute("href")) for link in page.locator("main table a[href*='/instructions/']").all()]

    def follow_up(self, links: list[str]) -> None:
        """Work off the list, one by one."""
        for link in links:
            self.read(self.reviewer, link)
            self.reviewer.send({}, "form[action$='/acknowledge']")
            expect(self.reviewer.page.locator(".banner")).to_be_visible()

    def mails(self) -> list[EmailMessage]:
        return self.mailbox.to(CAMILLE)

    def last_mail(self) -> str:
        """Return subject and text of the newest mail to the person."""
        mail = self.mails()[-1]
        return f"{mail['Subject']}\n{text_of(mail)}"


@pytest.fixture(params=HOW, ids=lambda how: f"{'script' if how[0] else 'plain'}-{how[1]}-{how[2]}")
def cast(
    request: pytest.FixtureRequest, app: Flask, people: People, mailbox: Mailbox, profiles: Profiles
) -> Iterator[Cast]:
    """Make everybody; of the person something of each sort is held."""
    script, language, width = request.param
    people.account(CAMILLE, language=language)
    for role in (Role.REVIEWER, Role.OFFICER):
        people.staff(role, f"{role}@example.org", name="Hélène Aubry" if role is Role.OFFICER else "Nora Petit")
    take_in(
        record("postal_address", "A-1", {"use": "billing", "line1": "1 rue Haute", "city": "Lille"}, OF, source="platform"),
        record("fraud_score", "S-1", {"score": 12, "level": "low"}, OF, source="payments"),
        invoice("F-1", of=OF), *(visit(number, of=OF) for number in range(3)),
    )  # fmt: skip
    with shown(app, profiles) as show:
        everybody = Cast(people, mailbox, show, script, language, width)
        everybody.come()
        yield everybody


def run(job: str) -> None:
    """Run one of the jobs that come by the clock, and what it asks for."""
    with transaction():
        enqueue(job)
    run_asked_jobs()


def later(days: float) -> AbstractContextManager[None]:
    return clock.stopped_at(clock.now() + timedelta(days=days))
