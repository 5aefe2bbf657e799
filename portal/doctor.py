"""`flask doctor`: look at everything an installation needs, and say what to do about each fault.

Some things work, and only for a trial or a demonstration: they are said apart, for whoever opens the portal to people.
"""

import secrets
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from portal import clock
from portal.accounts.entry.limits import unproven_mails
from portal.audit.guards import missing_guards
from portal.audit.verification import verify_chain
from portal.config import default_ledger_url, read_settings_file
from portal.identity_checks.decoding.isolation import chosen_way, isolation_report
from portal.identity_checks.documents.reconciliation import compare, versions_in_use
from portal.identity_checks.queries import held_since, store_figures
from portal.infrastructure import installed
from portal.infrastructure.connections.plain_connections import plain_connections
from portal.infrastructure.database import db
from portal.infrastructure.jobs.models import Job, JobStatus, Lane
from portal.infrastructure.passwords.breached import check_list
from portal.infrastructure.private_files import open_to_others
from portal.infrastructure.scanner import NoScanner
from portal.infrastructure.sealing.needed_keys import missing_keys
from portal.infrastructure.sealing.rotation import waiting
from portal.personal_data.erasure.checking.invariants import broken, halted_count, journal_count
from portal.personal_data.ledger.standing import Standing, standing
from portal.personal_data.ledger.watching import LATE, oldest_waiting
from portal.personal_data.organisation_gaps import gaps
from portal.preferences.missing_consent.looking import figures
from portal.retention.clock_guard import halted_mark
from portal.retention.commands import told
from portal.site.readiness import applied_migration, migration_head
from portal.web.incoming.rate_limits import counted, installed_counter


class State(StrEnum):
    """What was found of one thing."""

    WELL = "well"
    NOT_FIT = "not fit for real use"
    "It works, and people should not depend on it."
    FAULT = "fault"


Finding = tuple[bool | State, str]

OLD_SIGNATURES = timedelta(days=1)
LONG_HELD = timedelta(hours=1)
"""A document that waits longer is a fault: a worker asks the scanner again every five minutes."""


def examine() -> Iterator[tuple[State, str]]:
    """Yield (state, what was found and what to do) for each check. A check that raises counts as a fault."""
    for check, cure in _CHECKS.items():
        try:
            for found, text in check():
                yield found if isinstance(found, State) else State.WELL if found else State.FAULT, text
        except Exception as error:
            db.session.rollback()
            yield State.FAULT, f"{check.__name__[1:]}: cannot be examined ({type(error).__name__}); {cure}"


def _database() -> Iterator[Finding]:
    try:
        applied, head = applied_migration(db.session), migration_head()
    except SQLAlchemyError:
        db.session.rollback()
        yield False, "database: cannot be read; check PORTAL_DATABASE_URL, then run flask upgrade-database"
        return
    is_current = applied == head
    cure = "" if is_current else f", code at {head}; run flask upgrade-database"
    yield is_current, f"database: at {applied}{cure}"


def _private_files() -> Iterator[Finding]:
    settings, url = installed.settings(), db.engine.url
    private = [settings.instance]
    if url.get_backend_name() == "sqlite" and url.database:
        private.append(Path(url.database))
    found = [str(path) for each in private for path in open_to_others(each)]
    if found:
        yield False, f"files: others on this machine may read {', '.join(found)}; chmod go= them, as their owner"
    else:
        yield True, "files: the instance folder and the database are closed to others on this machine"


def _storage() -> Iterator[Finding]:
    storage, key = installed.storage(), f"doctor/{secrets.token_hex(8)}"
    storage.put(key, [b"well"])
    storage.delete(key)
    yield True, "storage: can be written"


def _address() -> Iterator[Finding]:
    settings = installed.settings()
    if settings.is_https:
        yield True, f"address: people come by TLS, to {settings.public_url}"
    else:
        text = f"address: {settings.public_url} has no TLS; set PORTAL_PUBLIC_URL to your https address, behind a proxy"
        yield State.NOT_FIT, text


