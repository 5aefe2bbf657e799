"""The language button of the staff side: its form carries the staff's own token."""

from tests.support.acting.people import People


def test_a_staff_member_reads_the_same_page_in_english(people: People) -> None:
    browser = people.signed_in_staff("reviewer")
    page = browser.get("/staff/queue")
    form = page.tree.find("form", action="/staff/language")
    assert form is not None
    values = {field["name"]: field["value"] for field in form.find_all("input")}
    page = browser.post("/staff/language", values)
    assert page.h1 == "Queue"
    assert page.url == "/staff/queue"
