"""The table of doubts and of what lifts each, line by line; and where a written reason never does."""

from datetime import timedelta
from itertools import product

import pytest

from portal import clock
from portal.customers.models import Customer
from portal.identity_checks.proof.ladder import Means, ways
from portal.identity_checks.proof.places import addresses_of, numbers_of
from portal.identity_checks.proof.policy import DoubtSignal
from portal.infrastructure.database import db
from tests.support.acting.people import People
from tests.support.places import hold

STEP, CODE, EARLIER, CALL, LETTER, REASON, PAPER = Means
CODES = (CODE, EARLIER)
DOUBTS = {
    DoubtSignal.FACEBOOK_ONLY: (*CODES, CALL, LETTER),
    DoubtSignal.EMAIL_RECENTLY_CONFIRMED: (EARLIER, CALL, LETTER, PAPER),
    DoubtSignal.EMAIL_RECENTLY_CHANGED: (EARLIER, CALL, LETTER, PAPER),
    DoubtSignal.NEW_DEVICE: (STEP, *CODES, CALL, LETTER, PAPER),
    DoubtSignal.IMPORT_MATCH_ONLY: (EARLIER, CALL, LETTER, PAPER),
    DoubtSignal.NAME_DIFFERS: (CALL, LETTER, PAPER),
    DoubtSignal.BIRTH_DATE_DIFFERS: (CALL, LETTER, PAPER),
    DoubtSignal.OTHER_CHANNEL: (CALL, LETTER, REASON, PAPER),
    DoubtSignal.ON_BEHALF: (CALL, LETTER),
    DoubtSignal.WRITTEN_DOUBT: (CALL, LETTER, REASON, PAPER),
}
WHOLE_NEVER = ("portability", "erasure")


@pytest.mark.parametrize("doubt", list(DoubtSignal))
def test_each_doubt_has_the_ways_that_lift_it_softest_first(doubt: DoubtSignal) -> None:
    assert ways(doubt, "directives") == DOUBTS[doubt]


@pytest.mark.parametrize(("right", "is_whole"), [("access", True), *product(WHOLE_NEVER, (True, False))])
def test_a_written_reason_lifts_nothing_for_a_whole_copy_portability_or_erasure(right: str, is_whole: bool) -> None:
    for doubt in DoubtSignal:
        assert ways(doubt, right, is_whole=is_whole) == tuple(way for way in DOUBTS[doubt] if way is not REASON)


@pytest.mark.parametrize(("right", "is_whole"), [("access", False), ("rectification", True), ("directives", True)])
def test_for_less_it_may(right: str, is_whole: bool) -> None:
    assert REASON in ways(DoubtSignal.OTHER_CHANNEL, right, is_whole=is_whole)


def test_a_number_or_address_that_came_lately_reaches_nobody(people: People) -> None:
    customer_id = people.customer().id
    hold(customer_id, "phone_number", days=40, number="06 12 34 55678")
    hold(customer_id, "phone_number", days=29, number="07 00 00 00 00")
    hold(customer_id, "postal_address", days=40, line1="4 rue des Lilas", postal_code="75011", city="Paris")
    hold(customer_id, "postal_address", days=29, line1="1 rue du Voleur", city="Lyon")
    customer = db.session.get_one(Customer, customer_id)
    assert [(place.words, place.masked) for place in numbers_of(customer, clock.now())] == [
        ("06 12 34 55678", "••••\u00a05678")
    ]
    assert [place.words for place in addresses_of(customer, clock.now())] == ["4 rue des Lilas\n75011 Paris"]
    # What the company learnt after the request came, or not 30 days before, may come from whoever made the request.
    assert numbers_of(customer, clock.now() - timedelta(days=11)) == []
