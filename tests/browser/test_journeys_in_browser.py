"""The three journeys from the first form to their end, in Chromium: with and without JavaScript, on a desk and a
phone, in French and English, each pair of these met once."""

import re
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from secrets import token_hex

import pytest
from playwright.sync_api import expect

from portal.bilingual import unbroken
from portal.demo.specimens import Holder, passport_page
from portal.preferences.purposes import FLAGS
from tests.support import records
from tests.support.acting.visitor import Visitor
from tests.support.looking.pages.page_checks import check_page
from tests.support.servers.served import Served, until

Visit = Callable[..., Visitor]


@dataclass(frozen=True)
class Combination:
    """A kind of screen, and somebody who has never been here."""

    script: bool
    width: int
    language: str

    @property
    def name(self) -> str:
        return f"{'script' if self.script else 'plain'}-{self.width}-{self.language}"

    def visitor(self, visit: Visit) -> Visitor:
        return visit(script=self.script, width=self.width, language=self.language)

    def newcomer(self, visit: Visit, journey: str) -> Visitor:
        """Register somebody by the form and the link in the mail, to their first page of data."""
        visitor = self.visitor(visit)
        person = {"given_name": "Noé", "family_name": "Vasseur", "email": self.address(journey)}
        visitor.register(person | {"password": "des mots que personne ne devine"})
        return visitor

    def address(self, journey: str) -> str:
        return f"{journey}-{self.name}@example.org"


PAIRWISE = [
    Combination(True, 390, "fr"), Combination(False, 1280, "fr"), Combination(True, 1280, "en"), Combination(False, 390, "en"),
]  # fmt: skip
each_combination = pytest.mark.parametrize(
    "how",
    [*PAIRWISE[:2], *(pytest.param(how, marks=pytest.mark.trial) for how in PAIRWISE[2:])],
    ids=lambda how: how.name,
)


@pytest.fixture(scope="module")
def known_people(served: Served, tmp_path_factory: pytest.TempPathFactory) -> None:
    """One person for each combination whom the company knows before they come, imported from a file."""
    lines = []
    for number, how in enumerate(PAIRWISE, start=7001):
        reference, names = f"C-{number}", {"given_name": "Noé", "family_name": "Vasseur"}
        lines.append(records.customer(reference, email=how.address("known"), language=how.language, **names))
        lines.append(records.invoice(f"F-{number}", of=reference))
        lines += [records.visit(index + 40 * number, of=reference) for index in range(3)]
    path = tmp_path_factory.mktemp("import") / "people.ndjson"
    path.write_bytes(records.ndjson(*lines))
    assert "0 refused" in served.flask("import", str(path))


@each_combination
@pytest.mark.usefixtures("known_people")
def test_a_request_from_form_to_answer(visit: Visit, how: Combination, tmp_path: Path) -> None:
    visitor = how.newcomer(visit, "known")
    right = "erasure" if how.width == 390 else "access"
    reference = file_request(visitor, right, how.address("known"))
    decide(how.visitor(visit), reference)
    if right == "erasure":
        agree(how.visitor(visit), reference)
        expect(visitor.open("/access-log").locator("main")).to_contain_text(reference)
        cool_off(visitor, reference)
        read_certificate(how.visitor(visit), how.address("known"), reference)
    else:
        read_answer(visitor, reference)
        read_package(visitor, visit(), tmp_path)
        expect(visitor.open("/access-log").locator("main")).to_contain_text(reference)


def cool_off(visitor: Visitor, reference: str) -> None:
    """Read by when it can be cancelled, on the first page too, and let that hour come for the worker."""
    begins = visitor.says("Il commence le", "It begins on")
    expect(visitor.open("/data").locator("main .hero")).to_contain_text(begins)
    page = visitor.open(f"/requests/{reference}")
    expect(page.locator("main .hero")).to_contain_text(begins)
    check_page(page, is_brief=not visitor.script, with_axe=visitor.script)
    with closing(sqlite3.connect(visitor.served.instance / "portal.sqlite", timeout=60)) as database, database:
        database.execute("UPDATE erasures SET runs_at = datetime('now', '-1 second') WHERE state = 'cooling'")
        database.execute("UPDATE jobs SET run_at = datetime('now', '-1 second') WHERE name = 'erasure.step'")


def read_certificate(reader: Visitor, address: str, reference: str) -> None:
    """Open the page of the erasure from its mail, signed in nowhere, and read what became of the data."""
    page = reader.open(reader.served.found_in_mail(address, r"http://localhost:\d+(/erasure/(?!cancel)\S+)"))
    expect(page.locator("#certificate")).to_be_visible()
    expect(page.locator("main")).to_contain_text(reference)
    expect(page.locator("main")).to_contain_text(reader.says("ont été effacées de ce portail", "were erased from this"))
    assert address not in page.content()
    check_page(page, is_brief=not reader.script, with_axe=reader.script)


