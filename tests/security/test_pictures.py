"""A picture for somebody's eyes alone, of their papers or of a secret, is answered alike wherever it is shown."""

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from portal.access.permissions import Role
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.cases import references, take
from tests.support.documents import specimens
from tests.support.filing import describe_copy, send_sides
from tests.support.looking.answers import answer_faults


def shown(browser: Browser, address: object) -> TestResponse:
    return browser.client.get(str(address))


def preview_of_a_paper(people: People) -> TestResponse:
    customer = people.signed_in()
    page = describe_copy(customer).submit({"paper": "identity_card"}, with_field="paper")
    page = send_sides(page, front=specimens.front())
    return shown(customer, page.tree.select_one("main img[src*='/document/']")["src"])


def paper_of_a_case(people: People) -> TestResponse:
    customer = people.signed_in()
    page = describe_copy(customer).submit({"paper": "passport"}, with_field="paper")
    send_sides(page, page=specimens.front()).submit(action="/send")
    reviewer = people.signed_in_staff(Role.REVIEWER)
    page = take(reviewer, references(reviewer.get("/staff/queue"))[0])
    return shown(reviewer, page.tree.select_one("main img[src*='/staff/documents/']")["src"])


def secret_of_a_customer(people: People) -> TestResponse:
    customer = people.signed_in()
    page = customer.get("/account/second-step").submit(action="/app/new")
    return shown(customer, page.tree.select_one("img.qr")["src"])


def secret_of_staff(people: People) -> TestResponse:
    member = people.signed_in_staff(Role.SUPPORT)
    page = member.get("/staff/account/app").submit(action="/app/new")
    return shown(member, page.tree.select_one("img.qr")["src"])


@pytest.mark.parametrize("look", [preview_of_a_paper, paper_of_a_case, secret_of_a_customer, secret_of_staff])
def test_a_picture_is_kept_nowhere_and_nothing_runs_in_it(
    people: People, look: Callable[[People], TestResponse]
) -> None:
    answer = look(people)
    assert answer.status_code == 200
    assert answer.mimetype in {"image/jpeg", "image/svg+xml"}
    assert answer_faults(answer) == []
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Content-Disposition"] == "inline"
