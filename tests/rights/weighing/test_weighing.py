"""An objection to a use that rests on the company's interest: held back when filed, weighed, stopped or continued."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.personal_data.ledger.models import EntryKind, LedgerEntry
from portal.personal_data.stops.models import PurposeStop, StopState, Weighing
from portal.rights import acting
from portal.rights.carrying_out.answering import fulfil
from portal.rights.items.making import items_of
from portal.rights.lifecycle import Outcome, Right, Status
from portal.rights.models import RequestDraft, RightsRequest
from portal.rights.weighing.settling import OverrideNotSeconded
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.cases import case, decide, open_case, second, take
from tests.support.filing import only_request
from tests.support.looking.audit_trail import events
from tests.support.objections import CAMILLE, FRAUD, OF, SECURITY, SUMMARY, TEXTS, file_objection, weigh, with_a_score
from tests.support.preferences import FeedClient


@pytest.fixture
def camille(people: People) -> Browser:
    return with_a_score(people)


@pytest.fixture
def reviewer(people: People) -> Browser:
    return people.signed_in_staff(Role.REVIEWER)


def states() -> dict[str, str]:
    db.session.rollback()
    return {stop.purpose: str(stop.state) for stop in db.session.execute(select(PurposeStop)).scalars()}


def test_filing_names_the_uses_that_hold_for_the_person_and_holds_them_back(
    app: Flask, people: People, camille: Browser
) -> None:
    page = camille.get("/requests/new/objection")
    offered = [str(box["value"]) for box in page.tree.select("[name=purposes]")]
    assert offered == [SECURITY, FRAUD, "statistics"], "what nothing held serves is not named"
    page = file_objection(camille, FRAUD, SECURITY)
    found = only_request()
    assert (found.status, found.outcome) == (Status.RECEIVED, None)
    assert {(item.part, item.kind, item.outcome) for item in items_of(found.id)} == {
        ("uses", FRAUD, None), ("uses", SECURITY, None),
    }  # fmt: skip
    assert states() == {FRAUD: "weighing", SECURITY: "weighing"}
    item = FeedClient(app).item(OF)
    assert item["stops"] == [FRAUD, SECURITY]
    assert "Vous vous y opposez depuis le" in page.text
    assert "Vous vous y opposez depuis le" in camille.get("/preferences").text


def test_a_use_stops_by_its_weighing_without_a_second_person(
    app: Flask, camille: Browser, reviewer: Browser, mailbox: Mailbox
) -> None:
    file_objection(camille, FRAUD)
    reference = only_request().reference
    page = decide(take(reviewer, reference), "granted")
    assert page.status == 422
    assert "Pesez d’abord ces usages" in page.text, "nothing leaves before it is weighed"
    assert weigh(reviewer, reference, "stopped").status == 200
    assert decide(open_case(reviewer, reference), "granted").status == 200
    found = case(reference)
    assert (found.outcome, found.is_open) == (Outcome.GRANTED, False)
    assert states() == {FRAUD: "stopped"}
    assert FeedClient(app).item(OF)["stops"] == [FRAUD]
    told = db.session.execute(select(LedgerEntry.body).where(LedgerEntry.kind == EntryKind.OBJECTED)).scalars().all()
    assert [body["purpose"] for body in told] == [FRAUD]
    page = camille.get(f"/requests/{reference}")
    assert SUMMARY in page.tree.select_one(".letter").get_text(), "the answer contains the summary"
    assert "Arrêt décidé le" in page.text
    page = page.click("Les faire effacer")
    assert [str(box["value"]) for box in page.tree.select("[name=kinds][checked]")] == ["fraud_score"]
    assert events("staff:use:weighed")


def test_a_use_goes_on_only_when_the_officer_agrees(
    app: Flask, people: People, camille: Browser, reviewer: Browser
) -> None:
    file_objection(camille, FRAUD)
    reference = only_request().reference
    weigh(reviewer, reference, "overridden")
    assert decide(open_case(reviewer, reference), "granted").status == 200
    assert case(reference).status is Status.SECOND_OPINION
    assert states() == {FRAUD: "weighing"}, "nothing goes on before it is seconded"
    other = people.signed_in_staff(Role.REVIEWER, "other@example.org")
    page = second(other, reference)
    assert page.status == 422
    assert states() == {FRAUD: "weighing"}
    officer = people.signed_in_staff(Role.OFFICER)
    assert second(officer, reference).status == 200
    assert case(reference).outcome is Outcome.REFUSED
    assert states() == {FRAUD: "overridden"}
    assert FeedClient(app).item(OF)["stops"] == []
    weighing = db.session.execute(select(Weighing)).scalar_one()
    assert (weighing.officer_id is not None, weighing.officer_id != weighing.author_id) == (True, True)
    page = camille.get(f"/requests/{reference}")
    assert SUMMARY in page.tree.select_one(".letter").get_text()
    assert "tribunal judiciaire" in page.text
    assert "Cet usage continue depuis notre réponse" in camille.get("/preferences").text


def test_one_stops_and_one_goes_on(people: People, camille: Browser, reviewer: Browser) -> None:
    file_objection(camille, FRAUD, SECURITY)
    reference = only_request().reference
    weigh(reviewer, reference, "stopped", 0)
    weigh(reviewer, reference, "overridden", 1)
    decide(open_case(reviewer, reference), "granted")
    assert second(people.signed_in_staff(Role.OFFICER), reference).status == 200
    assert case(reference).outcome is Outcome.PARTIAL
    assert states() == {FRAUD: "stopped", SECURITY: "overridden"}


def test_no_code_carries_an_override_out_alone(people: People, camille: Browser, reviewer: Browser) -> None:
    """The last defence, below every page: settling asks for the officer's row itself."""
    file_objection(camille, FRAUD)
    reference = only_request().reference
    weigh(reviewer, reference, "overridden")
    with pytest.raises(OverrideNotSeconded), transaction():
        fulfil(acting.of_portal(case(reference).id), "Non.")
    assert states() == {FRAUD: "weighing"}


