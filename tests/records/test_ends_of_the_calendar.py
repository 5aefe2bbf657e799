"""Days at the ends of the calendar, and values that no type can read: they cost their own line, never a page."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal import bilingual, clock
from portal.customers.models import Customer
from portal.durations import Period
from portal.exports.contents import as_csv, as_json, items_of
from portal.exports.models import PackageStatus
from portal.infrastructure.database import db, transaction
from portal.records.data_map.field_types import FieldType
from portal.records.data_map.kinds import Kind, installed_data_map
from portal.records.imports import record_writing
from portal.records.models import Record
from tests.support.acting.people import People
from tests.support.packages import build
from tests.support.records import Importer, Line, customer, invoice, record

CAMILLE = "C-camille"
TakeIn = Callable[..., list[Any]]
ONE_APP = [HealthCheck.function_scoped_fixture]

DAYS = [
    "9999-12-31",
    "0001-01-01",
    "0000-00-00",
    "10000-01-01",
    "-0001-01-01",
    "1899-12-31",
    "1900-01-01",
    "2200-01-01",
]
days = st.sampled_from(DAYS) | st.dates().map(date.isoformat)
times = st.sampled_from(["00:00:00", "23:59:59", "23:59:60", "24:00:00", "23:59:59.999999"])
zones = st.sampled_from(["", "Z", "+14:00", "-12:00", "+23:59", "-23:59", "+24:00", "+00:00:01"])
instants = st.builds("{}T{}{}".format, days, times, zones)
facts = st.sampled_from(["birth_date", "customer_since", "relationship_ended_on"])

odd = st.sampled_from(["9999-12-31T23:59:59+00:00", "1E+999999", "NaN", "a\ud800", "\u202ex", "12/2026", "-", 2**70])
stored = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | odd,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
"""Whatever JSON can hold."""


def usage(last_used_at: str, external_id: str = "U-1", of: str = CAMILLE) -> Line:
    return record("product_usage", external_id, {"product": "Hosting", "last_used_at": last_used_at}, of)


def day_fields() -> list[tuple[Kind, str]]:
    kinds = installed_data_map().kinds.values()
    types = {FieldType.DATE, FieldType.INSTANT}
    return [(kind, field.name) for kind in kinds for field in kind.declared if field.type in types]


def only_record() -> Record:
    db.session.rollback()
    return db.session.execute(select(Record)).scalar_one()


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2200-01-01T00:00:00Z"])
def test_an_instant_outside_the_years_is_refused_alone(people: People, take_in: TakeIn, at: str) -> None:
    people.customer()
    refused = take_in(usage(at), usage("2026-03-10T10:00:00Z", "U-2"))
    assert [(line.line, line.field) for line in refused] == [(1, "values.last_used_at")]
    assert only_record().external_id == "U-2"


def test_the_last_day_of_the_calendar_means_no_end(take_in: TakeIn) -> None:
    values = {"product": "Site", "started_on": "2024-01-01", "ends_on": "9999-12-31"}
    assert not take_in(customer(relationship_ended_on="9999-12-31"), record("subscription", "S-1", values))
    assert "ends_on" not in only_record().values and only_record().expires_on is None
    assert db.session.execute(select(Customer.relationship_ended_on)).scalar_one() is None


def test_no_day_costs_more_than_its_own_line(people: People, importer: Importer) -> None:
    browser = people.signed_in()

    @settings(max_examples=8, suppress_health_check=ONE_APP)
    @given(days | instants, instants, facts)
    @example("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "relationship_ended_on")
    def each(day: str, at: str, fact: str) -> None:
        consent = {"flag": "offers.email", "given": True, "at": at, "wording": "Oui", "source": "shop"}
        lines = [
            customer(CAMILLE, email="camille@example.org", **{fact: day}),
            *(record(kind.code, f"{kind.code}-{name}", {name: day}, CAMILLE) for kind, name in day_fields()),
            usage(day, "U-2"),
            invoice(of=CAMILLE, recorded_at=at),
            {"type": "consent", "customer": CAMILLE} | consent,
            invoice("good", of=CAMILLE),
        ]
        done = importer.run_here("--json", str(importer.file(*lines)))
        assert done.exit_code in {0, 1}, done.exception
        assert len(lines) not in [line["line"] for line in orjson.loads(done.stdout)["refused"]]
        for page in ("data/identity", "data/usage", "data/transaction", "preferences/history"):
            assert browser.get(f"/{page}").status == 200

    each()


def test_no_stored_value_costs_a_page_or_a_copy(people: People, take_in: TakeIn) -> None:
    """Whatever is in a row, as after a change of the data map: the customer, staff and the copy read on."""
    browser, staff = people.signed_in(), people.signed_in_staff("support")
    opened = staff.get("/staff/customers").submit(
        {"identifier": CAMILLE, "reason": "La cliente appelle au sujet de sa facture"}, with_field="reason"
    )
    take_in(invoice(of=CAMILLE))

    @settings(max_examples=8, suppress_health_check=ONE_APP)
    @given(st.data(), st.sampled_from(list(installed_data_map().kinds.values())))
    def each(data: st.DataObject, kind: Kind) -> None:
        with transaction():
            row = only_record_of_the_transaction()
            row.kind, row.category = kind.code, kind.category.value
            row.values = {field.name: data.draw(stored) for field in kind.declared}
            number = row.customer_id
        for page in (browser.get(f"/data/{kind.category}"), staff.get(f"{opened.url}/{kind.category}")):
            assert page.status == 200 and "\u202e" not in page.text
        names: dict[str, None] = {}
        copy = b"".join(as_json(items_of(number, kind.category, "fr", "access"), names, [0]))
        assert copy.startswith(b"[") and b"".join(as_csv(iter([copy]), list(names)))

    each()
    assert build("access").status is PackageStatus.READY


def only_record_of_the_transaction() -> Record:
    return db.session.execute(select(Record)).scalar_one()


def test_a_value_that_is_no_object_costs_no_page(people: People, take_in: TakeIn) -> None:
    browser = people.signed_in()
    take_in(invoice(of=CAMILLE))
    with transaction():
        only_record_of_the_transaction().values = ["moved", {}]  # type: ignore[assignment]
    assert browser.get("/data/transaction").status == 200
    assert build("access").status is PackageStatus.READY


def test_whatever_a_line_raises_it_is_lost_alone(
    people: People, take_in: TakeIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.customer()
    taken = record_writing.RecordLines.take

    def take(self: Any, line: Any) -> bool:
        if line.external_id == "bad":
            raise OverflowError("date value out of range")
        return taken(self, line)

    monkeypatch.setattr(record_writing.RecordLines, "take", take)
    refused = take_in(*(invoice(number, of=CAMILLE) for number in ("1", "2", "bad", "4", "5")))
    assert [line.line for line in refused] == [3]
    assert set(db.session.execute(select(Record.external_id)).scalars()) == {"1", "2", "4", "5"}


def test_stored_days_beyond_the_years_still_give_a_last_day(people: People, take_in: TakeIn) -> None:
    """A row taken in before days had bounds is counted again when its person's relation ends."""
    people.customer()
    take_in(record("subscription", "S-1", {"product": "Site", "started_on": "2024-01-01"}, CAMILLE))
    for ends_on in ("9999-12-31", "0001-01-01", "12/2026", 7, None):
        with transaction():
            only_record_of_the_transaction().values = {"product": "Site", "ends_on": ends_on}
        assert not take_in(customer(CAMILLE, email="camille@example.org", relationship_ended_on="2026-01-31"))
        assert not take_in(customer(CAMILLE, email="camille@example.org", relationship_ended_on="2026-02-28"))


@given(
    st.dates(date(1, 1, 3)),
    st.integers(0, 999),
    st.integers(0, 9999),
    st.integers(0, 99_999),
    st.sampled_from(["fr", "en"]),
)
def test_every_day_and_instant_can_be_counted_from_and_shown(
    day: date, years: int, months: int, number: int, language: str
) -> None:
    period = Period(years, months, number)
    assert period.before(day) <= day <= period.after(day)
    instant = datetime.combine(day, datetime.max.time(), UTC)
    for moment in (instant, instant.replace(hour=0, minute=0)):
        assert bilingual.long_date(clock.local_date(moment), language) in bilingual.date_time(
            moment, language, weekday=True
        )
        assert abs((clock.local_date(moment) - day).days) <= 1
