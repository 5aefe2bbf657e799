"""Secrets sent through every flow by the real forms, and then looked for in tables, files, logs, pages and mails."""

import base64
import re
import subprocess
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
from flask import Flask, request, request_finished
from sqlalchemy import inspect, text
from werkzeug.wrappers import Response

from portal import clock
from portal.access.permissions import Role
from portal.config import Settings
from portal.infrastructure.database import db, transaction
from portal.staff.approvals.deciding import second_by_command
from tests.support.acting.authenticator import Authenticator
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, link_in, text_of
from tests.support.acting.passkeys import options_of
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.staff_codes import code_at, to_code_page, told
from tests.support.acting.visitors import ask_for_reset, mailed_link, register, sign_in
from tests.support.cases import form_token
from tests.support.filing import describe_copy
from tests.support.looking.logs import served_log
from tests.support.packages import build
from tests.support.servers.facebook import APP_SECRET, Provider, link_facebook

NEWCOMER, KNOWN, INVITED = "nadia@example.org", "camille@example.org", "nora@example.org"
COOKIES = ("session", "device", "staff_session", "staff_device")


@dataclass(frozen=True)
class Canary:
    """A secret, the pages that may show it, and the words of the mail that may carry it."""

    value: str
    pages: frozenset[str] = frozenset()
    mail: str = ""

    def is_in(self, content: str) -> bool:
        """Tell whether the secret stands in a text; a short one only where nothing is joined to it."""
        if self.value not in content or len(self.value) > 12:
            return self.value in content
        return re.search(rf"(?<![0-9A-Za-z]){re.escape(self.value)}(?![0-9A-Za-z])", content) is not None


@dataclass
class Watch:
    """Everything that leaves the portal meanwhile, and the secrets to look for in it."""

    canaries: dict[str, Canary] = field(default_factory=dict)
    answers: list[tuple[str, str]] = field(default_factory=list)

    def plant(self, name: str, value: str, *, pages: tuple[str, ...] = (), mail: str = "") -> str:
        assert value, name
        self.canaries[name] = Canary(value, frozenset(pages), mail)
        return value

    def plant_cookies(self, name: str, browser: Browser) -> None:
        for cookie in COOKIES:
            found = browser.client.get_cookie(cookie)
            if found and found.value:
                self.plant(f"{cookie} of {name} {len(self.canaries)}", found.value)

    def note(self, _sender: Flask, response: Response, **_rest: Any) -> None:
        body = "" if response.is_streamed else response.get_data(as_text=True)
        kept = [header for header in response.headers.getlist("Set-Cookie") if not header.startswith(COOKIES)]
        self.answers.append(
            (request.endpoint or "", body + response.headers.get("Location", "") + " ".join(map(opened, kept)))
        )

    def faults(self, place: str, content: str, page: str = "", subject: str = "") -> list[str]:
        return [
            f"{name} in {place}" for name, canary in self.canaries.items()
            if canary.is_in(content) and page not in canary.pages and not (canary.mail and canary.mail in subject)
        ]  # fmt: skip


def opened(header: str) -> str:
    """Return a Set-Cookie header with what its signed value says: anybody who has the cookie reads it."""
    value = header.partition("=")[2].partition(";")[0]
    payload = value.removeprefix(".").partition(".")[0]
    try:
        content = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        return header + (zlib.decompress(content) if value.startswith(".") else content).decode("latin-1")
    except (ValueError, zlib.error):
        return header


@contextmanager
def watching(app: Flask) -> Iterator[Watch]:
    watch = Watch()
    with request_finished.connected_to(watch.note, app):
        yield watch


def sign_out(browser: Browser, page: str = "/account", action: str = "/sign-out") -> None:
    browser.post(action, {"csrf_token": form_token(browser.get(page))})


