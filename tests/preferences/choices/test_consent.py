"""The flag follows the newest thing the customer said; the proof keeps everything that was said."""

import random
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.audit.models import AuditEvent
from portal.customers.models import CustomerStatus
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.preferences.choices.consent import (
    Choice,
    ChoiceRefused,
    give,
    lift_suppression,
    object_to_marketing,
    record_choices,
    suppress,
    withdraw,
)
from portal.preferences.choices.imported import take_imported_choice
from portal.preferences.choices.states import rename
from portal.preferences.models import Origin, PreferenceState, PreferenceTotal, UnsubscribeLink
from portal.preferences.purposes import FLAG_CODES, MARKETING_FLAG_CODES
from tests.support.acting.people import People
from tests.support.keeping import restrict
from tests.support.preferences import customer_of, flags_on, proofs, state_of

FLAG = "offers.email"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def camille(people: People) -> str:
    people.customer("camille@example.org")
    return "camille@example.org"


def say(
    given: bool, *, flag: str = FLAG, at: datetime | None = None, origin: Origin = Origin.PORTAL, **facts: Any
) -> bool:
    """Record one choice of Camille's in a transaction of its own."""
    options = {"wording": "The text", "wording_version": "1", "language": "en"} | facts
    with transaction():
        act = give if given else withdraw
        return act(customer_of("camille@example.org"), flag, origin=origin, effective_at=at, **options)


def bring(given: bool, at: datetime, flag: str = FLAG) -> bool:
    """Import one choice of Camille's."""
    with transaction():
        customer = customer_of("camille@example.org")
        return take_imported_choice(customer, flag, given, at, "Oui, je veux bien.", "shop checkout", "fr")


def test_everything_is_off_until_given(camille: str) -> None:
    state = state_of()
    assert state.flags == dict.fromkeys(FLAG_CODES, False)
    assert state.reference == "C-camille"
    assert not state.is_suppressed
    assert db.session.execute(select(func.count()).select_from(UnsubscribeLink)).scalar() == 1


def test_a_choice_leaves_its_proof_and_raises_the_flag(camille: str) -> None:
    before = state_of().sequence
    assert say(True, wording="J’accepte.", wording_version="7", language="fr", source="the shop window")
    (proof,) = proofs()
    assert (proof.flag, proof.is_given, proof.origin, proof.source) == (FLAG, True, Origin.PORTAL, "the shop window")
    assert (proof.wording, proof.wording_version, proof.language) == ("J’accepte.", "7", "fr")
    assert flags_on() == {FLAG}
    assert state_of().sequence == before + 1
    event = db.session.execute(select(AuditEvent).where(AuditEvent.tag == "customer:preferences:chosen")).scalar_one()
    assert event.facts == {"origin": "portal", "given": [FLAG], "withdrawn": []}


def test_a_choice_that_stands_writes_nothing(camille: str) -> None:
    say(True)
    before = state_of()
    sequence, updated_at = before.sequence, before.updated_at
    assert not say(True)
    assert (state_of().sequence, state_of().updated_at) == (sequence, updated_at)
    assert len(proofs()) == 1
    assert say(True, wording_version="2")
    assert [proof.wording_version for proof in proofs()] == ["1", "2"]
    assert state_of().sequence == sequence, "marketing sees no change"


@pytest.mark.parametrize("first", [True, False])
def test_no_wins_a_tie(camille: str, first: bool) -> None:
    say(first, at=NOW)
    say(not first, at=NOW)
    assert flags_on() == set()
    assert len(proofs()) == 2


def test_an_older_yes_that_arrives_late_raises_nothing(camille: str) -> None:
    say(False)
    assert bring(True, clock.now() - 30 * DAY)
    assert flags_on() == set()
    assert [proof.is_given for proof in proofs()] == [False, True], "the proof of what was said then is kept"


def test_a_newer_yes_from_elsewhere_counts(camille: str) -> None:
    with clock.stopped_at(NOW - 30 * DAY):
        say(False)
    bring(True, NOW - DAY)
    assert flags_on() == {FLAG}


def test_the_same_import_twice_changes_nothing(camille: str) -> None:
    assert bring(True, NOW - DAY)
    sequence = state_of().sequence
    assert bring(True, NOW - DAY) is False
    assert len(proofs()) == 1
    assert state_of().sequence == sequence


def test_a_refusal_said_again_keeps_out_a_yes_dated_in_between(camille: str) -> None:
    with clock.stopped_at(NOW - 30 * DAY):
        say(False)
    with clock.stopped_at(NOW):
        say(False)
        assert bring(True, NOW - 10 * DAY)
    assert flags_on() == set()


