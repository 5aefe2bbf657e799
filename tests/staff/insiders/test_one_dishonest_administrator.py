"""What one dishonest administrator tries, alone, through the real forms: refused, or seen by the officer."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.staff.commands import staff as staff_commands
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, link_in, text_of
from tests.support.acting.people import People
from tests.support.acting.staff_codes import code_at, told
from tests.support.approvals import found
from tests.support.insiders import ACTS, NEW, WHY, ZOE, answer, hire_subjects

OFFICER, HONEST, DISHONEST = "officer@example.org", "honest@example.org", "dishonest@example.org"
LONG_AGO = timedelta(days=30)


@pytest.fixture
def honest(people: People) -> Browser:
    hire_subjects(people)
    people.staff(Role.OFFICER, OFFICER, name="Inès Garde")
    return people.signed_in_staff(Role.ADMINISTRATOR, HONEST, name="Honoré Droit")


@pytest.fixture
def dishonest(people: People, honest: Browser) -> Browser:
    browser = people.signed_in_staff(Role.ADMINISTRATOR, DISHONEST, name="Denis Faux")
    since(clock.now() - LONG_AGO, OFFICER, HONEST, DISHONEST, ZOE)
    return browser


def since(instant: datetime, *emails: str) -> None:
    with transaction() as session:
        chosen = update(StaffMember).where(StaffMember.email.in_(emails))
        session.execute(chosen.values(activated_at=instant, access_given_at=instant))


def page_of(browser: Browser, email: str) -> str:
    return f"/staff/members/{found(email).public_id}"


def second_by_shell(app: Flask, public_id: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(staff_commands, ["second", public_id, "--because", "Je suis seul."])
    return done.exit_code, done.stderr


def came_in_by(app: Flask, mailbox: Mailbox, email: str) -> Browser:
    link = next(link_in(mail) for mail in mailbox.to(email) if "/staff/invitation/" in text_of(mail))
    browser = Browser(app)
    page = browser.get(link).submit({"password": "cinq mots que personne ne sait"}, with_field="password")
    secret = page.tree.select_one("code.secret").get_text().replace(" ", "")
    assert page.submit({"code": code_at(secret=secret)}, with_field="code").status == 200
    told(browser.get("/staff/"))
    return browser


def test_they_cannot_take_the_officers_place(dishonest: Browser) -> None:
    page = dishonest.get(page_of(dishonest, OFFICER)).submit({"way_in-reason": "Téléphone perdu."}, action="/way-in")
    assert "/staff/invitation/" not in page.response.get_data(as_text=True)
    assert found(OFFICER).password_hash is not None, "the officer still comes in"
    assert answer(dishonest, page.url.rpartition("/")[2]).status == 403


def test_they_cannot_make_an_officer(dishonest: Browser) -> None:
    values = {"name": "Moi Même", "email": "me-again@example.org", "role": "officer", "reason": WHY}
    page = dishonest.get("/staff/members/new").submit(values, with_field="email")
    assert "/staff/invitation/" not in page.response.get_data(as_text=True)
    assert answer(dishonest, page.url.rpartition("/")[2]).status == 403


def test_they_cannot_act_on_themselves(dishonest: Browser) -> None:
    own = page_of(dishonest, DISHONEST)
    token = dishonest.form_token(own)
    for action in ("role", "way-in", "enable", "disable", "sessions"):
        values = {"csrf_token": token, "role": "officer", "reason": WHY, "way_in-reason": WHY, "reopening-reason": WHY}
        assert dishonest.post(f"{own}/{action}", values).status == 403, action
    assert found(DISHONEST).role is Role.ADMINISTRATOR


def test_whom_it_concerns_does_not_second_it(dishonest: Browser, honest: Browser) -> None:
    path = f"{page_of(honest, DISHONEST)}/role"
    values = {"csrf_token": honest.form_token(path), "role": "officer", "reason": WHY}
    public_id = honest.post(path, values).url.rpartition("/")[2]
    page = dishonest.get(f"/staff/approvals/{public_id}")
    assert "Cette proposition vous concerne" in page.text
    assert answer(dishonest, public_id).status == 403
    assert found(DISHONEST).role is Role.ADMINISTRATOR


def test_no_page_changes_an_address(app: Flask, dishonest: Browser) -> None:
    values = {"name": "Inès Garde", "email": OFFICER.upper(), "role": "administrator", "reason": WHY}
    page = dishonest.get("/staff/members/new").submit(values, with_field="email")
    assert (page.status, "est déjà dans l’équipe" in page.errors[0]) == (422, True)
    token = dishonest.form_token("/staff/members")
    extra = {"csrf_token": token, "role": "marketing", "reason": WHY, "email": "mine@example.org", "name": "Moi"}
    dishonest.post(f"{page_of(dishonest, OFFICER)}/role", extra)
    assert (found(OFFICER).email_normalised, found(OFFICER).role) == (OFFICER, Role.OFFICER)


def test_a_second_self_seconds_nothing_for_two_days(
    app: Flask, dishonest: Browser, honest: Browser, mailbox: Mailbox
) -> None:
    invited = {"name": "Une Collègue", "email": NEW, "role": "administrator", "reason": WHY}
    page = dishonest.get("/staff/members/new").submit(invited, with_field="email")
    answer(honest, page.url.rpartition("/")[2])
    assert any(NEW in text_of(mail) for mail in mailbox.to(OFFICER)), "the officer is told of the second self"
    accomplice = came_in_by(app, mailbox, NEW)
    wanted = ACTS["role"].proposed(dishonest)

    assert "Votre accès ou votre rôle est récent." in accomplice.get(f"/staff/approvals/{wanted}").text
    assert answer(accomplice, wanted).status == 403

    # Nor do they help to take the way in of the only other colleague, who may not second that.
    page = dishonest.get(page_of(dishonest, HONEST)).submit({"way_in-reason": "Téléphone perdu."}, action="/way-in")
    assert answer(accomplice, page.url.rpartition("/")[2]).status == 403

    # Closing the only colleague out opens no way round it, neither here nor from the shell, and the officer sees it.
    dishonest.get(page_of(dishonest, HONEST)).submit(action="/disable")
    assert answer(accomplice, wanted).status == 403
    assert second_by_shell(app, wanted)[0] == 1
    assert not ACTS["role"].is_done()
    assert any("Honoré Droit" in text_of(mail) for mail in mailbox.to(OFFICER))
    assert any("fermé" in text_of(mail) for mail in mailbox.to(HONEST))


def test_an_old_colleague_with_a_new_role_seconds_nothing_for_two_days(
    people: People, dishonest: Browser, honest: Browser
) -> None:
    zoe = people.sign_in_staff(ZOE)
    page = dishonest.get(page_of(dishonest, ZOE)).submit({"role": "administrator", "reason": WHY}, action="/role")
    answer(honest, page.url.rpartition("/")[2])
    assert found(ZOE).role is Role.ADMINISTRATOR
    assert answer(zoe, ACTS["token"].proposed(dishonest)).status == 403


def test_closing_the_only_colleague_gives_the_shell_nothing_for_two_days(app: Flask, dishonest: Browser) -> None:
    public_id = ACTS["token"].proposed(dishonest)
    dishonest.get(page_of(dishonest, HONEST)).submit(action="/disable")
    code, said = second_by_shell(app, public_id)
    assert (code, "less than 48 hours ago" in said) == (1, True)
    with clock.stopped_at(clock.now() + timedelta(hours=48, seconds=1)):
        assert second_by_shell(app, public_id)[0] == 0


def test_nobody_is_demoted_alone(dishonest: Browser) -> None:
    for email, role in ((HONEST, "marketing"), (OFFICER, "support")):
        before = found(email).role
        page = dishonest.get(page_of(dishonest, email)).submit({"role": role, "reason": WHY}, action="/role")
        assert page.url.startswith("/staff/approvals/")
        assert found(email).role is before


def test_closing_the_only_officer_leaves_the_organisations_address_to_be_told(
    dishonest: Browser, honest: Browser, mailbox: Mailbox
) -> None:
    dishonest.get(page_of(dishonest, OFFICER)).submit(action="/disable")
    assert any("Accès fermé" in text_of(mail) for mail in mailbox.to(OFFICER)), "written to before it is closed"
    answer(honest, ACTS["role"].proposed(dishonest))
    assert any(ZOE in text_of(mail) for mail in mailbox.to("support@netkin.fr"))


def test_what_a_dishonest_colleague_left_behind_is_over(dishonest: Browser, honest: Browser) -> None:
    public_id = ACTS["token"].proposed(dishonest)
    honest.get(page_of(honest, DISHONEST)).submit(action="/disable")
    page = honest.get(f"/staff/approvals/{public_id}")
    assert "est partie ou a changé de rôle" in page.text
    assert answer(honest, public_id).status == 409
    assert not ACTS["token"].is_done()
    db.session.rollback()


def test_a_proposed_member_comes_in_by_no_way(app: Flask, dishonest: Browser, honest: Browser) -> None:
    public_id = ACTS["invitation"].proposed(dishonest)
    assert found(NEW).proposed_at is not None
    page = dishonest.get(page_of(dishonest, NEW))
    assert page.click("Inviter quelqu’un").url == f"/staff/approvals/{public_id}"
    assert not page.tree.select('form[action$="/way-in"]')
    assert answer(honest, public_id, "decline", "Je ne connais personne de ce nom.").status == 200
    db.session.rollback()
    assert dishonest.get("/staff/members").text.count(NEW) == 0
