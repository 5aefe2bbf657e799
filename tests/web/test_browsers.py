"""How a browser is named on screens and in mails."""

import pytest

from portal import clock
from portal.web.browsers import device_label
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.staff_codes import code_at, to_code_page

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox, Windows",
        ),
        (f"Mozilla/5.0 (Windows NT 10.0) {CHROME} Safari/537.36 Edg/140.0.0.0", "Edge, Windows"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36", "Chrome, Linux"),
        (f"Mozilla/5.0 (Linux; Android 15) {CHROME} Mobile Safari/537.36", "Chrome, Android"),
        (
            f"Mozilla/5.0 (Linux; Android 15) SamsungBrowser/28.0 {CHROME} Safari/537.36",
            "Samsung Internet, Android",
        ),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36", "Chrome, ChromeOS"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {CHROME} Safari/537.36 OPR/120.0", "Opera, macOS"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "Safari, macOS"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/140.0 Mobile Safari/604.1",
            "Chrome, iPhone",
        ),
        ("curl/8.5.0", ""),
        ("", ""),
        ("Firefox/" * 100_000, "Firefox"),
        ("\r\nX-Evil: <script>alert(1)</script>", ""),
    ],
)
def test_a_browser_is_named_by_what_it_says(user_agent: str, label: str) -> None:
    assert device_label(user_agent) == label


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        (
            "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 FxiOS/140.0 Safari/605.1.15",
            "Firefox, iPad",
        ),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36", "Chrome, ChromeOS"),
        (f"Mozilla/5.0 (Linux; Android 15) {CHROME} Mobile Safari/537.36 EdgA/140.0.0.0", "Edge, Android"),
    ],
)
def test_customers_and_staff_read_the_same_name(people: People, mailbox: Mailbox, user_agent: str, label: str) -> None:
    people.signed_in("camille@example.org")  # nobody is told of the first browser
    member = people.staff(email="nora@example.org")
    customer, staff = Browser(people.app), Browser(people.app)
    customer.headers["User-Agent"] = staff.headers["User-Agent"] = user_agent
    customer.get("/sign-in").submit({"email": "camille@example.org", "password": PASSWORD}, with_field="password")
    to_code_page(people.app, member.email, staff).submit({"code": code_at(clock.now())}, with_field="code")
    assert label in customer.get("/account").text
    assert label in staff.get("/staff/account").text
    for address in ("camille@example.org", "nora@example.org"):
        assert label in text_of(mailbox.last_to(address))
