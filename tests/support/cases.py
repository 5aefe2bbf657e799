"""Cases for tests of the staff side: taken in by the domain, opened and worked on through the pages."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.rights.channels import Channel
from portal.rights.deciding.refusals import grounds_for
from portal.rights.filing.other_ways import take_in
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.acting.staff_codes import code_at, to_code_page

OPERATOR = "accueil@example.org"
WORDS = "Voici ma demande, telle que je l’ai dite."


def taken_in(
    people: People, right: Right = Right.RECTIFICATION, *, email: str = "camille@example.org", days_ago: float = 0,
    channel: Channel = Channel.EMAIL, words: str = WORDS, **facts: Any,
) -> str:  # fmt: skip
    """Take in a request of a customer and return its reference. A customer who is not known yet is made."""
    known = select(Customer.id).where(Customer.email == email)
    customer_id = db.session.execute(known).scalar_one_or_none() or people.customer(email, **facts).id
    member_id = _operator(people)
    with transaction() as session:
        received_at = clock.now() - timedelta(days=days_ago)
        customer, member = session.get_one(Customer, customer_id), session.get_one(StaffMember, member_id)
        return take_in(customer, right, channel, received_at, words, member).reference


def _operator(people: People) -> int:
    found = db.session.execute(select(StaffMember.id).where(StaffMember.email == OPERATOR)).scalar_one_or_none()
    return found or people.staff(Role.SUPPORT, OPERATOR, name="Samir Khelif").id


def case(reference: str) -> RightsRequest:
    """Return a case as it stands in the database now; it can be read after later page loads too."""
    db.session.rollback()
    found = db.session.execute(select(RightsRequest).where(RightsRequest.reference == reference)).scalar_one()
    db.session.expunge(found)
    return found


def staff_browser(app: Flask, email: str) -> Browser:
    """Sign an existing staff member in, with the code of the portal's clock, which a test may have stopped."""
    browser = Browser(app)
    page = to_code_page(app, email, browser).submit({"code": code_at(clock.now())}, with_field="code")
    assert page.status == 200, page.text
    return browser


def open_case(browser: Browser, reference: str) -> Page:
    """Open the page of a case."""
    return browser.get(f"/staff/requests/{reference}")


def take(browser: Browser, reference: str) -> Page:
    """Open a case and take it by its button, unless this member holds it already; open its document if there is one."""
    page = open_case(browser, reference)
    if not page.tree.select("form[action$='/release']"):
        page = page.submit(action="/claim")
    return page.submit(action="/look") if page.tree.select("form[action$='/look']") else page


def decide(page: Page, outcome: str, message: str = "C’est fait.", **values: Any) -> Page:
    """Decide a case on its page so that its outcome is `granted`, `partial` or `refused`, and save it.

    For `partial` one item is refused on its own page, on the ground of `values`; the rest is taken as proposed.
    """
    if outcome == "partial":
        page = refuse_one(page, values.pop("ground"))
    way = "refused" if outcome == "refused" else "proposed"
    return page.submit({"way": way, "message": message} | values, with_field="way")


def refuse_one(page: Page, ground: str, name: str = "") -> Page:
    """Refuse one item of a case on its own page; what only words describe is divided first. Return the case's page.

    Args:
        name: words of its name; the first one when absent.
    """
    item = next(item for link in item_links(page) if name in (item := page.browser.get(link)).h1)
    if item.tree.select("form[action$='/divide']"):
        page = item.submit({"part-words": "Une partie"}, action="/divide")
        item = page.browser.get(item_links(page)[-1])
    page = item.submit({"item-outcome": "refused", "item-ground": ground}, with_field="item-outcome")
    assert page.status == 200, page.errors
    return page


def item_links(page: Page) -> list[str]:
    """Return the addresses of the pages of items that a case's page leads to."""
    return [str(link["href"]) for link in page.tree.select(".items a.whole")]


def references(page: Page) -> list[str]:
    """Return the references in the queue's table, in their order."""
    return [" ".join(cell.get_text().split()) for cell in page.tree.select("main table.queue tbody td .reference")]


def column(page: Page, label: str) -> list[str]:
    """Return the words of one column of the queue's table, without those that only a screen reader says."""
    cells: Iterable[Any] = page.tree.select(f'main table.fold tbody [data-label="{label}"]')
    return [" ".join(" ".join(_shown(cell)).replace("\u00a0", " ").split()) for cell in cells]


def _shown(cell: Any) -> list[str]:
    return [words for words in cell.find_all(string=True) if not words.find_parent(class_="visually-hidden")]


def form_token(page: Page) -> str:
    """Return the form token of a page, for a form that the page does not show."""
    field = page.tree.find(attrs={"name": "csrf_token"})
    assert field is not None, f"{page.url} holds no form"
    return str(field["value"])


def second(browser: Browser, reference: str, agrees: str = "yes", text: str = "") -> Page:
    """Open a case that waits for a second opinion and give it."""
    return open_case(browser, reference).submit({"agrees": agrees, "text": text}, with_field="agrees")


def refusal_values(right: Right, **changed: str) -> dict[str, str]:
    """Return the values of a complete refusal of a right in the decision form, without its way and message."""
    ground = next(ground for ground in grounds_for(right) if not ground.needs_officer)
    return {"ground": str(ground), "evidence": "Relu le 3 mars avec le service client."} | changed


def take_most_urgent(browser: Browser) -> Page:
    """Press the button of the queue that takes the most urgent case."""
    return browser.get("/staff/queue").submit(action="/queue/next")
