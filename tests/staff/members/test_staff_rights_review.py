"""The quarterly review of roles: read as a whole, signed once, for the list that was shown."""

from datetime import timedelta

import pytest

from portal import clock
from portal.access.permissions import Role
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.looking.audit_trail import events


@pytest.fixture
def admin(people: People) -> Browser:
    return people.signed_in_staff(Role.ADMINISTRATOR, name="Aline Admin")


def test_a_review_is_signed_and_due_again_after_a_quarter(admin: Browser, people: People) -> None:
    people.staff(Role.SUPPORT, name="Bruno Petit", invited_at=clock.now() - timedelta(days=91))
    people.staff(Role.OFFICER, name="Zoé Partie", disabled_at=clock.now())
    people.staff(Role.REVIEWER, name="Yann Nouveau")
    page = admin.get("/staff/members")
    assert "Les rôles n’ont jamais été passés en revue." in page.text
    page = page.click("Passer les rôles en revue")
    rows = [" ".join(row.get_text(" ").split()) for row in page.tree.select("main tbody tr")]
    assert [row.split()[0] for row in rows] == ["Aline", "Yann", "Bruno"]
    assert "Pas utilisé depuis trois mois" in rows[2]
    assert not [row for row in rows[:2] if "Pas utilisé" in row]
    page = page.submit({"is_read": "y"}, with_field="is_read")
    assert page.url == "/staff/members"
    assert "La revue est enregistrée." in page.text
    assert "par Aline Admin." in page.text
    (event,) = events("staff:rights:reviewed")
    assert event.facts == {"members": 3}
    with clock.stopped_at(clock.now() + timedelta(days=93)):
        later = people.signed_in_staff(Role.ADMINISTRATOR, "other@example.org", name="Otto Autre")
        assert "La suivante était à faire le" in later.get("/staff/members").text


def test_an_unread_list_is_not_signed(admin: Browser) -> None:
    page = admin.get("/staff/members/review").submit(with_field="is_read")
    assert (page.status, page.errors) == (422, ["Lisez la liste, changez ce qui doit l’être, puis cochez la case."])
    assert events("staff:rights:reviewed") == []


def test_a_list_that_changed_meanwhile_is_read_again(admin: Browser, people: People) -> None:
    page = admin.get("/staff/members/review")
    people.staff(Role.OFFICER, name="Bruno Petit")
    page = page.submit({"is_read": "y"}, with_field="is_read")
    assert (page.status, page.errors) == (422, ["La liste a changé pendant votre lecture. Relisez-la."])
    assert "Bruno Petit" in page.text
    assert events("staff:rights:reviewed") == []
    assert page.submit({"is_read": "y"}, with_field="is_read").url == "/staff/members"
