"""`flask erasure preview` and `run`: JSON, exit codes, and the second person of one that does not cool off."""

import json
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from portal import clock
from portal.access.permissions import Role
from portal.config import Settings
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.personal_data.erasure.models import ErasureState
from portal.personal_data.erasure.planning import plan
from portal.personal_data.erasure.scope import Scope
from portal.personal_data.holds.models import HoldGround
from portal.personal_data.holds.placing import Held, place_hold
from portal.retention import erasure_commands
from portal.staff.approvals.deciding import MayNotDecide, second
from portal.staff.approvals.models import Approval
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.acting.visitors import mailed_link
from tests.support.erasing.erasures import carried_out
from tests.support.erasing.pages import newest_erasure
from tests.support.packages import take_in
from tests.support.preferences import FeedClient
from tests.support.records import invoice, record, removed, visit

EMAIL = "camille@example.org"


@pytest.fixture
def person(app: Flask, people: People) -> int:
    account = people.account(EMAIL, external_id="C-1001")
    take_in(visit(1), visit(2), invoice())
    assert account.customer_id is not None
    return account.customer_id


def run(app: Flask, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run a command within this process; return its exit code and its document."""
    ran: Result = app.test_cli_runner().invoke(erasure_commands.erasure, [*arguments, "--json"])
    db.session.rollback()
    if ran.exc_info and ran.exit_code == 1:
        raise ran.exception
    return ran.exit_code, json.loads(ran.stdout) if ran.stdout else {"error": ran.stderr}


def test_a_preview_is_the_plan_and_changes_nothing(app: Flask, person: int) -> None:
    code, told = run(app, "preview", "C-1001")
    found = plan(person, Scope())
    assert code == 0
    assert list(told) == ["customer", "scope", "digest", "items", "stops"]
    assert (told["customer"], told["scope"], told["digest"]) == ("C-1001", "whole", found.digest)
    by_kind = {(item["part"], item["kind"]): item for item in told["items"]}
    assert by_kind["records", "page_visit"] | {"outcome": "erased", "count": 2} == by_kind["records", "page_visit"]
    kept = by_kind["records", "invoice"]
    assert (kept["outcome"], kept["ground"], kept["until"]) == ("archived", "law", "2036-12-31")
    assert set(kept) == {"part", "kind", "count", "outcome", "ground", "legal_reference", "until"}
    assert db.session.execute(text("SELECT count(*) FROM erasures")).scalar_one() == 0


def test_without_now_it_prints_the_schedule_and_the_officers_are_told(app: Flask, person: int) -> None:
    code, told = run(app, "run", "C-1001", "--because", "letter of today")
    assert (code, told["state"], told["certificate"]) == (3, "cooling", None)
    again = run(app, "run", "C-1001", "--because", "letter of today")
    assert again == (3, told)
    assert db.session.execute(text("SELECT about FROM officer_notices")).scalars().all() == ["C-1001: letter of today"]


def test_the_person_is_told_can_cancel_it_and_reads_what_became_of_it(
    app: Flask, person: int, mailbox: Mailbox
) -> None:
    """Whoever has the shell erases nobody in silence."""
    feed = FeedClient(app)
    run(app, "run", "C-1001", "--because", "letter of today")
    assert feed.item("C-1001")["reason"] == "restricted"
    link = mailed_link(mailbox, EMAIL, "/erasure/cancel/")
    assert Browser(app).get(link).submit({"cancel": "yes"}, action=link).h1 == "L’effacement est annulé"
    assert not feed.item("C-1001")["suppressed"]
    run(app, "run", "C-1001", "--because", "letter of today")
    assert carried_out(newest_erasure().id).state is ErasureState.DONE
    assert "C-1001" not in mailbox.last_to(EMAIL)["Subject"]
    page = Browser(app).get(mailed_link(mailbox, EMAIL, "/erasure/"))
    assert (page.status, page.h1) == (200, "Votre effacement")
    assert "Ces données ont été effacées de ce portail" in page.text


def test_a_hold_refuses_it(app: Flask, person: int) -> None:
    with transaction() as session:
        customer = session.get_one(Customer, person)
        place_hold(
            customer, Held(), HoldGround.LITIGATION, "A dispute.", review_on=clock.today() + timedelta(days=9),
            actor="command",
        )  # fmt: skip
    code, told = run(app, "run", "C-1001", "--because", "x")
    assert (code, told["state"], told["stops"]) == (4, "refused", ["hold"])


def test_now_takes_a_second_person(app: Flask, person: int, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    author, officer = people.staff(Role.REVIEWER), people.staff(Role.OFFICER)
    arguments = ("run", "C-1001", "--because", "A court says so.", "--now", "--seconded-by", officer.email)
    assert run(app, *arguments)[0] == 4
    code, told = run(app, *arguments, "--by", author.email)
    assert (code, told["state"]) == (3, "proposed")
    with transaction() as session:
        (approval,) = session.query(Approval).all()
        second(approval.public_id, session.get_one(StaffMember, officer.id))
    code, told = run(app, *arguments)
    row = db.session.execute(text("SELECT step, position, cause FROM erasures")).one()
    assert (code, told["state"], row.position) == (0, "done", "")
    certificate = told["certificate"]
    assert certificate["entry"]["hash"]
    assert [(line["kind"], line["until"]) for line in certificate["archived"]] == [("invoice", "2036-12-31")]
    assert run(app, *arguments)[0] == 0


def test_a_yes_is_good_for_one_erasure(app: Flask, person: int, people: People) -> None:
    """One that was sent back is proposed anew: the officer's yes of then begins nothing later."""
    author, officer = people.staff(Role.REVIEWER), people.staff(Role.OFFICER)
    arguments = ("run", "C-1001", "--because", "x", "--now", "--seconded-by", officer.email, "--by", author.email)
    run(app, *arguments)
    with transaction() as session:
        (approval,) = session.query(Approval).all()
        second(approval.public_id, session.get_one(StaffMember, officer.id))
    take_in(record("support_exchange", "E-1", {"channel": "phone", "direction": "in"}, source="support"))
    assert run(app, *arguments)[0] == 4
    assert newest_erasure().state is ErasureState.RETURNED
    take_in(removed("support_exchange", "E-1"))
    code, told = run(app, *arguments)
    assert (code, told["state"]) == (3, "proposed")
    assert newest_erasure().state is ErasureState.RETURNED


def test_nobody_seconds_their_own(app: Flask, person: int, people: People) -> None:
    officer = people.staff(Role.OFFICER)
    arguments = ("run", "C-1001", "--because", "x", "--now", "--seconded-by", officer.email, "--by", officer.email)
    assert run(app, *arguments)[0] == 3
    with pytest.raises(MayNotDecide), transaction() as session:
        (approval,) = session.query(Approval).all()
        second(approval.public_id, session.get_one(StaffMember, officer.id))
    assert run(app, *arguments)[0] == 3


def test_a_demonstration_needs_nobody(
    app: Flask, person: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (settings.instance / "demo.json").write_text("{}")
    try:
        assert run(app, "run", "C-1001", "--because", "x", "--now")[0] == 0
    finally:
        (settings.instance / "demo.json").unlink()


def test_nobody_of_that_number(app: Flask) -> None:
    assert run(app, "preview", "C-9")[0] == 2
