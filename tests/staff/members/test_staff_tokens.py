"""Bearer tokens as administrators make, see and revoke them."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.models import ApiToken
from portal.access.permissions import Role
from portal.access.tokens import find_api_token
from portal.infrastructure.database import db, transaction
from portal.staff.approvals.deciding import second_by_command
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.looking.audit_trail import all_events, events

VALUES = {
    "name": "Campaign tool",
    "scopes": ["preferences:read", "preferences:list"],
    "days": "30",
    "reason": "Nouvel outil de campagne.",
}


@pytest.fixture
def admin(people: People) -> Browser:
    return people.signed_in_staff(Role.ADMINISTRATOR)


def create(admin: Browser) -> str:
    """Propose a token, have the shell second it, for there is one administrator, and take it away."""
    page = admin.get("/staff/tokens/new").submit(VALUES, with_field="name")
    with transaction():
        assert second_by_command(page.url.rpartition("/")[2], "Seule à bord.")
    page = admin.get("/staff/tokens").submit(action="/show")
    assert page.url == "/staff/tokens"
    return page.tree.select_one("code.secret").get_text()


def works(app: Flask, text: str) -> bool:
    with app.test_request_context():
        return find_api_token(f"Bearer {text}") is not None


def test_a_token_is_shown_once_and_works(app: Flask, admin: Browser) -> None:
    assert "Il n’y a aucun jeton." in admin.get("/staff/tokens").text
    text = create(admin)

    page = admin.get("/staff/tokens")
    assert text not in page.response.get_data(as_text=True)
    assert "Campaign tool" in page.text
    assert works(app, text)
    row = db.session.execute(select(ApiToken)).scalar_one()
    assert row.scopes == VALUES["scopes"]
    assert timedelta(days=29) < row.expires_at - clock.now() <= timedelta(days=30)
    (event,) = events("staff:token:created")
    assert event.facts == {
        "token": row.public_id,
        "scopes": VALUES["scopes"],
        "expires_on": clock.local_date(row.expires_at).isoformat(),
    }
    assert all(text not in str(event.facts) for event in all_events())


def test_a_revoked_token_is_dead_at_once_and_once(app: Flask, admin: Browser) -> None:
    text = create(admin)
    page = admin.get("/staff/tokens")
    again = admin.get("/staff/tokens")

    page = page.submit(action="/revoke")

    assert "est révoqué" in page.text
    assert not works(app, text)
    assert not page.tree.select("main form")
    assert again.submit(action="/revoke").status == 200
    assert len(events("staff:token:revoked")) == 1


def test_an_unknown_token_is_not_found(admin: Browser) -> None:
    token = admin.get("/staff/tokens/new").tree.find(attrs={"name": "csrf_token"})["value"]

    assert admin.post("/staff/tokens/0123/revoke", {"csrf_token": token}).status == 404


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"name": ""}, "Nommez le système qui utilisera le jeton."),
        ({"scopes": []}, "Choisissez au moins une chose que le jeton peut faire."),
        ({"days": "9999"}, "Choisissez parmi les réponses de la page."),
        ({"days": "x"}, "Choisissez parmi les réponses de la page."),
    ],
)
def test_a_refused_token_keeps_what_was_typed(admin: Browser, values: dict, error: str) -> None:
    page = admin.get("/staff/tokens/new").submit(VALUES | values, with_field="name")

    assert page.status == 422
    assert page.errors == [error]
    db.session.rollback()
    assert db.session.execute(select(ApiToken)).first() is None


def test_a_scope_that_does_not_exist_is_refused(admin: Browser) -> None:
    page = admin.get("/staff/tokens/new").submit(VALUES | {"scopes": ["everything"]}, with_field="name")

    assert page.status == 422
    assert page.errors


def test_an_expired_token_says_so(admin: Browser) -> None:
    create(admin)
    with clock.stopped_at(clock.now() + timedelta(minutes=5)):
        assert "Valable" in admin.get("/staff/tokens").tree.select_one("tbody").get_text()
    row = db.session.execute(select(ApiToken)).scalar_one()
    with transaction():
        db.session.get_one(ApiToken, row.id).expires_at = clock.now() - timedelta(days=1)
    cell = admin.get("/staff/tokens").tree.select_one("tbody")
    assert "Expiré" in cell.get_text()
    assert not cell.find("form")
