"""docs/architecture.md tells the truth about the way of a request; those of the journeys are compared as they run."""

from portal.infrastructure.jobs.worker import run_due_jobs
from tests.support.acting.people import People
from tests.support.filing import trust_device
from tests.support.looking.papers import ARCHITECTURE, code_words, differences, section, stops, walk


def test_a_request_goes_through_the_house_as_the_page_says(people: People) -> None:
    camille = people.signed_in()
    trust_device()
    page = camille.get("/requests/new").click("Effacer")
    page = page.submit({"scope": "some", "categories": ["profile"], "details": "Tout."}, with_field="scope")
    with walk() as entered:
        page.submit(action="/send")
        run_due_jobs()
    named = stops(section(ARCHITECTURE.read_text("utf-8"), "A request through the house"))
    assert len(named) > 15
    assert not differences(named, entered), "\n".join(differences(named, entered))


def test_there_are_three_journeys_each_with_its_test() -> None:
    text = section(ARCHITECTURE.read_text("utf-8"), "Three journeys, as the data sees them")
    tests = [word for word in code_words(text) if word.startswith("tests/journeys/")]
    assert len(tests) == text.count("\n### ") == 3
    assert len(stops(text)) > 40


def test_the_comparison_bites() -> None:
    entered = ["portal/a.py: first", "portal/b.py: second"]
    assert not differences(entered, entered)
    assert differences(["portal/b.py: second", "portal/a.py: first"], entered)
    assert differences(["portal/c.py: never"], entered)
