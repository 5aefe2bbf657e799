"""Staff members as administrators see them, through the real forms: nobody acts on themselves."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure.database import db
from portal.staff.commands import staff
from portal.staff.models import StaffDevice, StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, link_in, text_of
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.staff_codes import code_at, to_code_page
from tests.support.looking.audit_trail import events

WHY = "Nora remplace Bruno."
ACTIONS = ("role", "disable", "enable", "sessions", "way-in")


@pytest.fixture
def admin(people: People) -> Browser:
    return people.signed_in_staff(Role.ADMINISTRATOR, name="Aline Admin")


@pytest.fixture
def other(people: People) -> Browser:
    return people.signed_in_staff(Role.ADMINISTRATOR, "other@example.org", name="Omar Second")


def found(email: str) -> StaffMember:
    db.session.rollback()
    return db.session.execute(select(StaffMember).where(StaffMember.email == email)).scalar_one()


def page_of(browser: Browser, email: str) -> Page:
    return browser.get(f"/staff/members/{found(email).public_id}")


def test_the_list_tells_who_is_there(admin: Browser, people: People) -> None:
    people.staff(Role.SUPPORT, name="Zoé Avec-un-nom-très-long-de-quarante-lettres", disabled_at=clock.now())
    people.staff(Role.OFFICER, name="Bruno Petit")

    page = admin.get("/staff/members")

    rows = [" ".join(row.get_text(" ").split()) for row in page.tree.select("main tbody tr")]
    assert [row.split()[0] for row in rows] == ["Aline", "Bruno", "Zoé"]
    assert "Accès fermé" in rows[2]
    assert "Jamais" in rows[1]
    assert "Jamais" not in rows[0]


def test_the_list_has_pages(admin: Browser, people: People) -> None:
    for number in range(51):
        people.staff(Role.SUPPORT, f"s{number}@example.org", name=f"Membre {number:02}")

    first = admin.get("/staff/members")
    second = first.click("Suivant") if "Suivant" in first.text else first.click("Next")

    names = [row.find("a").get_text() for page in (first, second) for row in page.tree.select("main tbody tr")]
    assert len(names) == len(set(names)) == 52
    assert names == sorted(names)


def seconded(page: Page, other: Browser) -> Page:
    """Have another administrator second what was just proposed."""
    assert page.url.startswith("/staff/approvals/"), page.text
    return other.get(page.url).submit({"answer": "second"}, with_field="answer")


def test_an_invitation_leaves_by_mail_once_it_is_seconded(
    app: Flask, admin: Browser, other: Browser, mailbox: Mailbox
) -> None:
    values = {"name": "Nora Petit", "email": "nora@example.org", "role": "reviewer", "reason": WHY}
    page = admin.get("/staff/members/new").submit(values, with_field="email")

    assert "Nora Petit, nora@example.org" in page.text
    assert "Invitation proposée" in admin.get("/staff/members").text
    assert not mailbox.to("nora@example.org")
    assert admin.get("/staff/members").click("Inviter quelqu’un").status == 200

    seconded(page, other)

    (mail,) = mailbox.to("nora@example.org")
    assert Browser(app).get(link_in(mail)).status == 200
    (event,) = events("staff:member:invited")
    assert event.actor == f"staff:{found('other@example.org').public_id}"
    assert event.subject == f"staff:{found('nora@example.org').public_id}"


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"name": " "}, "Saisissez le nom de la personne."),
        ({"email": ""}, "Saisissez l’adresse e-mail de la personne."),
        ({"email": "nora@"}, "name@example.org|nom@example.org"),
        ({"email": "ADMINISTRATOR@example.org"}, "est déjà dans l’équipe"),
        ({"role": "king"}, "Choisissez parmi les réponses de la page."),
    ],
)
def test_a_refused_invitation_keeps_what_was_typed(admin: Browser, values: dict[str, str], error: str) -> None:
    page = admin.get("/staff/members/new")
    typed = {"name": "Nora", "email": "nora@example.org", "role": "officer", "reason": WHY} | values

    page = page.submit(typed, with_field="email")

    assert page.status == 422
    assert any(words in page.errors[0] for words in error.split("|"))
    assert page.form(with_field="email").find(attrs={"name": "email"})["value"] == typed["email"]
    db.session.rollback()
    assert len(db.session.execute(select(StaffMember)).all()) == 1


def test_a_role_changes_from_the_next_page_on(admin: Browser, other: Browser, people: People, mailbox: Mailbox) -> None:
    worker = people.signed_in_staff(Role.SUPPORT)

    page = page_of(admin, "support@example.org").submit({"role": "marketing", "reason": WHY}, with_field="role")
    assert worker.get("/staff/customers").status == 200
    cells = [" ".join(cell.get_text(" ").split()) for cell in page.tree.select("main tbody tr:first-child > *")]
    assert cells == ["Rôle", "Service client", "Marketing"]
    again = page_of(admin, "support@example.org").submit({"role": "officer", "reason": WHY}, with_field="role")
    assert again.url == page.url, "what waits is decided first"
    seconded(page, other)

    assert "Marketing" in text_of(mailbox.last_to("support@example.org"))
    assert worker.get("/staff/customers").status == 403
    (event,) = events("staff:role:changed")
    assert event.facts == {"before": "support", "after": "marketing"}


def test_a_disabled_member_is_out_at_the_next_request(
    app: Flask, admin: Browser, other: Browser, people: People
) -> None:
    worker = people.signed_in_staff(Role.SUPPORT)
    lookup = worker.get("/staff/customers")

    page_of(admin, "support@example.org").submit(action="/disable")

    assert worker.get("/staff/customers").url == "/staff/sign-in"
    assert lookup.submit({"identifier": "x", "reason": "une raison assez longue"}).url == "/staff/sign-in"
    values = {"email": "support@example.org", "password": PASSWORD}
    assert Browser(app).get("/staff/sign-in").submit(values, with_field="password").status == 422
    assert events("staff:member:disabled")[0].facts == {"sessions": 1}

    page = page_of(admin, "support@example.org").submit({"reopening-reason": WHY}, action="/enable")
    assert Browser(app).get("/staff/sign-in").submit(values, with_field="password").status == 422
    seconded(page, other)

    assert worker.get("/staff/customers").url == "/staff/sign-in"
    with clock.stopped_at(clock.now() + timedelta(minutes=1)):
        page = to_code_page(app, "support@example.org").submit({"code": code_at()}, with_field="code")
    assert page.url == "/staff/queue"
    assert len(events("staff:member:enabled")) == 1


def test_ended_sessions_are_dead(admin: Browser, people: People) -> None:
    worker = people.signed_in_staff(Role.SUPPORT)

    page = page_of(admin, "support@example.org").submit(action="/sessions")

    assert "1 session est fermée." in page.text
    assert worker.get("/staff/customers").url == "/staff/sign-in"
    assert events("staff:sessions:ended")[0].facts == {"sessions": 1}


def test_a_new_way_in_takes_the_old_one_away(
    app: Flask, admin: Browser, other: Browser, people: People, mailbox: Mailbox
) -> None:
    worker = people.signed_in_staff(Role.SUPPORT)
    known = select(StaffDevice.token_hash).where(StaffDevice.staff_id == found("support@example.org").id)
    before = set(db.session.execute(known).scalars())

    page = page_of(admin, "support@example.org").submit({"way_in-reason": WHY}, action="/way-in")
    assert worker.get("/staff/customers").status == 200, "nothing is taken away before it is seconded"
    seconded(page, other)

    assert before.isdisjoint(db.session.execute(known).scalars()), "a browser of before is a new one"

    link = link_in(next(mail for mail in mailbox.to("support@example.org") if "nouvel accès" in mail["Subject"]))
    assert worker.get("/staff/customers").url == "/staff/sign-in"
    values = {"email": "support@example.org", "password": PASSWORD}
    assert Browser(app).get("/staff/sign-in").submit(values, with_field="password").status == 422
    assert Browser(app).get(link).status == 200
    assert len(events("staff:way_in:renewed")) == 1


def test_nobody_acts_on_themselves(admin: Browser) -> None:
    page = page_of(admin, "administrator@example.org")
    assert not page.tree.select("main form")
    token = page.tree.find(attrs={"name": "csrf_token"})["value"]

    for action in ACTIONS:
        answer = admin.post(f"{page.url}/{action}", {"csrf_token": token, "role": "officer"})
        assert answer.status == 403, action
    assert found("administrator@example.org").role is Role.ADMINISTRATOR


def test_an_unknown_member_is_not_found(admin: Browser) -> None:
    token = admin.get("/staff/members/new").tree.find(attrs={"name": "csrf_token"})["value"]

    assert admin.get("/staff/members/0123").status == 404
    for action in ACTIONS:
        values = {"csrf_token": token, "role": "officer"}
        assert admin.post(f"/staff/members/0123/{action}", values).status == 404


def test_two_administrators_cannot_close_each_other_out(app: Flask, people: People) -> None:
    first = people.signed_in_staff(Role.ADMINISTRATOR, "first@example.org")
    second = people.signed_in_staff(Role.ADMINISTRATOR, "second@example.org")
    pages = [page_of(first, "second@example.org"), page_of(second, "first@example.org")]
    together = Barrier(2)

    def close(page: Page) -> bool:
        together.wait()
        answer = page.submit(action="/disable", follow=False)
        # Whoever came too late is refused, or is signed out already.
        is_out = answer.response.headers.get("Location", "").startswith("/staff/sign-in")
        assert is_out or answer.status in {303, 403}
        return answer.status == 303 and not is_out

    with ThreadPoolExecutor(2) as pool:
        done = sorted(pool.map(close, pages))

    assert done == [False, True]
    closed = [found(email).disabled_at is not None for email in ("first@example.org", "second@example.org")]
    assert sorted(closed) == [False, True]


def test_two_administrators_cannot_demote_each_other_by_the_shell(app: Flask, people: People) -> None:
    browsers = [
        people.signed_in_staff(Role.ADMINISTRATOR, email) for email in ("first@example.org", "second@example.org")
    ]
    pages = [page_of(browsers[0], "second@example.org"), page_of(browsers[1], "first@example.org")]
    wanted = [page.submit({"role": "marketing", "reason": WHY}, with_field="role").url[-32:] for page in pages]
    done = [app.test_cli_runner().invoke(staff, ["second", public_id, "--because", WHY]) for public_id in wanted]
    assert [result.exit_code for result in done] == [0, 1], "whoever is no administrator any more has proposed nothing"
    assert found("first@example.org").role is Role.ADMINISTRATOR


def test_the_permission_table_is_readable_by_all_staff(people: People) -> None:
    page = people.signed_in_staff(Role.MARKETING).get("/staff/permissions")

    rows = {row.find("th").get_text(): row for row in page.tree.select("main tbody tr")}
    cells = {cell["data-label"]: cell.get_text(strip=True) for cell in rows["Voir une pièce d’identité"].find_all("td")}
    assert cells == {
        "Service client": "Non", "Vérification": "Oui", "Protection des données (DPO)": "Oui",
        "Marketing": "Non", "Administration": "Non",
    }  # fmt: skip


def test_what_opens_a_door_asks_for_a_fresh_proof_and_what_closes_one_does_not(admin: Browser, people: People) -> None:
    people.staff(Role.SUPPORT, "zoe@example.org", name="Zoé")
    with clock.stopped_at(clock.now() + timedelta(minutes=11)):
        asked = page_of(admin, "zoe@example.org").submit({"way_in-reason": WHY}, action="/way-in")
        assert asked.url == "/staff/account/confirm-password"
        assert asked.submit({"password": PASSWORD}, with_field="password").url.startswith("/staff/members/")
        assert admin.get("/staff/members/new").url == "/staff/members/new"
    with clock.stopped_at(clock.now() + timedelta(minutes=22)):
        for path in ("/staff/members/new", "/staff/tokens/new"):
            assert admin.get(path).url == "/staff/account/confirm-password"
        page = page_of(admin, "zoe@example.org").submit({"role": "officer", "reason": WHY}, action="/role")
        assert page.url == "/staff/account/confirm-password"
        page_of(admin, "zoe@example.org").submit(action="/disable")
    zoe = found("zoe@example.org")
    assert (zoe.role, zoe.password_hash is not None, zoe.disabled_at is not None) == (Role.SUPPORT, True, True)
