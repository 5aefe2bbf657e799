"""No page stands outside of the tour: `make trial` opens every address of the map, or a file of the tour leads to it."""

from tests.support.demonstration import Demonstration, walkable
from tests.support.looking.pages.address_map import AFTER, NO_PAGE, places
from tests.support.servers.served import ROOT


def test_every_page_is_opened_by_somebody_or_has_its_own_tour(demo: Demonstration) -> None:
    found = list(places(demo))
    assert sum(place.caller is not None for place in found) > 80
    assert {place.rule for place in found if place.caller is None} == set(AFTER)


def test_what_is_no_page_is_an_address_and_each_tour_is_a_file(demo: Demonstration) -> None:
    assert set(NO_PAGE) <= {rule.rule for rule in walkable(demo.app, "GET")}
    assert all((ROOT / "tests/trial/pages" / file).is_file() for file in AFTER.values())
