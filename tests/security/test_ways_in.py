"""What holds for every way in: nothing exists from the start, nothing is asked that others know, no field is taken unasked."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.access.models import ApiToken
from portal.accounts.models import Account
from portal.config import Settings
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.one_time_tokens import read_token, write_token
from portal.rights.models import RightsRequest
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, link_in
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.visitors import ask_for_reset, count, sign_in
from tests.support.filing import describe_copy, trust_device

EMAIL = "camille@example.org"


def test_a_new_installation_knows_nobody(app: Flask) -> None:
    assert [count(model) for model in (Account, Customer, StaffMember, ApiToken)] == [0] * 4


def test_password_managers_know_every_field(app: Flask, people: People, mailbox: Mailbox) -> None:
    people.account(EMAIL)
    browser = Browser(app)
    ask_for_reset(browser, EMAIL)
    reset = link_in(mailbox.last_to(EMAIL))
    wanted = {
        ("/sign-in", "password"): "current-password", ("/sign-in", "email"): "username",
        ("/register", "password"): "new-password", ("/register", "email"): "email", (reset, "password"): "new-password",
        ("/staff/sign-in", "password"): "current-password", ("/staff/sign-in", "email"): "username",
    }  # fmt: skip
    found = {}
    for path, name in wanted:
        field = browser.get(path).form(with_field="password" if name != "email" else "email").find(attrs={"name": name})
        assert field is not None
        found[path, name] = field.get("autocomplete")
    assert found == wanted


def test_nobody_is_asked_what_others_know(app: Flask, people: People, mailbox: Mailbox) -> None:
    people.account(EMAIL)
    browser = Browser(app)

    def fields(path: str, with_field: str) -> set[str]:
        found = browser.get(path).form(with_field=with_field).find_all(attrs={"name": True})
        return {str(field["name"]) for field in found} - {"csrf_token"}

    assert fields("/register", "password") == {"given_name", "family_name", "email", "password"}
    assert fields("/password/forgotten", "email") == {"email"}
    ask_for_reset(browser, EMAIL)
    # The address stands there, hidden, for the password manager.
    assert fields(link_in(mailbox.last_to(EMAIL)), "password") == {"password", "username"}


def test_an_old_password_need_not_be_changed(app: Flask, people: People) -> None:
    people.account(EMAIL, confirmed_days_ago=3000)
    assert sign_in(Browser(app), EMAIL, PASSWORD).url == "/data"


def test_a_new_browser_is_told_by_mail_and_a_known_one_is_not(app: Flask, people: People, mailbox: Mailbox) -> None:
    people.account(EMAIL)
    known = Browser(app)
    for browser, mails in ((known, 0), (known, 0), (Browser(app), 1)):
        page = sign_in(browser, EMAIL, PASSWORD)
        token = page.tree.find(attrs={"name": "csrf_token"})["value"]
        browser.post("/sign-out", {"csrf_token": token})
        assert len(mailbox.to(EMAIL)) == mails, "the first browser of an account is no news"


@pytest.mark.parametrize("purpose", ["confirm_address", "reset_password", "invitation", "unsubscribe", "another"])
def test_a_link_is_good_for_one_purpose_of_one_installation(settings: Settings, purpose: str) -> None:
    made = write_token(settings.secret_key, purpose, "0" * 32)
    assert read_token(settings.secret_key, purpose, made) == "0" * 32
    assert read_token("the secret of a rehearsal, long enough too", purpose, made) is None
    assert read_token(settings.secret_key, purpose + "s", made) is None
    assert read_token(settings.secret_key, purpose, made.upper()), "capitals make no difference"
    for damaged in (made[:-1], made + "0", made.replace(".", ""), made.partition(".")[0] + ".", "a" + made, ""):
        assert read_token(settings.secret_key, purpose, damaged) is None


EXTRA: dict[str, Any] = {
    "id": "1", "public_id": "f" * 32, "customer_id": "1", "account_id": "1", "role": "administrator", "is_admin": "1",
    "status": "answered", "outcome": "granted", "holder_id": "1", "due_date": "2020-01-01", "reference": "DR-2020-1",
    "received_at": "2020-01-01", "channel": "letter", "email_confirmed_at": "2020-01-01", "activated_at": "2020-01-01",
    "password_hash": "x", "is_claimed_by_match": "1", "identity_signals": "[]", "created_at": "2020-01-01",
}  # fmt: skip


def send_with_more(page: Page, values: dict[str, str], **which: str) -> None:
    """Send a form of a page with fields that it does not have."""
    form = page.form(**which)
    token = {"csrf_token": str(form.find(attrs={"name": "csrf_token"})["value"])}  # type: ignore[index]
    page.browser.post(str(form.get("action") or page.url), EXTRA | values | token)


def test_fields_that_a_form_does_not_have_are_not_read(app: Flask, people: People) -> None:
    values = {"given_name": "Nadia", "family_name": "Benali", "email": "nadia@example.org", "password": PASSWORD}
    send_with_more(Browser(app).get("/register"), values, with_field="given_name")
    account = db.session.execute(select(Account)).scalar_one()
    assert (account.email_confirmed_at, account.customer_id, account.is_claimed_by_match) == (None, None, False)
    assert account.public_id != EXTRA["public_id"]
    assert account.created_at.year > 2020
    customer = people.signed_in(EMAIL)
    trust_device()
    send_with_more(describe_copy(customer), {}, action="/send")
    filed = db.session.execute(select(RightsRequest)).scalars().one()
    assert (filed.status, filed.channel, filed.holder_id) == ("received", "portal", None)
    assert filed.received_at.year > 2020
    assert filed.reference != EXTRA["reference"]
    administrator = people.signed_in_staff("administrator")
    values = {"name": "Zoé", "email": "zoe@example.org", "role": "support", "reason": "Zoé arrive lundi."}
    send_with_more(administrator.get("/staff/members/new"), values, with_field="email")
    invited = db.session.execute(select(StaffMember).where(StaffMember.email == "zoe@example.org")).scalar_one()
    assert (invited.role, invited.activated_at, invited.password_hash) == ("support", None, None)
