"""The legal clock: vectors of the law and of the guidelines, then properties that hold for every request."""

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.legal_time.breach import breach_deadline
from portal.legal_time.clock_state import Deadline, Pause
from portal.legal_time.deadlines import ExtensionTooLate, compute, is_late, may_pause
from portal.legal_time.explanation import explain
from portal.legal_time.working_days import ALSACE_MOSELLE, METROPOLE, Zone, holiday_name, is_working_day
from portal.rights.clock.command import due


def day(text: str) -> date:
    return date.fromisoformat(text)


PLAIN = [
    ("2024-03-05", "2024-04-05", "2024-04-05"),
    ("2026-08-31", "2026-09-30", "2026-09-30"),
    ("2024-08-31", "2024-09-30", "2024-09-30"),
    ("2027-03-05", "2027-04-05", "2027-04-05"),
    ("2025-03-05", "2025-04-05", "2025-04-07"),
    ("2028-01-31", "2028-02-29", "2028-02-29"),
    ("2026-02-28", "2026-03-28", "2026-03-30"),
    ("2028-02-29", "2028-03-29", "2028-03-29"),
    ("2026-04-01", "2026-05-01", "2026-05-04"),
    ("2026-04-08", "2026-05-08", "2026-05-11"),
    ("2026-04-25", "2026-05-25", "2026-05-26"),
    ("2026-06-14", "2026-07-14", "2026-07-15"),
    ("2026-10-01", "2026-11-01", "2026-11-02"),
    ("2026-10-11", "2026-11-11", "2026-11-12"),
    ("2024-11-25", "2024-12-25", "2024-12-26"),
    ("2026-12-01", "2027-01-01", "2027-01-04"),
    ("2026-12-31", "2027-01-31", "2027-02-01"),
    ("2026-11-22", "2026-12-22", "2026-12-22"),
]

EXTENDED = [
    ("2026-01-31", "2026-02-20", "2026-04-30", "2026-04-30"),
    ("2025-08-31", "2025-09-10", "2025-11-30", "2025-12-01"),
    ("2026-10-01", "2026-10-20", "2027-01-01", "2027-01-04"),
    ("2026-04-14", "2026-05-10", "2026-07-14", "2026-07-15"),
]

PAUSED = [
    ("2026-03-05", "2026-03-06", "2026-03-16", "2026-04-15"),
    ("2026-11-22", "2026-11-23", "2026-12-01", "2026-12-30"),
    # Asked on the working day to which the last day was carried over: the days count from there.
    ("2025-03-05", "2025-04-07", "2025-04-17", "2025-04-17"),
    ("2026-12-01", "2027-01-04", "2027-01-05", "2027-01-05"),
    ("2026-02-14", "2026-03-16", "2026-03-20", "2026-03-20"),
    ("2026-04-08", "2026-05-11", "2026-05-12", "2026-05-12"),
]


@pytest.mark.parametrize(("received", "nominal", "due_on"), PLAIN)
def test_one_month_from_receipt(received: str, nominal: str, due_on: str) -> None:
    deadline = compute(day(received))

    assert deadline.nominal_on == day(nominal)
    assert deadline.due_on == deadline.due_on_unpaused == deadline.extension_deadline == day(due_on)


@pytest.mark.parametrize(("received", "notice", "nominal", "due_on"), EXTENDED)
def test_three_months_from_receipt_when_extended(received: str, notice: str, nominal: str, due_on: str) -> None:
    deadline = compute(day(received), extended_on=day(notice))

    assert (deadline.nominal_on, deadline.due_on) == (day(nominal), day(due_on))


@pytest.mark.parametrize(("received", "asked", "answered", "due_on"), PAUSED)
def test_a_finished_pause_moves_the_date_by_its_days(received: str, asked: str, answered: str, due_on: str) -> None:
    deadline = compute(day(received), pauses=[Pause(day(asked), day(answered))])

    assert deadline.nominal_on == deadline.due_on == day(due_on)
    assert not deadline.is_paused


def test_an_open_pause_leaves_no_date() -> None:
    deadline = compute(day("2026-03-05"), pauses=[Pause(day("2026-03-05"), None)])

    assert deadline.due_on is None
    assert deadline.due_on_unpaused == day("2026-04-07")
    assert deadline.paused_since == day("2026-03-05")
    assert not is_late(deadline, day("2027-01-01"))


