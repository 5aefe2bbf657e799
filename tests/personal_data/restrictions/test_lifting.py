"""Restrictions begin and end behind their rows: status, keeps, flags and ledger follow, and none ends without notice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.customers.models import CustomerStatus
from portal.infrastructure.database import db, transaction
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.keeping.models import Keep
from portal.personal_data.ledger.models import EntryKind, LedgerEntry
from portal.personal_data.restrictions import lifting
from portal.personal_data.restrictions.grounds import Ground18
from portal.personal_data.restrictions.lifting import Halted, NotAnnounced, NotStanding, TooSoon
from portal.personal_data.restrictions.locking import restrict
from portal.personal_data.restrictions.models import Restriction
from portal.personal_data.restrictions.standing import is_restricted, locked_categories
from portal.preferences.choices.consent import give, withdraw
from portal.preferences.models import Origin
from portal.preferences.purposes import FLAG_CODES
from tests.support.acting.people import People
from tests.support.preferences import customer_of, flags_on, state_of

EMAIL = "camille@example.org"
FIRST_OF_JULY = datetime(2026, 7, 1, 16, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def camille(app: Flask, people: People) -> int:
    people.customer(EMAIL)
    with transaction():
        for flag in FLAG_CODES:
            choose(give, flag)
    return customer_of(EMAIL).id


def choose(how: Callable[..., Any], flag: str) -> None:
    how(customer_of(EMAIL), flag, origin=Origin.PORTAL, wording="w", wording_version="1", language="fr")


def locked(customer_id: int, *categories: str, ground: Ground18 = Ground18.CLAIMS) -> str:
    with transaction():
        return restrict(customer_id, None, ground, categories).public_id


def row(public_id: str) -> Restriction:
    return db.session.execute(select(Restriction).where(Restriction.public_id == public_id)).scalar_one()


def do(act: Callable[..., None], public_id: str, *given: Any, **named: Any) -> None:
    with transaction():
        act(row(public_id), *given, **named)


def open_keeps() -> list[str | None]:
    db.session.rollback()
    return list(db.session.execute(select(Keep.category).where(Keep.ended_at.is_(None)).order_by(Keep.id)).scalars())


def told(kind: EntryKind) -> list[dict[str, Any]]:
    return list(db.session.execute(select(LedgerEntry.body).where(LedgerEntry.kind == kind)).scalars())


def test_lifted_seven_days_after_the_notice_the_choices_are_back(camille: int) -> None:
    """Vector 5 of the acceptance: notice on 1 July, lifted on the 8th and not on the 7th."""
    with clock.stopped_at(FIRST_OF_JULY):
        public_id = locked(camille)
        assert (customer_of(EMAIL).status, flags_on()) == (CustomerStatus.RESTRICTED, set())
        with pytest.raises(NotAnnounced):
            do(lifting.lift, public_id)
        do(lifting.announce, public_id, "portal")
        with transaction():
            choose(withdraw, "offers.email")  # what they choose meanwhile counts afterwards
    with clock.stopped_at(datetime(2026, 7, 7, 21, 59, tzinfo=UTC)):
        with pytest.raises(TooSoon):
            do(lifting.lift, public_id)
        assert flags_on() == set()
    with clock.stopped_at(datetime(2026, 7, 7, 22, tzinfo=UTC)):  # midnight in Paris: the 8th
        do(lifting.lift, public_id)
    assert flags_on() == set(FLAG_CODES) - {"offers.email"}
    person = customer_of(EMAIL)
    assert (person.status, person.restricted_at, open_keeps()) == (CustomerStatus.ACTIVE, None, [])
    assert [(body["what"], body["restriction"]) for body in told(EntryKind.LIFTED)] == [("use", public_id)]
    with pytest.raises(NotStanding):
        do(lifting.lift, public_id)
    assert not broken()


def test_a_reply_halts_until_somebody_looked(camille: int) -> None:
    with clock.stopped_at(FIRST_OF_JULY):
        public_id = locked(camille)
        with pytest.raises(NotAnnounced):
            do(lifting.halt, public_id, "Non", "portal")
        do(lifting.announce, public_id, "portal")
        do(lifting.halt, public_id, "Je m’y oppose : le procès n’est pas fini.", "portal")
    with clock.stopped_at(FIRST_OF_JULY + 10 * DAY):
        with pytest.raises(Halted):
            do(lifting.lift, public_id)
        do(lifting.keep_on, public_id, "portal")
        with pytest.raises(NotAnnounced):
            do(lifting.lift, public_id, has_looked=True)
        do(lifting.announce, public_id, "portal")
        do(lifting.halt, public_id, "Encore", "portal")
    with clock.stopped_at(FIRST_OF_JULY + 20 * DAY):
        do(lifting.lift, public_id, has_looked=True)
    assert not is_restricted(camille)


@pytest.mark.parametrize(
    ("categories", "is_suppressed", "off"),
    [
        (["contact"], True, set(FLAG_CODES)),
        (["marketing"], True, set(FLAG_CODES)),
        (["financial", "technical", "identity"], False, set()),
        (["usage"], False, {"personalisation", "audience_statistics", "marketing_profiling"}),
        (["profile"], False, {"personalisation", "marketing_profiling"}),
        (
            ["tracking"], False,
            {"audience_statistics", "email_open_tracking", *(code for code in FLAG_CODES if code.startswith("cookies."))},
        ),
    ],
)  # fmt: skip
def test_some_categories_turn_off_what_needs_them(
    camille: int, categories: list[str], is_suppressed: bool, off: set[str]
) -> None:
    locked(camille, *categories)
    state = state_of()
    assert (state.is_suppressed, set(FLAG_CODES) - flags_on()) == (is_suppressed, off)
    assert customer_of(EMAIL).status is CustomerStatus.ACTIVE, "partial by category"
    assert (locked_categories(camille), set(open_keeps())) == (set(categories), set(categories))
    with transaction():
        choose(withdraw, "offers.email")
        choose(give, "offers.email")
    assert set(FLAG_CODES) - flags_on() == off, "nothing that is chosen meanwhile turns it on"


def test_one_lifted_another_stands(camille: int) -> None:
    with clock.stopped_at(FIRST_OF_JULY):
        whole, part = locked(camille), locked(camille, "usage")
        do(lifting.announce, whole, "portal")
    with clock.stopped_at(FIRST_OF_JULY + 8 * DAY):
        do(lifting.lift, whole)
    assert (customer_of(EMAIL).status, locked_categories(camille)) == (CustomerStatus.ACTIVE, {"usage"})
    assert set(FLAG_CODES) - flags_on() == {"personalisation", "audience_statistics", "marketing_profiling"}
    assert row(part).lifted_at is None


def test_a_lift_without_notice_is_found(camille: int) -> None:
    public_id = locked(camille)
    assert not broken()
    with transaction():
        row(public_id).lifted_at, row(public_id).lift_cause = datetime.now(UTC), "notice"
    assert list(broken()) == ["I11"]
