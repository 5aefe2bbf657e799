"""The officer's desk: what waits, by duty, and nothing else."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import insert

from portal import clock
from portal.access.permissions import Role
from portal.bilingual import Label
from portal.infrastructure.database import transaction
from portal.staff.approvals.models import Approval
from portal.staff.desk import lines
from portal.staff.desk.lines import Rank, Waiting, on_desk
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.acting.visitors import statements
from tests.support.approvals import found, proposed
from tests.support.complete_organisation import nothing_missing

AUTHOR, ZOE = "author@example.org", "zoe@example.org"


@pytest.fixture
def officer(app: Flask, people: People) -> Iterator[Browser]:
    people.staff(Role.SUPPORT, ZOE)
    people.staff(Role.REVIEWER, AUTHOR)
    with nothing_missing(app):
        yield people.signed_in_staff(Role.OFFICER)


def rows(page: Page) -> list[str]:
    return [" ".join(row.get_text(" ").replace("\u202f", " ").split()) for row in page.tree.select("main tbody tr")]


def fill(number: int) -> None:
    now, author_id = clock.now(), found(AUTHOR).id
    row = {"what": "role_change", "target": "-", "before": {}, "after": {}, "reason": "-", "author_id": author_id}
    with transaction() as session:
        session.execute(insert(Approval), [row | _times(now, place) for place in range(number)])


def _times(now, place: int) -> dict[str, object]:
    return {"made_at": now - timedelta(minutes=place), "ends_at": now + timedelta(days=1)}


def test_an_empty_desk_says_so(officer: Browser) -> None:
    page = officer.get("/staff/desk")
    assert page.h1 == "Bureau"
    assert "Rien ne vous attend." in page.text
    assert page.link("Bureau") == "/staff/desk"


def test_it_shows_how_many_wait_and_since_when(officer: Browser) -> None:
    with clock.stopped_at(clock.now() - timedelta(days=3)):
        proposed(AUTHOR, ZOE)
        made_on = clock.today()
    proposed(AUTHOR, AUTHOR)
    proposed("officer@example.org", ZOE)
    page = officer.get("/staff/desk")
    (row,) = rows(page)
    assert row.startswith("Propositions à valider 2 ")
    assert page.tree.select_one("main tbody time")["datetime"].startswith(made_on.isoformat()[:8])
    assert page.click("Propositions à valider").url == "/staff/approvals"


def test_what_waits_is_said_on_the_account_of_whoever_may_second(people: People, officer: Browser) -> None:
    page = officer.get("/staff/account")
    assert "Aucune proposition n’attend votre réponse." in page.text
    proposed(AUTHOR, ZOE)
    page = officer.get("/staff/account")
    assert page.click("En attente de votre réponse : 1").url == "/staff/approvals"


def test_counting_stops_at_a_thousand(officer: Browser) -> None:
    fill(1000)
    assert rows(officer.get("/staff/desk"))[0].startswith("Propositions à valider 1 000 ")
    fill(2)
    with statements() as seen:
        (row,) = rows(officer.get("/staff/desk"))
    assert row.startswith("Propositions à valider 1 000+ ")
    assert [text for text in seen if "count(*)" in text and "LIMIT" in text]


def test_running_clocks_stand_first_and_what_does_not_wait_is_left_out(
    officer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "_lines", list(lines._lines))

    def line(name: str, rank: Rank, waiting: Waiting | None, **arguments: str) -> None:
        label = Label(fr=f"{name} (fr)", en=name)

        @on_desk(label, rank=rank, endpoint="staff.rights.queue", **arguments)
        def find(member: StaffMember) -> Waiting | None:
            return waiting

    line("Care", Rank.CARE, Waiting(3))
    line("Clock", Rank.CLOCK, Waiting(1, date(2026, 3, 1)), when="late")
    line("Nothing", Rank.CLOCK, Waiting(0))
    line("Not theirs", Rank.CLOCK, None)
    proposed(AUTHOR, ZOE)
    page = officer.get("/staff/desk")
    assert [row.split(" (fr)")[0].split(" 1 ")[0] for row in rows(page)] == ["Clock", "Propositions à valider", "Care"]
    assert "dimanche 1er mars 2026" in rows(page)[0]
    assert page.link("Clock") == "/staff/queue?when=late"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OFFICER])
def test_the_desk_is_the_officers(app: Flask, people: People, role: Role) -> None:
    browser = people.signed_in_staff(role)
    assert browser.get("/staff/desk").status == 403
    assert "/staff/desk" not in str(browser.get("/staff/account").tree.select("header a"))


def test_what_the_company_has_not_declared_waits_there_with_what_settles_it(people: People) -> None:
    browser = people.signed_in_staff(Role.OFFICER)
    page = browser.get("/staff/desk").click("Ce que l’entreprise n’a pas encore déclaré")
    assert page.h1 == "Registre"
    assert "takes_automated_decisions" in page.text
    assert "Le pays de ces destinataires n’est pas déclaré" in page.text
    assert people.signed_in_staff(Role.REVIEWER, "other@example.org").get("/staff/register").status == 403


def test_an_officer_comes_in_to_the_desk(officer: Browser) -> None:
    assert officer.get("/staff/").url == "/staff/desk"
