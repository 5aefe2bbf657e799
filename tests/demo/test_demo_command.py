"""`flask demo` on a fresh installation: what it prints, what it writes, what stands in it, and when it refuses."""

import json
import shutil
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pyotp
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.access.permissions import Role
from portal.app import create_app
from portal.audit.verification import verify_chain
from portal.cli import doctor
from portal.config import Settings
from portal.customers.models import Customer, CustomerStatus
from portal.demo.commands import demo
from portal.demo.people import CUSTOMERS
from portal.identity_checks.models import IdentityDocument
from portal.infrastructure.database import db
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.mail.models import Mail, MailStatus
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.stops.models import PurposeStop, StopState
from portal.rights.lifecycle import Outcome, Right, Status
from portal.rights.models import RightsRequest
from tests.support.acting.browser import Browser
from tests.support.packages import dashboard_counts
from tests.support.servers.served import ledger_beside, make_once, shared_folder

ROOT = Path(__file__).parents[2]
URL = "http://localhost:8000"


@dataclass(frozen=True)
class Made:
    """An installation on which `flask demo` ran in a process of its own."""

    app: Flask
    folder: Path
    said: dict[str, str]

    @property
    def content(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "demo.json").read_text("utf-8"))
        return found


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("fresh") / "instance"
    fresh, said = make_once(shared_folder(tmp_path_factory))
    shutil.copytree(fresh, folder)
    shutil.copytree(ledger_beside(fresh), ledger_beside(folder))
    return Made(create_app(Settings.from_environment({"PORTAL_INSTANCE": str(folder)})), folder, said)


@pytest.fixture
def inside(made: Made) -> Iterator[Flask]:
    with made.app.app_context():
        yield made.app
        db.session.remove()


def run(made: Made, *arguments: str) -> Result:
    return made.app.test_cli_runner().invoke(demo, list(arguments))


def test_the_file_says_what_other_programs_rely_on(made: Made) -> None:
    content = made.content
    assert set(content) == {"url", "customers", "staff", "feed_token", "ingest_token", "instructions_token", "erasure"}
    assert content["url"] == URL
    assert content["customers"][0]["email"] == "camille@example.org"
    for person in content["customers"]:
        assert set(person) == {"email", "password"}
        assert person["email"].endswith("@example.org")
        assert len(person["password"]) >= 15
    assert {person["role"] for person in content["staff"]} == set(Role)
    for person in content["staff"]:
        assert set(person) == {"email", "password", "totp_secret", "role"}
        assert person["email"] == f"{person['role']}@example.org"
        assert len(pyotp.TOTP(person["totp_secret"]).now()) == 6
    for name in ("feed_token", "ingest_token", "instructions_token"):
        assert content[name].startswith("nkp_live_")


def test_only_its_owner_reads_it(made: Made) -> None:
    assert stat.S_IMODE((made.folder / "demo.json").stat().st_mode) == 0o600
    assert not list(made.folder.glob("*.partial"))


def test_passwords_and_secrets_are_made_for_this_database(made: Made) -> None:
    secrets = [person["password"] for person in made.content["customers"] + made.content["staff"]]
    secrets += [person["totp_secret"] for person in made.content["staff"]]
    assert len(set(secrets)) == len(secrets)
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "portal").rglob("*.py"))
    assert not [secret for secret in secrets if secret in code]


def test_it_prints_the_sign_ins_and_nothing_broke(made: Made) -> None:
    for person in made.content["customers"] + made.content["staff"]:
        assert person["email"] in made.said["stdout"]
        assert person["password"] in made.said["stdout"]
    for person in made.content["staff"]:
        assert person["totp_secret"] in made.said["stdout"]
    assert made.said["stdout"].count(URL) >= 3
    for word in ("Traceback", "Error", "error", "Warning", "failed"):
        assert word not in made.said["stderr"], made.said["stderr"]


