"""Declared access: no route without a word on who may call it, and no next page outside the portal."""

import pytest
from flask import Blueprint, Flask

from portal.access.declare import CUSTOMER, PUBLIC, UndeclaredAccess, check_declarations, requires
from portal.access.next_page import next_page


def an_app(view_access: object) -> Flask:
    app, blueprint = Flask(__name__), Blueprint("customer", __name__)

    def view() -> str:
        return ""

    if view_access is not None:
        requires(view_access)(view)  # type: ignore[arg-type]
    blueprint.add_url_rule("/page", "page", view)
    app.register_blueprint(blueprint)
    return app


def test_a_route_that_says_nothing_stops_the_start() -> None:
    with pytest.raises(UndeclaredAccess, match="/page: add @requires"):
        check_declarations(an_app(None))


def test_a_route_that_says_another_audience_stops_the_start() -> None:
    with pytest.raises(UndeclaredAccess, match="declares the audience public"):
        check_declarations(an_app(PUBLIC))


def test_a_declared_route_starts() -> None:
    check_declarations(an_app(CUSTOMER))


@pytest.mark.parametrize("wanted", ["/data", "/requests/new?right=access", "/staff/requests/DR-2026-00431"])
def test_a_local_page_is_followed(app: Flask, wanted: str) -> None:
    with app.test_request_context("/sign-in", query_string={"next": wanted}):
        assert next_page("/home") == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "", "data", "https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/ok\r\nX: y",
        "javascript:alert(1)", "\\\\evil.example", "///evil.example", "/data\\..\\x", "//[", "http://[::1",
    ],
)  # fmt: skip
def test_anything_else_is_not(app: Flask, wanted: str) -> None:
    with app.test_request_context("/sign-in", query_string={"next": wanted}):
        assert next_page("/home") == "/home"
