"""Following a request: the date, the clock, the words, the pause, the withdrawal, the reference as typed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from portal import clock
from portal.bilingual import long_date
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.legal_time.clock_state import PauseReason
from portal.legal_time.deadlines import ExtensionTooLate
from portal.rights.acting import Act
from portal.rights.channels import Channel
from portal.rights.clock import running
from portal.rights.filing.other_ways import take_in
from portal.rights.lifecycle import Outcome, Right, Status
from portal.rights.models import EventKind, RequestPause, RightsRequest
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import People
from tests.support.cases import taken_in
from tests.support.filing import file_copy, only_request, trust_device


@pytest.fixture
def known(people: People) -> Browser:
    browser = people.signed_in()
    trust_device()
    return browser


def change(**values: object) -> None:
    with transaction() as session:
        session.execute(update(RightsRequest).values(**values))


def hero_of(page: Page) -> tuple[str, str]:
    """Return the state that the hero shows by its colour, and its day."""
    hero = page.tree.select_one(".hero")
    return hero["class"][1], hero.select_one(".date time")["datetime"][:10]


def test_the_empty_list_offers_to_ask(people: People) -> None:
    page = people.signed_in().get("/requests")
    assert "Vous n’avez fait aucune demande." in page.text
    assert page.link("Faire une demande") == "/requests/new"


@pytest.mark.parametrize("form", ["{0}", "dr-2026-00001", "DR202600001", "dr%202026%2000001", "DR-2026-1"])
def test_a_reference_is_taken_as_people_type_it(known: Browser, form: str) -> None:
    with clock.stopped_at(datetime(2026, 11, 22, 9, tzinfo=UTC)):
        reference = file_copy(known).url.rpartition("/")[2]
        assert known.get("/requests/" + form.format(reference)).url == f"/requests/{reference}"


@pytest.mark.parametrize("reference", ["DR-2026-99999", "XX-2026-00001", "%252e%252e", "DR-2026-00001%00"])
def test_what_is_no_reference_is_not_found(known: Browser, reference: str) -> None:
    file_copy(known)
    assert known.get(f"/requests/{reference}").status == 404


def test_a_late_request_says_so_and_names_the_authority(known: Browser) -> None:
    page = file_copy(known)
    change(received_at=clock.now() - timedelta(days=60), due_on=clock.today() - timedelta(days=3),
           sort_on=clock.today() - timedelta(days=3))  # fmt: skip
    page = known.get(page.url)
    assert "Nous sommes en retard" in page.text
    assert "porter plainte" in page.text
    assert "CNIL" in page.text
    assert "3 jours de retard" in page.text
    assert hero_of(page) == ("late", (clock.today() - timedelta(days=3)).isoformat())
    assert "Réponse" in page.tree.select_one(".progress li:last-child").get_text(), "the step has a name"
    assert not page.tree.select(".progress li:last-child small"), "and promises no day that is over"


def test_the_page_says_first_where_it_stands_and_last_what_has_happened(known: Browser) -> None:
    page = file_copy(known)
    assert hero_of(page) == ("running", only_request().due_on.isoformat())
    headings = [heading.get_text(strip=True) for heading in page.tree.select("main .column h2")]
    assert headings[-1] == "Ce qui s’est passé"
    page = page.click("Annuler la demande").submit(action="/withdraw")
    assert hero_of(page)[0] == "paused"
    assert not page.tree.select(".progress"), "a request that was taken back leads nowhere"


def test_long_words_stand_in_the_page_and_short_ones_beside_it(known: Browser) -> None:
    long, page = "Tout ce que vous avez noté de moi depuis 2016. " * 4, file_copy(known)
    change(answers={"scope": "all", "details": "Depuis 2016."})
    assert "Depuis 2016." in known.get(page.url).tree.select_one(".stay").get_text()
    change(answers={"scope": "all", "details": long})
    page = known.get(page.url)
    assert long.strip() not in page.tree.select_one(".stay").get_text()
    assert long.strip() in page.tree.select_one(".column").get_text()


def test_a_question_pauses_the_clock_and_the_answer_starts_it_again(known: Browser) -> None:
    with clock.stopped_at(datetime(2026, 3, 5, 9, tzinfo=UTC)):
        page = file_copy(known)
    assert only_request().due_on.isoformat() == "2026-04-07"  # 5 April is a Sunday, 6 April Easter Monday
    with clock.stopped_at(datetime(2026, 3, 6, 9, tzinfo=UTC)), transaction():
        request = db.session.execute(select(RightsRequest)).scalar_one()
        request.status = Status.CLARIFICATION_PENDING
        assert running.pause(request, PauseReason.SCOPE_CLARIFICATION)
        Act(request, "portal").note(EventKind.CLARIFICATION_ASKED, "Quelle période ?")
    waiting = only_request()
    assert (waiting.due_on, waiting.paused_on.isoformat()) == (None, "2026-03-06")
    assert waiting.sort_on == waiting.due_on_unpaused
    with clock.stopped_at(datetime(2026, 3, 16, 9, tzinfo=UTC)):
        known = Browser(known.client.application)
        known.get("/sign-in").submit(
            {"email": "camille@example.org", "password": "une phrase de passe assez longue"},
            with_field="password",
        )
        page = known.get(page.url)
        assert "en pause depuis le 6 mars 2026" in page.text
        assert hero_of(page) == ("yours", "2026-03-06")
        assert "Quelle période ?" in page.tree.select_one(".card:has([name=text])").get_text()
        assert "En pause depuis le 6 mars 2026" in known.get("/requests").text
        page = page.submit({"text": "De 2023 à 2025"}, with_field="text")
        assert "De 2023 à 2025" in page.text
    again = only_request()
    assert (again.status, again.due_on.isoformat()) == (Status.IN_REVIEW, "2026-04-15")
    assert again.initial_due_on.isoformat() == "2026-04-07"
    assert "mercredi 15 avril 2026" in page.text


def test_an_extension_in_time_moves_the_date_and_a_late_one_changes_nothing(known: Browser) -> None:
    with clock.stopped_at(datetime(2026, 1, 31, 9, tzinfo=UTC)):
        page = file_copy(known)
    late = datetime(2026, 3, 20, 9, tzinfo=UTC)
    with clock.stopped_at(late), pytest.raises(ExtensionTooLate), transaction():
        running.extend(db.session.execute(select(RightsRequest)).scalar_one())
    assert only_request().extended_on is None
    with clock.stopped_at(datetime(2026, 2, 20, 9, tzinfo=UTC)), transaction():
        running.extend(db.session.execute(select(RightsRequest)).scalar_one())
    with pytest.raises(running.AlreadyExtended), transaction():
        running.extend(db.session.execute(select(RightsRequest)).scalar_one())
    request = only_request()
    assert request.due_on.isoformat() == request.sort_on.isoformat() == "2026-04-30"
    assert request.initial_due_on.isoformat() == "2026-03-02"
    assert page.status == 200


def test_a_period_that_has_run_out_cannot_be_paused(known: Browser) -> None:
    with clock.stopped_at(datetime(2026, 3, 5, 9, tzinfo=UTC)):
        file_copy(known)
    with clock.stopped_at(datetime(2026, 5, 5, 9, tzinfo=UTC)), transaction():
        request = db.session.execute(select(RightsRequest)).scalar_one()
        assert not running.pause(request, PauseReason.IDENTITY_DOUBT)
    assert db.session.execute(select(RequestPause)).first() is None
    assert only_request().due_on.isoformat() == "2026-04-07"


def test_words_are_added_and_kept_on_error(known: Browser) -> None:
    page = file_copy(known)
    refused = page.submit({"text": "  "}, with_field="text")
    assert (refused.status, refused.errors) == (422, ["Écrivez votre message."])
    page = refused.submit({"text": "J’ai retrouvé le numéro : 42."}, with_field="text")
    assert "J’ai retrouvé le numéro : 42." in page.text
    assert only_request().version == 2


def test_internal_notes_stay_inside(known: Browser) -> None:
    page = file_copy(known)
    with transaction():
        request = db.session.execute(select(RightsRequest)).scalar_one()
        Act(request, "portal").note(EventKind.NOTE, "Client pénible", is_internal=True)
    assert "pénible" not in known.get(page.url).text


def test_withdrawing_is_confirmed_and_can_be_repeated(known: Browser, mailbox: Mailbox) -> None:
    page = file_copy(known).click("Annuler la demande")
    assert "Oui, annuler la demande" in page.text
    done = page.submit(action="/withdraw")
    assert "Votre demande est annulée." in done.text
    again = page.submit(action="/withdraw")
    assert again.status == 200
    request = only_request()
    assert (request.status, request.is_open) == (Status.WITHDRAWN, False)
    assert request.closed_at is not None
    mails = [mail for mail in mailbox.all() if "annulée" in mail["Subject"]]
    assert len(mails) == 1
    assert "Réponse donnée, ou demande annulée" in known.get("/requests").text
    assert "text" not in [field.get("name") for field in done.tree.select("main textarea")]


def test_an_answered_request_cannot_be_withdrawn(known: Browser) -> None:
    page = file_copy(known).click("Annuler la demande")
    change(status=Status.CLOSED, is_open=False, outcome=Outcome.GRANTED, answered_at=clock.now())
    page = page.submit(action="/withdraw")
    assert "Nous avons déjà répondu" in page.text
    assert only_request().status is Status.CLOSED


def test_the_answer_is_shown(known: Browser) -> None:
    page = file_copy(known)
    with transaction():
        request = db.session.execute(select(RightsRequest)).scalar_one()
        request.status, request.is_open, request.outcome = Status.CLOSED, False, Outcome.PARTIAL
        request.answered_at = clock.now()
        Act(request, "portal").note(EventKind.ANSWERED, "Voici ce que nous avons fait.")
    page = known.get(page.url)
    assert page.text.count("Voici ce que nous avons fait.") == 2, "in the answer, and in the letter that opens below it"
    assert "Nous avons accepté une partie de votre demande" in page.text


def test_a_request_taken_in_by_staff_is_followed_like_any_other(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in()
    member = people.staff("support")
    received_at = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # already 1 April in Paris
    member_id = member.id
    with transaction() as session:
        customer = session.execute(select(Customer)).scalar_one()
        staff = session.get_one(StaffMember, member_id)
        take_in(customer, Right.ERASURE, Channel.PHONE, received_at, "Effacez tout, dit-elle.", staff)
    request = only_request()
    assert request.due_on.isoformat() == "2026-05-04"
    assert request.identity_signals == ["other_channel"]
    assert request.status is Status.RECEIVED
    page = browser.get("/requests").click("Effacer")
    assert "Effacez tout, dit-elle." in page.text
    assert request.reference in text_of(mailbox.last_to("camille@example.org"))


def test_a_request_that_staff_entered_tells_no_hour_that_nobody_knows(people: People) -> None:
    browser = people.signed_in()
    reference = taken_in(people, days_ago=12)
    day = long_date(clock.now() - timedelta(days=12), "fr", weekday=False).replace("\u00a0", " ")
    page = browser.get(f"/requests/{reference}")
    assert f"Reçue le {day} La demande" in page.text
    assert "Nous avons saisi votre demande ici" in page.text, "it was received before the day of this line"
    receipt = browser.get(f"/requests/{reference}/receipt").text
    assert f"Reçue le {day} " in receipt and f"{day} à" not in receipt


def test_closed_requests_come_page_by_page(known: Browser) -> None:
    file_copy(known)
    first = only_request()
    columns = {
        column.name: getattr(first, column.name)
        for column in RightsRequest.__table__.columns
        if column.name not in {"id", "reference", "draft_id"}
    }
    with transaction() as session:
        for number in range(2, 47):
            facts = columns | {"is_open": False, "status": Status.WITHDRAWN}
            facts |= {"received_at": first.received_at - timedelta(days=number)}
            session.add(RightsRequest(reference=f"DR-2026-{number:05}", **facts))
    page, seen = known.get("/requests"), []
    while True:
        seen += [tag.get_text().split(" ")[0] for tag in page.tree.select("#main section:last-of-type .reference")]
        if "Plus anciens" not in page.text and "Plus ancien" not in page.text:
            break
        page = page.click("Plus ancien")
    assert seen == [f"DR-2026-{number:05}" for number in range(2, 47)]
