"""Everything of a case has an end and says so: read before it and behind it, on the pages of both sides and in rows."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from portal import clock
from portal.access.permissions import Role
from portal.bilingual import long_date
from portal.clock import local_date
from portal.customers.models import Customer
from portal.exports.models import AnswerPackage, PackageStatus
from portal.infrastructure.database import db, transaction
from portal.instructions.models import Instruction, InstructionChannel, Operation
from portal.personal_data.corrections.models import Correction
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.stops.models import StopState, Weighing
from portal.rights.following.ends_told import ends_of
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import run_asked_jobs
from tests.support.acting.people import People
from tests.support.cases import decide, open_case, taken_in
from tests.support.erasing.pages import file_erasure
from tests.support.filing import describe_copy, send_card, trust_device
from tests.support.keeping import end_now

WORDS, NOTE, EVIDENCE, SUMMARY, HELD, ANSWER = (
    "Motaquatre", "Motbinotes", "Motcitron", "Motdamier", "Motencre", "Motfigue",
)  # fmt: skip
PLANTED = (WORDS, NOTE, EVIDENCE, SUMMARY, HELD, ANSWER)
FIVE_YEARS = timedelta(days=5 * 365 + 3)
# The trail holds references alone; a look has an end of its own.
MAY_NAME = {"access_log_entries", "audit_events", "destroyed_files"}


@pytest.fixture
def camille(people: People) -> Browser:
    return people.signed_in()


@pytest.fixture
def reviewer(people: People) -> Browser:
    return people.signed_in_staff(Role.REVIEWER)


def tables_with(words: str) -> set[str]:
    """Return the tables in which some words stand, in any column."""
    db.session.rollback()
    found = set()
    for table in db.metadata.sorted_tables:
        rows = db.session.execute(select(table)).all()
        if any(words in str(value) for row in rows for value in row):
            found.add(table.name)
    return found


def ends_on(page: Page) -> dict[str, str]:
    """Return the end of each thing of a case, by its name, as a page tells it."""
    titles = ("Combien de temps nous le gardons", "Combien de temps ce dossier est gardé")
    card = next(each for each in page.tree.select(".card") if each.h2 and each.h2.get_text(strip=True) in titles)
    names = [" ".join(name.get_text().split()) for name in card.select("dt")]
    return dict(zip(names, (" ".join(end.get_text().split()) for end in card.select("dd")), strict=True))


def day(moment: object) -> str:
    return " ".join(long_date(moment, "fr", weekday=False).split())  # type: ignore[arg-type]


def a_whole_case(camille: Browser, reviewer: Browser) -> str:
    """File a request, prove who asks, note, decide, and plant what other rights leave; return its reference."""
    page = describe_copy(camille, details=WORDS).submit(action="/later").submit(action="/send")
    send_card(page.follow_to("/requests/identity/"))
    reference = str(db.session.execute(select(RightsRequest.reference)).scalar_one())
    before = ends_on(camille.get(f"/requests/{reference}"))
    assert "dès la vérification" in before["La pièce d’identité"]
    case = open_case(reviewer, reference).submit(action="/claim").submit(action="/look")
    ticks = [box["value"] for box in case.tree.select("input[name=checklist]")]
    case.submit({"result": "confirmed", "checklist": ticks}, with_field="result")
    open_case(reviewer, reference).submit({"note-text": NOTE}, with_field="note-text")
    decide(open_case(reviewer, reference), "granted", ANSWER)
    run_asked_jobs()
    with transaction() as session:
        request = session.execute(select(RightsRequest)).scalar_one()
        of_case = {"request_id": request.id, "customer_id": request.customer_id}
        session.execute(text("UPDATE request_decisions SET evidence = :words"), {"words": EVIDENCE})
        session.add(Correction(**of_case, part="customers", field="given_name", held={"value": HELD}))
        author = session.execute(select(StaffMember.id).limit(1)).scalar_one()
        texts = dict.fromkeys(("interest", "necessity", "grounds", "safeguards", "summary"), SUMMARY)
        session.add(Weighing(**of_case, purpose="statistics", result=StopState.STOPPED, author_id=author, **texts))
        session.add(
            Instruction(
                **of_case, target="billing", operation=Operation.CONFIRM, scope={}, channel=InstructionChannel.LIST
            )
        )
    return reference


def test_each_thing_of_a_case_ends_and_says_so(camille: Browser, reviewer: Browser) -> None:
    reference = a_whole_case(camille, reviewer)
    for words in PLANTED:
        assert tables_with(words), f"the control: {words} is held"
    request = db.session.execute(select(RightsRequest)).scalar_one()
    assert request.closed_at is not None
    closed_on = local_date(request.closed_at)
    last = day(closed_on.replace(year=closed_on.year + 5))
    for page in (camille.get(f"/requests/{reference}"), open_case(reviewer, reference)):
        told = ends_on(page)
        assert told["La pièce d’identité"] == f"détruite le {day(clock.now())}."
        assert last in told["Les messages, les réponses et les e-mails"]
        assert last in told["Les notes de l’équipe et les preuves de la décision"]
        assert last in told["La référence, les dates et qui a été prévenu"]
        until = db.session.execute(select(AnswerPackage.expires_at)).scalar_one()
        assert day(until) in told["La copie des données"]
        assert "détruite : elle était" not in told["La copie des données"]
    with clock.stopped_at(clock.now() + timedelta(days=40)):
        end_now("packages")
    assert db.session.execute(select(AnswerPackage.status)).scalar_one() is PackageStatus.EXPIRED
    for page in (camille.get(f"/requests/{reference}"), open_case(reviewer, reference)):
        assert ends_on(page)["La copie des données"].startswith("détruite :")

    destroyed = clock.now() + FIVE_YEARS
    with clock.stopped_at(destroyed):
        end_now("request_files")
    for page in (camille.get(f"/requests/{reference}"), camille.get(f"/requests/{reference}/receipt")):
        assert page.status == 410
        assert f"a été détruit le {day(destroyed)}" in " ".join(page.text.split())
    shown = open_case(reviewer, reference)
    assert shown.status == 410
    assert f"a été détruit le {day(destroyed)}" in " ".join(shown.text.split())
    assert [words for words in PLANTED if tables_with(words)] == []
    assert tables_with(reference) <= MAY_NAME
    assert "destroyed_files" in tables_with(reference)

    with clock.stopped_at(destroyed + timedelta(days=366)):
        end_now("destroyed_files")
    assert camille.get(f"/requests/{reference}").status == 404
    assert open_case(reviewer, reference).status == 404
    assert tables_with(reference) <= MAY_NAME - {"destroyed_files"}


def test_nobody_else_reads_that_a_file_was_destroyed(camille: Browser, reviewer: Browser, people: People) -> None:
    reference = taken_in(people, Right.RECTIFICATION)
    decide(open_case(reviewer, reference), "granted")
    with transaction() as session:
        session.execute(update(Instruction).values(state="acknowledged", acknowledged_at=clock.now()))
        session.execute(update(RightsRequest).values(is_open=False, closed_at=clock.now()))
    with clock.stopped_at(clock.now() + FIVE_YEARS):
        end_now("request_files")
    assert camille.get(f"/requests/{reference}").status == 410
    assert camille.get(f"/requests/{reference.lower().replace('-', ' ')}").status == 410, "however it is typed"
    assert people.signed_in("noah@example.org").get(f"/requests/{reference}").status == 404


def test_an_erased_person_leaves_what_is_sealed_and_says_until_when(app: Flask, people: People) -> None:
    browser = people.signed_in()
    trust_device()
    reference = file_erasure(browser)
    finished = clock.now()
    with transaction() as session:
        request = session.execute(select(RightsRequest).where(RightsRequest.reference == reference)).scalar_one()
        session.execute(update(Customer).values(status="erased", erased_at=finished))
        session.execute(update(RightsRequest).values(is_open=False, answered_at=finished, closed_at=finished))
        session.add(
            Erasure(
                request_id=request.id, customer_id=request.customer_id, scope={"extent": "whole"}, state="done",
                runs_at=finished, finished_at=finished, digest="d", step="over", sealed_words=b"x", sealed_proof=b"x",
                words_until=finished + timedelta(days=60), token_hash="t", token_until=finished,
            )
        )  # fmt: skip
    with app.test_request_context():
        sealed = dict(ends_of(db.session.execute(select(RightsRequest)).scalar_one(), "fr"))
        assert sealed["Les messages, les réponses et les e-mails"].startswith("scellés jusqu")
        with transaction() as session:
            session.execute(update(Erasure).values(sealed_words=None, words_until=None))
        later = dict(ends_of(db.session.execute(select(RightsRequest)).scalar_one(), "fr"))
        assert day(finished) in " ".join(later["Les messages, les réponses et les e-mails"].split())
        assert later["Les messages, les réponses et les e-mails"].startswith("détruits")
        assert later["Les notes de l’équipe et les preuves de la décision"].startswith("scellés")
