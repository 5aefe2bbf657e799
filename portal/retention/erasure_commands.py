"""`flask erasure preview` and `run`: what an erasure would do, and one begun from the shell of the machine.

Holds, contracts and the law apply as they do on the pages. An erasure cools off, unless a second person agreed that it
begins at once; on a demonstration nobody need agree.
"""

import json
import sys
import time
from typing import Any, Final, NoReturn

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import or_, select

from portal import clock
from portal.customers.addresses import AddressRefused, normalise_address
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.worker import run_job
from portal.infrastructure.locking.rows import lock_row
from portal.personal_data.erasure.certificate import certificate_of
from portal.personal_data.erasure.listeners import lock_person
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.erasure.planning import Plan, hard_stops, plan
from portal.personal_data.erasure.scheduling import schedule, under_way
from portal.personal_data.erasure.scope import Scope
from portal.personal_data.erasure.steps import resume
from portal.retention.erasing_now import propose_now
from portal.staff.desk.models import Act
from portal.staff.desk.notices import Told, tell_officers
from portal.staff.models import StaffMember

DONE, SCHEDULED, REFUSED = 0, 3, 4
"""Exit codes of `flask erasure run`."""
WAITS_AT_MOST: Final = 600
"""Seconds that the command follows an erasure that begins at once; a worker goes on with it after that."""
_ITS_JOBS: Final = ("erasure.step", "exports.remove_bytes", "identity.remove_bytes", "ledger.ship", "mail.send")

erasure = AppGroup("erasure", help="Erase a person on request (GDPR art. 17).")


@erasure.command("preview")
@click.argument("customer")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@with_appcontext
def preview(customer: str, *, as_json: bool) -> None:
    """Say what an erasure of CUSTOMER (the company's number, or the public id) would do. Nothing is changed."""
    person = _named(customer)
    _print(_told(person, plan(person.id, Scope())), as_json=as_json)


