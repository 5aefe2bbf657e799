"""Filing: eight choices, kept at each step, nothing skipped, sent once however often it is sent."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from portal import clock
from portal.audit.models import AuditEvent
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import enqueue
from portal.rights.intents import Intent
from portal.rights.lifecycle import Status
from portal.rights.models import RequestDraft, RequestEvent, RightsRequest
from portal.web.filters import long_date
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, run_asked_jobs, text_of
from tests.support.acting.people import People
from tests.support.filing import WORDS, describe_copy, file_copy, only_request, trust_device

DETAILS = {
    Intent.COPY: {"scope": "some", "categories": ["transaction", "profile"], "details": WORDS},
    Intent.CORRECT: {"category": "contact", "wrong": "Mon ancienne adresse", "correct": "12 rue Neuve"},
    Intent.ERASE: {"scope": "some", "categories": ["tracking"], "details": WORDS},
    Intent.STOP_USE: {"use": "profiling", "details": "Je refuse d’être classée."},
    Intent.PAUSE: {"case": "accuracy", "scope": "all", "details": WORDS},
    Intent.TAKE_AWAY: {"scope": "all", "destination": "Autre SAS", "details": WORDS},
    Intent.REVIEW_DECISION: {"decision": "Mon paiement refusé du 3 mai", "details": WORDS},
    Intent.AFTER_DEATH: {
        "wish_profile": "disclose",
        "wish_tracking": "erase",
        "designee_name": "Noé Lefèvre",
        "designee_contact": "noe@example.org",
        "consent": "y",
    },
}


@pytest.fixture
def known(people: People) -> Browser:
    """Camille, on a device known for long: no doubt about who she is."""
    browser = people.signed_in()
    trust_device()
    return browser


@pytest.mark.parametrize("intent", list(Intent))
def test_each_of_the_eight_choices_is_filed(known: Browser, intent: Intent) -> None:
    page = known.get("/requests/new").click(intent.label("fr"))
    field = next(iter(DETAILS[intent]))
    page = page.submit(dict(DETAILS[intent]), with_field=field)
    assert page.h1 == "Vérifiez votre demande", page.text
    page = page.submit(action="/send")
    request = only_request()
    assert page.url == f"/requests/{request.reference}"
    assert (request.intent, request.right, request.status) == (intent, intent.right, Status.RECEIVED)
    for value in DETAILS[intent].values():
        if isinstance(value, str) and " " in value:
            assert value in page.text


def test_what_was_typed_stands_on_the_check_page_and_can_be_changed(known: Browser) -> None:
    page = describe_copy(known, scope="some", categories=["contact"])
    assert WORDS in page.text
    assert "Coordonnées" in page.text
    page = page.click("Modifier Vos précisions")
    assert page.form(with_field="details").find("textarea").get_text().strip() == WORDS
    page = page.submit({"details": "Autre chose"}, with_field="details")
    assert "Autre chose" in page.text
    assert WORDS not in page.text


def test_going_back_loses_nothing(known: Browser) -> None:
    describe_copy(known)
    page = known.get("/requests/new/access")
    assert page.url.startswith("/requests/drafts/")
    assert WORDS in page.form(with_field="details").find("textarea").get_text()


def test_an_unfinished_page_can_be_kept_for_later(known: Browser) -> None:
    page = known.get("/requests/new/erasure")
    page = page.submit({"details": "Je ne sais pas encore"}, with_field="details", button="yes")
    assert page.url == "/requests"
    assert "30 jours" in page.text
    page = page.click("Effacer")
    assert "Je ne sais pas encore" in page.form(with_field="details").find("textarea").get_text()
    draft = db.session.execute(select(RequestDraft)).scalar_one()
    assert draft.expires_at - clock.now() > timedelta(days=29)
    refused = known.get(f"/requests/drafts/{draft.public_id}/check")
    assert refused.url == f"/requests/drafts/{draft.public_id}"


def test_a_draft_is_deleted_on_demand(known: Browser) -> None:
    describe_copy(known)
    page = known.get("/requests").submit(action="/discard")
    assert "supprimé" in page.text
    assert db.session.execute(select(func.count(RequestDraft.id))).scalar() == 0


def test_an_expired_draft_says_so(known: Browser) -> None:
    describe_copy(known)
    with transaction() as session:
        session.execute(update(RequestDraft).values(expires_at=clock.now() - timedelta(minutes=1)))
    draft = db.session.execute(select(RequestDraft)).scalar_one()
    assert known.get(f"/requests/drafts/{draft.public_id}").status == 410
    assert "Pas encore envoyées" not in known.get("/requests").text


def test_refused_details_keep_what_was_typed(known: Browser) -> None:
    page = known.get("/requests/new/rectification").submit(
        {"category": "", "wrong": "", "correct": "12 rue Neuve"}, with_field="wrong"
    )
    assert page.status == 422
    assert page.errors == ["Choisissez les données à corriger.", "Dites ce qui est faux ou manque."]
    assert page.form(with_field="correct").find(id="correct").get_text().strip() == "12 rue Neuve"
    assert str(page.tree.title.get_text()).startswith("Erreur")  # type: ignore[union-attr]


def test_choosing_some_data_means_naming_them(known: Browser) -> None:
    page = known.get("/requests/new/access").submit({"scope": "some"}, with_field="details")
    assert (page.status, page.errors) == (422, ["Cochez au moins un type de données."])


def test_a_category_page_leads_to_its_own_data(known: Browser) -> None:
    page = known.get("/requests/new/erasure?categories=tracking,profile,nonsense")
    ticked = [box["value"] for box in page.tree.select("input[name=categories][checked]")]
    assert ticked == ["tracking", "profile"]
    assert page.tree.select_one("input[name=scope][checked]")["value"] == "some"  # type: ignore[index]


def test_directives_need_their_own_consent_and_a_designee_for_disclosure(known: Browser) -> None:
    page = known.get("/requests/new/directives")
    assert page.form(with_field="consent").find(id="consent").get("checked") is None
    page = page.submit({"wish_profile": "disclose"}, with_field="consent")
    assert page.status == 422
    assert "Cochez la case pour que nous puissions garder vos directives." in page.errors
    assert "Nommez la personne à qui remettre les données." in page.errors


def test_an_unknown_right_has_no_page(known: Browser) -> None:
    assert known.get("/requests/new/everything").status == 404
    assert known.get("/requests/new/access?intent=after_death").h1 == "Recevoir une copie"


def test_the_due_date_is_the_same_everywhere(known: Browser, mailbox: Mailbox) -> None:
    page = file_copy(known)
    due_on = only_request().due_on
    with known.client.application.test_request_context(headers={"Accept-Language": "fr"}):
        words = long_date(due_on).replace("\u00a0", " ")
    assert words in page.text
    assert words in known.get("/requests").text
    assert words in known.get(page.url + "/receipt").text
    mail = mailbox.last_to("camille@example.org")
    assert words in text_of(mail).replace("\u00a0", " ")
    assert only_request().reference in mail["Subject"]
    assert only_request().initial_due_on == due_on == only_request().sort_on


def test_a_request_is_whole_row_history_audit_and_mail(known: Browser, mailbox: Mailbox) -> None:
    file_copy(known)
    request = only_request()
    kinds = [event.kind for event in db.session.execute(select(RequestEvent)).scalars()]
    assert kinds == ["filed"]
    event = db.session.execute(select(AuditEvent).where(AuditEvent.tag == "customer:request:filed")).scalar_one()
    assert event.facts["reference"] == request.reference
    assert WORDS not in str(event.facts)
    assert len([mail for mail in mailbox.all() if request.reference in mail["Subject"]]) == 1


def test_sending_twice_makes_one_request(known: Browser) -> None:
    page = describe_copy(known)
    first = page.submit(action="/send")
    second = page.submit(action="/send")
    assert first.url == second.url == f"/requests/{only_request().reference}"
    draft = db.session.execute(select(RequestDraft)).scalar_one()
    assert draft.answers == {}
    assert known.get(f"/requests/drafts/{draft.public_id}").url == first.url
    assert known.get(f"/requests/drafts/{draft.public_id}/check").url == first.url


def test_no_step_can_be_skipped(known: Browser) -> None:
    page = known.get("/requests/new/erasure").submit({}, with_field="details", button="yes")
    draft = db.session.execute(select(RequestDraft)).scalar_one()
    token = page.form(action="/discard").find(attrs={"name": "csrf_token"})["value"]
    sent = known.post(f"/requests/drafts/{draft.public_id}/send", {"csrf_token": token})
    assert sent.url == f"/requests/drafts/{draft.public_id}"
    assert "Cette étape vient avant l’envoi." in sent.text
    assert db.session.execute(select(func.count(RightsRequest.id))).scalar() == 0


def test_an_open_request_of_the_kind_is_shown_first(known: Browser) -> None:
    reference = file_copy(known).url.rpartition("/")[2]
    page = known.get("/requests/new/access")
    assert "déjà en cours" in page.text
    page = page.click("Compléter cette demande")
    assert page.url == f"/requests/{reference}"


def test_another_request_of_the_kind_may_be_filed_all_the_same(known: Browser) -> None:
    first = file_copy(known)
    page = known.get("/requests/new/access").click("Faire une autre demande")
    page = page.submit({"details": "Et celles de 2023."}, with_field="details").submit(action="/send")
    assert page.url not in {first.url, "/requests"}
    assert number_of_requests() == 2


@pytest.mark.parametrize("kind", [[Intent.CORRECT], list(Intent)])
def test_open_requests_have_no_ceiling(known: Browser, kind: list[Intent]) -> None:
    for number in range(12):
        intent = kind[number % len(kind)]
        page = known.get(intent.path + ("&" if "?" in intent.path else "?") + "another=1")
        page = page.submit(dict(DETAILS[intent]), with_field=next(iter(DETAILS[intent])))
        page = page if page.url.startswith("/requests/DR-") else page.submit(action="/send")
        assert page.url.startswith("/requests/DR-"), page.text
    assert number_of_requests() == 12


def number_of_requests() -> int:
    return int(db.session.execute(select(func.count(RightsRequest.id))).scalar_one())


def test_past_twenty_requests_a_day_there_is_a_wait_and_a_letter(known: Browser) -> None:
    page = describe_copy(known)
    draft = db.session.execute(select(RequestDraft)).scalar_one()
    with transaction() as session:
        session.execute(update(RequestDraft).values(described_at=None))
    token = page.form(action="/send").find(attrs={"name": "csrf_token"})["value"]
    address = f"/requests/drafts/{draft.public_id}/send"
    statuses = [known.post(address, {"csrf_token": token}, follow=False).status for _try in range(20)]
    assert statuses == [303] * 20
    wait = known.post(address, {"csrf_token": token}, follow=False)
    assert wait.status == 429
    assert int(wait.response.headers["Retry-After"]) > 0
    assert installed.organisation().postal_address in wait.text
    letter = wait.click("lettre à imprimer")
    assert WORDS in letter.text
    assert installed.organisation().postal_address in letter.text


def test_another_customers_draft_and_request_do_not_exist(people: People, known: Browser) -> None:
    describe_copy(known)
    draft = db.session.execute(select(RequestDraft)).scalar_one()
    other = people.signed_in("noah@example.org", given_name="Noah")
    token = other.get("/requests/new/access").form(with_field="details").find(id="csrf_token")["value"]
    form = {"csrf_token": token}
    path = f"/requests/drafts/{draft.public_id}"
    assert [other.get(path + tail).status for tail in ("", "/check")] == [404, 404]
    assert [other.post(path + tail, form).status for tail in ("", "/send", "/discard")] == [404] * 3
    assert other.get(f"/requests/identity/{draft.public_id}").status == 404
    reference = known.get(path + "/check").submit(action="/send").url.rpartition("/")[2]
    for tail in ("", "/withdraw", "/receipt"):
        assert other.get(f"/requests/{reference}{tail}").status == 404
    for tail in ("/withdraw", "/words"):
        assert other.post(f"/requests/{reference}{tail}", form | {"text": "x"}).status == 404
    assert only_request().is_open


def test_words_come_back_as_they_were_written(known: Browser) -> None:
    hostile = "<script>alert(1)</script> {{7*7}} ' OR 1=1 -- \u202e %s \u200d👩‍🚀\nligne 2"
    page = describe_copy(known, details=hostile + "\x00\x07")
    page = page.submit(action="/send")
    assert only_request().answers["details"] == hostile.replace("\u202e", ""), "a direction override hides words"
    assert "{{7*7}}" in page.text
    assert not page.tree.select("main script")


def test_a_text_too_long_is_said_and_kept(known: Browser) -> None:
    page = describe_copy(known, details="é" * 4001)
    assert page.status == 422
    assert "4000" in page.errors[0].replace(" ", "")
    assert len(page.form(with_field="details").find("textarea").get_text().strip()) == 4001


def test_a_copy_without_words_or_doubt_is_prepared_at_once(known: Browser, mailbox: Mailbox) -> None:
    page = describe_copy(known, details="").submit(action="/send")
    assert "Nous préparons votre fichier" in page.text
    reference = only_request().reference
    subjects = [mail["Subject"] for mail in mailbox.all() if reference in mail["Subject"]]
    assert len(subjects) == 2
    page = known.get(f"/requests/{reference}")
    assert "Ouvrir votre fichier" in page.text
    assert only_request().status is Status.CLOSED


def test_a_file_that_ended_is_not_offered_again(known: Browser, mailbox: Mailbox) -> None:
    describe_copy(known, details="").submit(action="/send")
    mailbox.all()
    reference = only_request().reference
    with clock.stopped_at(clock.now() + timedelta(days=15)):
        with transaction():
            enqueue("retention.packages")
        run_asked_jobs()
    page = known.get(f"/requests/{reference}")
    assert "Votre fichier a pris fin le" in page.text
    assert "Ouvrir votre fichier" not in page.text


def test_a_copy_with_words_waits_for_a_person(known: Browser, mailbox: Mailbox) -> None:
    file_copy(known)
    mailbox.all()
    assert only_request().status is Status.RECEIVED
