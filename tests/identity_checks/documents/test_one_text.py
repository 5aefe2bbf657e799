"""What is wrong with a file is said in one text: in the summary, beside the field, and to the page's script."""

import re

import pytest

from portal.identity_checks.decoding.inspection import UploadProblem
from portal.identity_checks.documents.refusals import UPLOADS_A_DAY
from portal.web.incoming.rate_limits import count_try
from portal.web.incoming.uploads import LARGEST_FILE
from tests.identity_checks.documents.test_identity_upload import HOSTILE
from tests.identity_checks.documents.test_uploading import Sender
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.documents import specimens
from tests.support.filing import describe_copy, post_files
from tests.support.packages import only_customer

FILES = {reason: make for make, _words, reason in HOSTILE.values()} | {
    "too_big": lambda: b"\xff\xd8\xff" + bytes(LARGEST_FILE),
}
NEVER_HERE = {
    UploadProblem.NOT_THE_PDF: "asked of another paper, told by the same function",
    UploadProblem.TIMED_OUT: "a file that takes too long to show is tried in the trial",
    UploadProblem.UNREADABLE: "depends on the decoder, tried in the trial",
}


@pytest.fixture(params=["fr", "en"])
def customer(request: pytest.FixtureRequest, people: People) -> Browser:
    return people.signed_in(language=request.param)


def form_page(browser: Browser) -> Page:
    return describe_copy(browser).submit({"paper": "passport"}, with_field="paper")


def said_beside(page: Page) -> str:
    text = page.tree.select_one("[data-side=page] [data-error] span:last-child")
    assert text is not None
    return " ".join(text.get_text().replace("\u00a0", " ").split())


def said_to_script(page: Page, content: bytes) -> str:
    sender = Sender(page, "passport")
    begun = sender.begin("page", content)
    answer = begun if "error" in (begun.json or {}) else sender.send("page", content)
    return " ".join(str((answer.json or {})["error"]).replace("\u00a0", " ").split())


def test_every_problem_is_tried_here_or_named() -> None:
    assert {str(problem) for problem in UploadProblem} == set(FILES) | {str(problem) for problem in NEVER_HERE}


@pytest.mark.parametrize("reason", list(FILES))
def test_one_text_for_one_fault(customer: Browser, reason: str) -> None:
    page, content = form_page(customer), FILES[reason]()
    refused = post_files(page, page=content)
    assert refused.status == 422
    (in_summary,) = refused.errors
    assert in_summary == said_beside(refused) == said_to_script(page, content)


def test_one_text_past_the_files_of_a_day(customer: Browser) -> None:
    page = form_page(customer)
    for _time in range(40):
        count_try([(UPLOADS_A_DAY, f"identity-upload:{only_customer().id}")])
    refused = post_files(page, page=specimens.passport())
    assert refused.status == 429
    (in_summary,) = refused.errors
    assert in_summary == said_beside(refused)
    # The minute may change between two of them.
    assert timeless(in_summary) == timeless(said_to_script(page, specimens.passport()))
    assert refused.h1 == page.h1
    large = post_files(page, page=FILES["too_big"]())
    assert (large.status, timeless(large.errors[0])) == (429, timeless(in_summary))


def timeless(text: str) -> str:
    found = re.sub(r"\d{1,2} h \d{2}|\d{2}:\d{2}", "…", text)
    assert found != text
    return found


def test_a_body_past_the_limit_names_the_limit_of_the_field(customer: Browser) -> None:
    page = form_page(customer)
    told = page.form(with_field="page").find(id="page-hint")
    assert told is not None
    limit = "10 Mo" if "10\u00a0Mo" in told.get_text() else "10 MB"
    assert limit in told.get_text().replace("\u00a0", " ")
    too_much = post_files(page, page=bytes(26 * 1024 * 1024))
    assert too_much.status == 413
    assert limit in too_much.text
    words = customer.get("/requests/new/access").submit({"details": "x" * 1_100_000}, with_field="details")
    assert words.status == 413
    assert limit not in words.text
