"""Every role on every page of the staff and of looking customers up, read from the routes themselves."""

import pytest
from flask import Flask

from portal.access.declare import declared_access
from portal.access.permissions import PERMISSIONS, Permission, Role
from portal.web.audiences import Audience
from tests.support.acting.browser import Browser
from tests.support.acting.people import People

NEEDED = {
    "customers": Permission.LOOK_UP_CUSTOMER,
    "customer_file": Permission.LOOK_UP_CUSTOMER,
    "customer_category": Permission.LOOK_UP_CUSTOMER,
    "archive": Permission.OPEN_ARCHIVE,
    "archive_of_customer": Permission.OPEN_ARCHIVE,
    "desk": Permission.SEE_DESK,
    "register": Permission.SEE_DESK,
    "notices": Permission.SEE_DESK,
    "read_notices": Permission.SEE_DESK,
    "members": Permission.MANAGE_STAFF,
    "new_member": Permission.MANAGE_STAFF,
    "member": Permission.MANAGE_STAFF,
    "review_rights": Permission.MANAGE_STAFF,
    "member_role": Permission.MANAGE_STAFF,
    "member_disable": Permission.MANAGE_STAFF,
    "member_enable": Permission.MANAGE_STAFF,
    "member_sessions": Permission.MANAGE_STAFF,
    "member_way_in": Permission.MANAGE_STAFF,
    "tokens": Permission.MANAGE_TOKENS,
    "new_token": Permission.MANAGE_TOKENS,
    "token_show": Permission.MANAGE_TOKENS,
    "token_revoke": Permission.MANAGE_TOKENS,
}
FOR_ALL_STAFF = {
    "home", "sign_out", "stay", "permissions", "recovery_codes", "approvals", "approval", "answer_approval",
    "account", "account_password", "account_recovery_codes", "account_sessions", "account_session_end", "confirm_password",
    "begin_company_proof", "prove_by_company",
    "account_app", "account_app_new", "account_app_picture", "account_app_remove",
    "passkeys", "passkey_options", "passkey_remove",
}  # fmt: skip
OPEN = {
    "sign_in", "sign_in_code", "sign_in_passkey", "sign_in_passkey_options", "accept_invitation", "second_factor",
    "second_factor_picture", "invitation_passkey", "invitation_passkey_options", "language",
    "company_sign_on", "begin_company_sign_on", "company_return", "enter_by_company",
}  # fmt: skip


def own_rules(app: Flask):
    own = ("staff.staff.", "staff.lookups.", "staff.archive.")
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(own)]


def name_of(rule) -> str:
    return str(rule.endpoint).rpartition(".")[2]


def address(rule) -> str:
    values = {"public_id": "0" * 32, "category": "contact", "token": "x"}
    return str(rule.build({name: values[name] for name in rule.arguments})[1])


def test_every_route_stands_in_the_table_above(app: Flask) -> None:
    rules = own_rules(app)

    assert {name_of(rule) for rule in rules} == set(NEEDED) | FOR_ALL_STAFF | OPEN
    for rule in rules:
        access, name = declared_access(app, rule.endpoint), name_of(rule)
        assert access is not None
        assert access.audience is Audience.STAFF
        assert access.permission == NEEDED.get(name)
        assert access.is_open == (name in OPEN)


def test_nobody_signed_in_gets_to_the_sign_in_page(app: Flask) -> None:
    for rule in own_rules(app):
        if name_of(rule) in OPEN or "GET" not in rule.methods:
            continue
        assert Browser(app).get(address(rule)).url == "/staff/sign-in", rule


def test_a_customer_is_nobody_here(people: People, app: Flask) -> None:
    camille = people.signed_in()

    assert camille.get("/staff/customers").url == "/staff/sign-in"
    assert camille.get("/staff/members").url == "/staff/sign-in"


def test_a_staff_member_is_no_customer(people: People) -> None:
    officer = people.signed_in_staff(Role.OFFICER)

    assert officer.get("/access-log").url == "/sign-in"


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_what_its_permissions_say_and_nothing_else(people: People, app: Flask, role: Role) -> None:
    browser = people.signed_in_staff(role)
    token = browser.get("/staff/account").tree.find(attrs={"name": "csrf_token"})["value"]
    for rule in own_rules(app):
        permission = NEEDED.get(name_of(rule))
        if permission is None:
            continue
        for method in rule.methods & {"GET", "POST"}:
            values = {"csrf_token": token, "role": "support"}
            path = address(rule)
            page = browser.get(path) if method == "GET" else browser.post(path, values)
            assert (page.status == 403) == (permission not in PERMISSIONS[role]), f"{role} {method} {path}"


@pytest.mark.parametrize("role", list(Role))
def test_the_navigation_offers_only_what_opens(people: People, role: Role) -> None:
    browser = people.signed_in_staff(role)
    page = browser.get("/staff/account")

    links = [link["href"] for link in page.tree.select("header nav a")]
    assert links
    assert all(browser.get(link).status == 200 for link in links)


def test_every_form_of_staff_needs_its_token(people: People, app: Flask) -> None:
    browser = people.signed_in_staff(Role.ADMINISTRATOR)
    for rule in own_rules(app):
        if "POST" in rule.methods:
            assert browser.post(address(rule), {}).status == 419, rule


def test_a_get_writes_nothing_but_the_audit_of_a_read(people: People, app: Flask) -> None:
    from sqlalchemy import func, select

    from portal.infrastructure.database import db

    def rows() -> dict[str, int]:
        db.session.rollback()
        tables = db.metadata.sorted_tables
        return {
            table.name: db.session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables
        }

    browser = people.signed_in_staff(Role.ADMINISTRATOR)
    before = rows()
    for rule in own_rules(app):
        if "GET" in rule.methods:
            browser.get(address(rule))
    assert rows() == before
