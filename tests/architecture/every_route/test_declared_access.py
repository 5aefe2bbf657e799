"""Every route says who may call it, and the app refuses to start otherwise."""

import pytest
from flask import Flask
from werkzeug.routing import IntegerConverter

from portal.access.declare import UndeclaredAccess, check_declarations, declared_access
from portal.app import create_app
from portal.config import Settings
from portal.infrastructure.database import db
from portal.web.audiences import Audience
from tests.support.acting.browser import Browser


def test_an_undeclared_route_stops_the_start(settings: Settings) -> None:
    app = create_app(settings)
    app._got_first_request = False
    app.add_url_rule("/forgotten", "public.forgotten", lambda: "open to all")
    with pytest.raises(UndeclaredAccess, match=r"/forgotten: add @requires"):
        check_declarations(app)


def test_a_route_of_another_audience_stops_the_start(settings: Settings) -> None:
    app = create_app(settings)
    view = app.view_functions["public.site.home"]
    app.add_url_rule("/staff/home", "staff.home", view)
    with pytest.raises(UndeclaredAccess, match="declares the audience public"):
        check_declarations(app)


def test_a_process_serves_only_its_audiences(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"audiences": ("customer", "public"), "opening_keys": None}))
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert not [rule for rule in rules if rule.startswith(("/staff", "/feed", "/ingest"))]
    assert app.extensions["opening_keys"] is None
    assert "/data" in rules
    assert Browser(app).get("/staff/sign-in").h1 == "Cette page n’existe pas"


@pytest.mark.parametrize("audiences", [("customer", "public"), ("staff",), ("feed",), ("staff", "feed")])
def test_what_is_served_apart_leads_nowhere_that_breaks_it(settings: Settings, audiences: tuple[str, ...]) -> None:
    app = create_app(settings.model_copy(update={"audiences": audiences}))
    browser = Browser(app)
    paths = [rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    for path in [*paths, "/", "/data", "/nowhere", "/staff/nowhere"]:
        assert browser.get(path, follow=False).status != 500, path
    with app.app_context():
        db.engine.dispose()


def test_nobody_passes_without_signing_in(app: Flask) -> None:
    browser = Browser(app)
    checked = 0
    for rule in app.url_map.iter_rules():
        access = None if rule.endpoint == "static" else declared_access(app, rule.endpoint)
        if access is None or access.is_open or "GET" not in (rule.methods or ()):
            continue
        values = {name: 1 if isinstance(rule._converters[name], IntegerConverter) else "x" for name in rule.arguments}
        with app.test_request_context():
            path = rule.build(values, append_unknown=False)[1]  # type: ignore[index]
        page = browser.get(path, follow=False)
        if access.audience is Audience.FEED:
            assert page.status == 401, f"{path} answered {page.status} without a token"
        else:
            expected = "/staff/sign-in" if access.audience is Audience.STAFF else "/sign-in"
            assert page.status == 303, f"{path} answered {page.status} to nobody"
            assert page.response.location.split("?")[0] == expected
        checked += 1
    assert checked > 15