def _beside_the_database() -> Iterator[Finding]:
    """Tell whether documents and keys lie in the folder that the database lies in: one loss, or one copy, takes all."""
    settings, url = installed.settings(), db.engine.url
    storage, database = urlsplit(settings.storage_url), Path(url.database or "")
    if (
        url.get_backend_name() == "sqlite"
        and storage.scheme == "file"
        and Path(storage.path).is_relative_to(database.parent)
    ):
        yield State.NOT_FIT, "storage: it lies beside the database; set PORTAL_STORAGE_URL to another disk or a bucket"
    if "PORTAL_MASTER_KEYS" in read_settings_file(settings.instance / "settings"):
        text = "keys: they lie in the settings of the instance folder, and a backup of it holds them; keep them apart"
        yield State.NOT_FIT, text


def _ledger() -> Iterator[Finding]:
    """Tell how the database stands to the ledger, and how long what people took back waits to lie outside."""
    settings, found, oldest = installed.settings(), standing(), oldest_waiting()
    is_level = found is Standing.LEVEL
    yield is_level, f"ledger: {found} with the database" if is_level else f"ledger: it is {found}: {found.cure}"
    waited = clock.now() - oldest if oldest else timedelta(0)
    if waited > LATE:
        text = f"ledger: a line waits since {oldest:%Y-%m-%d %H:%M:%S} UTC; see that a worker runs and can write there"
        yield False, text
    if settings.ledger_url == default_ledger_url(settings.instance):
        text = "ledger: it lies beside the instance folder; set PORTAL_LEDGER_URL to another machine, or a bucket"
        yield State.NOT_FIT, text


def _needed_keys() -> Iterator[Finding]:
    missing = missing_keys()
    yield from ((False, f"keys: {text}") for text in missing)


def _people() -> Iterator[Finding]:
    """Tell of invented people: their passwords stand in a file, and staff may be invented too."""
    if installed.settings().is_demo:
        yield State.NOT_FIT, "demonstration: the people here are invented; begin real use in another instance folder"


def _organisation() -> Iterator[Finding]:
    found = [gap.code for gap in gaps(installed.organisation())]
    if installed.settings().organisation_file is None:
        yield State.NOT_FIT, "organisation: the file is the one that came along; name yours in PORTAL_ORGANISATION_FILE"
    if found:
        names = ", ".join(found)
        yield State.NOT_FIT, f"organisation: people are not told all that the law asks ({names}); see /staff/register"


def _keys() -> Iterator[Finding]:
    opening, sealing = installed.opening_keys(), installed.sealing_key()
    if opening is None:
        yield True, "keys: this process cannot open identity documents"
    else:
        fits = opening.fits(sealing)
        yield fits, "keys: opening keys " + ("fit the sealing key" if fits else "do not fit PORTAL_SEALING_KEY")


def _older_opening_keys() -> Iterator[Finding]:
    """Tell which opening keys documents still need. A rotation ends when no document needs the old key."""
    opening, sealing = installed.opening_keys(), installed.sealing_key()
    in_use = versions_in_use()
    for version in sorted(set(in_use) - {sealing.version}):
        yield True, f"sealing keys: {in_use[version]} wait for opening key v{version}; keep it until they are destroyed"
    if opening is None:
        return
    for version in sorted(set(opening.versions) - set(in_use) - {sealing.version}):
        yield True, f"sealing keys: no document needs opening key v{version}; take it out of PORTAL_OPENING_KEYS"
    for version in sorted(set(in_use) - set(opening.versions)):
        yield False, f"sealing keys: opening key v{version} is missing; put it back into PORTAL_OPENING_KEYS"


def _documents() -> Iterator[Finding]:
    found = Counter(str(finding.fault) for finding in compare())
    names = ", ".join(f"{count} {fault}" for fault, count in sorted(found.items()))
    yield (
        not found,
        f"documents: {names}; see /staff/documents"
        if found
        else (f"documents: {store_figures().kept} kept, rows and stored bytes agree"),
    )


