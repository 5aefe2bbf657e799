"""Codes of the staff's second factor for tests, and sign-in up to the page that asks for one."""

from datetime import datetime

import pyotp
from flask import Flask

from portal import clock
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import PASSWORD, TOTP_SECRET


def code_at(instant: datetime | None = None, secret: str = TOTP_SECRET) -> str:
    """Return the code that an app shows at an instant; now when absent."""
    return pyotp.TOTP(secret).at(instant or clock.now())


def told(page: Page) -> Page:
    """Confirm the notice on counted looks, which a new member meets first, and return the page that follows."""
    assert page.url == "/staff/notice", page.text
    return page.submit(action="/notice")


def to_code_page(app: Flask, email: str, browser: Browser | None = None, password: str = PASSWORD) -> Page:
    """Give the password and return the page that asks for the code."""
    browser = browser or Browser(app)
    page = browser.get("/staff/sign-in").submit({"email": email, "password": password}, with_field="password")
    assert page.url == "/staff/sign-in/code", page.text
    return page
