"""A client that acts as a browser without JavaScript: it follows links and fills real forms, with their token.

It checks every page that it fetches, so that each test also tests the pages on its way.
"""

import re
from collections import Counter
from collections.abc import Container
from contextvars import Context
from io import BytesIO
from typing import Any
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from flask import Flask, has_app_context, session
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.infrastructure.database import db
from portal.web.form_tokens import masked_token

Values = dict[str, Any]

# A time as the portal writes it: « 9 h 05 », with spaces that do not break, or “at 09:05”.
_TIME = re.compile(r"\b\d{1,2}\u00a0h\u00a0\d{2}\b|\bat \d{2}:\d{2}\b")
_ZONE = ("Les heures sont celles de Paris.", "Times are those of Paris.")


class Page:
    """A fetched page: its response, its tree, its forms."""

    def __init__(self, browser: "Browser", response: TestResponse) -> None:
        self.browser = browser
        self.response = response
        self.status = response.status_code
        self.url = response.request.path
        self.tree = BeautifulSoup(response.get_data(), "lxml")

    @property
    def text(self) -> str:
        """The words of the page, runs of white space as one plain space."""
        return " ".join(self.tree.get_text(" ").replace("\u00a0", " ").replace("\u202f", " ").split())

    @property
    def h1(self) -> str:
        heading = self.tree.find("h1")
        assert heading is not None, f"{self.url} has no h1"
        return " ".join(heading.get_text(" ").replace("\u00a0", " ").split())

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
        for link in self.tree.find_all("a"):
            if text in " ".join(link.get_text(" ").replace("\u00a0", " ").split()):
                return str(link["href"])
        raise AssertionError(f"{self.url} has no link {text!r}")

    def click(self, text: str) -> "Page":
        """Follow a link by its words."""
        return self.browser.get(urljoin(self.url, self.link(text)))


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
            check_page(page)
        return page


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


def says_its_zone(text: str) -> bool:
    """Tell whether a text says once which clock its times are of, or holds no time."""
    return not _TIME.search(text) or sum(text.count(words) for words in _ZONE) == 1


def check_page(page: Page) -> None:
    """Assert the rules of every page: one h1, a title, labels, unique ids, nothing inline."""
    tree, place = page.tree, page.url
    tags = tree.find_all(True)
    headings = [tag for tag in tags if tag.name == "h1"]
    assert len(headings) == 1, f"{place}: one h1, not {len(headings)}"
    assert tree.title and tree.title.get_text().strip(), f"{place}: a title"
    assert tree.html and tree.html.get("lang") in {"fr", "en"}, f"{place}: html lang"
    ids = Counter(tag["id"] for tag in tags if "id" in tag.attrs)
    repeated = [name for name, times in ids.items() if times > 1]
    assert not repeated, f"{place}: ids used twice: {repeated}"
    labelled = {tag.get("for") for tag in tags if tag.name == "label"}
    assert says_its_zone(tree.get_text(" ")), f"{place}: times without their zone, or with it twice"
    for tag in tags:
        _check_tag(tag, place, ids, labelled)


def _check_tag(tag: Tag, place: str, ids: Container[Any], labelled: Container[Any]) -> None:
    assert tag.name != "style", f"{place}: an inline style element"
    assert "style" not in tag.attrs, f"{place}: a style attribute"
    assert tag.name != "script" or tag.get("src"), f"{place}: an inline script"
    handlers = [name for name in tag.attrs if name.startswith("on")]
    assert not handlers, f"{place}: inline handlers {handlers}"
    missing = [name for name in str(tag.get("aria-describedby", "")).split() if name not in ids]
    assert not missing, f"{place}: {tag.get('name')} is described by missing {missing}"
    if tag.name in {"input", "select", "textarea"} and tag.get("type") not in {"hidden", "submit"}:
        is_labelled = tag.get("id", "") in labelled or tag.find_parent("label")
        assert is_labelled or tag.get("aria-label"), f"{place}: {tag.get('name')} has no label"
        if tag.get("type") == "radio":
            assert tag.find_parent("fieldset"), f"{place}: the radio {tag.get('name')} stands in no fieldset"
