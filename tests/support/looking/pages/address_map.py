"""Which addresses answer with a page, who of the demonstration opens each, and what has to come first where nobody can."""

from collections.abc import Iterator
from dataclasses import dataclass

from portal.access.permissions import Role
from tests.support.demonstration import Demonstration, walkable

# In this order: the first one who is shown a page is the one who looks at it.
CALLERS = ("nobody", "customer", Role.OFFICER, Role.REVIEWER, Role.SUPPORT, Role.MARKETING, Role.ADMINISTRATOR)

# What a GET answers there is read by machines, kept as a file, or shown inside of a page.
NO_PAGE = {
    "/.well-known/gpc.json": "JSON", "/.well-known/security.txt": "plain text",
    "/access-log.csv": "a file", "/preferences/history.csv": "a file", "/answers/<public_id>/file/<ticket>": "a file",
    "/staff/marketing/preferences.csv": "a file", "/staff/marketing/preferences.ndjson": "a file",
    "/answers/<public_id>/progress": "JSON", "/account/stay": "JSON", "/staff/stay": "JSON",
    "/account/second-step/app.svg": "a picture", "/staff/account/app.svg": "a picture",
    "/staff/invitation/second-factor.svg": "a picture", "/staff/documents/<public_id>/<int:page>": "a picture",
    "/requests/identity/<code>/document/<public_id>/<int:page>": "a picture",
    "/feed/v1/openapi.json": "JSON", "/feed/v1/instructions/<public_id>/items": "JSON",
    "/feed/v1/preferences": "JSON", "/feed/v1/preferences.csv": "a file",
    "/feed/v1/preferences.ndjson": "a file", "/feed/v1/preferences/<path:customer>": "JSON",
    "/feed/v1/unsubscribe-links/<path:customer>": "JSON", "/feed/v1/problems/<int:code>": "JSON without Accept",
    "/static/<path:filename>": "a file", "/staff/": "leads to the first page of a role",
}  # fmt: skip

# Pages that take a state in which nobody is at first: the folder of the tour has a file that brings somebody there.
AFTER = {
    "/account/facebook": "test_account_and_facebook_pages.py", "/account/on-hold": "test_states_of_rights.py",
    "/account/second-step/app": "test_every_page.py", "/account/second-step/recovery-codes": "test_every_page.py",
    "/register/sent": "test_every_page.py", "/requests/drafts/<public_id>/check": "test_every_page.py", "/requests/<reference>/withdraw": "test_every_page.py",
    "/requests/identity/<code>/document": "test_every_page.py", "/sign-in/code": "test_every_page.py",
    "/sign-in/facebook": "test_account_and_facebook_pages.py",
    "/sign-in/facebook/return": "test_account_and_facebook_pages.py",
    "/staff/invitation/second-factor": "test_every_staff_page.py",
    "/staff/recovery-codes": "test_every_staff_page.py", "/staff/sign-in/code": "test_every_staff_page.py",
    "/staff/requests/<reference>/certificate": "test_states_of_rights.py",
    "/staff/requests/<reference>/letter": "test_states_of_rights.py",
    "/staff/sign-in/company": "test_company_pages.py", "/staff/sign-in/company/return": "test_company_pages.py",
    "/unsubscribe/<token>/done": "test_every_page.py",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """An address of the map, and the first caller to whom it shows a page; nobody of the demonstration: None."""

    rule: str
    path: str
    caller: str | None


def places(demo: Demonstration) -> Iterator[Place]:
    """Yield every address that a GET may call, but for those that are no page."""
    for rule in walkable(demo.app, "GET"):
        if rule.rule not in NO_PAGE:
            caller = next((who for who in CALLERS if _shows(demo, demo.path(rule, who), who)), None)
            yield Place(rule.rule, demo.path(rule, caller or "nobody"), caller)


def _shows(demo: Demonstration, path: str, who: str) -> bool:
    with demo.browsers[who].client.get(path) as answer:
        return answer.status_code == 200 and answer.mimetype == "text/html"