@pytest.mark.parametrize("missing", TEXTS)
def test_every_text_of_a_weighing_is_needed(camille: Browser, reviewer: Browser, missing: str) -> None:
    file_objection(camille, FRAUD)
    page = weigh(reviewer, only_request().reference, "stopped", **{missing: " "})
    assert page.status == 422
    assert TEXTS["use-grounds" if missing != "use-grounds" else "use-interest"] in page.text, "what was typed is kept"
    assert db.session.execute(select(Weighing)).first() is None


@pytest.mark.parametrize("ground", ["compelling_grounds", "legal_claims", "right_not_open"])
def test_a_whole_refusal_is_no_way_around_the_weighing(camille: Browser, reviewer: Browser, ground: str) -> None:
    file_objection(camille, FRAUD)
    page = take(reviewer, only_request().reference)
    page = decide(page, "refused", ground=ground, evidence="Dossier.")
    assert page.status == 422
    assert states() == {FRAUD: "weighing"}


def test_an_excessive_objection_that_is_refused_stops_nothing(
    people: People, camille: Browser, reviewer: Browser
) -> None:
    file_objection(camille, FRAUD)
    reference = only_request().reference
    decide(take(reviewer, reference), "refused", ground="excessive_abuse", evidence="Dossier.")
    assert second(people.signed_in_staff(Role.OFFICER), reference).status == 200
    assert states() == {}


def test_taking_it_back_ends_what_was_held_back(app: Flask, camille: Browser) -> None:
    page = file_objection(camille, FRAUD)
    camille.get(f"{page.url}/withdraw").submit(action="/withdraw")
    assert states() == {}
    assert FeedClient(app).item(OF)["stops"] == []


def test_advertising_does_not_wait_for_what_is_weighed(camille: Browser) -> None:
    page = camille.get("/requests/new/objection")
    page = page.submit({"use": "marketing", "purposes": [FRAUD]}, with_field="use")
    assert only_request().outcome is Outcome.GRANTED
    assert states() == {}, "the rest is a request of its own, not sent yet"
    page.submit(action="/send")
    assert states() == {FRAUD: "weighing"}
    assert db.session.execute(select(RequestDraft.sent_at)).scalar_one() is not None


def test_an_objection_by_telephone_names_its_uses(people: People, camille: Browser) -> None:
    today = clock.today()
    values = {
        "email": CAMILLE, "channel": "phone", "right": "objection", "words": "Ni publicité ni score.",
        "received_on-day": str(today.day), "received_on-month": str(today.month), "received_on-year": str(today.year),
        "use": "marketing", "purposes": [FRAUD],
    }  # fmt: skip
    page = people.signed_in_staff(Role.SUPPORT).get("/staff/requests/take-in").submit(values, with_field="words")
    assert page.status == 200
    found = db.session.execute(select(RightsRequest).order_by(RightsRequest.id)).scalars().all()
    assert [(request.right, request.outcome) for request in found] == [
        (Right.OBJECTION, Outcome.GRANTED), (Right.OBJECTION, None),
    ]  # fmt: skip
    assert states() == {FRAUD: "weighing"}


def test_the_page_that_was_open_before_decides_nothing(camille: Browser, reviewer: Browser, people: People) -> None:
    """Two weigh the same use: the second is told that the case moved, and the first one stands."""
    file_objection(camille, FRAUD)
    reference = only_request().reference
    page = take(reviewer, reference)
    link = next(str(link["href"]) for link in page.tree.select(".items a.whole"))
    shown = reviewer.get(link)
    assert shown.submit(TEXTS | {"use-result": "stopped"}, with_field="use-result").status == 200
    late = shown.submit(TEXTS | {"use-result": "overridden"}, with_field="use-result")
    assert late.status == 409
    assert SUMMARY in late.text, "nobody has to write it again"
    assert [weighing.result for weighing in db.session.execute(select(Weighing)).scalars()] == [StopState.STOPPED]