def file_request(visitor: Visitor, right: str, address: str) -> str:
    """File a request through its steps, proving oneself by a code in a mail; return its reference."""
    page = visitor.open("/requests/new")
    page.click(f"main a[href^='/requests/new/{right}']")
    details = "main form:has([name=details])"
    if right == "erasure":
        expect(visitor.send({}, details).locator(".error-summary")).to_be_visible()
    visitor.send({"scope": "all", "details": "Ce qui date de 2026."}, details)
    page.click("main a[href$='/code']")
    visitor.send({}, "main form:has([name=send])")
    code = visitor.served.found_in_mail(address, r"\b(\d{6})\b")
    visitor.send({"code": code}, "main form:has([name=code])")
    page.wait_for_url("**/check")
    expect(page.locator("main dl")).to_contain_text("Ce qui date de 2026.")
    visitor.send({}, "main form[action$='/send']")
    page.wait_for_url("**/requests/DR-*")
    expect(page.locator(".banner")).to_contain_text(visitor.says("envoyée", "sent"))
    return visitor.path.rsplit("/", 1)[-1]


def decide(reviewer: Visitor, reference: str) -> None:
    """Find the case in the queue, take it, and grant it."""
    reviewer.sign_in_staff("reviewer")
    page = reviewer.open("/staff/queue")
    reviewer.send({"text": reference}, "form.search")
    page.click(f"main table a[href$='{reference}']")
    reviewer.send({}, "form[action$='/claim']")
    expect(page.locator("form[action$='/release']")).to_be_visible()
    reviewer.send({"way": "proposed", "message": "Voici ce que nous avons fait."}, "form[action$='/decision']")
    page.wait_for_url("**/staff/**")


def agree(officer: Visitor, reference: str) -> None:
    """Give the second opinion that an erasure needs."""
    officer.sign_in_staff("officer")
    page = officer.open(f"/staff/requests/{reference}")
    officer.send({"agrees": "yes"}, "form[action$='/second-opinion']")
    expect(page.locator(".banner")).to_be_visible()


def read_answer(visitor: Visitor, reference: str) -> None:
    """Follow the request until it is answered."""
    answered = visitor.says("Nous avons répondu", "We have answered")

    def look() -> bool | None:
        return visitor.open(f"/requests/{reference}").locator("h2", has_text=answered).count() > 0 or None

    until(look, f"the answer to {reference}")
    expect(visitor.page.locator(".words").first).to_have_text("Voici ce que nous avons fait.")


def read_package(visitor: Visitor, reader: Visitor, folder: Path) -> None:
    """Download the copy and open it as the person does: unpacked, without network."""
    visitor.page.click("main .hero a.button")
    with visitor.page.expect_download() as download:
        visitor.send({}, "main form[action^='/answers/']")
    with zipfile.ZipFile(download.value.path()) as package:
        assert {"index.html", "manifest.json", "usage.csv", "usage.json"} <= set(package.namelist())
        package.extractall(folder)
    page = reader.page
    page.goto(f"file://{folder}/index.html")
    check_page(page, is_brief=not visitor.script)
    page.click("table a:has-text('Utilisation'), table a:has-text('Usage')")
    expect(page.locator("body")).to_contain_text("https://netkin.fr/page/")


@each_combination
def test_a_preference_from_choice_to_feed(visit: Visit, how: Combination) -> None:
    visitor = how.newcomer(visit, "chooser")
    asked = f'{{"emails": ["{how.address("chooser")}"]}}'.encode()
    found = visitor.served.call("/feed/v1/preferences/lookup", "feed_token", asked)["items"][0]
    page = visitor.open("/preferences")
    assert not any(found["flags"].values())
    visitor.send({"offers.email": "accept", "personalisation": "accept"}, "main form:has([name='offers.email'])")
    expect(page.locator(".banner")).to_be_visible()
    item = visitor.served.call(f"/feed/v1/preferences/{found['customer']}", "feed_token")
    assert {flag for flag, is_on in item["flags"].items() if is_on} == {"offers.email", "personalisation"}
    expect(visitor.open("/preferences").locator("[id='offers.email']")).to_be_checked()
    visitor.send({}, "main form:has([value=refuse_everything])")
    expect(page.locator(".banner")).to_be_visible()
    later = visitor.served.call(f"/feed/v1/preferences/{found['customer']}", "feed_token")
    assert not any(later["flags"].values())
    assert later["sequence"] > item["sequence"]
    assert shown_wordings(visitor, "offers.email") == [FLAGS["offers.email"].wording(how.language, "Netkin")] * 2


