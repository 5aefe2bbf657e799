"""Customers and staff members for tests: made by the domain, signed in as the forms do."""

from datetime import date, timedelta
from typing import Any

import pyotp
from flask import Flask
from sqlalchemy import update

from portal import clock
from portal.access.one_time_codes import keep_totp_secret
from portal.access.permissions import Role
from portal.accounts.models import Account, AccountDevice
from portal.customers.addresses import normalise_address
from portal.customers.creation import create_customer
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.hashing import hasher

PASSWORD = "une phrase de passe assez longue"
PASSWORD_HASH = hasher.hash(PASSWORD)
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class People:
    """Makes people; all of them use the same password and, for staff, the same one-time-code secret."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def customer(self, email: str = "camille@example.org", **facts: Any) -> Customer:
        """Create a customer known to the company, without an account."""
        facts = {
            "external_id": f"C-{email.partition('@')[0]}",
            "given_name": "Camille",
            "family_name": "Lefèvre",
            "birth_date": date(1988, 3, 4),
            "customer_since": date(2019, 5, 11),
            "imported_at": clock.now() - timedelta(days=900),
            "created_at": clock.now() - timedelta(days=900),
        } | facts
        with transaction():
            return create_customer(email=email, email_normalised=normalise_address(email), **facts)

    def account(self, email: str = "camille@example.org", *, confirmed_days_ago: int = 400, **facts: Any) -> Account:
        """Create a customer with a confirmed account that raises no doubt."""
        customer_id = self.customer(email, **facts).id
        customer = db.session.get_one(Customer, customer_id)
        since = clock.now() - timedelta(days=confirmed_days_ago)
        with transaction() as session:
            account = Account(
                customer_id=customer.id, email=email, email_normalised=normalise_address(email),
                email_confirmed_at=since, created_at=since, password_hash=PASSWORD_HASH, password_changed_at=since,
                given_name=customer.given_name, family_name=customer.family_name, language=customer.language,
            )  # fmt: skip
            session.add(account)
        return account

    def signed_in(self, email: str = "camille@example.org", *, language: str = "fr", **facts: Any) -> Browser:
        """Create an account and sign it in through the form."""
        self.account(email, language=language, **facts)
        return self.sign_in(email, language=language)

    def sign_in(self, email: str, *, language: str = "fr") -> Browser:
        """Sign an existing account in, as its form does, from a browser that is new but not the account's first."""
        browser = Browser(self.app, language)
        answer = self._send(browser, "/sign-in", email=email, password=PASSWORD)
        assert answer.response.headers["Location"] == "/data"
        with transaction() as session:
            session.execute(update(AccountDevice).values(is_first=False))
        return browser

    def staff(self, role: Role | str = Role.REVIEWER, email: str | None = None, **facts: Any) -> StaffMember:
        """Create an active staff member."""
        email = email or f"{role}@example.org"
        facts = {"informed_at": clock.now()} | facts
        with transaction() as session:
            member = StaffMember(
                email=email, email_normalised=normalise_address(email), name=facts.pop("name", "Nora Petit"),
                role=Role(role), password_hash=PASSWORD_HASH, activated_at=clock.now(), **facts,
            )  # fmt: skip
            session.add(member)
            session.flush()
            keep_totp_secret(member, TOTP_SECRET)
        return member

    def signed_in_staff(self, role: Role | str = Role.REVIEWER, email: str | None = None, **facts: Any) -> Browser:
        """Create a staff member and sign them in, as the forms for password and code do."""
        return self.sign_in_staff(self.staff(role, email, **facts).email, language=facts.get("language", "fr"))

    def sign_in_staff(self, email: str, *, language: str = "fr") -> Browser:
        """Sign an existing staff member in, as the forms for password and code do."""
        browser = Browser(self.app, language)
        self._send(browser, "/staff/sign-in", email=email, password=PASSWORD)
        self._send(browser, "/staff/sign-in/code", code=pyotp.TOTP(TOTP_SECRET).at(clock.now()))
        return browser

    def _send(self, browser: Browser, path: str, **values: str) -> Page:
        # Without fetching the page, because hundreds of tests sign in. The pages of signing in have tests of their own.
        answer = browser.post(path, {"csrf_token": browser.form_token(path), **values}, follow=False)
        assert answer.status == 303, answer.text
        return answer
