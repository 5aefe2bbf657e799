"""What a case is about, item by item: made from the plan and from what is held, decided, and added up to an outcome."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event, select, text

from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.personal_data.outcomes import ItemOutcome
from portal.rights import acting
from portal.rights.carrying_out.answering import fulfil
from portal.rights.deciding.refusals import RefusalGround, grounds_for
from portal.rights.items.deciding import MOST_EXCEPTIONS, Choice, TooManyExceptions, except_records
from portal.rights.items.making import exceptions_of, items_of, make_items
from portal.rights.items.models import ItemException, ItemState, RequestItem
from portal.rights.items.outcome import ItemUndecided, outcome_of
from portal.rights.lifecycle import Outcome, Right, Status
from portal.rights.models import RightsRequest
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.cases import case, decide, item_links, open_case, refuse_one, second, taken_in
from tests.support.erasing.pages import carry_out, file_erasure, newest_erasure, team
from tests.support.filing import trust_device
from tests.support.looking.audit_trail import events
from tests.support.packages import take_in
from tests.support.records import invoice, record, visit

CAMILLE = "camille@example.org"
OF = "C-camille"

# The outcome of each answered request, by the tables alone: no line of it is the product's.
OUTCOME = text("""
    WITH reached AS (
        SELECT request_id, outcome FROM request_items
        UNION ALL
        SELECT i.request_id, e.outcome FROM item_exceptions e JOIN request_items i ON i.id = e.item_id
    ), counted AS (
        SELECT request_id, COUNT(*) AS reached,
            SUM(CASE WHEN outcome IN ('archived','kept','refused','statement','overridden','withheld','missing')
                THEN 1 ELSE 0 END) AS noes
        FROM reached GROUP BY request_id
    )
    SELECT r.reference, r.outcome,
        CASE WHEN c.noes = 0 THEN 'granted' WHEN c.noes = c.reached THEN 'refused' ELSE 'partial' END
    FROM rights_requests r JOIN counted c ON c.request_id = r.id
    WHERE r.outcome IS NOT NULL
""")
UNDECIDED = text("""
    SELECT r.reference FROM rights_requests r JOIN request_items i ON i.request_id = r.id
    WHERE r.answered_at IS NOT NULL AND (i.state = 'undecided' OR i.outcome IS NULL)
