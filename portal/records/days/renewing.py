"""Compute the days of all records anew when the rules of the data map are no longer those that gave them.

One job a slice, each of which asks for the next with its commit. So a kill anywhere loses nothing, the jobs say
how far it is, and other writers wait for one slice at most. What the new days say is over goes by the usual jobs, of
which the first run after a changed rule waits for an officer.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal.clock import local_date
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.jobs.models import Job
from portal.infrastructure.jobs.queue import JobRun, enqueue, job
from portal.records.archive.models import ArchivedRecord
from portal.records.data_map.kinds import DataMap, installed_data_map
from portal.records.days.contacts import Contacts
from portal.records.days.expiry import Days, Expiry, Person, rules_key
from portal.records.days.last_days import move_archived, write_days
from portal.records.models import Record

SLICE = 1000
JOB = "records.renew_days"
TABLES = {"records": Record, "archived_records": ArchivedRecord}


@job("records.compare_rules", every=timedelta(days=1), at_start=True)
def compare_rules(run: JobRun) -> None:
    """Ask for new days where the newest renewal, done or under way, went by other rules, or there was none."""
    with run.finish():
        key = rules_key(installed_data_map())
        newest = select(Job.arguments).where(Job.name == JOB).order_by(Job.id.desc()).limit(1)
        arguments = db.session.execute(newest).scalar_one_or_none()
        if arguments is None or arguments["rules_key"] != key:
            enqueue("records.renew_days", rules_key=key, table_key="records", after_id=0)


@job("records.renew_days")
def renew_days(run: JobRun, rules_key: str, table_key: str, after_id: int) -> None:
    """Give the records of one slice the days of the present rules, and ask for the next slice."""
    with run.finish():
        if rules_key != _present_rules():
            return
        last = _renew(TABLES[table_key], after_id)
        if last is not None:
            enqueue("records.renew_days", rules_key=rules_key, table_key=table_key, after_id=last)
        elif table_key == "records":
            enqueue("records.renew_days", rules_key=rules_key, table_key="archived_records", after_id=0)


def _present_rules() -> str:
    return rules_key(installed_data_map())


def _renew(model: Any, after_id: int) -> int | None:
    """Renew the slice behind an id, in the current transaction; return its last id, None where there is nothing."""
    slice_ = select(model.id, model.customer_id).where(model.id > after_id).order_by(model.id).limit(SLICE)
    found = db.session.execute(slice_).all()
    if not found:
        return None
    people = _lock({row.customer_id for row in found})
    columns = (model.id, model.customer_id, model.kind, model.recorded_at, model.values)
    # Read again behind the locks: an import may have changed them since.
    rows = select(*columns, *(getattr(model, name) for name in Days._fields)).where(
        model.id.in_([row.id for row in found])
    )
    if model is ArchivedRecord:
        rows = rows.where(ArchivedRecord.erasure_id.is_(None))
    days = _other_days(db.session.execute(rows).all(), people)
    (write_days if model is Record else move_archived)(days)
    return int(found[-1].id)


def _lock(customer_ids: set[int]) -> dict[int, Person]:
    """Lock the customers of some ids, and return what days count from; of nobody whose file an erasure emptied."""
    held = select(Customer.id, Customer.relationship_ended_on, Customer.capacity).where(Customer.id.in_(customer_ids))
    is_known = Customer.status != CustomerStatus.ERASED
    found = db.session.execute(held.where(is_known).order_by(Customer.id).with_for_update(key_share=True)).all()
    last = Contacts(installed_data_map(), _expiry()).last(customer_ids)
    return {row.id: Person(row.relationship_ended_on, row.capacity, last.get(row.id)) for row in found}


def _other_days(rows: Any, people: dict[int, Person]) -> dict[int, Days]:
    data_map: DataMap = installed_data_map()
    expiry, days = _expiry(), {}
    for row in rows:
        kind = data_map.kinds.get(row.kind)
        if kind is None or row.customer_id not in people:
            continue
        given = expiry.of(kind, local_date(row.recorded_at), row.values, people[row.customer_id])
        if given != (row.rule, row.active_until, row.expires_on):
            days[row.id] = given
    return days


def _expiry() -> Expiry:
    return Expiry(installed_data_map(), installed.organisation().financial_year_end_day)