def test_again_it_refuses_and_with_keep_it_says_the_same(made: Made) -> None:
    before = (made.folder / "demo.json").read_bytes()
    again = run(made)
    assert again.exit_code == 1
    assert "holds people already" in again.output
    kept = run(made, "--keep")
    assert kept.exit_code == 0
    assert kept.output == made.said["stdout"]
    assert (made.folder / "demo.json").read_bytes() == before


def test_on_another_port_it_says_so(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = made.app.extensions["settings"].model_copy(update={"public_url": "http://localhost:9000"})
    with monkeypatch.context() as patch:
        patch.setitem(made.app.extensions, "settings", moved)
        assert "http://localhost:9000/sign-in" in run(made, "--keep").output
        assert made.content["url"] == "http://localhost:9000"
    run(made, "--keep")
    assert made.content["url"] == URL


def test_among_real_people_no_demonstration_is_made(made: Made) -> None:
    path = made.folder / "demo.json"
    aside = path.rename(path.with_name("aside"))
    try:
        assert run(made).exit_code == 1
        kept = run(made, "--keep")
        assert kept.exit_code == 0, "make run goes on with what is there"
        assert "holds people already" in kept.output
        assert not path.exists()
    finally:
        aside.rename(path)


def test_the_mails_are_written(made: Made, inside: Flask) -> None:
    files = list((made.folder / "mail").glob("*.eml"))
    mails = list(db.session.execute(select(Mail)).scalars())
    # Those of who was erased have left, and their rows are gone.
    assert len(files) > len(mails) >= 15
    assert {mail.status for mail in mails} == {MailStatus.SENT}
    senders = {message_from_bytes(file.read_bytes(), policy=policy.default)["From"] for file in files}
    assert len(senders) == 1


def test_no_job_is_left_and_the_doctor_is_content(made: Made, inside: Flask) -> None:
    left = select(func.count(Job.id)).where(Job.status != JobStatus.DONE, Job.run_at <= func.now())
    assert db.session.execute(left).scalar_one() == 0
    assert db.session.execute(select(func.count(Job.id)).where(Job.status == JobStatus.PARKED)).scalar_one() == 0
    assert verify_chain().fault is None
    done = made.app.test_cli_runner().invoke(doctor)
    assert done.exit_code == 0, done.output


def test_there_are_requests_in_every_state(made: Made, inside: Flask) -> None:
    requests = list(db.session.execute(select(RightsRequest)).scalars())
    assert {request.status for request in requests} == set(Status)
    awaited = sorted(request.right for request in requests if request.status is Status.ANSWERED)
    assert awaited == [
        Right.ERASURE,
        Right.OBJECTION,
        Right.OBJECTION,
        Right.RECTIFICATION,
        Right.RESTRICTION,
        Right.RESTRICTION,
    ], "somebody who was told has not followed; every other answer closes its request in the same act"
    stops = db.session.execute(select(PurposeStop.purpose, PurposeStop.state).order_by(PurposeStop.id)).all()
    assert [tuple(stop) for stop in stops] == [
        ("customer_knowledge", StopState.WEIGHING), ("statistics", StopState.STOPPED),
        ("fraud_prevention", StopState.OVERRIDDEN),
    ]  # fmt: skip
    assert {request.outcome for request in requests} >= {Outcome.GRANTED, Outcome.PARTIAL, None}
    assert any(request.is_extended for request in requests)
    assert any(request.is_paused for request in requests)
    assert any(request.due_on and request.is_open and request.due_on < clock.today() for request in requests), (
        "one is late"
    )
    assert db.session.execute(select(func.count(IdentityDocument.id))).scalar_one() >= 3


def test_the_people_are_the_same_every_time(made: Made, inside: Flask) -> None:
    held = db.session.execute(select(Customer.external_id, Customer.given_name, Customer.email).order_by(Customer.id))
    assert [tuple(row) for row in held] == [
        (person.number, "", None) if person.is_erased else (person.number, person.given_name, person.email)
        for person in CUSTOMERS
    ]
    accounts = [person["email"] for person in made.content["customers"]]
    assert accounts == [person.email for person in CUSTOMERS if person.has_account and not person.is_erased]


def test_two_never_bought_anything_and_their_files_end_three_years_after_they_wrote(made: Made, inside: Flask) -> None:
    prospects = [person for person in CUSTOMERS if person.since is None]
    assert len(prospects) == 2
    contacts = select(Customer.external_id, Customer.customer_since, Customer.last_contact_on)
    found = {row.external_id: row for row in db.session.execute(contacts)}
    for person in prospects:
        row = found[person.number]
        assert (row.customer_since, (clock.today() - row.last_contact_on).days) == (None, person.asked_days_ago)


def test_an_erasure_was_carried_out_and_its_page_is_printed(made: Made, inside: Flask) -> None:
    erased = next(person for person in CUSTOMERS if person.is_erased)
    assert made.content["erasure"] in made.said["stdout"]
    page = Browser(made.app).get(made.content["erasure"])
    assert "Certificat d’effacement" in page.text
    assert "Facture" in page.text, "what the law keeps in the archive"
    assert erased.family_name not in page.text
    row = db.session.execute(select(Customer).where(Customer.external_id == erased.number)).scalar_one()
    assert (row.status, row.full_name, row.email) == (CustomerStatus.ERASED, "", None)
    assert broken() == {}
    states = Counter(db.session.execute(select(Erasure.state)).scalars())
    assert states == {ErasureState.DONE: 1, ErasureState.COOLING: 1}


def test_the_first_customer_has_something_in_every_category(made: Made, inside: Flask) -> None:
    browser = Browser(made.app)
    page = browser.get("/sign-in").submit(dict(made.content["customers"][0]), with_field="password")
    assert page.url == "/data", page.text
    assert "démonstration" in page.text.lower(), "every page says that this is one"
    counts = dashboard_counts(browser)
    assert set(counts) == set(CATEGORIES)
    assert all(counts.values()), counts
    first = db.session.execute(select(Customer).where(Customer.external_id == "C-1001")).scalar_one()
    assert (first.status, first.restricted_at) == (CustomerStatus.ACTIVE, None)


def test_whoever_objected_to_advertising_reads_that_it_has_stopped(made: Made, inside: Flask) -> None:
    person = next(each for each in made.content["customers"] if each["email"] == "ines@example.org")
    browser = Browser(made.app)
    browser.get("/sign-in").submit(dict(person), with_field="password")
    theirs = select(RightsRequest.reference).join(Customer).where(Customer.email == "ines@example.org")
    reference = db.session.execute(theirs.where(RightsRequest.right == Right.OBJECTION)).scalar_one()
    told = browser.get("/requests").follow_to(f"/requests/{reference}").text
    assert "les choix concernés sont désactivés" in told
    assert "n’est pas encore confirmé" not in told


def test_every_sign_in_works(made: Made) -> None:
    for person in made.content["customers"][1:]:
        page = Browser(made.app).get("/sign-in").submit(dict(person), with_field="password")
        assert page.url == "/data", person["email"]
    for person in made.content["staff"]:
        values = {"email": person["email"], "password": person["password"]}
        page = Browser(made.app).get("/staff/sign-in").submit(values, with_field="password")
        page = page.submit({"code": pyotp.TOTP(person["totp_secret"]).now()}, with_field="code")
        assert page.status == 200, person["email"]
        assert page.url.startswith("/staff/")
        assert "sign-in" not in page.url


def test_the_tokens_work(made: Made) -> None:
    client, content = made.app.test_client(), made.content
    feed = {"Authorization": f"Bearer {content['feed_token']}"}
    assert client.get("/feed/v1/preferences/C-1001", headers=feed).get_json()["customer"] == "C-1001"
    assert len(client.get("/feed/v1/preferences.ndjson", headers=feed).data.splitlines()) == len(CUSTOMERS)
    line = b'{"type":"record","customer":"C-1001","kind":"username","external_id":"U-9","recorded_at":"2026-03-10T10:00:00Z","source":"platform","values":{"username":"c"}}'
    answer = client.post(
        "/ingest/v1/records", data=line, content_type="application/x-ndjson",
        headers={"Authorization": f"Bearer {content['ingest_token']}"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
