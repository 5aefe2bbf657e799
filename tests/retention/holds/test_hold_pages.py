"""An officer places a hold in the pages, looks at it again, and another officer seconds that it is lifted."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.personal_data.erasure.planning import all_erasing
from portal.personal_data.erasure.scope import Scope
from portal.personal_data.holds.grounds import HoldGround
from portal.personal_data.holds.models import LegalHold
from portal.personal_data.holds.placing import Held, place_hold
from portal.records.models import Record
from portal.retention.commands import retention
from portal.retention.holds.listing import due_for_review, is_overdue
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.erasing.erasures import scheduled, until
from tests.support.insiders import answer
from tests.support.keeping import end_now
from tests.support.looking.archive import in_use
from tests.support.looking.audit_trail import events
from tests.support.packages import take_in
from tests.support.records import invoice, visit

WORDS = "Assignation reçue le 3 novembre"
OTHER = "other@example.org"


@pytest.fixture
def officer(app: Flask, people: People) -> Browser:
    people.customer("camille@example.org", external_id="C-1001")
    take_in(visit(1), invoice())
    run_due_jobs()  # the days that the data map gives are renewed once: what is written below stays then
    with transaction() as session:
        session.execute(update(Record).values(expires_on=clock.today() - timedelta(days=1)))
    return people.signed_in_staff(Role.OFFICER)


def place(officer: Browser, **changes: object) -> Page:
    day = clock.today() + timedelta(days=60)
    values = {
        "identifier": "C-1001", "category": "usage", "ground": "litigation", "words": WORDS,
        "review_on-day": str(day.day), "review_on-month": str(day.month), "review_on-year": str(day.year),
    }  # fmt: skip
    return officer.get("/staff/holds/new").submit(values | changes, with_field="words")


def the_hold() -> LegalHold:
    db.session.rollback()
    return db.session.execute(select(LegalHold)).scalar_one()


def test_a_hold_keeps_a_category_until_two_officers_lift_it(officer: Browser, people: People) -> None:
    page = place(officer)
    public_id = the_hold().public_id
    assert page.url == f"/staff/holds/{public_id}"
    assert WORDS in page.text
    end_now("records")
    assert in_use() == {"V-1"}, "the hold names the use of the site; the invoice went"
    proposed = page.submit({"reason": "Le jugement est définitif."}, with_field="reason")
    assert proposed.url.startswith("/staff/approvals/")
    approval = proposed.url.rpartition("/")[2]
    assert "C-1001" in proposed.text
    assert the_hold().ended_at is None
    assert answer(officer, approval).status == 403, "nobody seconds their own"
    assert "attend" in officer.get(page.url).text or "se prononcer" in officer.get(page.url).text
    reviewer = people.signed_in_staff(Role.REVIEWER, "reviewer@example.org")
    assert answer(reviewer, approval).status == 403
    colleague = people.signed_in_staff(Role.OFFICER, OTHER)
    assert answer(colleague, approval).status == 200
    assert the_hold().ended_at is not None
    end_now("records")
    assert in_use() == set()
    (lifted,) = events("staff:hold:lifted")
    assert lifted.facts == {"hold": public_id}
    # It stays readable: what was held, on what ground, who placed and who lifted it, and when.
    over = officer.get(f"/staff/holds/{public_id}")
    assert over.status == 200
    for words in ("Levée", "C-1001", "litige", WORDS, "Placée par", "Levée par", "Levée le"):
        assert words in over.text, words
    assert not over.tree.select("main form"), "nothing is to be done about it any more"
    for act in ("review", "lift"):
        again = officer.post(f"/staff/holds/{public_id}/{act}", {"csrf_token": officer.form_token("/staff/approvals")})
        assert (again.status, again.url) == (200, f"/staff/holds/{public_id}")
        assert "Cette conservation forcée est déjà levée." in again.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"identifier": "C-9"}, "Aucun client"),
        ({"review_on-year": "2031"}, "dans les six mois"),
        ({"words": "court"}, "au moins"),
        ({"ground": ""}, "Choisissez le motif"),
    ],
)
def test_a_hold_that_is_not_whole_is_not_placed(officer: Browser, changes: dict[str, str], words: str) -> None:
    page = place(officer, **changes)
    assert page.status == 422
    assert any(words in error for error in page.errors), page.errors
    db.session.rollback()
    assert not db.session.execute(select(LegalHold)).first()


def test_nothing_is_held_back_from_an_erasure_that_has_begun(app: Flask, officer: Browser) -> None:
    customer_id = db.session.execute(select(Customer.id)).scalar_one()
    until(scheduled(customer_id, begins_at=clock.now()), "keys")
    page = place(officer)
    assert page.status == 422
    assert any("L’effacement de cette personne a commencé" in error for error in page.errors), page.errors
    review = str(clock.today() + timedelta(days=9))
    arguments = ["hold", "C-1001", "--ground", "fraud", "--because", "x", "--review", review]
    ran = app.test_cli_runner().invoke(retention, arguments)
    assert (ran.exit_code, "has begun" in ran.output) == (2, True)
    db.session.rollback()
    assert not db.session.execute(select(LegalHold)).first()


def test_a_late_review_is_an_alert_of_its_own_and_lifts_nothing(officer: Browser) -> None:
    """Vector 14."""
    customer = db.session.execute(select(Customer)).scalar_one()
    with transaction(), clock.stopped_at(datetime(2026, 12, 1, 12, tzinfo=UTC)):
        place_hold(customer, Held(), HoldGround.AUDIT, WORDS, review_on=date(2027, 1, 31), actor="command")
    day = the_hold().review_on
    with clock.stopped_at(datetime(2027, 1, 31, 12, tzinfo=UTC)):
        assert not is_overdue(day)
    with clock.stopped_at(datetime(2027, 2, 1, 12, tzinfo=UTC)):
        assert is_overdue(day)
        assert db.session.execute(due_for_review()).scalars().all() == [date(2027, 1, 31)]
    assert the_hold().ended_at is None


def test_the_desk_says_that_a_review_is_late_until_somebody_looked_again(officer: Browser) -> None:
    place(officer)
    late = "Conservations forcées à revoir sous 30 jours, ou en retard"
    assert late not in officer.get("/staff/desk").text
    with transaction() as session:
        session.execute(update(LegalHold).values(review_on=clock.today() - timedelta(days=1)))
    desk = officer.get("/staff/desk")
    oldest = [time["datetime"] for row in desk.tree.select("main tr") if late in row.get_text() for time in row("time")]
    assert oldest == [(clock.today() - timedelta(days=1)).isoformat()], "the day that is past stands beside it"
    page = desk.click(late)
    assert "En retard" in page.text
    end_now("records")
    assert in_use() == {"V-1"}, "a late review lifts nothing"
    day = clock.today() + timedelta(days=90)
    chosen = {"review_on-day": str(day.day), "review_on-month": str(day.month), "review_on-year": str(day.year)}
    page = page.click("C-1001").submit(chosen, with_field="review_on-day")
    assert page.status == 200, page.text
    assert late not in officer.get("/staff/desk").text
    (reviewed,) = events("staff:hold:reviewed")
    assert reviewed.facts["review_on"] == day.isoformat()


def test_the_shell_lifts_only_where_no_two_officers_could(officer: Browser, people: People, app: Flask) -> None:
    place(officer)
    public_id = the_hold().public_id
    people.staff(Role.OFFICER, OTHER)
    told = app.test_cli_runner().invoke(retention, ["lift", public_id])
    assert told.exit_code == 2 and "Two officers" in told.output
    assert the_hold().ended_at is None
    with transaction() as session:
        session.execute(update(StaffMember).where(StaffMember.email == OTHER).values(role=Role.SUPPORT))
    assert app.test_cli_runner().invoke(retention, ["lift", public_id]).exit_code == 0


def test_what_the_person_is_not_told_of_is_named_by_no_answer(officer: Browser) -> None:
    place(officer, is_secret="y")
    assert "n’en est pas informé" in officer.get(f"/staff/holds/{the_hold().public_id}").text
    customer_id = the_hold().customer_id
    (item,) = [
        item
        for code, part in all_erasing()
        if code == "records"
        for item in part.plan(customer_id, Scope())
        if item.rule == "hold"
    ]
    assert (item.ground, item.legal_reference) == ("untold_hold", None)


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.REVIEWER, Role.MARKETING, Role.ADMINISTRATOR])
def test_no_other_role_comes_near(officer: Browser, people: People, role: Role) -> None:
    place(officer)
    public_id = the_hold().public_id
    other = people.signed_in_staff(role, f"{role}@example.org")
    for path in ("/staff/holds", "/staff/holds/new", f"/staff/holds/{public_id}"):
        assert other.get(path).status == 403
    for path in (f"/staff/holds/{public_id}/lift", f"/staff/holds/{public_id}/review", "/staff/holds/new"):
        token = other.form_token("/staff/approvals")
        assert other.post(path, {"csrf_token": token}, follow=False).status == 403
