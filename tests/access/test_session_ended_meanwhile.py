"""A request that runs while somebody ends its session: what it was to add to the way in does not outlive that."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from portal.access.permissions import Role
from portal.access.recovery_codes import NewRecoveryCodes
from portal.accounts.facebook.linked_identities import link_own, live_identity
from portal.accounts.models import Account, AccountSession
from portal.accounts.second_step.factors import has_second_step
from portal.accounts.sessions.account_sessions import end_sessions
from portal.infrastructure.database import db, transaction
from portal.staff.entry.sessions import stop_all_sessions
from portal.staff.models import RecoveryCode, StaffMember, StaffSession
from portal.web.sessions import SessionOver
from tests.support.acting.browser import Browser
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.second_steps import PAGE, give
from tests.support.acting.staff_codes import code_at
from tests.support.acting.visitors import count

EMAIL = "camille@example.org"


def hashing_while(end: Callable[[int], int], owner: int) -> Callable[[], NewRecoveryCodes]:
    """Hash recovery codes, which takes a while, in which the owner's sessions are ended."""

    def make() -> NewRecoveryCodes:
        with transaction():
            end(owner)
        return NewRecoveryCodes(["AAAAA-AAAAA"], ["hash"])

    return make


def the_account() -> Account:
    db.session.rollback()
    return db.session.query(Account).filter_by(email=EMAIL).one()


def test_no_second_step_locks_out_the_owner_who_closed_the_sessions(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = people.signed_in(EMAIL)
    page = thief.get(PAGE).submit(action="/app/new")
    secret = page.tree.select_one("code.secret").get_text().replace(" ", "").strip()
    meanwhile = hashing_while(end_sessions, the_account().id)
    monkeypatch.setattr("portal.accounts.second_step.customer_views.make_recovery_codes", meanwhile)

    answer = give(thief.get(f"{PAGE}/app"), code_at(secret=secret))

    assert answer.url == "/sign-in"
    assert not has_second_step(the_account())


def test_no_facebook_account_opens_what_the_owner_closed(people: People) -> None:
    people.signed_in(EMAIL)
    session = db.session.execute(select(AccountSession)).scalar_one()
    with transaction():
        end_sessions(session.account_id)

    with pytest.raises(SessionOver), transaction():
        link_own(session, "4711")

    assert live_identity(the_account().id) is None


def test_no_recovery_codes_are_made_for_a_member_whose_sessions_were_ended(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = people.signed_in_staff(Role.REVIEWER)
    page = thief.get("/staff/account/recovery-codes")
    meanwhile = hashing_while(stop_all_sessions, db.session.query(StaffMember).one().id)
    monkeypatch.setattr("portal.staff.own_account.factor_staff_views.make_recovery_codes", meanwhile)

    assert page.submit(action="/recovery-codes").url == "/staff/sign-in"
    assert count(RecoveryCode) == 0


def test_no_password_of_a_thief_takes_the_place_of_one_just_changed(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = people.signed_in_staff(Role.REVIEWER)
    page = thief.get("/staff/account/password")
    member_id = db.session.query(StaffMember).one().id

    def hash_meanwhile(_password: str) -> str:
        with transaction():
            db.session.get_one(StaffMember, member_id).password_hash = "the new one"
            stop_all_sessions(member_id)
        return "the thief's"

    monkeypatch.setattr("portal.staff.own_account.staff_views.hash_password", hash_meanwhile)
    page.submit({"current": PASSWORD, "password": "encore quatre mots différents"}, with_field="current")

    db.session.rollback()
    assert db.session.query(StaffMember).one().password_hash == "the new one"


def test_no_password_changed_meanwhile_opens_the_second_factor(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    member_id = people.staff(Role.REVIEWER).id

    def change(_member: StaffMember, _password: str) -> None:
        with transaction():
            db.session.get_one(StaffMember, member_id).password_hash = "the new one"

    monkeypatch.setattr("portal.staff.entry.staff_views.better_hash", change)

    values = {"email": "reviewer@example.org", "password": PASSWORD}
    assert Browser(app).get("/staff/sign-in").submit(values, with_field="password").status == 422


def test_a_new_password_gives_the_staff_session_a_new_cookie(people: People) -> None:
    nora = people.signed_in_staff(Role.REVIEWER)
    before = db.session.execute(select(StaffSession.token_hash)).scalar_one()

    page = nora.get("/staff/account/password").submit(
        {"current": PASSWORD, "password": "encore quatre mots différents"}, with_field="current"
    )

    assert page.url == "/staff/account"
    db.session.rollback()
    assert db.session.execute(select(StaffSession.token_hash)).scalar_one() != before
