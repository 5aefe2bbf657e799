"""Every address of the portal that answers with a page, opened by the first who may: no page is left out.

Where a page takes a state in which nobody is at first, `AFTER` names the file that leads to it.
"""

from collections import defaultdict

import pytest

from tests.support.acting.chromium import shown
from tests.support.acting.visitor import Profiles, Visitor
from tests.support.demonstration import Demonstration
from tests.support.looking.pages.address_map import CALLERS, places
from tests.support.looking.pages.page_checks import faults_of
from tests.support.looking.pages.stops import stops
from tests.trial.pages.conftest import LANGUAGE

# A page with its styles, as they travel; the font and scripts stand apart.
MOST_BYTES = 18_000
_WEIGHT = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")
  .filter(item => /\\.css\\b/.test(item.name))].reduce((sum, item) => sum + item.encodedBodySize, 0)"""


@pytest.fixture(scope="module")
def paths(demo: Demonstration) -> dict[str, list[str]]:
    """The addresses that each caller opens."""
    found = defaultdict(list)
    for place in places(demo):
        if place.caller:
            found[place.caller].append(place.path)
    return found


@pytest.mark.parametrize("caller", CALLERS)
def test_every_address(demo: Demonstration, profiles: Profiles, paths: dict[str, list[str]], caller: str) -> None:
    with shown(demo.app, profiles) as show:
        visitor = show(demo.browsers[caller], language=LANGUAGE)
        visitor.open({"nobody": "/", "customer": "/data"}.get(caller, "/staff/account"))
        visitor.speak()
        faults = []
        for path in paths[caller]:
            faults += _faults(visitor, path)
    assert not faults, "\n".join(faults)


def _faults(visitor: Visitor, path: str) -> list[str]:
    page = visitor.open(path)
    page.wait_for_load_state("networkidle")
    weight = page.evaluate(_WEIGHT)
    faults = faults_of(page) + ([] if 0 < weight <= MOST_BYTES else [f"{path} weighs {weight} bytes"])
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        visitor.open(path)
        faults += [f"{path} at {width}: {fault}" for fault in stops(page, most=60)[1]]
    page.set_viewport_size({"width": 1280, "height": 900})
    return faults
