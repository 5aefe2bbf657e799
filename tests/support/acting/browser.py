"""A client that acts as a browser without JavaScript: it follows links and fills real forms, with their token.

It checks every page that it fetches, so that each test also tests the pages on its way.
"""

from contextvars import Context
from functools import cached_property
from io import BytesIO
from typing import Any
from urllib.parse import urljoin, urlsplit

import lxml.html
from bs4 import BeautifulSoup, Tag
from flask import Flask, has_app_context, session
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.infrastructure.database import db
from portal.web.form_tokens import masked_token
from tests.support.looking.page_rules import check_page

Values = dict[str, Any]


class Page:
    """A fetched page: its response, its tree, its forms."""

    def __init__(self, browser: "Browser", response: TestResponse) -> None:
        self.browser = browser
        self.response = response
        self.status = response.status_code
        self.url = response.request.path

    @cached_property
    def tree(self) -> BeautifulSoup:
        """The page to search in, made on demand: that takes half as long as the portal takes for the page."""
        return BeautifulSoup(_as_read(self.response.get_data()), "lxml")

    @cached_property
    def root(self) -> Any:
        """The page as lxml reads it, twenty times faster."""
        return lxml.html.document_fromstring(
            _as_read(self.response.get_data()) or b"<p>", lxml.html.HTMLParser(encoding="utf-8")
        )

    @property
    def text(self) -> str:
        """The words of the page, runs of white space as one plain space."""
        return _words(self.root)

    @property
    def h1(self) -> str:
        heading = self.root.find(".//h1")
        assert heading is not None, f"{self.url} has no h1"
        return _words(heading)

    @property
    def errors(self) -> list[str]:
        """The messages of the error summary."""
        summary = self.tree.select(".error-summary a")
        return [" ".join(link.get_text(" ").replace("\u00a0", " ").split()) for link in summary]

    def form(self, action: str | None = None, with_field: str | None = None) -> Tag:
        """Return the one form of the main part whose action ends in `action`, or that has the field `with_field`."""
        forms = [
            form
            for form in self.tree.select("main form")
            if (action is None or urlsplit(str(form.get("action") or self.url)).path.endswith(action))
            and (with_field is None or form.find(attrs={"name": with_field}))
        ]
        assert forms, f"{self.url} has no such form (action {action}, field {with_field})"
        return forms[0]

    def submit(
        self, values: Values | None = None, *, action: str | None = None, with_field: str | None = None,
        button: str | None = None, follow: bool = True,
    ) -> "Page":  # fmt: skip
        """Send a form of the page with its own values, changed by `values`.

        A value may be a list (checkboxes), None (leave the field out), or (bytes, file name, content type).
        """
        form = self.form(action, with_field)
        data: dict[str, list[Any]] = {}
        for name, value in _own_values(form):
            data.setdefault(name, []).append(value)
        for name, value in (values or {}).items():
            assert form.find(attrs={"name": name}), f"{self.url}: the form has no field {name}"
            data[name] = [] if value is None else value if isinstance(value, list) else [value]
        if button:
            pressed = form.find("button", attrs={"name": True, "value": button})
            assert pressed is not None, f"{self.url}: no button {button}"
            data[str(pressed["name"])] = [button]
        target = urljoin(self.url, str(form.get("action") or self.response.request.full_path or self.url))
        if str(form.get("method", "get")).lower() == "get":
            return self.browser.get(target.split("?")[0], query_string=data, follow=follow)
        return self.browser.post(target, data, is_upload="multipart" in str(form.get("enctype", "")), follow=follow)

    def link(self, text: str) -> str:
        """Return the address of the link whose words contain `text`."""
        for link in self.root.iter("a"):
            if text in _words(link):
                return str(link.attrib["href"])
        raise AssertionError(f"{self.url} has no link {text!r}")

    def click(self, text: str) -> "Page":
        """Follow a link by its words."""
        return self.browser.get(urljoin(self.url, self.link(text)))

    def follow_to(self, start: str) -> "Page":
        """Follow the first link whose address begins so, whatever its words."""
        link = next((link for link in self.root.iter("a") if str(link.get("href", "")).startswith(start)), None)
        assert link is not None, f"{self.url} has no link to {start}"
        return self.browser.get(str(link.get("href")))


class OwnContextClient(FlaskClient):
    """Runs each request, redirects too, apart from the test's own context, as a server does.

    Otherwise the next request would still find in `g` what this one kept there, such as who is signed in.
    """

    def run_wsgi_app(self, environ: Any, buffered: bool = False) -> Any:
        return Context().run(super().run_wsgi_app, environ, buffered)


class Browser:
    """A cookie jar and a way to fetch pages."""

    def __init__(self, app: Flask, language: str | None = "fr") -> None:
        self.client = OwnContextClient(app, app.response_class, use_cookies=True)
        self.headers = {"Accept-Language": language} if language else {}

    def get(self, path: str, *, follow: bool = True, **options: Any) -> Page:
        """Fetch a page."""
        return self._page(self.client.get(path, headers=self.headers, follow_redirects=follow, **options))

    def post(self, path: str, data: dict[str, Any], *, is_upload: bool = False, follow: bool = True) -> Page:
        """Send form data as they are, without fetching a page first: for hostile tests."""
        values = {
            name: [(BytesIO(item[0]), *item[1:]) if isinstance(item, tuple) else item for item in _as_list(value)]
            for name, value in data.items()
        }
        options: dict[str, Any] = {"content_type": "multipart/form-data"} if is_upload else {}
        return self._page(self.client.post(path, data=values, headers=self.headers, follow_redirects=follow, **options))

    def form_token(self, path: str) -> str:
        """Return the form token that the page of an address would hold, without fetching that page."""
        token, kept = Context().run(_new_token, self.client.application, path)
        with self.client.session_transaction(path) as own:
            own["csrf_token"] = kept
        return token

    def _page(self, response: TestResponse) -> Page:
        if has_app_context():
            # End the test's own transaction, so that the test reads the rows as the request left them.
            db.session.rollback()
        page = Page(self, response)
        if response.mimetype == "text/html" and not 300 <= response.status_code < 400:
            check_page(page.root, page.url)
        return page


def _as_read(content: bytes) -> bytes:
    """Return a page without the sign that keeps “e-mail” on one line: `tests/web/outgoing/` looks for it."""
    return content.replace("\u2060".encode(), b"")


def _words(element: Any) -> str:
    parts = element.xpath(".//text()[not(parent::script or parent::style)]")
    return " ".join(" ".join(parts).replace("\u00a0", " ").replace("\u202f", " ").split())


def _new_token(app: Flask, path: str) -> tuple[str, str]:
    with app.test_request_context(path):
        return masked_token(), str(session["csrf_token"])


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _own_values(form: Tag) -> list[tuple[str, str]]:
    values = []
    for field in form.find_all(["input", "select", "textarea"]):
        name, kind = field.get("name"), str(field.get("type", "text"))
        if not name or field.has_attr("disabled") or kind in {"file", "submit"}:
            continue
        if kind in {"checkbox", "radio"}:
            if field.has_attr("checked"):
                values.append((str(name), str(field.get("value", "on"))))
        elif field.name == "select":
            chosen = field.find_all("option", selected=True) or field.find_all("option")[:1]
            values += [(str(name), str(option.get("value", option.get_text()))) for option in chosen]
        elif field.name == "textarea":
            values.append((str(name), field.get_text().removeprefix("\n")))
        else:
            values.append((str(name), str(field.get("value", ""))))
    return values
