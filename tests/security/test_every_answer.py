"""What every answer carries, whatever its kind: headers, cookies kept to this host, nothing for other origins."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, request_finished
from werkzeug.routing import IntegerConverter
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from portal.access.permissions import Role
from portal.config import Settings
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, link_in
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.visitors import register, sign_in
from tests.support.looking.answers import answer_faults


@pytest.fixture
def under_tls(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The app as people reach it over https."""
    served = settings.model_copy(update={"public_url": "https://privacy.example.org"})
    monkeypatch.setitem(app.extensions, "settings", served)
    return app


@contextmanager
def cookies_set(app: Flask) -> Iterator[list[str]]:
    """Collect every Set-Cookie header that leaves meanwhile."""
    seen: list[str] = []

    def note(_sender: Flask, response: Response, **_rest: Any) -> None:
        seen.extend(response.headers.getlist("Set-Cookie"))

    with request_finished.connected_to(note, app):
        yield seen


def answers_of_every_kind(app: Flask, customer: Browser) -> Iterator[tuple[int, TestResponse]]:
    client = Browser(app).client
    yield 200, client.get("/sign-in")
    yield 200, customer.client.get("/account")
    yield 200, customer.client.get("/preferences/history.csv")
    yield 200, client.get("/static/css/portal.css", buffered=True)
    yield 200, client.get("/.well-known/security.txt")
    yield 200, client.get("/feed/v1/problems/404")
    yield 303, client.get("/account")
    yield 308, client.get("/staff")
    yield 401, client.get("/feed/v1/preferences/C-1")
    yield 404, client.get("/no/such/page")
    yield 404, client.get("/static/no-such-file.js")
    yield 405, client.get("/sign-out")
    yield 413, client.post("/sign-in", data={"password": "x" * 2_000_000})
    yield 419, client.post("/sign-in", data={"email": "a@example.org"})
    yield 422, Browser(app).get("/sign-in").submit({}, with_field="password").response


def test_every_kind_of_answer_carries_the_headers(under_tls: Flask, people: People) -> None:
    people.account()
    customer = Browser(under_tls)
    sign_in(customer, "camille@example.org", PASSWORD)
    faults = []
    for status, answer in answers_of_every_kind(under_tls, customer):
        assert answer.status_code == status, answer.request.path
        found = answer_faults(answer)
        if answer.headers["Strict-Transport-Security"] != "max-age=63072000; includeSubDomains":
            found.append("no HSTS")
        faults += [f"{status} {answer.request.path}: {fault}" for fault in found]
    assert not faults, "\n".join(faults)


