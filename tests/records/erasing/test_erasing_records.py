"""An erasure of records: what goes, what the law moves to the archive, what a contract or a hold keeps, and until when."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.personal_data.erasure.planning import Plan, all_erasing, plan
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.holds.grounds import HoldGround
from portal.personal_data.holds.placing import Held, lift_hold, place_hold
from portal.personal_data.keeping.keeps import keep
from portal.personal_data.keeping.models import KeepReason
from portal.personal_data.outcomes import ItemOutcome
from portal.records.models import Record
from tests.support.looking.archive import counts_are_true, days_of, in_archive, in_use, on, order
from tests.support.records import customer, invoice, record, visit

TakeIn = Callable[..., list[object]]
ENDED = {"relationship_ended_on": "2026-06-30"}
PARTS = ("records", "archived_records")
WHOLE = Scope()
DAY = datetime(2026, 7, 10, 12, tzinfo=UTC)


def only() -> Customer:
    db.session.rollback()
    return db.session.execute(select(Customer)).scalar_one()


def planned(scope: Scope = WHOLE) -> dict[tuple[str, str, str], tuple[int, ItemOutcome, str, date | None]]:
    """Return the plan by part, kind and rule."""
    found = plan(only().id, scope)
    items = [item for item in found.items if item.part in PARTS]
    keys = [(item.part, item.kind, item.rule) for item in items]
    assert len(keys) == len(set(keys)), "one item for each part, kind and rule"
    return {(i.part, i.kind, i.rule): (i.count, i.outcome, i.ground, i.until_on) for i in items}


def carry_out(scope: Scope = WHOLE, limit: int = 2) -> None:
    """Archive, then erase, in slices, as the steps of an erasure do."""
    customer_id = only().id
    for act in ("archive", "erase"):
        for code, part in all_erasing():
            while code in PARTS:
                with transaction():
                    done = getattr(part, act)(customer_id, scope, limit)
                assert done <= limit
                if not done:
                    break


def plan_of(scope: Scope = WHOLE) -> Plan:
    return plan(only().id, scope)


def test_an_order_of_119_99_goes_and_one_of_120_stays_ten_years_in_the_archive(take_in: TakeIn) -> None:
    placed = {"recorded_at": "2026-03-01T10:00:00+01:00"}
    take_in(customer(**ENDED), order("CMD-1", "119.99", **placed), order("CMD-2", "120.00", **placed))
    assert days_of("CMD-1") == ("", "2026-06-30", "2031-03-01")
    assert days_of("CMD-2") == ("consumer_120", "2026-06-30", "2036-03-01")
    with clock.stopped_at(DAY):
        assert planned() == {
            ("records", "order", ""): (1, ItemOutcome.ERASED, "", None),
            ("records", "order", "consumer_120"): (1, ItemOutcome.ARCHIVED, "law", date(2036, 3, 1)),
        }
        carry_out()
    assert (in_use(), in_archive()) == (set(), {"CMD-2"})
    assert counts_are_true()


@pytest.mark.parametrize(
    ("facts", "values", "expected"),
    [
        ({"capacity": "business"}, {}, ("", "2031-03-01")),
        ({"capacity": "consumer"}, {}, ("consumer_120", "2036-03-01")),
        ({}, {"delivered_on": "2026-04-02"}, ("consumer_120", "2036-04-02")),
        ({"capacity": "business"}, {"delivered_on": "2026-04-02"}, ("", "2031-04-02")),
    ],
)
def test_the_law_counts_from_the_delivery_and_protects_consumers(
    take_in: TakeIn, facts: dict[str, str], values: dict[str, str], expected: tuple[str, str]
) -> None:
    take_in(customer(**facts), order("CMD-1", "120.00", values=values, recorded_at="2026-03-01T10:00:00+01:00"))
    rule, _active_until, expires_on = days_of("CMD-1")
    assert (rule, expires_on) == expected


def test_another_capacity_moves_what_is_held_to_another_rule(take_in: TakeIn) -> None:
    take_in(customer(), order("CMD-1", "130", recorded_at="2026-03-01T10:00:00+01:00"))
    take_in(customer(capacity="business"))
    assert days_of("CMD-1") == ("", None, "2031-03-01")
    take_in(customer(capacity=None))
    assert days_of("CMD-1") == ("consumer_120", None, "2036-03-01")


def test_a_capacity_that_is_none_is_refused(take_in: TakeIn) -> None:
    (refusal,) = take_in(customer(capacity="company"))
    assert refusal.field == "capacity"  # type: ignore[attr-defined]


def test_an_invoice_is_archived_and_a_profile_goes(take_in: TakeIn) -> None:
    """Vector 9, as far as records go."""
    segment = record("profile_segment", "P-1", {"segment": "Artisans"}, source="analytics")
    take_in(customer(), invoice(recorded_at="2025-05-05T10:00:00+02:00"), segment, *[visit(n) for n in range(5)])
    assert planned()["records", "invoice", ""] == (1, ItemOutcome.ARCHIVED, "law", date(2035, 12, 31))
    before = plan_of().digest
    take_in(visit(6))
    assert plan_of().digest == before, "new rows do not throw a decided erasure back"
    carry_out()
    assert (in_use(), in_archive()) == (set(), {"F-2026-0088"})
    assert planned() == {("archived_records", "invoice", ""): (1, ItemOutcome.ARCHIVED, "law", date(2035, 12, 31))}


def test_what_the_law_counts_from_the_end_of_the_relation_counts_from_the_erasure(take_in: TakeIn) -> None:
    take_in(customer(), record("civil_identity", "I-1", {"family_name": "Lefèvre"}, source="platform"))
    assert planned(Scope(Extent.CATEGORIES, ("identity",))) == {
        ("records", "civil_identity", ""): (1, ItemOutcome.KEPT, "law", None)
    }
    carry_out(Scope(Extent.CATEGORIES, ("identity",)))
    assert in_use() == {"I-1"}, "of a customer who stays one, it stays in use"
    with clock.stopped_at(DAY):
        carry_out()
    assert in_archive() == {"I-1"}
    assert days_of("I-1")[2] == "2031-07-10"


def test_a_contract_that_goes_on_stops_everything_and_keeps_its_kind(take_in: TakeIn) -> None:
    take_in(
        customer(),
        record("subscription", "S-1", {"product": "Hébergement", "renews": True}),
        order("CMD-1", "10.00"), order("CMD-2", "300.00", values={"status": "open"}),
        invoice(), visit(1),
    )  # fmt: skip
    assert plan_of().stops == ("contract:order", "contract:subscription")
    scope = Scope(Extent.CATEGORIES, ("transaction", "usage"))
    assert plan_of(scope).stops == ()
    found = planned(scope)
    assert found["records", "subscription", ""][1:3] == (ItemOutcome.KEPT, "contract")
    assert found["records", "order", ""][1:3] == (ItemOutcome.KEPT, "contract")
    items = {(item.kind, item.rule): item.is_then_erased for item in plan_of(scope).items}
    assert items["subscription", ""] and items["order", ""] and not items["order", "consumer_120"]
    carry_out(scope)
    assert (in_use(), in_archive()) == ({"S-1", "CMD-1", "CMD-2"}, {"F-2026-0088"})


@pytest.mark.parametrize("ended", [{"cancelled_on": "2026-06-30"}, {"ends_on": "2026-06-30", "renews": False}])
def test_a_contract_that_ended_keeps_nothing(take_in: TakeIn, ended: dict[str, object]) -> None:
    values = {"product": "Hébergement"} | {name: value for name, value in ended.items() if name != "cancelled_on"}
    relation = ENDED if "cancelled_on" in ended else {}
    take_in(customer(**relation), record("subscription", "S-1", values), order("CMD-1", "10.00"))
    assert plan_of().stops == ()
    carry_out()
    assert in_use() | in_archive() == set()


def test_a_hold_defers_what_it_names_and_a_restriction_does_not(take_in: TakeIn) -> None:
    take_in(customer(), *[visit(number) for number in range(3)], invoice())
    person, soon = only(), clock.today() + timedelta(days=30)
    with transaction():
        held = Held(kind="page_visit", external_id="V-1")
        hold = place_hold(person, held, HoldGround.FRAUD, "Fraude", review_on=soon, actor="command").public_id
        keep(person.id, KeepReason.RESTRICTION, 1)
    found = planned()
    assert found["records", "page_visit", ""][:2] == (2, ItemOutcome.ERASED)
    assert found["records", "page_visit", "hold"][:3] == (1, ItemOutcome.KEPT, "hold")
    assert found["records", "invoice", ""][1] is ItemOutcome.ARCHIVED
    carry_out()
    assert (in_use(), in_archive()) == ({"V-1"}, {"F-2026-0088"})
    with transaction():
        lift_hold(hold, "command")
    carry_out()
    assert in_use() == set(), "and goes once the hold is lifted, without another request"


def test_single_records_and_kinds_that_nobody_declares_any_more(take_in: TakeIn) -> None:
    take_in(customer(), visit(1), visit(2), invoice())
    scope = Scope(Extent.RECORDS, records=(("page_visit", "V-1"),))
    assert planned(scope) == {("records", "page_visit", ""): (1, ItemOutcome.ERASED, "", None)}
    carry_out(scope)
    assert in_use() == {"V-2", "F-2026-0088"}
    with transaction() as session:
        session.execute(select(Record).where(Record.external_id == "V-2")).scalar_one().kind = "forgotten"
        session.execute(select(Record).where(Record.external_id == "F-2026-0088")).scalar_one().rule = "gone"
    assert planned()["records", "forgotten", ""][:2] == (1, ItemOutcome.ERASED)
    assert planned()["records", "invoice", ""][:2] == (1, ItemOutcome.ARCHIVED), "under the kind's own rule again"
    carry_out()
    assert in_use() == set()


def test_what_is_in_the_archive_by_choice_goes_too(take_in: TakeIn) -> None:
    take_in(customer(**ENDED), invoice(), order("CMD-1", "10.00"))
    on(date(2026, 12, 1))
    assert in_archive() == {"F-2026-0088", "CMD-1"}
    assert planned() == {
        ("archived_records", "invoice", ""): (1, ItemOutcome.ARCHIVED, "law", date(2036, 12, 31)),
        ("archived_records", "order", ""): (1, ItemOutcome.ERASED, "", None),
    }
    carry_out()
    assert in_archive() == {"F-2026-0088"}
    assert counts_are_true()


def test_a_law_whose_time_is_over_keeps_nothing(take_in: TakeIn) -> None:
    signed_in = record("sign_in", "L-1", {"result": "success"}, recorded_at="2026-01-10T10:00:00+01:00")
    take_in(customer(**ENDED), signed_in)
    with clock.stopped_at(datetime(2027, 1, 20, 12, tzinfo=UTC)):
        carry_out()
    assert in_use() | in_archive() == set()


def test_the_plan_is_a_fixed_number_of_statements(take_in: TakeIn, statements: Callable[[], object]) -> None:
    take_in(customer(), *[visit(number) for number in range(30)], invoice(), order("CMD-1", "10.00"))
    customer_id = only().id
    with statements() as sent:  # type: ignore[attr-defined]
        for code, part in all_erasing():
            if code in PARTS:
                list(part.plan(customer_id, Scope()))
    assert len(sent) <= 8
