"""The mails of accounts, in both languages, text and HTML: whole, and naming nobody too early."""

import re

import pytest
from flask import Flask

from portal.infrastructure.database import db, transaction
from portal.infrastructure.mail.models import Mail
from portal.infrastructure.mail.outbox import queue_mail, render_mail

MAILS = [
    "confirm_address", "account_exists", "reset_password", "password_changed", "new_device", "facebook_linked",
    "facebook_unlinked", "address_change_asked", "confirm_new_address", "address_in_use", "address_changed",
    "address_moved", "address_change_undone", "facebook_address_used", "second_step_changed", "recovery_code_used",
]  # fmt: skip
INSTANT = "2026-12-01T13:12:00+00:00"


def mail(name: str, language: str):
    with transaction():
        row = queue_mail(
            f"accounts/{name}",
            "camille@example.org",
            language,
            first_name="Camille",
            device="Firefox, Windows",
            token_purpose="confirm_address",
            token_id="0" * 32,
            expires_at=INSTANT,
            changed_at=INSTANT,
            seen_at=INSTANT,
            unlinked_at=INSTANT,
            linked_at=INSTANT,
            used_at=INSTANT,
            change="app_added",
            left=3,
            asked_at=INSTANT,
            undone_at=INSTANT,
            new_address="n•••e@example.org",
        )
        row_id = row.id
    message = render_mail(db.session.get_one(Mail, row_id))
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    return message, text, html


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", MAILS)
def test_each_mail_reads_whole(app: Flask, name: str, language: str) -> None:
    message, text, html = mail(name, language)
    assert message["Subject"].endswith("– Netkin")
    assert message["Content-Language"] == language
    assert message["Auto-Submitted"] == "auto-generated"
    assert "List-Unsubscribe" not in message
    assert f'lang="{language}"' in html
    cells = re.findall(r"<td[^>]*>", html)
    assert len(cells) == 3
    assert all(re.search(r'[";]color:', cell) for cell in cells), "a reader that leaves body out writes white on white"
    for body in (text, html):
        assert not re.search(r"%\(|\{\{|None|Undefined", body)
        assert "'" not in re.sub(r"<[^>]*>", "", body), "a straight apostrophe"
    links = re.findall(r"http://localhost:8000/\S+", text)
    assert links
    for link in links:
        assert f'href="{link}"' in html
    assert ("Bonjour" if language == "fr" else "Hello") in text
    assert ("14\u00a0h\u00a012" in text) == (language == "fr" and name not in ("account_exists", "address_in_use"))


@pytest.mark.parametrize("name", ["confirm_address", "confirm_new_address"])
def test_a_mail_to_an_unproven_address_names_nobody(app: Flask, name: str) -> None:
    _message, text, html = mail(name, "fr")
    assert "Camille" not in text + html


def test_words_of_a_browser_cannot_add_markup(app: Flask) -> None:
    with transaction():
        row_id = queue_mail(
            "accounts/new_device",
            "camille@example.org",
            "fr",
            first_name="<b>Camille</b>",
            device="<img src=x>",
            seen_at=INSTANT,
        ).id
    message = render_mail(db.session.get_one(Mail, row_id))
    html = message.get_body(("html",)).get_content()
    assert "<img" not in html
    assert "<b>" not in html
