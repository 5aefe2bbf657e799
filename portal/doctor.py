"""`flask doctor`: look at everything an installation needs, and say what to do about each fault."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from portal.audit.verification import verify_chain
from portal.identity_checks.isolation import isolation_report
from portal.infrastructure.database import db
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.site.readiness import applied_migration, migration_head

Finding = tuple[bool, str]


def examine() -> Iterator[Finding]:
    """Yield (is well, what was found and what to do) for each check; a check that breaks is a fault."""
    for check in (_database, _storage, _keys, _mail, _scanner, _jobs, _audit, _isolation):
        try:
            yield from check()
        except Exception as error:
            yield False, f"{check.__name__[1:]}: {type(error).__name__}"


def _database() -> Iterator[Finding]:
    try:
        applied, head = applied_migration(), migration_head()
    except SQLAlchemyError:
        yield False, "database: cannot be read; check PORTAL_DATABASE_URL, then run flask upgrade-database"
        return
    is_current = applied == head
    cure = "" if is_current else f", code at {head}; run flask upgrade-database"
    yield is_current, f"database: at {applied}{cure}"


def _storage() -> Iterator[Finding]:
    current_app.extensions["storage"].exists("doctor")
    yield True, "storage: can be reached"


def _keys() -> Iterator[Finding]:
    opening, sealing = current_app.extensions["opening_keys"], current_app.extensions["sealing_key"]
    if opening is None:
        yield True, "keys: this process cannot open identity documents"
    else:
        fits = opening.fits(sealing)
        yield fits, "keys: opening keys " + ("fit the sealing key" if fits else "do not fit PORTAL_SEALING_KEY")


def _mail() -> Iterator[Finding]:
    url = urlsplit(current_app.extensions["settings"].mail_url)
    if not url.hostname:
        yield True, "mail: written to the console and to files, not sent"
        return
    try:
        socket.create_connection((url.hostname, url.port or 25), timeout=5).close()
        yield True, f"mail: {url.hostname} answers"
    except OSError as error:
        yield False, f"mail: {url.hostname} does not answer ({error.strerror}); check PORTAL_MAIL_URL"


def _scanner() -> Iterator[Finding]:
    is_none = current_app.extensions["settings"].scanner_url.startswith("none")
    yield True, "scanner: none; documents are rebuilt from pixels but not scanned" if is_none else "scanner: set"


def _jobs() -> Iterator[Finding]:
    parked = db.session.execute(select(func.count(Job.id)).where(Job.status == JobStatus.PARKED)).scalar_one()
    yield parked == 0, f"jobs: {parked} parked" + ("" if parked == 0 else "; see last_error in the jobs table")


def _audit() -> Iterator[Finding]:
    found = verify_chain()
    yield found.fault is None, f"audit: {found.fault or f'{found.events} events, whole'}"


def _isolation() -> Iterator[Finding]:
    for line in isolation_report():
        yield True, f"rendering: {line}"