def _held_documents() -> Iterator[Finding]:
    """Count the documents that wait for the scanner: nobody may look at one before it is found clean."""
    count, oldest = held_since()
    if oldest is None:
        yield True, "documents: none waits for the scanner"
        return
    text = f"documents: {count} held for want of a clean verdict, the first since {oldest:%Y-%m-%d %H:%M} UTC"
    is_late = clock.now() - oldest > LONG_HELD
    cure = "; see to the scanner, and that a worker with PORTAL_OPENING_KEYS runs" if is_late else ""
    yield not is_late, text + cure


def _master_keys() -> Iterator[Finding]:
    older = waiting(installed.master_keys())
    names = ", ".join(f"{count} by v{version}" for version, count in sorted(older.items()))
    yield (
        not older,
        f"master keys: wrapped by an older one: {names}; run flask keys rotate"
        if older
        else ("master keys: everything is wrapped by the current one"),
    )


def _connections() -> Iterator[Finding]:
    """Name the connections that leave this machine without TLS. One that carries only sealed bytes is no fault."""
    found = list(plain_connections(installed.settings()))
    for plain in found:
        what = "in clear" if plain.is_readable else "without TLS (sealed, or nothing personal)"
        yield not plain.is_readable, f"connections: {plain.variable} goes to {plain.host} {what}; {plain.cure}"
    if not found:
        yield True, "connections: nothing goes to another machine without TLS"


def _mail() -> Iterator[Finding]:
    url = urlsplit(installed.settings().mail_url)
    if not url.hostname:
        yield State.NOT_FIT, "mail: written to the console and to files, not sent; set PORTAL_MAIL_URL to your relay"
        return
    try:
        socket.create_connection((url.hostname, url.port or 25), timeout=5).close()
        yield True, f"mail: {url.hostname} answers"
    except OSError as error:
        yield False, f"mail: {url.hostname} does not answer ({error.strerror}); check PORTAL_MAIL_URL"


def _scanner() -> Iterator[Finding]:
    scanner = installed.scanner()
    state = scanner.state()
    if isinstance(scanner, NoScanner):
        yield State.NOT_FIT, f"scanner: {state.text}; set PORTAL_SCANNER_URL to a ClamAV daemon"
        return
    yield state.is_working, f"scanner: {state.text}" + ("" if state.is_working else "; check PORTAL_SCANNER_URL")
    if state.signatures_at and clock.now() - state.signatures_at > OLD_SIGNATURES:
        yield False, f"scanner: its signatures are of {state.signatures_at:%Y-%m-%d}; run freshclam"


def _breached_passwords() -> Iterator[Finding]:
    path = installed.breached_passwords().path
    if path is None:
        yield (
            State.NOT_FIT,
            "passwords: only the common ones are refused; PORTAL_BREACHED_PASSWORDS_FILE refuses stolen ones",
        )
    else:
        yield True, f"passwords: stolen ones are refused by a list of {check_list(path) / 1e6:,.1f} MB"


def _redis() -> Iterator[Finding]:
    shared = installed_counter().shared
    if shared is None:
        yield True, "limits: tries are counted in the database"
    elif shared.is_well():
        yield True, "limits: Redis answers; tries are counted there first, then in the database"
    else:
        yield False, "limits: Redis does not answer, and staff cannot sign in; check PORTAL_REDIS_URL"


def _missing_consent() -> Iterator[Finding]:
    """Tell of records that were collected on consent without a trace of it, as the daily look counted them."""
    found = [figure for figure in figures() if figure.records]
    if not found:
        yield True, "consent: the last look found no record without the consent that it needs"
        return
    oldest = min(figure.oldest_at for figure in found if figure.oldest_at)
    names = ", ".join(f"{figure.records} {figure.kind}" for figure in found)
    yield (
        State.NOT_FIT,
        f"consent: no trace of it for {names}, the oldest of {oldest:%Y-%m-%d}; see /staff/missing-consent",
    )


