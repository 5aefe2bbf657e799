"""A person in headless Chromium."""

from dataclasses import dataclass, field
from itertools import count
from typing import Literal
from urllib.parse import urlsplit

import pyotp
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request

from portal.config import LOOPBACK
from tests.support.servers.served import Served

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

# Milliseconds to wait for what a page will show, on a machine that may be busy.
PATIENCE = 60_000

Person = dict[str, str]
Scheme = Literal["light", "dark"]


@dataclass
class Visitor:
    """One person at one kind of screen.

    These are kept as faults: what breaks the content policy, what a page loads from elsewhere, and errors of scripts.
    """

    served: Served
    page: Page
    language: str
    script: bool
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._listen)
        self.page.on("pageerror", self._keep)
        self.page.on("request", self._follow)

    def leave(self) -> None:
        """Remove everything that the visitor left in the browser."""
        self.page.remove_listener("console", self._listen)
        self.page.remove_listener("pageerror", self._keep)
        self.page.remove_listener("request", self._follow)
        self.page.context.clear_cookies()
        if self.page.url.startswith(self.served.url):
            self.page.evaluate("localStorage.clear()")
        self.page.goto("about:blank")

    def open(self, path: str) -> Page:
        """Go to a path of the portal."""
        self.page.goto(self.served.url + path)
        return self.page

    @property
    def path(self) -> str:
        """Where the visitor is, without host and query."""
        return urlsplit(self.page.url).path

    def send(self, values: dict[str, str] | None = None, form: str = "main form[method=post]") -> Page:
        """Fill the fields of the first form that a selector finds, by name, and press its first button."""
        place = self.page.locator(form).first
        for name, value in (values or {}).items():
            fields = place.locator(f"[name='{name}']")
            kind = fields.first.evaluate("field => field.type")
            if kind in ("radio", "checkbox"):
                place.locator(f"[name='{name}'][value='{value}']").check()
            elif kind.startswith("select"):
                fields.select_option(value)
            else:
                fields.fill(value)
        place.locator("button:not([type=button], [type=reset], [form])").first.click()
        return self.page

    def sign_in(self, name: str) -> None:
        """Come in as a customer of the demonstration."""
        person = self.served.customer(name)
        if not self._has_come_back(person, "/data"):
            self.open("/sign-in")
            self.send({"email": person["email"], "password": person["password"]}, "form:has([name=password])")
            self.page.wait_for_url("**/data")
            self._remember(person)
        self.speak()

    def sign_in_staff(self, role: str) -> None:
        """Come in as the staff member who has a role."""
        person = self.served.staff(role)
        if not self._has_come_back(person, "/staff/account"):
            self.open("/staff/sign-in")
            self.send({"email": person["email"], "password": person["password"]}, "form:has([name=password])")
            self.send({"code": pyotp.TOTP(person["totp_secret"]).now()}, "form:has([name=code])")
            self.page.wait_for_selector("header.site nav", state="attached")
            self._remember(person)
        self.speak()

    def register(self, person: Person) -> None:
        """Make an account by the form and the link in the mail, as far as the first page of data."""
        self.open("/register")
        self.send(person, "form:has([name=family_name])")
        self.page.wait_for_url("**/register/sent")
        self.open(self.served.found_in_mail(person["email"], r"http://localhost:\d+(/confirm/\S+)"))
        self.send({}, "form[action*='/confirm/']")
        self.page.wait_for_url("**/data")

    def speak(self) -> None:
        """Put the pages into the visitor's language."""
        if self.page.locator("html").get_attribute("lang") != self.language:
            self.page.locator(".tools form:has([name=language])").evaluate("form => form.submit()")
            self.page.wait_for_selector(f"html[lang={self.language}]")

    def says(self, french: str, english: str) -> str:
        """Return the words in the visitor's language."""
        return french if self.language == "fr" else english

    def _has_come_back(self, person: Person, path: str) -> bool:
        if person["email"] not in self.served.cookies:
            return False
        self.page.context.add_cookies(self.served.cookies[person["email"]])
        self.open(path)
        return self.path == path

    def _listen(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            self.faults.append(message.text)

    def _follow(self, request: Request) -> None:
        # In the demonstration, Facebook is a stand-in on this machine. People go there; no page loads anything from it.
        is_own = urlsplit(request.url).netloc == urlsplit(request.frame.url).netloc
        is_ours = is_own or request.url.startswith((self.served.url, "about:"))
        if not is_ours and not (request.is_navigation_request() and urlsplit(request.url).hostname in LOOPBACK):
            self.faults.append(f"{self.page.url} loads {request.url}")

    def _keep(self, error: Error) -> None:
        self.faults.append(str(error))

    def _remember(self, person: Person) -> None:
        self.served.cookies[person["email"]] = list(self.page.context.cookies())


class Profiles:
    """Browser profiles with one page each. They are emptied and used again, because a new one takes a second."""

    def __init__(self, chromium: Browser) -> None:
        self.chromium = chromium
        self._free: dict[tuple[str, bool], list[Page]] = {}
        self._numbers = count(1)

    def take(
        self, served: Served, *, width: int = 1280, language: str = "fr", script: bool = True, scheme: Scheme = "light"
    ) -> Visitor:
        """Return a visitor in an empty profile, with a network address of their own."""
        free = self._free.setdefault((language, script), [])
        page = free.pop() if free else self._new_page(language, script)
        number = next(self._numbers)
        page.context.set_extra_http_headers({"X-Forwarded-For": f"198.51.{number // 250}.{number % 250 + 1}"})
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        return Visitor(served, page, language, script)

    def give_back(self, visitor: Visitor) -> None:
        """Empty the visitor's profile for the next one."""
        visitor.leave()
        self._free[visitor.language, visitor.script].append(visitor.page)

    def _new_page(self, language: str, script: bool) -> Page:
        context = self.chromium.new_context(
            locale="fr-FR" if language == "fr" else "en-GB", java_script_enabled=script, timezone_id="Europe/Paris"
        )
        context.set_default_timeout(PATIENCE)
        return context.new_page()
