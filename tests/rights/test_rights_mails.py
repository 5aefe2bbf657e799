"""The mails of requests: in the customer's language, with reference and date, and nothing more about them."""

from pathlib import Path

import pytest
from flask import Flask

from portal.infrastructure.mail.models import Mail
from portal.infrastructure.mail.outbox import render_mail

TEMPLATES = Path(__file__).parents[2] / "templates" / "email" / "rights"
OURS = ("received", "document_received", "withdrawn", "identity_awaited", "identity_asked",
        "identity_asked_again", "identity_infected", "identity_confirmed", "identity_code")  # fmt: skip
CONTEXT = {
    "first_name": "Camille",
    "reference": "DR-2026-00431",
    "due_on": "2026-12-04",
    "paused_on": "2026-11-20",
    "minutes": 10,
    "token_purpose": "doubt_code",
    "token_id": "0123456789abcdef0123456789abcdef",
}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", OURS)
def test_every_mail_is_whole_in_both_languages(app: Flask, name: str, language: str) -> None:
    mail = Mail(
        public_id="p", template=f"rights/{name}", to_address="camille@example.org", language=language,
        context=CONTEXT,
    )  # fmt: skip
    message = render_mail(mail)
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert ("Bonjour Camille" if language == "fr" else "Hello Camille") in text
    assert "{{" not in text + html
    if name != "identity_code":
        assert "DR-2026-00431" in str(message["Subject"])
        assert "http://localhost:8000/requests/DR-2026-00431" in text
        assert "/requests/DR-2026-00431" in html
    if "due_on" in (TEMPLATES / f"{name}.txt").read_text(encoding="utf-8"):
        date = "vendredi 4 décembre 2026" if language == "fr" else "Friday 4 December 2026"
        assert date in text.replace("\u00a0", " ")