""")


def check_invariants() -> int:
    """Fail where an outcome is not that of its items, or an answer left with an item undecided; return how many."""
    db.session.rollback()
    rows = db.session.execute(OUTCOME).all()
    assert [row for row in rows if row[1] != row[2]] == []
    assert db.session.execute(UNDECIDED).all() == []
    return len(rows)


def items(reference: str) -> dict[tuple[str, str], RequestItem]:
    db.session.rollback()
    return {(item.part, item.kind): item for item in items_of(case(reference).id)}


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    take_in(
        invoice("F-1", of=OF), invoice("F-2", of=OF), visit(1, of=OF), visit(2, of=OF), visit(3, of=OF),
        record("survey_answer", "S-1", {"survey": "Été", "question": "?", "answer": "Oui"}, OF, source="support"),
    )  # fmt: skip
    return browser


# Made.


def test_an_erasure_has_the_items_of_its_plan(camille: Browser) -> None:
    found = items(file_erasure(camille))
    assert len(found) <= 60
    visits, invoices = found["records", "page_visit"], found["records", "invoice"]
    assert (visits.planned, visits.proposed, visits.outcome) == (3, ItemOutcome.ERASED, None)
    assert (invoices.planned, invoices.proposed) == (2, ItemOutcome.ARCHIVED)
    assert (invoices.until_on is not None, invoices.legal_reference != "") == (True, True)
    assert (visits.systems, invoices.systems) == (["website"], ["billing"])
    assert all(item.state is ItemState.UNDECIDED for item in found.values())


def test_counts_follow_what_is_held_and_no_item_is_made_twice(camille: Browser) -> None:
    reference = file_erasure(camille)
    before = items(reference)
    take_in(*(visit(number, of=OF) for number in range(10, 500)))
    with transaction() as session:
        make_items(session.get_one(RightsRequest, case(reference).id))
    after = items(reference)
    assert after.keys() == before.keys()
    assert after["records", "page_visit"].planned == 493


@pytest.mark.parametrize(
    ("right", "outcome"),
    [
        (Right.ACCESS, ItemOutcome.HANDED), (Right.RECTIFICATION, ItemOutcome.CORRECTED),
        (Right.RESTRICTION, ItemOutcome.RESTRICTED), (Right.PORTABILITY, ItemOutcome.HANDED),
        (Right.OBJECTION, ItemOutcome.STOPPED), (Right.DIRECTIVES, ItemOutcome.RECORDED),
    ],
)  # fmt: skip
def test_each_right_has_items(camille: Browser, people: People, right: Right, outcome: ItemOutcome) -> None:
    found = items(taken_in(people, right))
    assert outcome in {item.proposed for item in found.values()}
    if right is Right.PORTABILITY:
        assert found["records", "survey_answer"].proposed is ItemOutcome.HANDED
    if right is Right.RESTRICTION:
        assert {kind for _part, kind in found} == {"invoice", "page_visit", "survey_answer"}


# Decided.


def test_what_is_proposed_is_taken_in_one_act(camille: Browser, people: People) -> None:
    staff, reference = team(people), file_erasure(camille)
    page = open_case(staff[0], reference)
    for words in ("Visite", "Facture", "Archiver", "proposé", "Conservation jusqu’au"):
        assert words in page.text
    assert decide(page, "granted").status == 200
    found = items(reference)
    assert all(item.state is ItemState.DECIDED and item.outcome is item.proposed for item in found.values())
    (fact,) = events("customer:items:decided")
    assert (fact.facts["negative"], fact.facts["positive"]) == (1, len(found) - 1)
    assert "Accordée en partie" in open_case(staff[1], reference).text, "the law keeps the invoices"


def test_an_item_is_decided_by_itself_and_spared_by_the_erasure(camille: Browser, people: People) -> None:
    staff, reference = team(people), file_erasure(camille)
    page = open_case(staff[0], reference)
    link = item_link(page, "Visite")
    page = staff[0].get(link).submit({"item-outcome": "refused"}, with_field="item-outcome")
    assert page.status == 422
    assert page.errors == ["Choisissez le motif : la lettre doit une raison à la personne."]
    page = page.submit({"item-ground": "still_needed"}, with_field="item-outcome")
    assert page.status == 200
    decide(page, "granted", "Nous gardons vos visites.")
    second(staff[1], reference)
    carry_out(newest_erasure())
    kinds = db.session.execute(text("SELECT kind, COUNT(*) FROM records GROUP BY kind")).all()
    assert [tuple(row) for row in kinds] == [("page_visit", 3)]
    assert case(reference).outcome is Outcome.PARTIAL
    assert check_invariants() == 1


def item_link(page: object, words: str) -> str:
    return next(link for link in item_links(page) if words in page.browser.get(link).h1)  # type: ignore[attr-defined, arg-type]


def test_one_record_is_found_and_decided_apart(camille: Browser, people: People) -> None:
    staff, reference = team(people), file_erasure(camille)
    link = item_link(open_case(staff[0], reference), "Visite")
    page = staff[0].get(f"{link}?words=page/2")
    assert "netkin.fr/page/2" in page.text
    assert "netkin.fr/page/3" not in page.text
    values = {"records-records": ["V-2"], "records-outcome": "kept", "records-ground": "still_needed"}
    assert page.submit(values | {"records-records": []}, with_field="records-outcome").status == 422
    assert page.submit(values, with_field="records-outcome").status == 200
    page = open_case(staff[0], reference)
    assert "1 décision sur des enregistrements à part" in page.text
    decide(page, "granted", "Nous gardons une visite.")
    second(staff[1], reference)
    carry_out(newest_erasure())
    left = db.session.execute(text("SELECT kind, external_id FROM records")).all()
    assert [tuple(row) for row in left] == [("page_visit", "V-2")]
    assert check_invariants() == 1


def test_a_span_is_decided_apart_and_taken_back(camille: Browser, people: People) -> None:
    reviewer, reference = team(people)[0], file_erasure(camille)
    link = item_link(open_case(reviewer, reference), "Visite")
    span = {"day": "1", "month": "1", "year": "2026"}
    values = {f"records-from_on-{part}": value for part, value in span.items()}
    values |= {f"records-to_on-{part}": value for part, value in (span | {"month": "3"}).items()}
    page = reviewer.get(link).submit(values | {"records-outcome": "erased"}, with_field="records-outcome")
    assert page.status == 200, page.errors
    (apart,) = exceptions_of(case(reference).id)
    assert (apart.external_id, apart.outcome) == (None, ItemOutcome.ERASED)
    reviewer.get(link).submit(action="/take-back")
    assert exceptions_of(case(reference).id) == []


def test_an_item_has_five_hundred_exceptions_at_most(camille: Browser) -> None:
    reference = file_erasure(camille)
    item_id = items(reference)["records", "page_visit"].id
    choice = Choice(ItemOutcome.KEPT, RefusalGround.STILL_NEEDED)
    with transaction() as session:
        values = {"item_id": item_id, "outcome": ItemOutcome.KEPT}
        session.add_all(ItemException(external_id=f"V-{n}", **values) for n in range(MOST_EXCEPTIONS - 1))
        request, item = session.get_one(RightsRequest, case_id(reference)), session.get_one(RequestItem, item_id)
        except_records(request, item, choice, external_id="V-last")
        except_records(request, item, choice, external_id="V-last")
        with pytest.raises(TooManyExceptions):
            except_records(request, item, choice, external_id="V-one-too-many")


def case_id(reference: str) -> int:
    return db.session.execute(select(RightsRequest.id).where(RightsRequest.reference == reference)).scalar_one()


def test_what_only_words_describe_is_granted_in_part(people: People, mailbox: Mailbox) -> None:
    reviewer, officer = team(people)
    reference = taken_in(people, Right.RECTIFICATION)
    page = refuse_one(open_case(reviewer, reference), "data_are_accurate")
    decide(page, "granted", "Votre adresse est corrigée.", evidence="Vu avec la mairie.")
    second(officer, reference)
    assert case(reference).outcome is Outcome.PARTIAL
    assert check_invariants() == 1


def test_the_law_cannot_be_decided_away(camille: Browser, people: People) -> None:
    reviewer, reference = team(people)[0], file_erasure(camille)
    page = reviewer.get(item_link(open_case(reviewer, reference), "Facture"))
    assert [field["value"] for field in page.tree.select("input[name=item-outcome]")] == ["archived"]
    page = page.submit({"item-outcome": "erased"}, with_field="item-outcome")
    assert page.status == 422


# Added up.


def test_outcomes_are_those_of_the_items(people: People, mailbox: Mailbox) -> None:
    reviewer, officer = team(people)
    for right in Right:
        for outcome in Outcome:
            reference = taken_in(people, right, email=f"{right}-{outcome}@example.org")
            take_in(visit(1, of=f"C-{right}-{outcome}"))
            with transaction() as session:
                make_items(session.get_one(RightsRequest, case_id(reference)))
            values = {} if outcome is Outcome.GRANTED else {"ground": ground_for(right), "evidence": "Vu."}
            decide(open_case(reviewer, reference), str(outcome), **values)
            if case(reference).status is Status.SECOND_OPINION:
                second(officer, reference)
    mailbox.all()
    assert check_invariants() == 3 * len(Right)


def ground_for(right: Right) -> str:
    return next(str(ground) for ground in grounds_for(right) if not ground.needs_officer)


def test_no_answer_leaves_while_an_item_is_undecided(people: People) -> None:
    reference = taken_in(people, Right.RECTIFICATION)
    with pytest.raises(ItemUndecided), transaction() as session:
        fulfil(acting.of_portal(case_id(reference)), "")
        session.flush()
    assert case(reference).answered_at is None
    with pytest.raises(ItemUndecided):
        outcome_of([])


# Two at once, and at any volume.


def test_an_item_of_a_case_that_changed_meanwhile_is_not_decided(camille: Browser, people: People) -> None:
    staff, reference = team(people), file_erasure(camille)
    link = item_link(open_case(staff[0], reference), "Visite")
    page = staff[0].get(link)
    camille.get(f"/requests/{reference}").submit({"text": "Gardez mes visites."}, with_field="text")
    page = page.submit({"item-outcome": "erased"}, with_field="item-outcome")
    assert page.status == 409
    assert items(reference)["records", "page_visit"].state is ItemState.UNDECIDED


def test_a_decision_about_what_is_no_longer_planned_is_made_again(camille: Browser, people: People) -> None:
    staff, reference = team(people), file_erasure(camille)
    page = open_case(staff[0], reference)
    exchange = {"channel": "email", "direction": "in", "subject": "Une question", "body": "Combien ?"}
    take_in(record("support_exchange", "E-1", exchange, OF, source="support"))
    page = decide(page, "granted")
    assert page.status == 409
    page = page.click("Ouvrir le dossier à jour")
    assert ("records", "support_exchange") in items(reference)
    assert decide(page, "granted").status == 200


@contextmanager
def statements() -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_a_case_page_asks_twice_for_its_items_at_any_number(app: Flask, people: People) -> None:
    reviewer = people.signed_in_staff(Role.REVIEWER)
    reference = taken_in(people, Right.ERASURE)
    open_case(reviewer, reference)
    counts = []
    for more in (0, 60):
        with transaction() as session:
            request_id = case_id(reference)
            session.add_all(
                RequestItem(request_id=request_id, part="records", kind=f"kind_{n}", planned=n, proposed="erased")
                for n in range(more)
            )
        with statements() as sent:
            assert open_case(reviewer, reference).status == 200
        counts.append(len(sent))
        own = ("request_items.planned", "item_exceptions.from_at")
        assert sum(any(column in statement for column in own) for statement in sent) == 2
    assert counts[0] == counts[1]


def test_a_group_whose_items_end_alike_is_one_line_until_it_is_opened(camille: Browser, people: People) -> None:
    likes = {"topic": "Thème", "value": "Artisanat"}
    take_in(record("declared_preference", "P-1", likes, OF, source="website"))
    reviewer = people.signed_in_staff(Role.REVIEWER)
    page = open_case(reviewer, taken_in(people, Right.ACCESS))
    (folded,) = page.tree.select("details:not([open]) .items")
    assert len(folded.select("li")) == 3
    assert len(page.tree.select("details[open] .items")) > 2
    page = refuse_one(page, "rights_of_others", name="Réponse à un sondage")
    assert not page.tree.select("details:not([open]) .items"), "one of them ends otherwise"