def test_the_day_of_receipt_is_the_day_in_paris() -> None:
    deadline = compute(datetime(2026, 3, 31, 22, 30, tzinfo=UTC))

    assert deadline.received_on == day("2026-04-01")
    assert deadline.due_on == day("2026-05-04")


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs its zone"):
        compute(datetime(2026, 3, 31, 22, 30))


def test_the_zone_decides_the_holidays() -> None:
    assert compute(day("2024-11-25"), zone=ALSACE_MOSELLE).due_on == day("2024-12-27")
    assert compute(day("2024-02-29"), zone=ALSACE_MOSELLE).due_on == day("2024-04-02")
    assert compute(day("2024-02-29")).due_on == day("2024-03-29")


def test_an_extension_after_the_first_period_is_too_late() -> None:
    assert compute(day("2026-08-31"), extended_on=day("2026-09-30")).is_extended
    with pytest.raises(ExtensionTooLate) as refusal:
        compute(day("2026-08-31"), extended_on=day("2026-10-01"))
    assert refusal.value.extension_deadline == day("2026-09-30")


def test_an_extension_during_a_pause_is_in_time() -> None:
    pause = Pause(day("2026-03-10"), None)

    assert compute(day("2026-03-05"), pauses=[pause], extended_on=day("2026-06-01")).is_paused


def test_a_later_pause_does_not_revive_the_right_to_extend() -> None:
    pause = Pause(day("2026-04-10"), day("2026-06-10"))

    with pytest.raises(ExtensionTooLate):
        compute(day("2026-03-05"), pauses=[pause], extended_on=day("2026-05-01"))


def test_a_pause_asked_after_the_last_day_excuses_nothing() -> None:
    deadline = compute(day("2026-03-05"), pauses=[Pause(day("2026-04-08"), None)])

    assert deadline.missed_on == day("2026-04-07")
    assert is_late(deadline, day("2026-04-09"))
    assert not may_pause(compute(day("2026-03-05")), day("2026-04-08"))
    assert may_pause(compute(day("2026-03-05")), day("2026-04-07"))


def test_a_pause_after_a_valid_extension_counts_from_the_extended_period() -> None:
    deadline = compute(
        day("2026-01-31"), pauses=[Pause(day("2026-04-20"), day("2026-04-25"))], extended_on=day("2026-02-20")
    )

    assert deadline.missed_on is None
    assert deadline.due_on == day("2026-05-05")


def test_the_internal_target_takes_the_shorter_reading_of_an_extension() -> None:
    assert compute(day("2026-01-31"), extended_on=day("2026-02-20")).target_on == day("2026-04-28")


def test_the_internal_target_is_never_inside_a_pause() -> None:
    # The shorter reading ends on 1 February 2026, a pause was asked for on 2 February, in time by the longer one.
    pauses = [Pause(day("2026-02-02"), day("2026-02-09"))]
    deadline = compute(day("2025-10-31"), pauses=pauses, extended=True)

    assert deadline.missed_on is None
    assert deadline.target_on == deadline.due_on == day("2026-02-09")


