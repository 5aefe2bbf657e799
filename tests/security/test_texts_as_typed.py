"""The same text, typed by a customer, by staff, or sent by a system of the company, is kept the same."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from portal.access.permissions import Role
from portal.accounts.models import Account
from portal.infrastructure.database import db
from portal.lookups.models import CustomerLookup
from portal.rights.lifecycle import Right
from portal.rights.models import EventKind, RequestEvent
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.cases import take, taken_in
from tests.support.filing import describe_copy, only_request, trust_device

# Typed, and kept: controls of either range, the line ends of several programs, an override of direction.
LINES = (
    "Un\x07 deux\x9b\r\ntrois\u2028quatre\x85cinq «\u00a0six\u00a0» 👩‍🚀 \u202eabc",
    "Un deux\ntrois\nquatre\ncinq «\u00a0six\u00a0» 👩‍🚀 abc",
)
LINE = ("\u202eUn\x00 deux\x9b\r\n«\u00a0trois\u00a0» 👩‍🚀\u2069\u200f", "Un  deux «\u00a0trois\u00a0» 👩‍🚀")
NAME = ("\u202e Zoe\u0301\u00a0\x9b Anne\u2028\u200f", "Zoé Anne")


def of_customer(people: People, typed: str) -> str:
    customer = people.signed_in()
    trust_device()
    describe_copy(customer, details=typed).submit(action="/send")
    return str(only_request().answers["details"])


def of_staff(people: People, typed: str) -> str:
    reviewer = people.signed_in_staff(Role.REVIEWER)
    take(reviewer, taken_in(people, Right.ERASURE)).submit({"note-text": typed}, action="/note")
    written = select(RequestEvent.text).where(RequestEvent.kind == EventKind.NOTE)
    return str(db.session.execute(written).scalar_one())


def of_lookup(people: People, typed: str) -> str:
    people.customer()
    page = people.signed_in_staff(Role.SUPPORT).get("/staff/customers")
    page.submit({"identifier": "camille@example.org", "reason": typed}, with_field="reason")
    return db.session.execute(select(CustomerLookup.reason)).scalar_one()


@pytest.mark.parametrize("write", [of_customer, of_staff, of_lookup])
def test_several_lines_are_kept_the_same_everywhere(people: People, write: Callable[[People, str], str]) -> None:
    typed, kept = LINES
    assert write(people, typed) == kept


@pytest.mark.parametrize("write", [of_customer, of_staff])
def test_a_line_end_counts_as_one_sign_on_both_sides(people: People, write: Callable[[People, str], str]) -> None:
    """A browser sends two signs for it, and its own counter shows one."""
    assert len(write(people, "a\r\n" * 1999 + "aa")) == 4000


def test_one_line_is_kept_the_same_everywhere(people: People) -> None:
    typed, kept = LINE
    customer = people.signed_in()
    trust_device()
    customer.get("/requests/new/portability").submit({"destination": typed}, with_field="destination").submit(
        action="/send"
    )
    assert only_request().answers["destination"] == kept
    reviewer = people.signed_in_staff(Role.REVIEWER)
    page = reviewer.get("/staff/queue", query_string={"text": typed})
    assert page.tree.select_one("input[name=text]")["value"] == " ".join(kept.split())


def registered(people: People, typed: str) -> str:
    form = {
        "given_name": typed,
        "family_name": "Martin",
        "email": "zoe@example.org",
        "password": "une phrase de passe longue",
    }
    assert send(Browser(people.app).get("/register"), form).status == 200
    return db.session.execute(select(Account.given_name)).scalar_one()


def invited(people: People, typed: str) -> str:
    page = people.signed_in_staff(Role.ADMINISTRATOR).get("/staff/members/new")
    assert send(page, {"name": typed, "email": "zoe@example.org", "role": "support", "reason": "Départ"}).status == 200
    return db.session.execute(select(StaffMember.name).where(StaffMember.email == "zoe@example.org")).scalar_one()


def send(page: Page, form: dict[str, str]) -> Page:
    return page.submit(form, with_field="email")


@pytest.mark.parametrize("write", [registered, invited])
def test_names_are_kept_the_same_everywhere(people: People, write: Callable[[People, str], str]) -> None:
    typed, kept = NAME
    assert write(people, typed) == kept