def a_newcomer_registers_and_changes_everything(watch: Watch, app: Flask, mailbox: Mailbox) -> Browser:
    browser = Browser(app)
    first = watch.plant("password of a registration", "canari jaune du matin 41")
    wrong = watch.plant("wrong password", "canari rouge jamais choisi 42")
    register(browser, NEWCOMER, password=first)
    link = mailed_link(mailbox, NEWCOMER, "/confirm/")
    watch.plant(
        "confirmation link", link.partition(".")[2], pages=("public.accounts.confirm_address",), mail="Confirmer"
    )
    sign_in(Browser(app), NEWCOMER, wrong)
    assert browser.get(link).submit().url == "/data"
    watch.plant_cookies("the newcomer", browser)
    changed = watch.plant("changed password", "canari bleu de la nuit 43")
    browser.get("/account/password").submit({"current_password": wrong, "new_password": changed})
    browser.get("/account/password").submit({"current_password": first, "new_password": changed})
    browser.get("/account/confirm-password").submit({"password": changed})
    watch.plant_cookies("the newcomer", browser)
    sign_out(browser)
    ask_for_reset(browser, NEWCOMER)
    link = mailed_link(mailbox, NEWCOMER, "/password/reset/")
    watch.plant(
        "reset link", link.partition(".")[2], pages=("public.accounts.reset_password",), mail="nouveau mot de passe"
    )
    last = watch.plant("password of a reset", "canari vert après la pluie 44")
    browser.get(link).submit({"password": "canari"})
    assert browser.get(link).submit({"password": last}).url == "/sign-in"
    assert sign_in(browser, NEWCOMER, last).url == "/data"
    watch.plant_cookies("the newcomer", browser)
    return browser


def the_same_adds_a_second_step(watch: Watch, app: Flask, browser: Browser) -> None:
    start, key = "customer.accounts.second_step", Authenticator()
    page = browser.get("/account/second-step").submit(action="/app/new")
    secret = secret_of(page).replace(" ", "")
    watch.plant("TOTP secret of a customer", secret, pages=(f"{start}.app",))
    page = page.submit({"code": watch.plant("TOTP code of a customer", code_at(secret=secret))}, with_field="code")
    for number, shown in enumerate(page.tree.select(".secret li code")):
        watch.plant(f"recovery code {number} of a customer", shown.get_text(), pages=(f"{start}.recovery_codes",))
    page.submit(action="/kept")
    page = browser.get("/account/second-step/passkeys")
    options = options_of(page)
    watch.plant("challenge of a new passkey", options["challenge"], pages=(f"{start}.passkey_options",))
    page.submit({"credential": key.make(options), "name": "Clé"}, with_field="credential")
    last = watch.canaries["password of a reset"].value
    page = sign_in(Browser(app), NEWCOMER, last)
    assert page.url == "/sign-in/code"
    options = options_of(page)
    watch.plant("challenge of a passkey", options["challenge"], pages=("public.accounts.second_step.passkey_options",))
    page = page.submit({"credential": key.sign(options)}, with_field="credential")
    assert page.url == "/data"
    watch.plant_cookies("who gave a passkey", page.browser)


def the_same_comes_by_facebook(watch: Watch, app: Flask, provider: Provider) -> None:
    link_facebook(NEWCOMER)
    browser = Browser(app)
    begun = browser.get("/sign-in").submit(action="/sign-in/facebook")
    answer = requests.get(begun.link("Aller sur Facebook"), allow_redirects=False, timeout=60)
    assert browser.get(answer.headers["Location"].removeprefix("http://localhost:8000")).url == "/data"
    (_path, sent), (_other, looked) = provider.calls
    watch.plant("Facebook code", sent["code"])
    # Until the return it lies in the browser that began, in the cookie of its forms.
    watch.plant("Facebook verifier", sent["code_verifier"], pages=("public.accounts.facebook.begin",))
    watch.plant("Facebook token", looked["authorization"].removeprefix("Bearer "))
    watch.plant("Facebook proof", looked["appsecret_proof"])
    watch.plant("Facebook secret", APP_SECRET)
    watch.plant_cookies("who came by Facebook", browser)