@pytest.mark.parametrize("instant", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_an_instant_at_an_end_of_the_calendar_is_read_in_its_own_zone(instant: str) -> None:
    received = datetime.fromisoformat(instant)
    if received.year == 1:
        assert compute(received).due_on == date(1, 2, 1)
    else:
        with pytest.raises(ValueError, match="too far away"):
            compute(received)


def test_overlapping_pauses_count_once() -> None:
    pauses = [
        Pause(day("2026-03-06"), day("2026-03-16")),
        Pause(day("2026-03-10"), day("2026-03-20")),
        Pause(day("2026-03-20"), day("2026-03-22")),
    ]

    assert compute(day("2026-03-05"), pauses=pauses).paused_days == 16


def test_an_open_pause_swallows_the_one_it_overlaps() -> None:
    deadline = compute(
        day("2026-03-05"),
        pauses=[Pause(day("2026-03-08"), None), Pause(day("2026-03-06"), day("2026-03-09"))],
    )

    assert deadline.paused_since == day("2026-03-06")
    assert deadline.paused_days == 0


def test_impossible_pauses_are_refused() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        Pause(day("2026-03-06"), day("2026-03-05"))
    with pytest.raises(ValueError, match="before the request came"):
        compute(day("2026-03-05"), pauses=[Pause(day("2026-03-04"), day("2026-03-06"))])


def test_a_pause_asked_after_three_working_days_is_contestable() -> None:
    # Thursday 5 March, so the third working day is Tuesday 10.
    assert not compute(day("2026-03-05"), pauses=[Pause(day("2026-03-10"), None)]).suspension_contestable
    assert compute(day("2026-03-05"), pauses=[Pause(day("2026-03-11"), None)]).suspension_contestable


def test_late_from_the_day_after_the_last() -> None:
    deadline = compute(day("2026-11-22"))

    assert not is_late(deadline, day("2026-12-22"))
    assert is_late(deadline, day("2026-12-23"))


def test_years_without_known_holidays_are_refused() -> None:
    with pytest.raises(ValueError, match="2100"):
        compute(date(9999, 12, 31))


HOLIDAYS = {
    2018: "01-01 04-02 05-01 05-08 05-10 05-21 07-14 08-15 11-01 11-11 12-25",
    2020: "01-01 04-13 05-01 05-08 05-21 06-01 07-14 08-15 11-01 11-11 12-25",
    2025: "01-01 04-21 05-01 05-08 05-29 06-09 07-14 08-15 11-01 11-11 12-25",
    2026: "01-01 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25",
    2027: "01-01 03-29 05-01 05-06 05-08 05-17 07-14 08-15 11-01 11-11 12-25",
    2028: "01-01 04-17 05-01 05-08 05-25 06-05 07-14 08-15 11-01 11-11 12-25",
    2029: "01-01 04-02 05-01 05-08 05-10 05-21 07-14 08-15 11-01 11-11 12-25",
    2030: "01-01 04-22 05-01 05-08 05-30 06-10 07-14 08-15 11-01 11-11 12-25",
}
EXTRA_IN_ALSACE_MOSELLE = {2018: {"03-30", "12-26"}, 2020: {"04-10", "12-26"}}


def holidays_of(year: int, zone: Zone) -> set[str]:
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(365 + (year % 4 == 0)))
    return {f"{day:%m-%d}" for day in days if holiday_name(day, zone) is not None}


@pytest.mark.parametrize("year", HOLIDAYS)
def test_the_public_holidays_of_a_year(year: int) -> None:
    expected = set(HOLIDAYS[year].split())

    assert holidays_of(year, METROPOLE) == expected
    if year in EXTRA_IN_ALSACE_MOSELLE:
        assert holidays_of(year, ALSACE_MOSELLE) == expected | EXTRA_IN_ALSACE_MOSELLE[year]


@pytest.mark.parametrize("easter", ["1981-04-19", "2049-04-18"])
def test_easter_monday_follows_easter(easter: str) -> None:
    name = holiday_name(day(easter) + timedelta(days=1))

    assert name is not None
    assert name.en == "Easter Monday"


BREACHES = [
    ("2026-04-03T16:00+02:00", "2026-04-06T16:00+02:00"),
    ("2026-03-27T10:20+01:00", "2026-03-30T11:20+02:00"),
    ("2026-10-23T18:30+02:00", "2026-10-26T17:30+01:00"),
]


@pytest.mark.parametrize(("aware_at", "until"), BREACHES)
def test_seventy_two_elapsed_hours(aware_at: str, until: str) -> None:
    found = breach_deadline(datetime.fromisoformat(aware_at))

    assert found.isoformat(timespec="minutes") == until
    in_paris = datetime.fromisoformat(aware_at).astimezone(ZoneInfo("Europe/Paris"))
    assert breach_deadline(in_paris) == found


def test_a_breach_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs its zone"):
        breach_deadline(datetime(2026, 4, 3, 16, 0))


