"""A customer whose data are restricted: no page of staff shows anything of them without one of the four reasons."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import orjson
import pytest
from sqlalchemy import select

from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.demo import holdings
from portal.infrastructure.database import db, transaction
from portal.lookups.archive.opening import open_archive
from portal.lookups.grounds import ArchiveGround
from portal.lookups.models import AccessLogEntry, CustomerLookup
from portal.lookups.opening import open_lookup
from portal.personal_data.restrictions.grounds import Ground18, UseReason
from portal.personal_data.restrictions.locking import restrict
from portal.records.imports.ingest import start_run
from portal.staff.models import StaffMember
from portal.web.audiences import Audience
from tests.architecture.every_route.test_staff_looks import CHOICE, PERSON, kept_database, restore
from tests.support.demonstration import Demonstration, fill, walkable

# The number of the person is none: lists of duties name them by it, and nothing else of theirs.
CANARIES = re.compile(r"Zyxcanari|mirabelle@|m•+e@|27 février 1913|1913-02-27|Canari|77 ?00 ?11 ?22", re.IGNORECASE)
ROLES = (Role.SUPPORT, Role.OFFICER, Role.MARKETING)
SHOWN_AT_LEAST = {Role.SUPPORT: 5, Role.OFFICER: 5, Role.MARKETING: 1}
OPENED = ("/staff/customers/", "/staff/marketing/customers/", "/staff/archive/")


@dataclass
class Opened:
    """What each role has opened of the person, by whether it gives one of the four reasons."""

    customer_id: int
    lookups: dict[tuple[str, bool], dict[str, str]]


@pytest.fixture(scope="module")
def opened(demo: Demonstration) -> Iterator[Opened]:
    """Yield looks that were opened, some with a reason, before the person's data were restricted."""
    with kept_database(demo), demo.app.app_context():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(holdings, "CUSTOMERS", (PERSON,))
            lines = enumerate(map(orjson.dumps, [*holdings.import_lines(), CHOICE]), start=1)
            start_run(pytest.fail).run(lines, actor="command", channel="command")
        with transaction() as session:
            customer = session.execute(select(Customer).where(Customer.external_id == PERSON.number)).scalar_one()
            found = Opened(customer.id, {
                (role, has_reason): _opened(role, customer, UseReason.CLAIMS if has_reason else None)
                for role in ROLES for has_reason in (False, True)
            })  # fmt: skip
        db.session.remove()
        yield found


def _opened(role: Role, customer: Customer, because: UseReason | None) -> dict[str, str]:
    members = db.session.execute(select(StaffMember).where(StaffMember.role == role)).scalars()
    member = next(each for each in members if each.activated_at is not None)
    lookup = open_lookup(member, customer, "Appel de la personne ce matin", None, because).public_id
    values = dict.fromkeys(OPENED, lookup)
    if role is Role.OFFICER:
        words = "Facture contestée au tribunal"
        archive = open_archive(member, PERSON.number, ArchiveGround.LITIGATION, words, use_reason=because)
        assert isinstance(archive, CustomerLookup)
        values["/staff/archive/"] = archive.public_id
    return values


def pages_that_show(
    demo: Demonstration, opened: Opened, role: str, *, has_reason: bool = False, within: tuple[str, ...] = ("/",)
) -> list[str]:
    """Open staff pages as a role, plainly and with a search, and return the addresses of those that show the person.

    Args:
        within: how their addresses begin; every page when absent.
    """
    browser, found = demo.browsers[role], []
    values = demo.values[role] | opened.lookups[role, has_reason]
    asked = {"text": PERSON.family_name[:6], "again": values["/staff/customers/"], "closed": ""}
    for rule in walkable(demo.app, "GET"):
        if rule.endpoint.split(".")[0] != Audience.STAFF or not rule.rule.startswith(within):
            continue
        for path in _paths(rule.rule, values):
            for query in ({}, asked):
                answer = browser.client.get(path, query_string=query, headers={"Accept-Language": "fr"})
                assert answer.status_code < 500, path
                if CANARIES.search(answer.get_data().decode(errors="replace")):
                    found.append(path)
    return found


def _paths(rule: str, values: dict[str, str]) -> set[str]:
    """Return the addresses of a route; of a page of a category, one for each of those that hold something."""
    category = "/staff/customers/<public_id>/"
    return {
        fill(rule, values | {category: name}) for name in ("identity", "contact", "transaction", "usage", "marketing")
    }


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_shown_without_a_reason(demo: Demonstration, opened: Opened, role: Role) -> None:
    with demo.app.app_context(), kept_database(demo) as kept:
        assert len(pages_that_show(demo, opened, role, within=OPENED)) >= SHOWN_AT_LEAST[role], "a control"
        restore(demo, kept)
        with transaction():
            restrict(opened.customer_id, None, Ground18.CLAIMS)
        assert pages_that_show(demo, opened, role) == []
        assert len(pages_that_show(demo, opened, role, has_reason=True, within=OPENED)) >= SHOWN_AT_LEAST[role]
        db.session.rollback()
        looks = select(AccessLogEntry).where(
            AccessLogEntry.customer_id == opened.customer_id, AccessLogEntry.use_reason == UseReason.CLAIMS
        )
        assert db.session.execute(looks).scalars().all(), "and the person reads why"


@pytest.mark.parametrize("category", ["usage", "contact"])
def test_what_is_not_restricted_is_shown_as_before(demo: Demonstration, opened: Opened, category: str) -> None:
    """The other categories stay open, so that nothing is shut that need not be."""
    with demo.app.app_context(), kept_database(demo):
        with transaction():
            restrict(opened.customer_id, None, Ground18.CLAIMS, [category])
        found = pages_that_show(demo, opened, Role.SUPPORT, within=OPENED)
        assert not [path for path in found if path.endswith(f"/{category}")]
        assert [path for path in found if path.endswith("/identity")]
