"""An objection to marketing: at once, one click, no reason, no identity, and kept as proof."""

import pytest
from sqlalchemy import func, select

from portal.identity_checks.models import IdentityCheck
from portal.infrastructure.database import db
from portal.preferences.models import PreferenceState
from portal.rights.asked import StopUse
from portal.rights.chosen import Use
from portal.rights.deciding.refusals import Refusal, RefusalNotAllowed, check_refusal, grounds_for
from portal.rights.lifecycle import Outcome, Right, Status
from portal.rights.models import RequestDraft
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.filing import only_request


def test_one_click_stops_all_advertising(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in()
    page = browser.get("/requests/new").click("Ne plus utiliser pour").submit(action="/objection/marketing")
    request = only_request()
    assert page.url == f"/requests/{request.reference}"
    assert (request.status, request.outcome) == (Status.CLOSED, Outcome.GRANTED)
    assert request.answered_at is not None
    assert not request.is_open
    assert not request.is_document_needed
    state = db.session.execute(select(PreferenceState)).scalar_one()
    assert not any(is_on for flag, is_on in state.flags.items() if flag.startswith(("offers", "product")))
    assert "Nous avons accepté votre demande" in page.text
    assert len([mail for mail in mailbox.all() if request.reference in mail["Subject"]]) == 1
    assert db.session.execute(select(func.count(IdentityCheck.id))).scalar() == 0


def test_choosing_advertising_in_the_form_does_the_same(people: People) -> None:
    browser = people.signed_in()
    page = browser.get("/requests/new/objection").submit({"use": "marketing"}, with_field="use")
    assert only_request().outcome is Outcome.GRANTED
    assert page.url == f"/requests/{only_request().reference}"
    assert db.session.execute(select(func.count(RequestDraft.id))).scalar() == 0


def test_advertising_by_a_profile_stops_as_it_arrives_and_nothing_else(people: People) -> None:
    browser = people.signed_in()
    browser.get("/preferences").submit(
        {"offers.email": "accept", "marketing_profiling": "accept", "personalisation": "accept"},
        with_field="offers.email",
    )
    browser.get("/requests/new/objection").submit({"use": "advertising_profiling"}, with_field="use")
    request = only_request()
    assert (request.status, request.outcome) == (Status.CLOSED, Outcome.GRANTED), "nobody is left to refuse it"
    state = db.session.execute(select(PreferenceState)).scalar_one()
    on = {flag for flag, is_on in state.flags.items() if is_on}
    assert on == {"offers.email", "personalisation"}


@pytest.mark.parametrize("use", [Use.MARKETING, Use.ADVERTISING_PROFILING])
def test_no_ground_refuses_an_objection_to_advertising(use: Use) -> None:
    asked = StopUse(use=use)
    for ground in grounds_for(Right.OBJECTION):
        refusal = Refusal(
            Right.OBJECTION, ground, "tout", "rien", "parce que", "toujours", "plainte", "recours", "preuve",
            concerns_marketing=asked.concerns_marketing,
        )  # fmt: skip
        with pytest.raises(RefusalNotAllowed, match="absolute"):
            check_refusal(refusal)


def test_it_works_while_another_objection_is_open(people: People) -> None:
    browser = people.signed_in()
    page = browser.get("/requests/new/objection").submit({"use": "statistics"}, with_field="use")
    page.submit(action="/send")
    page = browser.get("/requests/new/objection")
    assert "déjà en cours" in page.text
    page = page.submit(action="/objection/marketing")
    assert "Nous avons accepté votre demande" in page.text


def test_a_button_pressed_twice_files_one_objection(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in()
    page = browser.get("/requests/new/objection")
    first = page.submit(action="/objection/marketing")
    assert page.submit(action="/objection/marketing").url == first.url == f"/requests/{only_request().reference}"
    assert len([mail for mail in mailbox.all() if only_request().reference in mail["Subject"]]) == 1


def test_what_was_accepted_since_is_objected_to_anew(people: People) -> None:
    browser = people.signed_in()
    first = browser.get("/requests/new/objection").submit(action="/objection/marketing")
    browser.get("/preferences").submit({"offers.email": "accept"}, with_field="offers.email")
    assert browser.get("/requests/new/objection").submit(action="/objection/marketing").url != first.url
    state = db.session.execute(select(PreferenceState)).scalar_one()
    assert state.flags["offers.email"] is False
