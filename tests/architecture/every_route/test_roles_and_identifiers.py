"""What every route answers to each role, to nobody, and to somebody who uses another person's identifiers."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.routing import Rule

from portal import clock
from portal.access.declare import Access, declared_access
from portal.access.permissions import PERMISSIONS, Role, may
from portal.access.reauthentication import FRESH_FOR
from portal.accounts.models import AccountSession
from portal.infrastructure.database import transaction
from portal.staff.models import StaffSession
from portal.web.audiences import Audience
from tests.support.acting.browser import Browser
from tests.support.cases import form_token
from tests.support.demonstration import Demonstration, fill, snapshot, walkable

# A mail program calls the first without any page before it (RFC 8058). Facebook calls the others and signs its calls.
WITHOUT_TOKEN = {"public.preferences.stop", "public.rights.deauthorize", "public.rights.deletion"}
METHODS = ("GET", "POST")


def routes(demo: Demonstration, audience: Audience, method: str) -> Iterator[tuple[Rule, Access]]:
    """Yield the routes of an audience that ask something of their caller."""
    for rule in walkable(demo.app, method):
        access = declared_access(demo.app, rule.endpoint)
        if access is not None and access.audience is audience and not access.is_open:
            yield rule, access


def ask(browser: Browser, method: str, path: str, token: str = "") -> tuple[int, str]:
    """Return the status of an answer and where it leads."""
    if method == "POST":
        answer = browser.client.post(path, data={"csrf_token": token} if token else {})
    else:
        answer = browser.client.get(path)
    return answer.status_code, answer.headers.get("Location", "")


def token_for(browser: Browser, page: str) -> str:
    return form_token(browser.get(page))


@pytest.mark.parametrize(("audience", "sign_in"), [(Audience.CUSTOMER, "/sign-in"), (Audience.STAFF, "/staff/sign-in")])
def test_nobody_is_led_to_the_right_door(demo: Demonstration, audience: Audience, sign_in: str) -> None:
    browser = Browser(demo.app)
    token = token_for(browser, sign_in)
    faults = []
    for method in METHODS:
        for rule, _access in routes(demo, audience, method):
            path = demo.path(rule, "nobody")
            status, location = ask(browser, method, path, token)
            if status != 303 or not location.startswith(f"{sign_in}?next="):
                faults.append(f"{method} {rule.rule}: {status} {location}")
    assert not faults, "\n".join(faults)


def test_each_side_is_nobody_to_the_other(demo: Demonstration) -> None:
    faults = []
    for method in METHODS:
        for caller, audience, page, door in (
            ("customer", Audience.STAFF, "/staff/sign-in", "/staff/sign-in"),
            (Role.OFFICER, Audience.CUSTOMER, "/sign-in", "/sign-in"),
        ):
            browser = demo.browsers[caller]
            token = token_for(browser, page)
            for rule, _access in routes(demo, audience, method):
                status, location = ask(browser, method, demo.path(rule, caller), token)
                if status != 303 or not location.startswith(f"{door}?next="):
                    faults.append(f"{caller}: {method} {rule.rule}: {status} {location}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_its_permissions_say(demo: Demonstration, role: Role) -> None:
    browser = demo.browsers[role]
    token = token_for(browser, "/staff/account")
    before, faults, denied = snapshot(demo.app), [], 0
    for method in METHODS:
        for rule, access in routes(demo, Audience.STAFF, method):
            path = demo.path(rule, role)
            is_allowed = access.permission is None or may(role, access.permission)
            if not is_allowed:
                status, _location = ask(browser, method, path, token)
                denied += 1
                if status != 403:
                    faults.append(f"{method} {rule.rule} without {access.permission}: {status}")
            elif method == "GET":
                status, _location = ask(browser, method, path)
                # The picture of a document needs more than a permission: the member must hold the case now.
                is_held_by_another = rule.endpoint == "staff.identity_checks.document" and role is not Role.REVIEWER
                if status not in ({403} if is_held_by_another else {200, 303}):
                    faults.append(f"GET {rule.rule} with {access.permission}: {status}")
    assert not faults, "\n".join(faults)
    assert denied >= 5 or role is Role.OFFICER
    assert snapshot(demo.app) == before, "what is denied changes nothing"


@pytest.mark.parametrize("caller", ["nobody", "customer", *Role])
def test_what_is_open_is_open_to_everybody(demo: Demonstration, caller: str) -> None:
    browser, faults, tried = demo.browsers[caller], [], 0
    for rule in walkable(demo.app, "GET"):
        access = declared_access(demo.app, rule.endpoint)
        if access is None or not access.is_open:
            continue
        tried += 1
        status, location = ask(browser, "GET", demo.path(rule, caller))
        if status in {401, 403} or location.startswith(("/sign-in?next", "/staff/sign-in?next")):
            faults.append(f"GET {rule.rule}: {status} {location}")
    assert tried > 20
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("caller", "audience", "model", "door"),
    [("stranger", Audience.CUSTOMER, AccountSession, "/account/confirm-password"),
     (Role.SUPPORT, Audience.STAFF, StaffSession, "/staff/account/confirm-password")],
)  # fmt: skip
def test_a_fresh_proof_is_asked_for_exactly_where_it_is_declared(
    demo: Demonstration, caller: str, audience: Audience, model: Any, door: str
) -> None:
    browser = demo.browsers[caller]
    token = token_for(browser, "/account" if audience is Audience.CUSTOMER else "/staff/account")
    with demo.app.app_context(), transaction() as session:
        kept = {row.id: row.reauthenticated_at for row in session.execute(select(model.id, model.reauthenticated_at))}
        session.execute(update(model).values(reauthenticated_at=clock.now() - FRESH_FOR - timedelta(seconds=5)))
    before, faults, asked = snapshot(demo.app), [], 0
    for method in METHODS:
        for rule, access in routes(demo, audience, method):
            if (method == "POST" and not access.needs_fresh) or (
                access.permission and not may(Role(caller), access.permission)
            ):
                continue
            status, location = ask(browser, method, demo.path(rule, caller), token)
            asked += access.needs_fresh
            if (status == 303 and location.startswith(f"{door}?next=")) != access.needs_fresh:
                faults.append(f"{method} {rule.rule}: {status} {location}")
    changed = snapshot(demo.app) != before
    with demo.app.app_context(), transaction() as session:
        for row_id, instant in kept.items():
            session.execute(update(model).where(model.id == row_id).values(reauthenticated_at=instant))
    assert not faults, "\n".join(faults)
    assert asked >= 4
    assert not changed


def test_every_permission_is_asked_for_and_given(demo: Demonstration) -> None:
    asked = {access.permission for method in METHODS for _rule, access in routes(demo, Audience.STAFF, method)}
    given = frozenset().union(*PERMISSIONS.values())
    assert asked - {None} <= given, "nobody can open these"


def test_another_customers_objects_are_not_found(demo: Demonstration) -> None:
    browser = demo.browsers["stranger"]
    own, others = demo.values["stranger"], demo.values["customer"]
    token = token_for(browser, "/account")
    places = [prefix for prefix in others if others[prefix] != own.get(prefix) or prefix in {"/answers/"}]
    places += ["/requests/identity/<code>/document/"]
    before, faults, tried = snapshot(demo.app), [], set()
    for method in METHODS:
        for rule, _access in routes(demo, Audience.CUSTOMER, method):
            for place in places:
                if f"{place}<" not in rule.rule:
                    continue
                tried.add(rule.rule)
                status, location = ask(browser, method, fill(rule.rule, own | {place: others[place]}), token)
                if status != 404:
                    faults.append(f"{method} {rule.rule} with another's {place}: {status} {location}")
    assert not faults, "\n".join(faults)
    with_object = {
        rule.rule for method in METHODS for rule, _access in routes(demo, Audience.CUSTOMER, method)
        if "<" in rule.rule and not rule.rule.startswith(("/data/<", "/requests/new/"))
    }  # fmt: skip
    assert tried == with_object, "each route with an object of somebody's was tried"
    assert snapshot(demo.app) == before


def test_another_members_lookup_is_not_found(demo: Demonstration) -> None:
    reviewer, others = demo.browsers[Role.REVIEWER], demo.values[Role.SUPPORT]
    token = token_for(reviewer, "/staff/account")
    tried = 0
    for method in METHODS:
        for rule, _access in routes(demo, Audience.STAFF, method):
            if rule.rule.startswith("/staff/customers/<"):
                tried += 1
                assert ask(reviewer, method, fill(rule.rule, others), token)[0] == 404, rule.rule
    assert tried >= 4
    officer = demo.browsers[Role.OFFICER]
    assert (
        ask(officer, "GET", f"/staff/marketing/customers/{demo.values[Role.MARKETING]['/staff/marketing/customers/']}")[
            0
        ]
        == 404
    )


@pytest.mark.parametrize("caller", ["nobody", "customer", *Role])
def test_no_form_is_taken_without_its_token(demo: Demonstration, caller: str) -> None:
    browser = demo.browsers[caller]
    before, faults, tried = snapshot(demo.app), [], 0
    for rule in walkable(demo.app, "POST"):
        access = declared_access(demo.app, rule.endpoint)
        assert access is not None
        if access.audience is Audience.FEED or rule.endpoint in WITHOUT_TOKEN:
            continue
        tried += 1
        path = demo.path(rule, caller)
        for token in ("", "forged"):
            status, _location = ask(browser, "POST", path, token)
            if status not in {400, 419}:
                faults.append(f"{caller}: POST {rule.rule}: {status}")
    assert tried > 50
    assert not faults, "\n".join(faults)
    assert snapshot(demo.app) == before


def test_machines_need_a_token_that_carries_the_scope(demo: Demonstration) -> None:
    client = demo.app.test_client()
    scopes = {
        "feed_token": {"preferences:read", "preferences:list"}, "ingest_token": {"records:write"},
        "instructions_token": {"instructions:acknowledge"},
    }  # fmt: skip
    for method in METHODS:
        for rule, access in routes(demo, Audience.FEED, method):
            path = demo.path(rule, "machine")
            answer = client.open(path, method=method)
            assert answer.status_code == 401, rule.rule
            assert answer.mimetype == "application/problem+json"
            for header in ("Bearer nkp_live_forged", "Basic dXNlcjpwYXNz", demo.people["feed_token"]):
                assert client.open(path, method=method, headers={"Authorization": header}).status_code == 401, rule.rule
            for name, carried in scopes.items():
                headers = {"Authorization": f"Bearer {demo.people[name]}"}
                status = client.open(path, method=method, headers=headers).status_code
                assert (status == 403) == (access.scope not in carried), f"{name}: {method} {rule.rule}: {status}"


def test_people_are_no_machines(demo: Demonstration) -> None:
    for caller in ("customer", Role.OFFICER, Role.MARKETING):
        for method in METHODS:
            for rule, _access in routes(demo, Audience.FEED, method):
                assert ask(demo.browsers[caller], method, demo.path(rule, "machine"))[0] == 401, rule.rule
