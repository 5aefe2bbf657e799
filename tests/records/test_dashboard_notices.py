"""The first page says first what is open, and at the end who looked."""

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.lookups.access_log import log_access
from portal.rights.channels import Channel
from portal.rights.filing.other_ways import take_in
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest
from portal.staff.models import StaffMember
from tests.support.acting.people import People


def test_an_open_request_stands_first_with_its_date_and_leads_to_it(people: People) -> None:
    browser = people.signed_in()
    people.staff("support")
    assert not browser.get("/data").tree.select(".hero")
    with transaction() as session:
        customer, member = session.query(Customer).one(), session.query(StaffMember).one()
        take_in(customer, Right.ERASURE, Channel.PHONE, clock.now(), "Effacez tout", member)
    request = db.session.query(RightsRequest).one()
    page = browser.get("/data")
    hero = " ".join(page.tree.select_one(".hero").get_text(" ").replace("\u00a0", " ").split())
    assert request.reference in hero
    assert "Nous vous répondrons au plus tard le" in hero
    assert page.tree.select_one(".hero .date time")["datetime"] == request.due_on.isoformat()
    assert page.click("Suivre cette demande").url == f"/requests/{request.reference}"


def test_the_newest_looks_stand_at_the_end(people: People) -> None:
    browser = people.signed_in()
    people.staff("support")
    with transaction() as session:
        log_access(
            session.query(StaffMember).one(), session.query(Customer).one(), category="contact", reason="Appel du 3 mai"
        )
    page = browser.get("/data")
    assert "Qui a vu vos données récemment" in page.text
    assert "Appel du 3 mai" in page.text
    assert "Nora" not in page.text
