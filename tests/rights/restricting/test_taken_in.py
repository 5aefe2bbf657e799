"""A correction or an objection that came by post or telephone may put data on hold too."""

import pytest

from portal.access.permissions import Role
from tests.support.acting.people import People
from tests.support.keeping import row, row_count
from tests.support.preferences import flags_on

EMAIL = "camille@example.org"
TAKEN = {
    "email": EMAIL, "channel": "phone", "received_on-day": "1", "received_on-month": "3", "received_on-year": "2026",
    "words": "Mon adresse est fausse.", "on_hold": "y",
}  # fmt: skip


@pytest.mark.parametrize(
    ("right", "ground"),
    [({"right": "rectification"}, "accuracy"), ({"right": "objection", "use": "profiling"}, "objection")],
)
def test_what_staff_take_in_is_on_hold_until_the_answer(people: People, right: dict[str, str], ground: str) -> None:
    people.customer(EMAIL)
    people.signed_in_staff(Role.SUPPORT).get("/staff/requests/take-in").submit(TAKEN | right, with_field="words")
    assert (row().is_provisional, row().ground_18) == (True, ground)
    assert flags_on() == set()


def test_another_right_puts_nothing_on_hold_by_the_way(people: People) -> None:
    people.customer(EMAIL)
    page = people.signed_in_staff(Role.SUPPORT).get("/staff/requests/take-in")
    page.submit(TAKEN | {"right": "access"}, with_field="words")
    assert row_count() == 0
