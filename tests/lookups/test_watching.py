"""Members are told before their looks are counted; too many in an hour stop, and unusually many are noticed."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.lookups.models import AlertKind, ReadingAlert, ReadingHour
from portal.lookups.watching import counting
from portal.lookups.watching.counting import this_hour
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.cases import WORDS, column, open_case, taken_in
from tests.support.looking.audit_trail import events

CONFIRM = "/staff/notice"


def alerts() -> list[tuple[AlertKind, int, int]]:
    db.session.rollback()
    found = db.session.execute(select(ReadingAlert).order_by(ReadingAlert.id)).scalars()
    return [(alert.kind, alert.looks, alert.usual) for alert in found]


def counted() -> list[int]:
    db.session.rollback()
    return list(db.session.execute(select(ReadingHour.looks).where(ReadingHour.hour == this_hour())).scalars())


def member(email: str) -> StaffMember:
    return db.session.execute(select(StaffMember).where(StaffMember.email == email)).scalar_one()


def cases(people: People, number: int) -> list[str]:
    return [taken_in(people, email=f"p{place}@example.org") for place in range(number)]


def live(email: str, *, days: int, looks: list[int]) -> None:
    """Give a member a past: told so many days ago, and hours with so many looks."""
    with transaction() as session:
        found = member(email)
        found.informed_at = clock.now() - timedelta(days=days)
        for place, count in enumerate(looks, start=1):
            session.add(ReadingHour(staff_id=found.id, hour=this_hour() - timedelta(hours=place), looks=count))


@pytest.fixture
def reviewer(people: People) -> Browser:
    return people.signed_in_staff(Role.REVIEWER)


def test_whoever_was_not_told_is_told_before_anything_else(people: People) -> None:
    reference = taken_in(people)
    newcomer = people.signed_in_staff(Role.REVIEWER, informed_at=None)

    page = newcomer.get(f"/staff/requests/{reference}")

    assert page.url == CONFIRM
    assert page.h1 == "Vos consultations sont comptées"
    assert all(words in page.text for words in ("120 personnes", "90 jours", "3 ans", "jamais votre nom"))
    assert WORDS not in page.text
    assert counted() == []

    page = page.submit(action=CONFIRM)

    assert page.url == f"/staff/requests/{reference}"
    assert WORDS in page.text
    assert [event.facts for event in events("staff:reading_notice:confirmed")] == [{"version": "2026-11-30"}]
    assert counted() == [1]
    assert newcomer.get("/staff/queue").url == "/staff/queue"
    assert not newcomer.get(CONFIRM).tree.select("main form")


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", ["/staff/", "/staff/queue", "/staff/members", "/staff/account"])
def test_no_role_comes_past_the_notice(people: People, role: Role, path: str) -> None:
    newcomer = people.signed_in_staff(role, informed_at=None)

    assert newcomer.get(path).url == CONFIRM
    sent = newcomer.post("/staff/language", {"csrf_token": newcomer.form_token(path), "language": "en"}, follow=False)
    assert sent.status == 303
    out = newcomer.post("/staff/sign-out", {"csrf_token": newcomer.form_token(path)})
    assert out.url == "/staff/sign-in"


def test_a_case_counts_once_a_day(people: People, reviewer: Browser) -> None:
    first, second = cases(people, 2)

    for _time in range(3):
        open_case(reviewer, first)
        reviewer.get("/staff/queue", query_string={"text": "Lefèvre"})
        open_case(reviewer, second)

    assert counted() == [2]


def test_too_many_in_an_hour_stop_with_nothing_shown(
    people: People, reviewer: Browser, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST_AN_HOUR", 2)
    officer = people.signed_in_staff(Role.OFFICER)
    first, second, third = cases(people, 3)
    for reference in (first, second):
        assert open_case(reviewer, reference).status == 200

    for _time in range(3):
        page = open_case(reviewer, third)
        assert page.status == 429
        assert page.h1 == "Vous avez consulté beaucoup de personnes en une heure"
        assert int(page.response.headers["Retry-After"]) <= 3600
        assert WORDS not in page.text

    assert open_case(reviewer, first).status == 200
    assert counted() == [2]
    assert alerts() == [(AlertKind.BRAKED, 2, 2)]
    (event,) = events("portal:reading_alert:raised")
    assert event.facts["kind"] == "braked"
    mails = [
        mail for mail in mailbox.to("officer@example.org") if "Consultations inhabituelles" in str(mail["Subject"])
    ]
    assert len(mails) == 1
    assert "Consultations inhabituelles" in officer.get("/staff/desk").text
    with clock.stopped_at(counting.this_hour() + counting.HOUR):
        assert open_case(reviewer, third).status == 200


def test_a_search_that_would_show_too_many_shows_none(
    people: People, reviewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST_AN_HOUR", 2)
    cases(people, 3)

    page = reviewer.get("/staff/queue", query_string={"text": "Lefèvre"})

    assert page.status == 429
    assert "Camille" not in page.text
    assert counted() == []
    assert len(column(reviewer.get("/staff/queue"), "Client")) == 3


@pytest.mark.parametrize(
    ("days", "looks", "expected"),
    [
        (31, [1, 2, 3], [(AlertKind.UNUSUAL, 4, 3)]),
        (29, [1, 2, 3], []),
        (31, [1, 2, 9], []),
    ],
    ids=["unusual", "too little history", "usual"],
)
def test_unusual_reading_is_noticed_once_an_hour(
    people: People, reviewer: Browser, monkeypatch: pytest.MonkeyPatch, days: int, looks: list[int], expected: object
) -> None:
    monkeypatch.setattr(counting, "FLOOR", 2)
    people.staff(Role.OFFICER)
    live("reviewer@example.org", days=days, looks=looks)

    for reference in cases(people, 6):
        assert open_case(reviewer, reference).status == 200

    assert alerts() == expected


def test_few_looks_are_never_unusual(people: People, reviewer: Browser) -> None:
    live("reviewer@example.org", days=40, looks=[1])

    for reference in cases(people, 3):
        open_case(reviewer, reference)

    assert alerts() == []


def raised(about: str) -> str:
    with transaction() as session:
        alert = ReadingAlert(staff_id=member(about).id, kind=AlertKind.UNUSUAL, hour=this_hour(), looks=30, usual=20)
        session.add(alert)
        session.flush()
        return alert.public_id


def test_an_officer_closes_an_alert_with_words(people: People, reviewer: Browser) -> None:
    officer = people.signed_in_staff(Role.OFFICER)
    public_id = raised("reviewer@example.org")
    alerts_page = officer.get("/staff/desk").click("Consultations inhabituelles")
    (link,) = alerts_page.tree.select("main table th a")
    page = officer.get(str(link["href"]))

    assert page.submit({"words": " "}, with_field="words").errors == ["Écrivez ce que vous avez constaté."]
    page.submit({"words": "Reprise des dossiers d’une collègue absente."}, with_field="words")

    assert "collègue absente" in officer.get(f"/staff/reading/{public_id}").text
    assert [event.subject for event in events("staff:reading_alert:closed")] == [
        f"staff:{member('reviewer@example.org').public_id}"
    ]
    assert "Consultations inhabituelles" not in officer.get("/staff/desk").text
    again = {"csrf_token": officer.form_token("/staff/reading"), "words": "Encore"}
    assert officer.post(f"/staff/reading/{public_id}", again).status == 409
    assert reviewer.get("/staff/reading").status == 403


@pytest.mark.parametrize(("others", "status"), [(1, 409), (0, 303)])
def test_an_officer_closes_their_own_alert_only_where_nobody_else_can(people: People, others: int, status: int) -> None:
    officer = people.signed_in_staff(Role.OFFICER)
    for place in range(others):
        people.staff(Role.OFFICER, f"officer{place}@example.org")
    path = f"/staff/reading/{raised('officer@example.org')}"

    assert bool(officer.get(path).tree.select("main textarea")) == (status == 303)
    sent = officer.post(path, {"csrf_token": officer.form_token(path), "words": "C’était moi."}, follow=False)

    assert sent.status == status


def test_counts_go_after_ninety_days(people: People) -> None:
    people.staff(Role.REVIEWER)
    with transaction() as session:
        for days in (89, 91):
            hour = this_hour() - timedelta(days=days)
            session.add(ReadingHour(staff_id=member("reviewer@example.org").id, hour=hour, looks=5))

    run_due_jobs()

    db.session.rollback()
    (left,) = db.session.execute(select(ReadingHour)).scalars()
    assert left.hour > clock.now() - timedelta(days=90)
