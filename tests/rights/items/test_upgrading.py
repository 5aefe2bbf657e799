"""What an earlier version left: open cases get items, closed ones none, and false grants are open again."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.preferences.choices import consent
from portal.preferences.models import PreferenceState
from portal.rights.items.making import items_of
from portal.rights.items.models import RequestItem
from portal.rights.items.telling.letter import letter_of
from portal.rights.lifecycle import Outcome, Right, Status
from portal.rights.models import EventKind, RequestEvent, RightsRequest
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.cases import case, decide, open_case, second, taken_in
from tests.support.erasing.pages import carry_out, newest_erasure, team
from tests.support.looking.audit_trail import events

CAMILLE = "camille@example.org"


def upgrade() -> None:
    with transaction():
        enqueue("rights.itemise")
    run_due_jobs()


def as_before(reference: str, **values: object) -> None:
    """Put a case as an earlier version left it: without items."""
    with transaction() as session:
        session.execute(delete(RequestItem))
        session.execute(
            update(RightsRequest).where(RightsRequest.reference == reference).values(**{"version": 1} | values)
        )


def closed_as_granted(
    people: People, outcome: Outcome = Outcome.GRANTED, right: Right = Right.ERASURE, **values: object
) -> str:
    reference = taken_in(people, right, days_ago=20)
    at = clock.now() - timedelta(days=10)
    as_before(
        reference, status=Status.CLOSED, outcome=outcome, is_open=False, answered_at=at, closed_at=at, **values
    )  # fmt: skip
    with transaction() as session:
        request_id = case(reference).id
        session.add(RequestEvent(request_id=request_id, kind=EventKind.ANSWERED, text="Nous acceptons.", at=at))
    return reference


def test_open_cases_get_items_and_closed_ones_none(people: People) -> None:
    waiting = taken_in(people, Right.RECTIFICATION)
    as_before(waiting)
    refused = closed_as_granted(people, Outcome.REFUSED)
    with transaction() as session:
        session.execute(delete(RequestItem))
    upgrade()
    upgrade()
    assert len(items_of(case(waiting).id)) == 1
    assert items_of(case(refused).id) == []
    assert case(refused).status is Status.CLOSED


def test_a_case_opened_before_the_job_ran_has_items_too(people: People) -> None:
    reference = taken_in(people, Right.RECTIFICATION)
    as_before(reference)
    page = open_case(people.signed_in_staff(Role.REVIEWER), reference)
    assert "Ce que demande votre message" in page.text
    assert decide(page, "granted").status == 200


def test_a_correction_that_was_granted_and_never_made_is_open_again(people: People, mailbox: Mailbox) -> None:
    reference = closed_as_granted(people, right=Right.RECTIFICATION)
    before, due_on = len(mailbox.all()), case(reference).due_on
    upgrade()
    upgrade()
    found = case(reference)
    assert (found.status, found.outcome, found.due_on) == (Status.IN_REVIEW, None, due_on)
    assert found.wrongly_closed_at is not None
    assert len(items_of(found.id)) == 1
    assert len(mailbox.all()) == before, "no machine writes"


def test_a_false_grant_is_open_again_and_nobody_is_written_to(people: People, mailbox: Mailbox) -> None:
    reference = closed_as_granted(people)
    before, due_on = len(mailbox.all()), case(reference).due_on
    upgrade()
    upgrade()
    found = case(reference)
    assert (found.status, found.is_open, found.outcome) == (Status.IN_REVIEW, True, None)
    assert (found.wrongly_closed_at is not None, found.answered_at, found.due_on) == (True, None, due_on)
    assert len(mailbox.all()) == before
    assert len(events("customer:request:reopened")) == 1
    assert items_of(found.id)


def test_the_officer_confirms_each_then_one_letter_says_what_happened(people: People, mailbox: Mailbox) -> None:
    reference = closed_as_granted(people)
    upgrade()
    reviewer, officer = team(people)
    desk = officer.get("/staff/desk")
    assert "Demandes closes à tort, à confirmer" in desk.text
    page = officer.get("/staff/requests/reopened").click(reference)
    assert "Clos à tort, et rouvert" in page.text
    assert open_case(reviewer, reference).tree.select("form[action$='/reopening']") == []
    page = page.submit(action="/reopening")
    assert page.status == 200
    assert case(reference).reopening_confirmed_by is not None
    assert "Demandes closes à tort" not in officer.get("/staff/desk").text
    decide(open_case(reviewer, reference), "granted", "Vos données sont maintenant effacées.")
    second(officer, reference)
    before = len(mailbox.to(CAMILLE))
    carry_out(newest_erasure())
    assert len(mailbox.to(CAMILLE)) == before + 1
    answer = db.session.execute(select(RequestEvent).where(RequestEvent.kind == EventKind.ANSWERED)).scalars().all()
    assert len(answer) == 2


def test_nothing_is_decided_before_the_officer_confirmed(people: People) -> None:
    reference = closed_as_granted(people)
    upgrade()
    reviewer = team(people)[0]
    page = open_case(reviewer, reference)
    token = str(page.tree.find(attrs={"name": "csrf_token"})["value"])
    fields = {"way": "proposed", "message": "Fait.", "version": str(case(reference).version), "csrf_token": token}
    assert reviewer.post(f"/staff/requests/{reference}/decision", fields).status == 409
    assert reviewer.post(f"/staff/requests/{reference}/reopening", fields).status == 403


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_partial_suppression_ends_with_every_flag_off(people: People, is_whole: bool) -> None:
    answers = {} if is_whole else {"scope": "some", "categories": ["usage"]}
    reference = closed_as_granted(people, answers=answers)
    with transaction() as session:
        request = session.get_one(RightsRequest, case(reference).id)
        consent.suppress(request.customer, "restricted")
    upgrade()
    db.session.rollback()
    state = db.session.execute(select(PreferenceState)).scalar_one()
    assert (state.is_suppressed, any(state.flags.values())) == (is_whole, False)


def test_a_false_grant_says_so_in_its_letter(people: People, browser: Browser) -> None:
    reference = closed_as_granted(people)
    upgrade()
    with transaction() as session:
        request = session.get_one(RightsRequest, case(reference).id)
        for language, words in (("fr", "nous ne l’avions pas appliquée"), ("en", "we had not carried it out")):
            assert words in letter_of(request, items_of(request.id), "", language).text


@pytest.mark.parametrize(
    ("answers", "is_open"),
    [({"details": "Plus de score."}, True), ({"use": "other"}, True), ({"use": "marketing"}, False),
     ({"use": "statistics"}, False)],
)  # fmt: skip
def test_an_objection_that_stopped_nothing_is_open_again(
    people: People, answers: dict[str, str], is_open: bool
) -> None:
    """Of an earlier version: what rests on choices had ended, whatever else was granted had not."""
    reference = closed_as_granted(people, right=Right.OBJECTION, answers=answers)
    upgrade()
    assert (case(reference).is_open, case(reference).wrongly_closed_at is not None) == (is_open, is_open)
    assert len(items_of(case(reference).id)) == is_open
