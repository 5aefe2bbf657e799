"""A form reads what its page sends: texts in its fields, and files only where it asks for them."""

from io import BytesIO

import pytest

from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People


def post(browser: Browser, path: str, **options: object) -> Page:
    token = browser.form_token(path)
    return Page(browser, browser.client.post(path, headers={"X-CSRFToken": token, "Accept-Language": "fr"}, **options))


@pytest.mark.parametrize("field", ["given_name", "family_name", "email", "password"])
def test_a_file_is_no_text(browser: Browser, field: str) -> None:
    file = (BytesIO(b"Camille"), "camille.txt")
    page = post(browser, "/register", data={field: file}, content_type="multipart/form-data")
    assert page.status == 422
    assert len(page.errors) == 4, "as when nothing is typed"


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"email": 5, "password": {}}', '{"email": "camille@example.org"}', "null", ""]
)
def test_json_fills_no_form(browser: Browser, body: str) -> None:
    page = post(browser, "/sign-in", data=body, content_type="application/json")
    assert page.status == 422
    assert page.errors[0] == "Saisissez votre adresse e-mail."


def test_a_date_and_a_version_are_texts_too(people: People) -> None:
    officer = people.signed_in_staff()
    file = (BytesIO(b"4"), "day.txt")
    page = post(
        officer, "/staff/requests/take-in", data={"received_on-day": file, "words": (BytesIO(b"x"), "x.txt")},
        content_type="multipart/form-data",
    )  # fmt: skip
    assert page.status == 422
    assert "Saisissez la date de réception." in page.errors
