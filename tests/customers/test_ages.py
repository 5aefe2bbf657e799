"""From which day a person may consent alone."""

from datetime import date

import pytest

from portal.customers.ages import consents_from
from portal.customers.models import Customer


@pytest.mark.parametrize(
    ("birth_date", "birth_known", "expected"),
    [
        (date(2011, 11, 22), None, date(2026, 11, 22)),
        (date(2012, 2, 29), None, date(2027, 3, 1)),
        (date(2009, 2, 28), None, date(2024, 2, 28)),
        (None, "2011", date(2026, 12, 31)),
        (None, "2011-02", date(2026, 2, 28)),
        (None, "2012-02", date(2027, 3, 1)),
        (None, None, None),
    ],
)
def test_the_day_of_consent(birth_date: date | None, birth_known: str | None, expected: date | None) -> None:
    assert consents_from(Customer(birth_date=birth_date, birth_known=birth_known)) == expected
