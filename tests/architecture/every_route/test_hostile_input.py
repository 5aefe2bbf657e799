"""Hostile input: every address, called with what no page of ours sends, answers without a fault and writes nothing."""

import json
from collections.abc import Callable, Iterator
from functools import cache, wraps
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import delete
from werkzeug.routing import Rule
from wtforms.fields.core import UnboundField

from portal.access.declare import declared_access
from portal.access.permissions import Permission, Role, may
from portal.infrastructure.database import transaction
from portal.web.audiences import Audience
from portal.web.forms import PortalForm
from portal.web.incoming.kept_counts import RateCount
from tests.support.acting.browser import Browser
from tests.support.demonstration import Demonstration, snapshot, walkable
from tests.support.looking.logs import served_log

# Together, these two roles may do everything that staff may do, so the other roles need no call.
WIDEST = (Role.OFFICER, Role.ADMINISTRATOR)
CALLERS = [
    "nobody", "customer", "machine", *WIDEST,
    *(pytest.param(role, marks=pytest.mark.trial) for role in Role if role not in WIDEST),
]  # fmt: skip
AUDIENCES = {"nobody": {Audience.PUBLIC}, "customer": {Audience.CUSTOMER, Audience.PUBLIC}, "machine": {Audience.FEED}}

# Views that a button alone calls: nothing is typed that could be refused.
BUTTONS = {
    "customer.accounts.sign_out", "customer.accounts.end_session", "customer.accounts.end_other_sessions",
    "customer.accounts.second_step.new_app", "customer.accounts.second_step.remove_app",
    "customer.accounts.second_step.new_recovery_codes", "customer.accounts.second_step.codes_kept",
    "customer.accounts.second_step.passkey_options", "customer.accounts.second_step.remove_passkey",
    "customer.identity_checks.by_code", "customer.identity_checks.later", "customer.identity_checks.remove",
    "customer.identity_checks.uploads.cancel",
    "customer.rights.discard_draft", "customer.rights.object_to_marketing", "customer.rights.send",
    "customer.rights.withdraw", "customer.exports.download", "public.preferences.stop", "public.accounts.resend",
    "staff.identity_checks.compare_store", "staff.rights.claim_case", "staff.rights.release_case", "staff.rights.take_next", "staff.rights.prepare_again",
    "staff.working.acknowledge", "staff.rights.tell_of_restriction", "staff.rights.announce_lift", "staff.rights.keep_restriction", "staff.rights.lift_restriction",
    "public.accounts.email_change.deny", "customer.accounts.email_change.cancel",
    "staff.staff.sign_out", "staff.staff.account_sessions", "staff.staff.account_session_end", "staff.staff.member_disable",
    "staff.staff.member_enable", "staff.staff.member_sessions", "staff.staff.member_way_in",
    "staff.staff.token_revoke", "staff.staff.account_recovery_codes", "staff.staff.account_app_new",
    "staff.staff.account_app_remove", "staff.staff.passkey_options", "staff.staff.passkey_remove",
}  # fmt: skip

# The forms of these views are valid without any field, so a request without fields is saved and not refused.
ANSWERED = {"customer.rights.start", "customer.rights.details"}

ASKED = (
    "after", "again", "categories", "category", "channel", "closed", "code", "cursor", "holder", "intent", "limit",
    "next", "page", "paper", "right", "status", "text", "when",
)  # fmt: skip
# What views read without a form, and the prefixed fields of the case page's small forms.
READ_BY_HAND = {"action", "language", "link", "next", "seen", "take_over"}
PREFIXED = {
    f"{form}-{name}" for form in ("doubt", "extension", "note", "question") for name in ("reason", "text", "version")
}

# Control characters, broken UTF-8 and a lone surrogate; a very long number; no URL; wide and bidirectional characters.
QUERY_VALUES = ("%00%1B%FF%ED%A0%80%ZZ", "-" + "9" * 3000, "//[", "%D9%A1%F0%9F%98%80%E2%80%AE")
# Blank, or longer than any field takes, so that every field refuses it. Python still reads 4200 digits as a number.
BODY_VALUES = (b"%00%1B%20", b"9" * 4200, b"//[" * 1400 + b"%FF%ED%A0%80%E2%80%AE%F0%9F%98%80")
FORM = "application/x-www-form-urlencoded"
OTHER_BODIES = (
    ("application/json", b"[" * 100_000),
    ("application/json", b'{"references": [NaN], "references": 1}'),
    ("application/x-ndjson", b'\xff\xfe\n{"type": "customer", "external_id": "a\\u0000b"}\n' + b"[" * 5000),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="\xff'),
    ("", b""),
)  # fmt: skip


@pytest.fixture(autouse=True)
def uncounted(demo: Demonstration) -> Iterator[None]:
    """Delete the tries that this file counted, so that they limit no other test."""
    yield
    with demo.app.app_context(), transaction() as session:
        session.execute(delete(RateCount))


def test_the_roles_that_are_always_asked_reach_everything() -> None:
    assert {permission for permission in Permission for role in WIDEST if may(role, permission)} == set(Permission)


