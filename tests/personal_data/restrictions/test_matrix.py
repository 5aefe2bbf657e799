"""What a restricted customer's data may do, by reader: one table, each cell through the door that people or machines use.

A row is asked four ways: nothing locked, its category locked, and locked with each of the four reasons of art. 18(2) where
the door takes one. `Used.NEVER` are uses that no reason opens: who needs them waits for the end of the restriction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import orjson
import pytest
from flask import Flask
from sqlalchemy import select

from portal.access.permissions import Role
from portal.exports.contents import items_of
from portal.infrastructure.database import db, transaction
from portal.lookups.archive.opening import open_archive
from portal.lookups.grounds import ArchiveGround
from portal.lookups.models import AccessLogEntry, CustomerLookup
from portal.lookups.opening import open_named
from portal.personal_data.keeping.clause import About, Act, may_go
from portal.personal_data.restrictions.grounds import Ground18, UseReason
from portal.personal_data.restrictions.locking import restrict
from portal.preferences.choices.consent import give
from portal.preferences.models import Origin
from portal.records.imports.ingest import start_run
from portal.records.models import Record
from portal.rights.lifecycle import Right
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.cases import open_case, taken_in
from tests.support.packages import take_in
from tests.support.preferences import FeedClient, customer_of
from tests.support.records import Line, record, removed, visit

EMAIL, OF = "camille@example.org", "C-camille"
PLANTED = "Page 1"
FLAG = "personalisation"


class Used(StrEnum):
    ALWAYS = "always"
    "A restriction does not stop it: the person's own rights, and their case."
    WITH_REASON = "with a reason"
    NEVER = "never"


@dataclass
class World:
    app: Flask
    people: People
    person: Browser
    because: UseReason | None = None

    @property
    def customer_id(self) -> int:
        return customer_of(EMAIL).id


Asked = Callable[[World], bool]


def person_reads(world: World) -> bool:
    return PLANTED in world.person.get("/data/usage").text


def package_holds(world: World) -> bool:
    return "page_visit" in [item.kind for item in items_of(world.customer_id, "usage", "fr", "access")]


def case_shows(world: World) -> bool:
    reference = taken_in(world.people, Right.RECTIFICATION)
    return "Voici ma demande" in open_case(world.people.signed_in_staff(Role.REVIEWER), reference).text


def _opened(world: World, role: Role, shows: str) -> tuple[Browser, str | None]:
    browser = world.people.signed_in_staff(role)
    with transaction() as session:
        member = session.execute(select(StaffMember).where(StaffMember.role == role)).scalar_one()
        found = open_named(member, OF, "Appel de la personne", shows=shows, use_reason=world.because)
        return browser, found.public_id if isinstance(found, CustomerLookup) else None


def lookup_shows(world: World) -> bool:
    browser, lookup = _opened(world, Role.SUPPORT, "usage")
    return lookup is not None and PLANTED in browser.get(f"/staff/customers/{lookup}/usage").text


def marketing_page_shows(world: World) -> bool:
    browser, lookup = _opened(world, Role.MARKETING, "marketing")
    return lookup is not None and browser.get(f"/staff/marketing/customers/{lookup}").status == 200


def archive_opens(world: World) -> bool:
    world.people.staff(Role.OFFICER)
    with transaction() as session:
        officer = session.execute(select(StaffMember).where(StaffMember.role == Role.OFFICER)).scalar_one()
        words = "Facture contestée au tribunal"
        opened = open_archive(officer, OF, ArchiveGround.LITIGATION, words, use_reason=world.because)
        return isinstance(opened, CustomerLookup)


def feed_says_yes(world: World) -> bool:
    return FeedClient(world.app).item(OF)["flags"][FLAG] is True


def file_of_the_base_says_yes(world: World) -> bool:
    lines = FeedClient(world.app).get("/feed/v1/preferences.ndjson").text.splitlines()
    return next(item for item in map(orjson.loads, lines) if item["customer"] == OF)["flags"][FLAG] is True


def _is_taken(*lines: Line) -> bool:
    refused: list[object] = []
    numbered = enumerate(map(orjson.dumps, lines), start=1)
    start_run(refused.append).run(numbered, actor="command", channel="command")
    return not refused


def import_adds(world: World) -> bool:
    return _is_taken(visit(2, of=OF))


def import_changes(world: World) -> bool:
    return _is_taken(visit(1, of=OF) | {"recorded_at": "2026-02-01T10:00:00+01:00"})


def import_removes(world: World) -> bool:
    return _is_taken(removed("page_visit", "V-1", of=OF))


def import_scores(world: World) -> bool:
    return _is_taken(record("profile_segment", "S-1", {"segment": "A"}, of=OF))


def _may(act: Act) -> bool:
    about = About(Record.customer_id, Record.category, Record.kind, Record.external_id)
    found = select(Record.kind).where(Record.kind == "page_visit", may_go(about, act))
    return bool(db.session.execute(found).scalars().all())


def purge_takes(world: World) -> bool:
    return _may(Act.PURGE)


def archive_takes(world: World) -> bool:
    return _may(Act.ARCHIVE)


def erasure_takes(world: World) -> bool:
    return _may(Act.ERASE)


def correction_is_filed(world: World) -> bool:
    page = world.person.get("/requests/new/rectification").submit(
        {"category": "usage", "wrong": "Ma visite"}, with_field="wrong"
    )
    return "/requests/" in page.submit(action="/send").url


MATRIX: dict[Asked, tuple[str, Used]] = {
    person_reads: ("usage", Used.ALWAYS),
    package_holds: ("usage", Used.ALWAYS),
    case_shows: ("usage", Used.ALWAYS),
    correction_is_filed: ("usage", Used.ALWAYS),
    erasure_takes: ("usage", Used.ALWAYS),
    import_adds: ("usage", Used.ALWAYS),
    lookup_shows: ("usage", Used.WITH_REASON),
    marketing_page_shows: ("marketing", Used.WITH_REASON),
    archive_opens: ("transaction", Used.WITH_REASON),
    feed_says_yes: ("usage", Used.NEVER),
    file_of_the_base_says_yes: ("usage", Used.NEVER),
    import_changes: ("usage", Used.NEVER),
    import_removes: ("usage", Used.NEVER),
    import_scores: ("profile", Used.NEVER),
    purge_takes: ("usage", Used.NEVER),
    archive_takes: ("usage", Used.NEVER),
}
ROWS = [(asked, *row) for asked, row in MATRIX.items()]
NAMES = [asked.__name__ for asked in MATRIX]


@pytest.fixture
def world(app: Flask, people: People) -> World:
    person = people.signed_in(EMAIL)
    take_in(visit(1, of=OF))
    with transaction():
        give(customer_of(EMAIL), FLAG, origin=Origin.PORTAL, wording="w", wording_version="1", language="fr")
    return World(app, people, person)


def lock(world: World, category: str) -> None:
    with transaction():
        restrict(world.customer_id, None, Ground18.CLAIMS, [category])


@pytest.mark.parametrize(("asked", "category", "used"), ROWS, ids=NAMES)
def test_without_a_restriction_it_is_used(world: World, asked: Asked, category: str, used: Used) -> None:
    if asked is not archive_opens:  # which shows all categories at once
        lock(world, "technical")
    assert asked(world)


@pytest.mark.parametrize(("asked", "category", "used"), ROWS, ids=NAMES)
def test_restricted_it_is_used_as_the_table_says(world: World, asked: Asked, category: str, used: Used) -> None:
    lock(world, category)
    assert asked(world) == (used is Used.ALWAYS)


@pytest.mark.parametrize("because", UseReason)
@pytest.mark.parametrize("asked", [asked for asked, row in MATRIX.items() if row[1] is Used.WITH_REASON])
def test_each_reason_opens_it_and_is_read_by_the_person(world: World, asked: Asked, because: UseReason) -> None:
    lock(world, MATRIX[asked][0])
    world.because = because
    assert asked(world)
    db.session.rollback()
    assert because in db.session.execute(select(AccessLogEntry.use_reason)).scalars().all()
    assert "Utilisées malgré la mise en pause" in world.person.get("/data/on-hold").text