def test_an_objection_covers_what_was_never_asked(camille: str) -> None:
    say(True, flag="personalisation")
    say(True, flag="surveys.phone")
    with transaction():
        object_to_marketing(customer_of(camille), Origin.REQUEST)
    assert flags_on() == {"personalisation"}
    for flag in MARKETING_FLAG_CODES:
        bring(True, clock.now() - DAY, flag)
    assert flags_on() == {"personalisation"}
    assert {proof.flag for proof in proofs() if proof.origin is Origin.REQUEST} == set(MARKETING_FLAG_CODES)


@pytest.mark.parametrize("origin", [origin for origin in Origin if origin not in {Origin.PORTAL, Origin.IMPORT}])
def test_only_the_customer_switches_on(camille: str, origin: Origin) -> None:
    with pytest.raises(ChoiceRefused, match="only the customer"):
        say(True, origin=origin)
    assert proofs() == []
    assert say(False, origin=origin)


def test_a_yes_from_the_future_is_refused_and_a_no_counts_now(camille: str) -> None:
    with pytest.raises(ChoiceRefused, match="future") as refusal:
        bring(True, clock.now() + DAY)
    assert refusal.value.field == "at"
    say(True)
    bring(False, clock.now() + 400 * DAY)
    assert flags_on() == set()
    say(True, wording_version="2")
    assert flags_on() == {FLAG}, "a refusal dated far ahead does not silence the customer until then"


def test_a_no_said_now_beats_a_clock_that_runs_ahead(camille: str) -> None:
    bring(True, clock.now() + timedelta(minutes=5))
    assert flags_on() == {FLAG}
    say(False)
    assert flags_on() == set()


def test_an_unknown_flag_is_refused(camille: str) -> None:
    with pytest.raises(ChoiceRefused, match="is not a flag"):
        say(True, flag="offers.pigeon")


def test_the_order_of_arrival_does_not_matter(people: People) -> None:
    """Every order in which the same five statements may arrive ends with the same flag."""
    said = [
        (NOW - 5 * DAY, True),
        (NOW - 4 * DAY, False),
        (NOW - 3 * DAY, True),
        (NOW - 2 * DAY, True),
        (NOW - 2 * DAY, False),
    ]
    with clock.stopped_at(NOW):
        for number, order in enumerate(random.Random(7).sample(list(permutations(said)), 12)):
            customer = people.customer(f"p{number}@example.org")
            for at, given in order:
                with transaction():
                    take_imported_choice(customer_of(f"p{number}@example.org"), FLAG, given, at, "w", "s", "fr")
            assert customer.id
            assert flags_on(f"p{number}@example.org") == set(), order


def test_a_restriction_silences_and_gives_back(camille: str) -> None:
    say(True)
    sequence = state_of().sequence
    with transaction():
        suppress(customer_of(camille), "restricted")
    state = state_of()
    assert (state.is_suppressed, state.reason, flags_on()) == (True, "restricted", set())
    assert state.sequence > sequence
    say(True, flag="surveys.sms")
    say(False)
    assert flags_on() == set()
    with transaction():
        lift_suppression(customer_of(camille))
    assert flags_on() == {"surveys.sms"}
    assert state_of().reason is None


def test_suppressing_twice_writes_once(camille: str) -> None:
    with transaction():
        suppress(customer_of(camille), "restricted")
    sequence = state_of().sequence
    with transaction():
        suppress(customer_of(camille), "restricted")
    assert state_of().sequence == sequence


def test_an_erasure_outlives_everything(camille: str) -> None:
    say(True)
    with transaction():
        suppress(customer_of(camille), "restricted")
    with transaction():
        customer_of(camille).status = CustomerStatus.ERASED
        suppress(customer_of(camille), "erased")
    assert state_of().reason == "erased"
    with pytest.raises(ChoiceRefused, match="erased"), transaction():
        lift_suppression(customer_of(camille))
    with pytest.raises(ChoiceRefused, match="erased"):
        bring(True, NOW)
    with transaction():
        suppress(customer_of(camille), "restricted")
    assert state_of().reason == "erased"


def test_the_reference_of_an_erased_person_leaves_after_three_years(camille: str) -> None:
    customer_id = customer_of(camille).id
    with clock.stopped_at(NOW), transaction():
        suppress(customer_of(camille), "erased")
    with clock.stopped_at(datetime(2029, 11, 22, 12, tzinfo=UTC)):
        run_due_jobs()
        assert db.session.get(PreferenceState, customer_id) is not None
    with clock.stopped_at(datetime(2029, 11, 23, 12, tzinfo=UTC)):
        run_due_jobs()
        db.session.rollback()
        assert db.session.get(PreferenceState, customer_id) is None
    assert totals() == {"customers": 0, "suppressed": 0}


