"""Every page of the company's sign-on, with a real browser between portal and provider: its Strict cookies are at stake."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.acting.visitor import Visitor
from tests.support.looking.pages.page_checks import check_page
from tests.support.servers.company import CLIENT_ID, CLIENT_SECRET, Company
from tests.support.servers.machine import need
from tests.support.servers.served import Served, serve_demonstration, shared_folder

SCREENS = [(1280, "fr"), (390, "en")]
GO = "main a.button.primary"
OUTCOMES = {
    "cancelled": {"fault": "access_denied"},
    "refused": {"fault": "server_error"},
    "over": {"fault": "bad_code"},
    "misconfigured": {"fault": "bad_client"},
    "untrusted": {"algorithm": "none"},
    "unknown": {"claims": {"sub": "company-8", "email": "nobody@example.org"}},
    "unverified": {"claims": {"sub": "company-8", "email_verified": False}},
    "no factor": {"claims": {"sub": "company-9", "email": "invited@example.org", "amr": ["pwd"]}},
}


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    provider = Company("")
    yield provider
    provider.close()


@pytest.fixture(scope="module")
def served(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demonstration of a company with its own sign-on."""
    need("chromium")
    settings = {"ISSUER": company.url, "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET}
    variables = {f"PORTAL_STAFF_OIDC_{name}": value for name, value in settings.items()}
    folder = tmp_path_factory.mktemp("company") / "served"
    with serve_demonstration(folder, shared_folder(tmp_path_factory), **variables) as portal:
        company.portal_url = portal.url
        portal.flask("staff", "create", "invited@example.org", "--name", "Invitée", "--role", "support")
        yield portal


@pytest.fixture(autouse=True)
def well(company: Company) -> None:
    """A provider that vouches for the reviewer."""
    company.fault, company.algorithm, company.claims = "", "RS256", {}


def go(visitor: Visitor, path: str = "/staff/sign-in", form: str = "form[action$='/sign-in/company']") -> None:
    """Press the button that leads to the company, and follow its link there and back."""
    visitor.open(path)
    visitor.send({}, form)
    visitor.page.locator(GO).click()
    visitor.page.wait_for_url("**/sign-in/company/return*")


@pytest.mark.parametrize(("width", "language"), SCREENS)
def test_what_the_company_may_answer(
    visit: Callable[..., Visitor], company: Company, width: int, language: str
) -> None:
    visitor = visit(width=width, language=language)
    check_page(visitor.open("/staff/sign-in"))
    check_page(visitor.open("/staff/sign-in/company"))
    titles = set()
    for outcome, answer in OUTCOMES.items():
        company.fault, company.algorithm, company.claims = "", "RS256", {}
        for name, value in answer.items():
            setattr(company, name, value)
        go(visitor)
        check_page(visitor.page, is_brief=outcome != "cancelled")
        titles.add(visitor.page.locator("h1").inner_text())
    company.fault = "down"
    visitor.open("/staff/sign-in/company")
    visitor.send({}, "main form")
    check_page(visitor.page, is_brief=True)
    titles.add(visitor.page.locator("h1").inner_text())
    assert len(titles) == len(OUTCOMES) + 1, titles


def test_in_by_the_company_and_proven_again(visit: Callable[..., Visitor], company: Company) -> None:
    visitor = visit()
    visitor.open("/staff/sign-in")
    visitor.send({}, "form[action$='/sign-in/company']")
    check_page(visitor.page)
    visitor.page.locator(GO).click()
    check_page(visitor.page)
    visitor.send()
    visitor.page.wait_for_url("**/staff/queue")
    # The page that asks again is the same when a proof has become too old.
    path, form = (
        "/staff/account/confirm-password?next=/staff/account/passkeys",
        "form[action$='/confirm-password/company']",
    )
    check_page(visitor.open(path))
    visitor.send({}, form)
    check_page(visitor.page)
    for answer in ({"sub": "company-10"}, {"auth_time": 1}):
        company.claims = answer
        go(visitor, path, form)
        check_page(visitor.page, is_brief=True)
    company.claims = {}
    go(visitor, path, form)
    check_page(visitor.page)
    visitor.send()
    visitor.page.wait_for_url("**/staff/account/passkeys")


def test_a_password_alone_leads_to_the_factor_here(visit: Callable[..., Visitor], company: Company) -> None:
    visitor = visit(width=390, language="en")
    company.claims = {"amr": ["pwd"]}
    go(visitor)
    check_page(visitor.page)
    visitor.send()
    visitor.page.wait_for_url("**/staff/sign-in/code*")
    check_page(visitor.page)
