"""Where the portal leads never depends on the Host header, which the caller chooses."""

import pytest

from tests.support.acting.browser import Browser


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [("/staff", "/staff/"), ("/staff?next=/x", "/staff/?next=/x"), ("/data//contact", "/data/contact"),
     ("/data", "/sign-in?next=/data")],
)  # fmt: skip
@pytest.mark.parametrize("host", ["evil.example", "evil.example:81", "[::", ""])
def test_a_redirect_stays_at_this_address(browser: Browser, path: str, leads_to: str, host: str) -> None:
    answer = browser.client.get(path, headers={"Host": host}, base_url="http://localhost")
    assert answer.headers.get("Location") == leads_to
