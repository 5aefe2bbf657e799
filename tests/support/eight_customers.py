"""Eight customers for the test of what may be said: each made through the forms, the import and the staff's pages."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.rights.lifecycle import Right, Status
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import deliver
from tests.support.acting.people import People
from tests.support.cases import case, decide, open_case, refusal_values, second, staff_browser, taken_in
from tests.support.erasing.pages import carry_out, file_erasure, newest_erasure
from tests.support.filing import file_copy, file_with_document_later, trust_device
from tests.support.packages import take_in
from tests.support.preferences import press
from tests.support.records import invoice, record
from tests.support.servers.facebook import link_facebook

SURVEYED_AT = "2026-03-10T10:00:00+01:00"


def address_of(name: str) -> str:
    return f"{name}@example.org"


def customer_of(name: str) -> Customer:
    return db.session.execute(select(Customer).where(Customer.external_id == f"C-{name}")).scalar_one()


class Company:
    """The company's side: its systems, which send records, and its team, which answers."""

    def __init__(self, app: Flask, people: People) -> None:
        self.people = people
        people.staff(Role.OFFICER, "officer@example.org", name="Hélène Aubry")
        people.staff(Role.REVIEWER, "reviewer@example.org")
        self._officer = staff_browser(app, "officer@example.org")
        self._reviewer = staff_browser(app, "reviewer@example.org")

    def send(self, name: str) -> None:
        """Have the company's systems send an invoice, which the law keeps, and an answer to a survey, on consent."""
        answer = {"survey": "Printemps", "question": "Contente ?", "answer": "Oui"}
        of = f"C-{name}"
        take_in(
            invoice(f"F-{name}", of=of),
            record("survey_answer", f"S-{name}", answer, of, source="support", recorded_at=SURVEYED_AT),
        )

    def answer(self, reference: str, outcome: str = "granted") -> None:
        """Decide a case through its page, with a second person where one is needed."""
        values = refusal_values(case(reference).right) if outcome != "granted" else {}
        decide(open_case(self._reviewer, reference), outcome, "Nous avons lu votre demande.", **values)
        if case(reference).status is Status.SECOND_OPINION:
            second(self._officer, reference)
        deliver()
        is_decided = case(reference).right is Right.ERASURE and case(reference).outcome is not None
        assert is_decided or not case(reference).is_open, f"{reference}: {case(reference).status}"

    def copy(self, browser: Browser) -> None:
        """Have a customer ask for a copy, and grant it."""
        self.answer(file_copy(browser).url.rpartition("/")[2])


def agreed_to_nothing(company: Company, browser: Browser, name: str) -> None:
    """Never chose; got a copy of the data, which is there to be opened."""
    company.copy(browser)


def refused_everything(company: Company, browser: Browser, name: str) -> None:
    """Said no to everything; an erasure of all is decided, and can still be cancelled."""
    press(browser.get("/preferences"), "Tout refuser")
    company.answer(taken_in(company.people, Right.ERASURE, email=address_of(name)))


def accepted_one(company: Company, browser: Browser, name: str) -> None:
    """Said yes to one thing years ago and linked Facebook; got a copy, which has ended; had one kind erased."""
    with clock.stopped_at(datetime(2026, 2, 1, 9, tzinfo=UTC)):
        page = browser.get("/preferences")
        page.submit({"surveys.email": "accept"}, with_field="surveys.email")
    link_facebook(address_of(name))
    with clock.stopped_at(clock.now() - timedelta(days=60)):
        company.copy(browser)
    run_due_jobs()
    company.answer(taken_in(company.people, Right.ERASURE, email=address_of(name)), "refused")
    company.answer(file_erasure(browser, scope="kinds", kinds=["survey_answer"]))
    carry_out(newest_erasure())


def of_whom_nothing_is_held(company: Company, browser: Browser, name: str) -> None:
    """Has an account, and nothing else anywhere."""
    company.copy(browser)


def waiting_too_long(company: Company, browser: Browser, name: str) -> None:
    """Asked 40 days ago, and has no answer."""
    taken_in(company.people, Right.RECTIFICATION, email=address_of(name), days_ago=40)


def waiting_for_a_document(company: Company, browser: Browser, name: str) -> None:
    """Asked for a copy from a new device; the clock stands still until a document comes."""
    file_with_document_later(browser)


def put_on_hold(company: Company, browser: Browser, name: str) -> None:
    """Has the use of the data restricted, something corrected, and objected to advertising."""
    press(browser.get("/requests/new/objection"), "Arrêter toute publicité maintenant")
    company.answer(taken_in(company.people, Right.RECTIFICATION, email=address_of(name)))
    company.answer(taken_in(company.people, Right.RESTRICTION, email=address_of(name)))


def without_an_address(company: Company, browser: Browser, name: str) -> None:
    """Has an account and no address, so that no mail may leave. Asked for a copy.

    What a system sends does not take the address of an account away, so the row loses it here.
    """
    with transaction() as session:
        is_theirs = Customer.external_id == f"C-{name}"
        session.execute(update(Customer).where(is_theirs).values(email=None, email_normalised=None))
    company.copy(browser)


Story = Callable[[Company, Browser, str], None]
STORIES: dict[str, Story] = {
    "claire": agreed_to_nothing,
    "remi": refused_everything,
    "alice": accepted_one,
    "neil": of_whom_nothing_is_held,
    "luc": waiting_too_long,
    "paule": waiting_for_a_document,
    "rose": put_on_hold,
    "noe": without_an_address,
}
UNKNOWN_DEVICE = {"paule"}
WITHOUT_RECORDS = {"neil"}


def make(people: People, company: Company, name: str) -> Browser:
    """Make one of the eight, and return their browser, signed in."""
    browser = people.signed_in(address_of(name))
    if name not in UNKNOWN_DEVICE:
        trust_device(address_of(name))
    if name not in WITHOUT_RECORDS:
        company.send(name)
    STORIES[name](company, browser, name)
    return browser