def test_the_explanation_names_what_moved_the_date() -> None:
    holiday = compute(day("2026-04-01"))
    assert "vendredi 1er\u00a0mai 2026 est un jour férié (Fête du Travail)" in explain(holiday, "fr")
    assert "Friday 1\u00a0May 2026 is a public holiday (Labour Day)" in explain(holiday, "en")
    assert "lundi 4\u00a0mai 2026, ce jour compris" in explain(holiday, "fr")

    clamped = compute(day("2028-01-31"))
    assert "n’a pas de 31" in explain(clamped, "fr")
    assert "no day 31" in explain(clamped, "en")

    paused = compute(day("2026-03-05"), pauses=[Pause(day("2026-03-06"), day("2026-03-16"))])
    assert "en pause 10 jours, du 6\u00a0mars 2026 au 16\u00a0mars 2026" in explain(paused, "fr")
    assert "on hold for 10 days" in explain(paused, "en")


def test_an_open_pause_is_explained_without_a_last_day() -> None:
    deadline = compute(day("2026-03-05"), pauses=[Pause(day("2026-03-05"), None)])

    assert "en pause depuis le jeudi 5\u00a0mars 2026" in explain(deadline, "fr")
    assert "au plus tard" not in explain(deadline, "fr")


days = st.dates(date(2018, 5, 25), date(2060, 12, 31))
lengths = st.integers(0, 60)
small = settings(max_examples=150, deadline=None)


def due_on(deadline: Deadline) -> date:
    assert deadline.due_on is not None
    return deadline.due_on


@small
@given(days, st.integers(0, 90))
def test_a_later_request_is_never_due_earlier(received: date, gap: int) -> None:
    assert due_on(compute(received)) <= due_on(compute(received + timedelta(days=gap)))


@small
@given(days, st.booleans(), st.sampled_from([METROPOLE, ALSACE_MOSELLE]))
def test_the_last_day_is_a_working_day_close_to_the_nominal_one(received: date, extended: bool, zone: Zone) -> None:
    deadline = compute(received, extended=extended, zone=zone)

    assert is_working_day(due_on(deadline), deadline.zone)
    assert timedelta(0) <= due_on(deadline) - deadline.nominal_on <= timedelta(days=5)
    assert deadline.target_on is not None
    assert deadline.target_on <= due_on(deadline)


@small
@given(days, st.integers(0, 27), lengths)
def test_a_pause_of_n_days_moves_the_nominal_date_by_n(received: date, asked_after: int, length: int) -> None:
    asked_on = received + timedelta(days=asked_after)
    paused = compute(received, pauses=[Pause(asked_on, asked_on + timedelta(days=length))])

    assert paused.nominal_on - compute(received).nominal_on == timedelta(days=length)
    assert due_on(paused) >= paused.due_on_unpaused == compute(received).due_on
    assert paused.missed_on is None


@small
@given(days, st.lists(st.tuples(st.integers(0, 200), lengths), max_size=5))
def test_pauses_count_each_day_once_in_any_order(received: date, spans: list[tuple[int, int]]) -> None:
    pauses = [
        Pause(received + timedelta(days=start), received + timedelta(days=start + length)) for start, length in spans
    ]
    covered = {start + number for start, length in spans for number in range(length)}

    assert compute(received, pauses=pauses).paused_days == len(covered)
    assert compute(received, pauses=pauses) == compute(received, pauses=pauses[::-1])


@small
@given(days, st.lists(st.tuples(st.integers(0, 120), lengths), max_size=4), st.booleans(), st.sampled_from(Zone))
def test_the_answer_is_never_due_before_the_end_of_a_pause_asked_for_in_time(
    received: date, spans: list[tuple[int, int]], extended: bool, zone: Zone
) -> None:
    ends = []
    pauses: list[Pause] = []
    for start, length in sorted(spans):
        pause = Pause(received + timedelta(days=start), received + timedelta(days=start + length))
        before = compute(received, pauses=pauses, extended=extended, zone=zone)
        ends += [pause.received_on] if may_pause(before, pause.asked_on) else []
        pauses.append(pause)
    deadline = compute(received, pauses=pauses, extended=extended, zone=zone)

    assert all(end <= due_on(deadline) for end in ends if end)
    assert all(end <= deadline.target_on for end in ends if end)  # type: ignore[operator]
    assert extended or not any(ends) or deadline.target_on <= deadline.extension_deadline  # type: ignore[operator]


