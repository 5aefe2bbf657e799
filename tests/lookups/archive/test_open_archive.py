"""The archive opens for an officer alone, on one of five grounds and in words, for half an hour; the customer sees it."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.lookups.models import AccessLogEntry, CustomerLookup
from portal.lookups.opening import find_lookup
from portal.lookups.personal_data import items
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.looking.archive import in_archive, on, order
from tests.support.looking.audit_trail import events
from tests.support.packages import take_in
from tests.support.records import customer, invoice, visit

WORDS = "Le client conteste la facture devant le tribunal"


@pytest.fixture
def client(people: People) -> Browser:
    """Camille, with an invoice and an order in the archive, and a visit in use."""
    signed_in = people.signed_in(external_id="C-1001")
    ended = {"relationship_ended_on": "2026-06-30"}
    take_in(customer(email="camille@example.org", **ended), invoice("F-77"), order("CMD-7", "130.00"), visit(1))
    on(date(2026, 12, 1))
    assert in_archive() == {"F-77", "CMD-7"}
    return signed_in


@pytest.fixture
def officer(people: People) -> Browser:
    return people.signed_in_staff(Role.OFFICER)


def open_it(officer: Browser, identifier: str = "C-1001", ground: str = "litigation", words: str = WORDS) -> Page:
    values = {"identifier": identifier, "ground": ground, "reason": words, "request_reference": ""}
    return officer.get("/staff/archive").submit(values, with_field="reason")


def entries() -> list[AccessLogEntry]:
    db.session.rollback()
    return list(db.session.execute(select(AccessLogEntry).order_by(AccessLogEntry.id)).scalars())


def test_an_officer_opens_it_and_the_customer_reads_the_ground_and_the_words(client: Browser, officer: Browser) -> None:
    page = open_it(officer)
    assert page.url.startswith("/staff/archive/")
    assert "F-77" in page.text and "CMD-7" in page.text
    assert "V-1" not in page.text and "netkin.fr/page/1" not in page.text, "what is in use stands elsewhere"
    assert "En archive, au plus tard jusqu’au 31 décembre 2036" in page.text.replace("\u00a0", " ")
    (entry,) = entries()
    assert (entry.category, entry.team, entry.reason) == ("archive", Role.OFFICER, f"Litige\u00a0: {WORDS}")
    (event,) = events("staff:archive:opened")
    assert (event.facts["ground"], event.facts["category"]) == ("litigation", "archive")
    assert WORDS not in str(event.facts), "the trail names nobody"
    seen = client.get("/access-log").text
    assert WORDS in seen and "Vos données en archive" in seen


def test_each_opening_is_a_line_of_its_own_also_on_one_day(client: Browser, officer: Browser) -> None:
    open_it(officer).submit({"words": "CMD-7"}, with_field="words")
    assert len(entries()) == 1, "a search within an open archive is the same look"
    open_it(officer)
    assert len(entries()) == 2


def test_words_are_searched_for(client: Browser, officer: Browser) -> None:
    page = open_it(officer).submit({"words": "cmd-7"}, with_field="words")
    assert "CMD-7" in page.text and "F-77" not in page.text
    assert "Rien trouvé" in page.submit({"words": "inconnu"}, with_field="words").text


@pytest.mark.parametrize(
    ("identifier", "ground", "words"),
    [("C-1001", "litigation", "court"), ("C-1001", "curiosity", WORDS), ("C-9", "audit", WORDS)],
)
def test_without_a_ground_words_or_a_person_it_stays_shut(
    client: Browser, officer: Browser, identifier: str, ground: str, words: str
) -> None:
    page = open_it(officer, identifier, ground, words)
    assert page.status == 422
    assert not entries()
    assert not events("staff:archive:opened")


def test_it_shuts_after_half_an_hour(client: Browser, officer: Browser) -> None:
    url = open_it(officer).url
    with clock.stopped_at(clock.now() + timedelta(minutes=29)):
        assert officer.get(url).status == 200
    with transaction() as session:
        session.execute(update(CustomerLookup).values(expires_at=clock.now()))
    page = officer.get(url)
    assert page.url == "/staff/archive"
    assert "F-77" not in page.text


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.REVIEWER, Role.MARKETING, Role.ADMINISTRATOR])
def test_no_other_role_opens_it(client: Browser, officer: Browser, people: People, role: Role) -> None:
    url = open_it(officer).url
    other = people.signed_in_staff(role, f"{role}@example.org")
    assert other.get("/staff/archive").status == 403
    assert other.get(url).status == 403


def test_it_opens_the_archive_and_not_the_file_and_for_nobody_else(
    client: Browser, officer: Browser, people: People
) -> None:
    url = open_it(officer).url
    public_id = url.rpartition("/")[2]
    assert officer.get(f"/staff/customers/{public_id}").status == 404
    colleague = people.signed_in_staff(Role.OFFICER, "other@example.org")
    assert colleague.get(url).status == 404
    file = officer.get("/staff/customers").submit({"identifier": "C-1001", "reason": WORDS}, with_field="reason")
    assert officer.get(f"/staff/archive/{file.url.rpartition('/')[2]}").status == 404


def test_nobody_opens_their_own(client: Browser, people: People) -> None:
    officer = people.signed_in_staff(Role.OFFICER, "camille@example.org")
    page = open_it(officer)
    assert page.status == 422
    assert events("staff:own_file:denied")
    assert not db.session.execute(select(CustomerLookup)).first()


def test_the_customer_s_copy_says_that_the_archive_was_opened(client: Browser, officer: Browser) -> None:
    open_it(officer, ground="fraud")
    db.session.rollback()
    member = db.session.execute(select(StaffMember)).scalar_one()
    opened = db.session.execute(select(CustomerLookup)).scalar_one()
    assert find_lookup(member, opened.public_id) is None
    labels = {item.label: item.values.get("archive_ground") for item in items(opened.customer_id, "technical", "fr")}
    assert labels["Ouverture de vos données en archive"] == "fraud"