def test_a_fault_carries_them_too_and_tells_nothing(
    under_tls: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(**_values: object) -> None:
        raise RuntimeError("the secret reason")

    monkeypatch.setitem(under_tls.view_functions, "public.site.policy", break_down)
    page = Browser(under_tls).get("/policy")
    assert page.status == 500
    assert answer_faults(page.response) == []
    assert "secret reason" not in page.response.get_data(as_text=True)
    assert "RuntimeError" not in page.response.get_data(as_text=True)
    assert Browser(under_tls).get("/cookies").status == 200, "the process lives on"


def test_every_cookie_over_https_is_bound_to_this_host(under_tls: Flask, people: People, mailbox: Mailbox) -> None:
    with cookies_set(under_tls) as seen:
        browser = Browser(under_tls)
        register(browser, "nadia@example.org")
        people.account()
        page = sign_in(Browser(under_tls), "camille@example.org", PASSWORD)
        token = page.tree.find(attrs={"name": "csrf_token"})["value"]
        page.browser.post("/language", {"csrf_token": token, "language": "en"})
        page.browser.post("/sign-out", {"csrf_token": token})
        people.signed_in_staff(Role.SUPPORT).get("/staff/account")
    names = {header.partition("=")[0] for header in seen}
    assert names == {
        "__Host-form", "__Host-session", "__Host-device", "__Host-language", "__Host-staff_form", "__Host-staff_session",
        "__Host-staff_device",
    }  # fmt: skip
    for header in seen:
        parts = [part.strip() for part in header.split(";")]
        assert {"Secure", "HttpOnly", "Path=/"} <= set(parts), header
        assert not [part for part in parts if part.startswith("Domain")], header
        assert f"SameSite={'Strict' if header.startswith('__Host-staff') else 'Lax'}" in parts, header


def test_a_cookie_without_its_prefix_is_nobody_over_https(under_tls: Flask, people: People) -> None:
    people.account()
    browser = Browser(under_tls)
    assert sign_in(browser, "camille@example.org", PASSWORD).url == "/data"
    thief = Browser(under_tls)
    thief.client.set_cookie("session", browser.client.get_cookie("__Host-session").value)
    assert thief.get("/account").url == "/sign-in"


def addresses(app: Flask) -> Iterator[tuple[str, set[str]]]:
    for rule in app.url_map.iter_rules():
        values = {name: 1 if isinstance(rule._converters[name], IntegerConverter) else "x" for name in rule.arguments}
        with app.test_request_context():
            yield rule.build(values, append_unknown=False)[1], set(rule.methods or ())  # type: ignore[index]


def methods_by_address(app: Flask) -> dict[str, set[str]]:
    """Return the methods that lead to a view at each address; several views may share one."""
    router, methods = app.url_map.bind("localhost"), {method for _path, taken in addresses(app) for method in taken}
    return {path: {each for each in methods if router.test(path, each)} for path, _taken in addresses(app)}


def test_no_address_takes_a_method_that_it_does_not_declare(app: Flask) -> None:
    browser, taken, tried = Browser(app), methods_by_address(app), 0
    for number, (path, methods) in enumerate(addresses(app)):
        method = ("TRACE", "CONNECT", "PUT", "DELETE", "PROPFIND")[number % 5]
        if method not in methods:
            tried += 1
            answer = browser.client.open(path, method=method)
            assert answer.status_code == 405, f"{method} {path}"
            assert set(answer.allow) == taken[path], f"{method} {path}"
    assert tried > 100


def test_options_tells_the_methods_and_does_nothing_else(app: Flask) -> None:
    client, taken = Browser(app).client, methods_by_address(app)
    for path, methods in taken.items():
        answer = client.options(path)
        assert (answer.status_code, answer.data, set(answer.allow)) == (200, b"", methods), path


def test_no_other_origin_is_let_in(app: Flask) -> None:
    client = Browser(app).client
    for path in ("/feed/v1/preferences/C-1", "/sign-in", "/data", "/staff/sign-in"):
        for method in ("OPTIONS", "GET"):
            headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
            answer = client.open(path, method=method, headers=headers)
            assert not [name for name in answer.headers.keys() if name.startswith("Access-Control")], path  # noqa: SIM118


def test_there_is_no_socket_and_no_query_language(app: Flask) -> None:
    rules = list(app.url_map.iter_rules())
    assert not [rule for rule in rules if rule.websocket]
    assert not [rule for rule in rules if "graphql" in rule.rule.lower()]


def test_what_a_server_must_not_show_is_not_there(app: Flask) -> None:
    browser = Browser(app)
    for path in (
        "/.git/config", "/.git/HEAD", "/.env", "/instance/settings", "/settings", "/static/", "/static/../portal/app.py",
        "/static/%2e%2e/portal/app.py", "/metrics", "/debug", "/console", "/server-status", "/swagger", "/admin",
        "/portal.sqlite", "/robots.txt~", "/requirements.lock",
    ):  # fmt: skip
        assert browser.client.get(path).status_code == 404, path
    assert not app.debug


@pytest.mark.parametrize(
    "path",
    ["/data/%252e%252e", "/data/contact%2500", "/data/%2563ontact", "/requests/%252e%252e%252faccount", "/requests/%2500",
     "/password/reset/%252e", "/confirm/%2500", "/feed/v1/problems/%2534%2530%2534", "/static/css%252fportal.css"],
)  # fmt: skip
def test_an_address_is_decoded_once(people: People, path: str) -> None:
    assert people.signed_in().client.get(path).status_code == 404


@pytest.mark.parametrize(
    "wanted", ["/%2F%2Fevil.example", "%2F%2Fevil.example", "/%5cevil.example", "%252F%252Fevil.example"]
)
def test_the_page_to_go_to_is_decoded_once(app: Flask, people: People, wanted: str) -> None:
    people.account()
    answer = (
        Browser(app)
        .get(f"/sign-in?next={wanted}")
        .submit({"email": "camille@example.org", "password": PASSWORD}, with_field="password", follow=False)
    )
    location = answer.response.headers["Location"]
    assert location == "/data" or location.startswith("/%"), location


def test_a_caller_does_not_choose_its_own_network(app: Flask) -> None:
    statuses = []
    for number in range(11):
        browser = Browser(app)
        browser.headers |= {
            "X-Forwarded-For": f"192.0.2.{number}", "Forwarded": f"for=192.0.2.{number}", "X-Real-IP": f"192.0.2.{number}",
            "X-Forwarded-Proto": "https",
        }  # fmt: skip
        statuses.append(sign_in(browser, f"p{number}@example.org", PASSWORD).status)
    assert statuses == [422] * 10 + [429]


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host"])
def test_a_caller_does_not_choose_the_address_in_mails(app: Flask, mailbox: Mailbox, name: str) -> None:
    browser = Browser(app)
    browser.headers[name] = "evil.example"
    register(browser, "nadia@example.org")
    mail = mailbox.last_to("nadia@example.org")
    assert link_in(mail).startswith("/confirm/")
    assert "evil.example" not in mail.as_string()


def test_repeated_fields_are_read_by_one_rule(app: Flask, people: People) -> None:
    people.account()
    browser = Browser(app)
    page = browser.get("/sign-in")
    token = page.form(with_field="password").find(attrs={"name": "csrf_token"})["value"]
    twice = {"csrf_token": token, "email": ["camille@example.org", "other@example.org"], "password": [PASSWORD, "x"]}
    assert browser.post("/sign-in", twice, follow=False).response.headers["Location"] == "/data", "the first counts"
    other = Browser(app)
    token = other.get("/sign-in").form(with_field="password").find(attrs={"name": "csrf_token"})["value"]
    twice = {"csrf_token": token, "email": ["other@example.org", "camille@example.org"], "password": PASSWORD}
    assert other.post("/sign-in", twice, follow=False).status == 422