def test_a_pause_after_a_carry_over_is_explained_in_both_languages() -> None:
    deadline = compute(day("2026-02-14"), pauses=[Pause(day("2026-03-16"), day("2026-03-20"))])

    assert explain(deadline, "en").replace("\u00a0", " ") == (
        "The request came on Saturday 14 February 2026. The law allows one month to answer: until Saturday 14 March 2026."
        " Saturday 14 March 2026 and the next day are a weekend. The period carries over to the next working day, Monday 16"
        " March 2026. The clock was on hold for 4 days, from 16 March 2026 to 20 March 2026. It therefore runs until Friday"
        " 20 March 2026. The answer must leave by Friday 20 March 2026, that day included. A pause was asked for long after"
        " the request came: it may be contested."
    )
    assert "Le délai passe au jour ouvré suivant, le lundi 16 mars 2026. Le délai a été en pause 4 jours" in explain(
        deadline, "fr"
    ).replace("\u00a0", " ")


@small
@given(days, st.integers(0, 1439))
def test_every_minute_of_a_day_in_paris_gives_the_same_date(received: date, minute: int) -> None:
    midnight = datetime(received.year, received.month, received.day, tzinfo=ZoneInfo("Europe/Paris"))
    instant = (midnight + timedelta(minutes=minute)).astimezone(UTC)

    assert compute(instant).received_on == received


@small
@given(days)
def test_the_day_of_the_month_is_kept_or_clamped(received: date) -> None:
    for months, deadline in ((1, compute(received)), (3, compute(received, extended=True))):
        assert (deadline.nominal_on.month - received.month) % 12 == months
        if deadline.nominal_on.day != received.day:
            assert (deadline.nominal_on + timedelta(days=1)).day == 1
            assert received.day > deadline.nominal_on.day


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(due, arguments)
    return result.exit_code, result.stdout, result.stderr


def test_the_command_prints_one_json_document() -> None:
    code, out, _ = run("2026-03-31T22:30Z", "--json")
    document = json.loads(out)

    assert code == 0
    assert document["due_on"] == document["due_on_unpaused"] == document["extension_deadline"] == "2026-05-04"
    assert set(document["explanation"]) == {"fr", "en"}


def test_the_command_takes_pauses_extension_and_zone() -> None:
    def document(*arguments: str) -> dict[str, object]:
        return json.loads(run(*arguments, "--json")[1])  # type: ignore[no-any-return]

    assert document("2026-03-05", "--pause", "2026-03-06:2026-03-16")["due_on"] == "2026-04-15"
    two = document("2026-03-05", "--pause", "2026-03-06:2026-03-08", "--pause", "2026-03-10:2026-03-11")
    assert two["nominal_on"] == "2026-04-08"
    assert document("2026-03-05", "--pause", "2026-03-05:")["due_on"] is None
    assert document("2026-01-31", "--extended")["due_on"] == "2026-04-30"
    assert document("2026-01-31", "--extended-on", "2026-02-20")["due_on"] == "2026-04-30"
    assert document("2024-11-25", "--zone", "alsace-moselle")["due_on"] == "2024-12-27"


def test_the_command_prints_the_date_first_for_people() -> None:
    assert run("2026-03-05")[1].splitlines()[0] == "2026-04-07"
    assert run("2026-03-05", "--pause", "2026-03-06:")[1].startswith("on hold since 2026-03-06")


FAULTS = [
    (["2026-03-31T22:30"], "needs its zone"),
    (["2026-02-30"], "neither a date"),
    (["2026-03-05", "--pause", "tomorrow"], "not a pause"),
    (["2026-03-05", "--pause", "2026-03-16:2026-03-06"], "before it starts"),
    (["2026-03-05", "--pause", "2026-03-01:2026-03-06"], "before the request came"),
    (["2026-08-31", "--extended-on", "2026-10-01"], "too late"),
    (["2026-08-31", "--extended-on", "soon"], "not a date"),
    (["9999-12-31"], "2100"),
    (["2026-03-05", "--zone", "mars"], "metropole"),
    ([], "RECEIVED"),
]


@pytest.mark.parametrize(("arguments", "reason"), FAULTS)
def test_the_command_says_what_is_wrong(arguments: list[str], reason: str) -> None:
    code, out, err = run(*arguments)

    assert code == 2
    assert out == ""
    assert reason in err