def _strangers() -> Iterator[Finding]:
    """Tell how many mails went to unproven addresses this hour, and how many jobs of strangers wait."""
    limit, key = unproven_mails()
    most, used = installed.settings().unproven_mails_an_hour, counted(limit, key)
    cure = "" if used < most else "; nobody new gets one until the hour is over: see PORTAL_UNPROVEN_MAILS_AN_HOUR"
    yield used < most, f"mails to unproven addresses: {used} of {most} this hour{cure}"
    waiting = select(func.count(Job.id), func.min(Job.run_at))
    waiting = waiting.where(Job.lane == Lane.STRANGERS, Job.status == JobStatus.WAITING, Job.run_at <= clock.now())
    count, oldest = db.session.execute(waiting).one()
    if count:
        is_late = clock.now() - oldest > LONG_HELD
        yield not is_late, f"jobs of strangers: {count} wait in their own lane, the first since {oldest:%H:%M} UTC"


def _jobs() -> Iterator[Finding]:
    parked = db.session.execute(select(func.count(Job.id)).where(Job.status == JobStatus.PARKED)).scalar_one()
    yield parked == 0, f"jobs: {parked} parked" + ("" if parked == 0 else "; see last_error in the jobs table")


def _audit() -> Iterator[Finding]:
    found = verify_chain()
    if found.fault is None:
        yield True, f"audit: {found.events} events, whole"
    else:
        yield False, f"audit: {found.fault}; compare with a backup before anything else is done"
    if gone := missing_guards():
        yield False, f"audit: the database no longer guards it ({', '.join(gone)}); find out who took that away"


def _erasures() -> Iterator[Finding]:
    faults = broken()
    for code, found in faults.items():
        yield False, f"erasures: {code} does not hold: {', '.join(found[:3])}; flask erasure resume goes on with one"
    halted = halted_count()
    if halted:
        yield False, f"erasures: {halted} stand still; see the officer's desk, then flask erasure resume"
    if not faults and not halted:
        yield True, "erasures: what was erased is gone, and none stands still"
    if journals := journal_count():
        yield (
            False,
            f"erasures: a reader keeps SQLite's log of {journals} from being emptied; end what reads for so long",
        )


def _clock() -> Iterator[Finding]:
    mark = halted_mark()
    yield mark is None, "clock: it runs evenly" if mark is None else f"clock: nothing is removed; {told(mark)}"


def _rendering() -> Iterator[Finding]:
    chosen_way()
    for line in isolation_report():
        yield True, f"rendering: {line}"


_CHECKS: Final[dict[Callable[[], Iterator[Finding]], str]] = {
    _database: "check PORTAL_DATABASE_URL",
    _private_files: "check PORTAL_INSTANCE",
    _storage: "check PORTAL_STORAGE_URL and that its folder or bucket can be written",
    _address: "check PORTAL_PUBLIC_URL",
    _beside_the_database: "check PORTAL_DATABASE_URL and PORTAL_STORAGE_URL",
    _ledger: "check PORTAL_LEDGER_URL and PORTAL_LEDGER_KEY",
    _needed_keys: "see to the database first",
    _people: "check PORTAL_INSTANCE",
    _organisation: "check PORTAL_ORGANISATION_FILE",
    _keys: "check PORTAL_SEALING_KEY and PORTAL_OPENING_KEYS",
    _older_opening_keys: "see to the database first",
    _documents: "check PORTAL_STORAGE_URL: the store cannot be compared with the rows",
    _held_documents: "see to the database first",
    _master_keys: "check PORTAL_MASTER_KEYS: a key that still wraps something may be missing",
    _connections: "check the addresses in the settings",
    _mail: "check PORTAL_MAIL_URL",
    _scanner: "check PORTAL_SCANNER_URL",
    _breached_passwords: "check PORTAL_BREACHED_PASSWORDS_FILE; until then only the common passwords are refused",
    _redis: "check PORTAL_REDIS_URL",
    _missing_consent: "see to the database first",
    _strangers: "see to the database first",
    _jobs: "see to the database first",
    _audit: "see to the database first",
    _erasures: "see to the database first",
    _clock: "see to the database first",
    _rendering: "no identity document can be taken in; try flask doctor as the user that runs the portal",
}
