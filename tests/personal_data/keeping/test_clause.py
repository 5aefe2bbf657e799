"""The one clause against other SQL: for any rows and keeps, what goes is past its time and kept by nothing."""

from datetime import timedelta
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from portal import clock
from portal.infrastructure.database import db, transaction
from portal.personal_data.expiry.endings import ending_of
from portal.personal_data.expiry.loop import end_class, tally_of
from portal.personal_data.keeping.models import KeepReason
from portal.records.models import Record
from tests.support.acting.people import People

CUSTOMERS, KINDS = (1, 2), (("usage", "page_visit"), ("transaction", "invoice"))

record = st.fixed_dictionaries(
    {"customer": st.sampled_from(CUSTOMERS), "kind": st.sampled_from(KINDS), "days_left": st.integers(-2, 1)}
)
keep = st.fixed_dictionaries(
    {
        "customer": st.sampled_from(CUSTOMERS),
        "reason": st.sampled_from(list(KeepReason)),
        "category": st.none() | st.sampled_from([category for category, _kind in KINDS]),
        "kind": st.none() | st.sampled_from([kind for _category, kind in KINDS]),
        "external_id": st.none() | st.sampled_from(["R-0", "R-1", "R-2"]),
        "is_ended": st.booleans(),
    }
)

KEPT = (
    "SELECT r.external_id FROM records r WHERE r.expires_on >= :today OR EXISTS (SELECT 1 FROM keeps k"
    " WHERE k.customer_id = r.customer_id AND k.ended_at IS NULL AND k.reason <> 'decided' AND COALESCE(k.category, r.category) = r.category"
    " AND COALESCE(k.kind, r.kind) = r.kind AND COALESCE(k.external_id, r.external_id) = r.external_id)"
)


def plant(records: list[dict[str, Any]], keeps: list[dict[str, Any]], ids: dict[int, int]) -> None:
    now = clock.now()
    with transaction() as session:
        for table in ("records", "record_counts", "keeps", "purge_runs"):
            session.execute(text(f"DELETE FROM {table}"))
        for number, row in enumerate(records):
            category, kind = row["kind"]
            session.add(
                Record(
                    customer_id=ids[row["customer"]], kind=kind, category=category, external_id=f"R-{number}",
                    recorded_at=now, source="shop", values={},
                    expires_on=clock.today() + timedelta(days=row["days_left"]),
                )
            )  # fmt: skip
        for number, row in enumerate(keeps):
            values = row | {"id": ids[row["customer"]], "source": number, "ended": now if row["is_ended"] else None}
            session.execute(
                text(
                    "INSERT INTO keeps (customer_id, reason, source_id, category, kind, external_id, since, ended_at)"
                    " VALUES (:id, :reason, :source, :category, :kind, :external_id, CURRENT_TIMESTAMP, :ended)"
                ),
                values | {"reason": row["reason"].value},
            )


def held() -> set[str]:
    db.session.rollback()
    return set(db.session.execute(text("SELECT external_id FROM records")).scalars())


def test_what_goes_is_past_its_time_and_kept_by_nothing(app: Flask, people: People) -> None:
    ids = {number: people.customer(f"p{number}@example.org").id for number in CUSTOMERS}

    @settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
    @given(st.lists(record, max_size=6), st.lists(keep, max_size=4))
    def check(records: list[dict[str, Any]], keeps: list[dict[str, Any]]) -> None:
        plant(records, keeps, ids)
        kept = set(db.session.execute(text(KEPT), {"today": clock.today()}).scalars())
        before = held()
        tally = tally_of(ending_of("records"))
        assert tally.due == len(before - kept), "the dry run counts what goes"
        assert held() == before, "and removes nothing"
        assert end_class(ending_of("records")).removed == tally.due
        assert held() == kept

    check()
