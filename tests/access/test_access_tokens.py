"""Bearer tokens: found by their hash, for their scopes, until they end."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.models import ApiToken
from portal.access.tokens import create_token, find_api_token
from portal.infrastructure.database import db, transaction


def made(scopes: list[str], **options: timedelta) -> str:
    with transaction():
        return create_token("a system", scopes, **options)[1]


def found(app: Flask, authorization: str) -> ApiToken | None:
    with app.test_request_context():
        return find_api_token(authorization)


def test_a_token_is_recognised_and_kept_as_a_hash(app: Flask) -> None:
    text = made(["preferences:read"])

    row = found(app, f"Bearer {text}")
    assert row is not None
    assert row.scopes == ["preferences:read"]
    assert text.startswith("nkp_live_")
    assert text not in str(db.session.execute(select(ApiToken.__table__)).all())


@pytest.mark.parametrize("change", ["cut", "longer", "other", "no scheme", "basic", "empty"])
def test_anything_else_is_nobody(app: Flask, change: str) -> None:
    text = made(["preferences:read"])
    headers = {
        "cut": f"Bearer {text[:-1]}",
        "longer": f"Bearer {text}0",
        "other": f"Bearer nkp_live_{'0' * 54}",
        "no scheme": text,
        "basic": f"Basic {text}",
        "empty": "",
    }
    assert found(app, headers[change]) is None


def test_a_token_ends_by_time_and_by_revocation(app: Flask) -> None:
    text = made(["records:write"], life=timedelta(days=30))
    with clock.stopped_at(clock.now() + timedelta(days=29)):
        assert found(app, f"Bearer {text}")
    with clock.stopped_at(clock.now() + timedelta(days=30, seconds=1)):
        assert found(app, f"Bearer {text}") is None
    with transaction() as session:
        session.execute(select(ApiToken)).scalar_one().revoked_at = clock.now()
    assert found(app, f"Bearer {text}") is None


def test_no_token_lives_longer_than_a_year(app: Flask) -> None:
    made(["records:write"], life=timedelta(days=5000))

    row = db.session.execute(select(ApiToken)).scalar_one()
    assert row.expires_at <= clock.now() + timedelta(days=365)


@pytest.mark.parametrize("scopes", [[], ["everything"], ["preferences:read", "everything"]])
def test_unknown_scopes_make_no_token(app: Flask, scopes: list[str]) -> None:
    with pytest.raises(ValueError, match="scopes"):
        made(scopes)
    assert db.session.execute(select(ApiToken)).first() is None