@erasure.command("run")
@click.argument("customer")
@click.option("--because", required=True, help="Why, for the officers, who are told; no names.")
@click.option("--now", "is_now", is_flag=True, help="Do not cool off.")
@click.option("--by", "author", help="With --now: the member who proposes it, by their address.")
@click.option("--seconded-by", "seconder", help="With --now: the member who agreed to it, by their address.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@with_appcontext
def run(
    customer: str, because: str, *, is_now: bool, author: str | None, seconder: str | None, as_json: bool
) -> NoReturn:
    """Erase CUSTOMER: after three days, or at once where a second person agreed.

    The exit code is 0 when it is done, 3 when it is scheduled or waits for the second person, and 4 when it is refused.
    """
    person = _named(customer)
    found = under_way(person.id) or _last(person.id)
    if found is None and (refusal := _refusal(person)):
        _leave(person.id, None, REFUSED, as_json=as_json, stops=refusal)
    if found is None and is_now and not installed.settings().is_demo:
        _propose(person, because, author, seconder, as_json=as_json)
    if found is None:
        found = _schedule(person, because, is_now=is_now)
    person_id, erasure_id = person.id, found.id
    if is_now:
        _follow(erasure_id)
    _leave(person_id, erasure_id, None, as_json=as_json)


@erasure.command("resume")
@click.argument("customer")
@with_appcontext
def go_on(customer: str) -> None:
    """Let the erasure of CUSTOMER that stands still go on, once what it found is seen to. It counts again."""
    person = _named(customer)
    with transaction():
        lock_person(person.id)
        found = under_way(person.id)
        if found is None or found.state is not ErasureState.HALTED:
            raise click.UsageError(f"No erasure of {customer} stands still.")
        resume(found, "command")
    click.echo("It goes on with the next job.")


def _named(customer: str) -> Customer:
    by_reference = or_(Customer.external_id == customer, Customer.public_id == customer)
    person: Customer | None = db.session.execute(select(Customer).where(by_reference)).scalar_one_or_none()
    if person is None:
        raise click.UsageError(f"Nobody has the number {customer}.")
    return person


def _refusal(person: Customer) -> tuple[str, ...]:
    """Return why an erasure of a person cannot even be scheduled; empty when it can."""
    return ("erased",) if person.status is CustomerStatus.ERASED else hard_stops(plan(person.id, Scope()))


def _last(customer_id: int) -> Erasure | None:
    """Return the erasure of everything that was carried out for a customer; None without one."""
    done = (Erasure.customer_id == customer_id, Erasure.state == ErasureState.DONE)
    rows = db.session.execute(select(Erasure).where(*done).order_by(Erasure.id.desc())).scalars()
    return next((each for each in rows if Scope.read(each.scope).is_whole), None)


def _schedule(person: Customer, because: str, *, is_now: bool) -> Erasure:
    with transaction():
        lock_row(Customer, person.id)
        begins_at = clock.now() if is_now else None
        found = schedule(person, Scope(), plan(person.id, Scope()), begins_at=begins_at)
        tell_officers(Told(Act.ERASURE, f"{person.reference}: {because}"[:500]))
    return found


def _propose(person: Customer, because: str, author: str | None, seconder: str | None, *, as_json: bool) -> NoReturn:
    """Leave with a proposal that waits for the second person, or refused: their yes begins the erasure itself."""
    second = _member(seconder, "--seconded-by")
    if author is None:
        _leave(person.id, None, REFUSED, as_json=as_json, stops=("second_person",))
    with transaction():
        approval = propose_now(person, because, _member(author, "--by"))
        public_id = approval.public_id
    click.echo(f"Proposed, as {public_id}: {second.name} seconds it at /staff/approvals.", err=True)
    _leave(person.id, None, SCHEDULED, as_json=as_json)


def _member(email: str | None, option: str) -> StaffMember:
    try:
        address = normalise_address(email or "")
    except AddressRefused:
        raise click.UsageError(f"{option} needs the address of a member.") from None
    named = select(StaffMember).where(StaffMember.email_normalised == address, StaffMember.disabled_at.is_(None))
    member: StaffMember | None = db.session.execute(named).scalar_one_or_none()
    if member is None:
        raise click.UsageError(f"No member has the address {email}.")
    return member


def _follow(erasure_id: int) -> None:
    """Run the jobs of an erasure here, beside a worker or without one, until it is over or stands still."""
    ends = time.monotonic() + WAITS_AT_MOST
    while time.monotonic() < ends:
        db.session.rollback()
        found = db.session.get_one(Erasure, erasure_id, populate_existing=True)
        if not _goes_on(found):
            return
        due = (Job.status == JobStatus.WAITING, Job.run_at <= clock.now(), Job.name.in_(_ITS_JOBS))
        ids = list(db.session.execute(select(Job.id).where(*due).order_by(Job.id)).scalars())
        for job_id in ids:
            run_job(job_id)
        if not ids:
            if found.state is ErasureState.DONE:
                return  # its answer waits for the mail, which a worker sees to
            time.sleep(0.5)


def _goes_on(found: Erasure) -> bool:
    is_begun = found.state in {ErasureState.COOLING, ErasureState.RUNNING} and found.runs_at <= clock.now()
    return is_begun or (found.state is ErasureState.DONE and found.step == "forget")


def _leave(
    person_id: int, erasure_id: int | None, code: int | None, *, as_json: bool, stops: tuple[str, ...] = ()
) -> NoReturn:
    """Print how it stands and end with the exit code that says so."""
    db.session.rollback()
    found = db.session.get(Erasure, erasure_id) if erasure_id else None
    person = db.session.get_one(Customer, person_id)
    told = _told(person, plan(person.id, Scope())) if found is None or not found.certificate else {}
    told |= {"customer": person.reference, "scope": Scope().extent.value}
    told["stops"] = list(stops) or told.get("stops", [])
    told["state"] = found.state.value if found else "refused" if code == REFUSED else "proposed"
    told["runs_at"] = clock.written(found.runs_at) if found else None
    certificate = certificate_of(found) if found else None
    told["certificate"] = certificate.stored() if certificate else None
    _print(told, as_json=as_json)
    sys.exit(_code_of(found) if code is None else code)


def _code_of(found: Erasure | None) -> int:
    if found is None or found.state in {ErasureState.HALTED, ErasureState.RETURNED, ErasureState.CANCELLED}:
        return REFUSED
    return DONE if found.state is ErasureState.DONE else SCHEDULED


def _told(person: Customer, found: Plan) -> dict[str, Any]:
    items = [
        {
            "part": item.part, "kind": item.kind, "count": item.count, "outcome": item.outcome.value,
            "ground": item.ground, "legal_reference": item.legal_reference.en if item.legal_reference else None,
            "until": clock.written(item.until_on),
        }
        for item in found.items
    ]  # fmt: skip
    return {
        "customer": person.reference, "scope": Scope().extent.value, "digest": found.digest, "items": items,
        "stops": list(found.stops),
    }  # fmt: skip


def _print(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for item in told.get("items", ()):
        if item["count"]:
            why = f", {item['ground']}: {item['legal_reference']}" if item["ground"] else ""
            until = f", until {item['until']}" if item["until"] else ""
            click.echo(f"{item['part']}/{item['kind']}: {item['count']} {item['outcome']}{why}{until}")
    for stop in told["stops"]:
        click.echo(f"stopped by {stop}")
    if "state" in told:
        when = f", begins {told['runs_at']}" if told["state"] == "cooling" else ""
        click.echo(f"{told['customer']}: {told['state']}{when}")