def a_customer_proves_who_they_are(watch: Watch, people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in(KNOWN)
    watch.plant("password of a customer", PASSWORD)
    page = describe_copy(browser).click("Utiliser un code").submit(action="/code")
    found = re.search(r"(?<!\d)(\d{3})[\s\u00a0\u202f]?(\d{3})(?!\d)", text_of(mailbox.last_to(KNOWN)))
    assert found
    code = found.group(1) + found.group(2)
    watch.plant("code to a known address", code, mail=str(mailbox.last_to(KNOWN)["Subject"]))
    page.submit({"code": code}, with_field="code").submit(action="/send")
    address = f"/answers/{build(categories=['identity']).public_id}"
    browser.post(address, {"csrf_token": form_token(browser.get(address))})
    watch.plant_cookies("a customer", browser)
    sign_out(browser)


def seconded_by_command(page: Page) -> None:
    with transaction():
        second_by_command(page.url.rpartition("/")[2], "Seule à bord.")


def a_staff_member_is_invited_and_comes_in(watch: Watch, app: Flask, people: People, mailbox: Mailbox) -> None:
    administrator = people.signed_in_staff(Role.ADMINISTRATOR)
    page = administrator.get("/staff/members/new")
    wanted = {"name": "Nora Petit", "email": INVITED, "role": "reviewer", "reason": "Nora arrive lundi."}
    seconded_by_command(page.submit(wanted, with_field="email"))
    mail = mailbox.last_to(INVITED)
    link = link_in(mail)
    watch.plant(
        "invitation link", link.partition("/invitation/")[2].partition(".")[2],
        pages=("staff.staff.accept_invitation",), mail=str(mail["Subject"]),
    )  # fmt: skip
    wanted = {"name": "Outil", "scopes": ["preferences:read"], "days": "30", "reason": "Un outil."}
    seconded_by_command(administrator.get("/staff/tokens/new").submit(wanted, with_field="name"))
    token = secret_of(administrator.get("/staff/tokens").submit(action="/show"))
    watch.plant("bearer token", token, pages=("staff.staff.tokens",))
    app.test_client().get("/feed/v1/preferences/C-1", headers={"Authorization": f"Bearer {token}"})
    app.test_client().get(f"/feed/v1/preferences/C-1?token={token}", headers={"Authorization": "Bearer forged"})
    password = watch.plant("password of staff", "quatre canaris sans aucun rapport 45")
    page = Browser(app).get(link).submit({"password": password}, with_field="password")
    secret = watch.plant("TOTP secret", secret_of(page).replace(" ", ""), pages=("staff.staff.second_factor",))
    watch.plant("TOTP secret as shown", secret_of(page), pages=("staff.staff.second_factor",))
    page = page.submit({"code": watch.plant("first TOTP code", code_at(secret=secret))}, with_field="code")
    for number, shown in enumerate(page.tree.select(".secret li code")):
        watch.plant(f"recovery code {number}", shown.get_text(), pages=("staff.staff.recovery_codes",))
        # A refused form keeps what was typed: here a code that has served.
        bare = shown.get_text().replace("-", "")
        watch.plant(f"recovery code {number}, bare", bare, pages=("staff.staff.sign_in_code",) if number == 3 else ())
    page = told(page.submit(action=""))
    watch.plant_cookies("a staff member", page.browser)
    sign_out(page.browser, "/staff/account", "/staff/sign-out")
    with clock.stopped_at(clock.now() + timedelta(minutes=1)):
        typed = watch.plant("second TOTP code", code_at(secret=secret))
        page = to_code_page(app, INVITED, password=password).submit({"code": typed}, with_field="code")
        assert page.url == "/staff/queue"
        watch.plant_cookies("a staff member", page.browser)
    used = watch.canaries["recovery code 3"].value
    assert to_code_page(app, INVITED, password=password).submit({"code": used}, with_field="code").url == "/staff/queue"
    to_code_page(app, INVITED, password=password).submit({"code": used}, with_field="code")


def secret_of(page: Page) -> str:
    shown = page.tree.select_one("code.secret")
    assert shown, page.text
    return shown.get_text().strip()


def rows() -> Iterator[tuple[str, str]]:
    """Yield every value of every column of every table, as the database holds it."""
    db.session.rollback()
    for table in inspect(db.engine).get_table_names():
        result = db.session.execute(text(f'SELECT * FROM "{table}"'))
        for row in result:
            for column, value in zip(result.keys(), row, strict=True):
                yield f"{table}.{column}", value.decode("latin-1") if isinstance(value, bytes) else str(value)


def files(folder: Path, copy: Path) -> Iterator[tuple[str, str]]:
    """Yield every file of a folder, as its bytes are; deleted rows of the database may stand there too.

    They are copied by another process: see tests/support/looking/searching.py.
    """
    subprocess.run(["cp", "-R", str(folder), str(copy)], check=True)
    for path in sorted(copy.rglob("*")):
        if path.is_file() and path.suffix != ".eml":
            yield f"file {path.name}", path.read_bytes().decode("latin-1")


def test_what_must_stay_secret_is_found_nowhere(
    app: Flask, people: People, mailbox: Mailbox, settings: Settings, provider: Provider, tmp_path: Path
) -> None:
    with served_log() as log, watching(app) as watch:
        a_customer_proves_who_they_are(watch, people, mailbox)
        newcomer = a_newcomer_registers_and_changes_everything(watch, app, mailbox)
        the_same_comes_by_facebook(watch, app, provider)
        the_same_adds_a_second_step(watch, app, newcomer)
        a_staff_member_is_invited_and_comes_in(watch, app, people, mailbox)
        mails = mailbox.all()
    watch.plant("secret key", settings.secret_key)
    watch.plant("master key", settings.master_keys.partition(":")[2])
    watch.plant("opening key", str(settings.opening_keys).partition(":")[2])
    assert len(watch.canaries) > 40

    database = Path(db.engine.url.database or "").parent
    seen = [*files(settings.instance, tmp_path / "instance"), *files(database, tmp_path / "database")]
    faults = [fault for place, content in rows() for fault in watch.faults(place, content)]
    faults += [fault for place, content in seen for fault in watch.faults(place, content)]
    faults += watch.faults("the log", log.getvalue())
    for mail in mails:
        content = mail.as_string() + text_of(mail)
        faults += watch.faults(f"the mail {mail['Subject']}", content, subject=str(mail["Subject"]))
    for endpoint, content in watch.answers:
        faults += watch.faults(f"the answer of {endpoint}", content, page=endpoint)
    assert not faults, "\n".join(sorted(set(faults)))

    lines = log.getvalue()
    assert lines.count('"event": "request"') > 50
    for personal in (NEWCOMER, KNOWN, INVITED, "Benali", "Lefèvre", "factures de 2024"):
        assert personal not in lines, f"{personal} in the log"
    personal_places = {place for place, content in rows() if NEWCOMER in content}
    assert not {place for place in personal_places if place.startswith(("jobs.", "rate_counts.", "audit_"))}


def test_the_search_bites() -> None:
    watch = Watch()
    watch.plant("password", "canari jaune du matin 41")
    watch.plant("code", "123456", mail="Votre code")
    assert watch.faults("a", "x canari jaune du matin 41 y") == ["password in a"]
    assert watch.faults("a", "le code 123456.") == ["code in a"]
    assert watch.faults("a", "le code 123456.", subject="Votre code") == []
    assert watch.faults("a", "a1234567 0123456 123456a") == []
    assert "canari" in opened(
        "form=" + base64.urlsafe_b64encode(b'{"kept":"canari"}').decode().rstrip("=") + ".x.y; Path=/"
    )