def shown_wordings(visitor: Visitor, flag: str) -> list[str]:
    """Return the texts that the history shows for a flag, over all its pages."""
    page, words = visitor.open("/preferences/history"), list[str]()
    # From its beginning: in English the offers of partners hold the name of ours.
    name = re.compile(rf"^\s*{re.escape(unbroken(FLAGS[flag].label(visitor.language)))}")
    while True:
        lines = page.locator("details.record").filter(has_text=name)
        words += [text.replace("\u2060", "") for text in lines.locator(".words").all_text_contents()]
        older = page.locator("main [rel=next]")
        if not older.count():
            return words
        visitor.open(str(older.get_attribute("href")))


@each_combination
def test_a_passport_from_phone_to_shredded(visit: Visit, how: Combination) -> None:
    visitor = how.newcomer(visit, "holder")
    served = visitor.served
    asked = f'{{"emails": ["{how.address("holder")}"]}}'.encode()
    number = served.call("/feed/v1/preferences/lookup", "feed_token", asked)["items"][0]["customer"]
    identity = {"given_name": "Noé", "family_name": "Vasseur", "birth_date": "1988-03-04"}
    line = records.record("civil_identity", f"I-{how.name}", identity, of=number, source="platform")
    assert (
        served.call("/ingest/v1/records", "ingest_token", records.ndjson(line), "application/x-ndjson")["accepted"] == 1
    )
    picture, planted = planted_passport()
    reference = send_passport(visitor, picture)
    assert traces(served, planted) == []
    confirm(how.visitor(visit), reference)

    def look() -> bool | None:
        page = visitor.open(f"/requests/{reference}")
        return page.locator(".notice.ok", has_text=visitor.says("détruite le", "was destroyed on")).count() == 1 or None

    until(look, "the time at which the document was destroyed")
    assert traces(served, planted) == []


def planted_passport() -> tuple[bytes, list[bytes]]:
    """Return a specimen with a comment in it, and what to look for afterwards: the comment and parts of the picture."""
    picture = passport_page(Holder("Vasseur", "Noé", date(1988, 3, 4)), date(2021, 9, 18), date(2031, 9, 17))
    comment = f"planted {token_hex(16)}".encode()
    segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    parts = [picture[at : at + 32] for at in (len(picture) // 3, len(picture) // 2)]
    return picture[:2] + segment + picture[2:], [comment, *parts]


def send_passport(visitor: Visitor, picture: bytes) -> str:
    """File a request whose new device raises a doubt, with a passport; return its reference."""
    page = visitor.open("/requests/new/access")
    visitor.send({"scope": "all", "details": "Tout."}, "main form:has([name=details])")
    page.wait_for_url("**/requests/identity/*")
    visitor.send({"paper": "passport"}, "main form[method=get]")
    page.wait_for_url("**/document?paper=passport")
    expect(visitor.send({}, "main form[enctype]").locator(".error-summary")).to_be_visible()
    page.set_input_files("[name=page]", {"name": "passeport.jpg", "mimeType": "image/jpeg", "buffer": picture})
    visitor.send({}, "main form[enctype]")
    page.wait_for_url("**/check")
    visitor.send({}, "main form[action$='/send']")
    page.wait_for_url("**/requests/DR-*")
    return visitor.path.rsplit("/", 1)[-1]


def confirm(reviewer: Visitor, reference: str) -> None:
    """Take the case, see the document, tick what was checked, and confirm."""
    reviewer.sign_in_staff("reviewer")
    page = reviewer.open(f"/staff/requests/{reference}")
    assert page.locator(".document img").count() == 0
    reviewer.send({}, "form[action$='/look']")
    image = page.locator(".document img")
    expect(image).to_have_count(1)
    image.scroll_into_view_if_needed()
    until(
        lambda: image.evaluate("image => image.complete && image.naturalWidth > 600") or None,
        "the picture of the passport",
    )
    for box in page.locator("[name=checklist]").all():
        box.check()
    reviewer.send({"result": "confirmed"}, "form[action$='/identity']")
    expect(page.locator(".banner")).to_be_visible()
    expect(page.locator(".document")).to_have_count(0)


def traces(served: Served, planted: list[bytes]) -> list[str]:
    """Return the files of the installation that hold any of the planted bytes."""
    found = []
    for path in served.instance.rglob("*"):
        # The worker destroys files meanwhile: what is gone holds nothing.
        with suppress(FileNotFoundError, IsADirectoryError):
            content = path.read_bytes()
            found += [str(path)] if any(part in content for part in planted) else []
    return found