def test_a_consent_to_cookies_lapses_after_six_months(camille: str) -> None:
    with clock.stopped_at(datetime(2026, 8, 31, 10, tzinfo=UTC)):
        say(True, flag="cookies.advertising")
        say(True)
    with clock.stopped_at(datetime(2027, 2, 27, 12, tzinfo=UTC)):
        run_due_jobs()
        assert flags_on() == {"cookies.advertising", FLAG}
    sequence = state_of().sequence
    with clock.stopped_at(datetime(2027, 2, 28, 12, tzinfo=UTC)):
        run_due_jobs()
        assert flags_on() == {FLAG}
        assert state_of().sequence == sequence + 1
        say(True, flag="cookies.advertising")
        assert flags_on() == {"cookies.advertising", FLAG}, "the same yes, given anew"


def test_proofs_leave_five_years_after_they_stopped_counting(people: People) -> None:
    for email in ("camille@example.org", "restricted@example.org", "erased@example.org"):
        people.customer(email)
        with clock.stopped_at(datetime(2020, 1, 1, tzinfo=UTC)), transaction():
            for flag in (FLAG, "surveys.sms"):
                give(customer_of(email), flag, origin=Origin.PORTAL, wording="w", wording_version="1", language="fr")
        with clock.stopped_at(datetime(2021, 6, 1, 10, tzinfo=UTC)), transaction():
            withdraw(customer_of(email), FLAG, origin=Origin.PORTAL, wording="w", wording_version="1", language="fr")
    with clock.stopped_at(datetime(2021, 7, 1, 10, tzinfo=UTC)), transaction():
        restrict(customer_of("restricted@example.org"))
        suppress(customer_of("restricted@example.org"), "restricted")
        erased = customer_of("erased@example.org")
        erased.status, erased.erased_at = CustomerStatus.ERASED, clock.now()
        suppress(erased, "erased")

    def kept_on(day: datetime) -> dict[str, int]:
        with clock.stopped_at(day):
            run_due_jobs()
        return {name: len(proofs(f"{name}@example.org")) for name in ("camille", "restricted", "erased")}

    assert kept_on(datetime(2026, 6, 1, 12, tzinfo=UTC)) == {"camille": 3, "restricted": 3, "erased": 3}
    assert kept_on(datetime(2026, 6, 2, 13, tzinfo=UTC)) == {"camille": 2, "restricted": 3, "erased": 2}
    assert kept_on(datetime(2026, 7, 2, 14, tzinfo=UTC)) == {"camille": 2, "restricted": 3, "erased": 0}
    assert [proof.is_given for proof in proofs()] == [True, False], "what still counts keeps its proof"


def test_one_customer_takes_one_number_a_transaction(camille: str) -> None:
    before = state_of().sequence
    with transaction():
        customer = customer_of(camille)
        choices = [Choice(flag, True, "w", "1") for flag in FLAG_CODES]
        record_choices(customer, choices, origin=Origin.PORTAL, language="fr")
        suppress(customer, "restricted")
    assert state_of().sequence == before + 1


def test_the_reference_follows_the_customer(people: People) -> None:
    people.customer("new@example.org", external_id=None)
    sequence = state_of("new@example.org").sequence
    with transaction():
        customer = customer_of("new@example.org")
        customer.external_id = "C-9"
        rename(customer)
    assert state_of("new@example.org").reference == "C-9"
    assert state_of("new@example.org").sequence == sequence + 1


def test_a_rolled_back_choice_leaves_nothing(camille: str) -> None:
    before = totals()

    def break_off() -> None:
        with transaction():
            give(customer_of(camille), FLAG, origin=Origin.PORTAL, wording="w", wording_version="1", language="fr")
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        break_off()
    assert (flags_on(), proofs(), totals()) == (set(), [], before)


def test_the_totals_are_what_a_count_would_give(app: Flask, people: People) -> None:
    emails = [f"p{number}@example.org" for number in range(6)]
    for email in emails:
        people.customer(email)
    dice = random.Random(3)
    for _round in range(40):
        with transaction():
            customer = customer_of(dice.choice(emails))
            match dice.randrange(5):
                case 0:
                    suppress(customer, "restricted")
                case 1:
                    lift_suppression(customer)
                case _:
                    flags = dice.sample(FLAG_CODES, 4)
                    given = dice.random() < 0.6
                    version = str(dice.random())
                    choices = [Choice(flag, given, "w", version) for flag in flags]
                    record_choices(customer, choices, origin=Origin.PORTAL, language="fr")
    states = list(db.session.execute(select(PreferenceState)).scalars())
    expected = {flag: sum(state.flags[flag] for state in states) for flag in FLAG_CODES}
    kept = totals()
    assert {flag: kept.get(flag, 0) for flag in FLAG_CODES} == expected
    assert kept["customers"] == 6
    assert kept.get("suppressed", 0) == sum(state.is_suppressed for state in states)


def totals() -> dict[str, int]:
    db.session.rollback()
    return {row.name: row.count for row in db.session.execute(select(PreferenceTotal)).scalars()}