def rules_for(demo: Demonstration, caller: str, method: str) -> Iterator[Rule]:
    audiences = AUDIENCES.get(caller, {Audience.STAFF})
    for rule in walkable(demo.app, method):
        if rule.endpoint.split(".")[0] in audiences and (method == "GET" or rule.endpoint not in BUTTONS):
            yield rule


@cache
def field_names() -> list[str]:
    """Return the names of all fields that the portal's forms declare."""
    classes, names = [PortalForm], READ_BY_HAND | PREFIXED
    while classes:
        form = classes.pop()
        classes += form.__subclasses__()
        names |= {name for name in vars(form) if isinstance(getattr(form, name), UnboundField)}
    return sorted(names)


def client_of(demo: Demonstration, caller: str) -> tuple[Browser, dict[str, str]]:
    if caller == "machine":
        return Browser(demo.app), {"Authorization": f"Bearer {demo.people['feed_token']}"}
    return demo.browsers[caller], {"Accept-Language": "fr"}


def bodies_for(rule: Rule) -> Iterator[dict[str, Any]]:
    names = field_names()
    assert len(names) > 50
    for value in BODY_VALUES:
        yield {"data": b"&".join(name.encode() + b"=" + value for name in names), "content_type": FORM}
    if rule.endpoint in ANSWERED:
        return
    files = {name: (BytesIO(b"\xff\xd8\xff"), "a\0.jpg") for name in names}
    yield {"data": files, "content_type": "multipart/form-data"}
    for kind, body in OTHER_BODIES:
        yield {"data": body, "content_type": kind}


@pytest.mark.parametrize("caller", CALLERS)
def test_no_question_breaks_an_address(demo: Demonstration, caller: str) -> None:
    browser, headers = client_of(demo, caller)
    before, faults = snapshot(demo.app), []
    for rule in rules_for(demo, caller, "GET"):
        for value in QUERY_VALUES:
            query = "&".join(f"{name}={value}" for name in ASKED)
            with browser.client.get(f"{demo.path(rule, caller)}?{query}", headers=headers) as answer:
                if answer.status_code >= 500:
                    faults.append(f"{rule.rule} asked with {value[:20]}: {answer.status_code}")
    assert not faults, "\n".join(faults)
    assert snapshot(demo.app) == before


@pytest.mark.parametrize("caller", CALLERS)
def test_no_body_breaks_a_form_or_is_taken(demo: Demonstration, caller: str) -> None:
    browser, headers = client_of(demo, caller)
    before, faults, tried = snapshot(demo.app), [], 0
    for rule in rules_for(demo, caller, "POST"):
        path = demo.path(rule, caller)
        token = {} if caller == "machine" else {"X-CSRFToken": browser.form_token(path)}
        permission = getattr(declared_access(demo.app, rule.endpoint), "permission", None)
        is_denied = caller in set(Role) and permission is not None and not may(Role(caller), permission)
        for body in bodies_for(rule):
            tried += 1
            with browser.client.post(path, headers=headers | token, **body) as answer:
                if answer.status_code >= 500 or answer.status_code in {200, 413}:
                    faults.append(f"{rule.rule} sent {str(body)[:80]}: {answer.status_code}")
                # What cannot be read is refused before anybody asks who sent it.
                is_torn = answer.status_code == 400 and (body["content_type"], body["data"]) in OTHER_BODIES
                if (answer.status_code == 403) != is_denied and caller != "machine" and not is_torn:
                    faults.append(f"{rule.rule} as {caller}: {answer.status_code}, declared for {permission}")
    assert tried
    assert not faults, "\n".join(faults)
    assert snapshot(demo.app) == before


def broken(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return a view that declares the same access and fails."""

    @wraps(view)
    def fail(**_values: object) -> None:
        raise RuntimeError("the secret reason")

    return fail


@pytest.mark.parametrize("caller", ["nobody", "customer", Role.OFFICER, "machine"])
def test_whatever_breaks_answers_with_a_reference_and_no_reason(
    demo: Demonstration, caller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for endpoint, view in demo.app.view_functions.items():
        monkeypatch.setitem(demo.app.view_functions, endpoint, broken(view))
    browser, headers = client_of(demo, caller)
    before, faults, tried = snapshot(demo.app), [], 0
    for rule in rules_for(demo, caller, "GET"):
        with served_log() as log, browser.client.get(demo.path(rule, caller), headers=headers) as answer:
            text = answer.get_data(as_text=True)
        if answer.status_code in {303, 401, 403}:
            continue
        tried += 1
        told = json.loads(log.getvalue().splitlines()[0])
        if answer.status_code != 500 or "secret reason" in text or told["reference"] not in text:
            faults.append(f"{rule.rule}: {answer.status_code} {text[:80]}")
        if "the secret reason" not in told["exception"]:
            faults.append(f"{rule.rule}: the log does not say why")
    assert tried >= 5
    assert not faults, "\n".join(faults)
    assert snapshot(demo.app) == before
