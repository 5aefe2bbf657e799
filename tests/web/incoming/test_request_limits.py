"""A plain form's body is bounded; a form with files has room for them."""

from tests.support.acting.browser import Browser


def test_a_huge_plain_form_is_refused_before_it_is_read(browser: Browser) -> None:
    page = browser.post("/sign-in", {"email": "a@example.org", "password": "x" * (2 * 1024 * 1024)})
    assert page.status == 413
    assert page.h1 == "C’est trop pour un seul envoi"
    assert "Raccourcissez ce que vous avez écrit" in page.text


def test_a_plain_form_within_the_bound_reaches_its_view(browser: Browser) -> None:
    page = browser.get("/sign-in").submit({"email": "a@example.org", "password": "x" * 100}, with_field="password")
    assert page.status == 422
