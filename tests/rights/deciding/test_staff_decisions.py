"""Decisions on requests, through the forms of the case page: complete, once, by the right people, and at once."""

import re
import threading
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from bs4 import Tag
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.access.permissions import Role
from portal.access.tokens import create_token
from portal.customers.models import Customer, CustomerStatus
from portal.exports.models import AnswerPackage, PackageStatus
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.legal_time import deadlines
from portal.letters.models import Dispatch
from portal.preferences.choices.consent import Choice, record_choices
from portal.preferences.models import Origin
from portal.preferences.purposes import FLAG_CODES, MARKETING_FLAG_CODES
from portal.rights.channels import Channel
from portal.rights.deciding import decisions
from portal.rights.deciding.refusals import MISSING_LABELS, RefusalGround
from portal.rights.items.making import exceptions_of, items_of
from portal.rights.items.telling.letter import letter_of
from portal.rights.lifecycle import ExtensionReason, Outcome, Right, SecondOpinion, Status
from portal.rights.models import EventKind, RequestDecision, RequestEvent, RequestPause, RightsRequest
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import People
from tests.support.cases import (
    WORDS,
    case,
    column,
    decide,
    form_token,
    open_case,
    refusal_values,
    second,
    staff_browser,
    take_most_urgent,
    taken_in,
)
from tests.support.filing import describe_copy, trust_device
from tests.support.looking.audit_trail import events

PACKAGED = {Right.ACCESS, Right.PORTABILITY}


@pytest.fixture
def reviewer(people: People) -> Browser:
    return people.signed_in_staff(Role.REVIEWER)


@pytest.fixture
def officer(people: People) -> Browser:
    return people.signed_in_staff(Role.OFFICER, name="Hélène Aubry")


@pytest.fixture
def feed(app: Flask) -> Callable[[str], dict[str, Any]]:
    """Read one customer's flags as marketing does."""
    with transaction():
        _row, token = create_token("tests", ["preferences:read"])
    client = app.test_client()

    def read(reference: str) -> dict[str, Any]:
        answer = client.get(f"/feed/v1/preferences/{reference}", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        found: dict[str, Any] = answer.get_json()
        return found

    return read


def wants_everything(email: str = "camille@example.org") -> None:
    """Have a customer who said yes to everything, in a shop."""
    with transaction() as session:
        customer = session.execute(select(Customer).where(Customer.email == email)).scalar_one()
        choices = [Choice(flag, True, "Oui", "1") for flag in FLAG_CODES]
        record_choices(customer, choices, origin=Origin.IMPORT, language="fr", source="shop")


def made_decisions(reference: str) -> list[RequestDecision]:
    request_id = case(reference).id
    return list(db.session.execute(select(RequestDecision).where(RequestDecision.request_id == request_id)).scalars())


def answer_of(reference: str) -> str:
    is_answer = (RequestEvent.request_id == case(reference).id, RequestEvent.kind == EventKind.ANSWERED)
    return db.session.execute(select(RequestEvent.text).where(*is_answer)).scalar_one()


def letter_text(reference: str) -> str:
    """Return the letter as it left, made again from its items and paragraph, and known by its hash."""
    found, text = case(reference), answer_of(reference)
    items, apart = items_of(found.id), exceptions_of(found.id)
    letter = letter_of(found, items, text, found.language, apart, found.answered_at)
    sent = db.session.execute(select(Dispatch).where(Dispatch.subject_id == found.id)).scalar_one()
    assert (sent.sha256, sent.template_version) == (letter.sha256, letter.version)
    return letter.text


# Granting, granting in part and refusing, for each right.


# An erasure is answered when it is carried out: tests/rights/erasing.
@pytest.mark.parametrize("right", [right for right in Right if right is not Right.ERASURE])
def test_a_right_is_decided_and_answered_once(
    reviewer: Browser, officer: Browser, people: People, mailbox: Mailbox, right: Right
) -> None:
    made = {}
    for outcome in Outcome:
        reference = made[outcome] = taken_in(people, right, email=f"{outcome}@example.org")
        values = {} if outcome is Outcome.GRANTED else refusal_values(right)
        page = decide(open_case(reviewer, reference), str(outcome), "Voici ce que nous avons fait.", **values)
        assert page.status == 200, page.text
        assert page.url == f"/staff/requests/{reference}"
        if _needs_second(right, outcome):
            assert case(reference).status is Status.SECOND_OPINION
            page = second(officer, reference)
            assert page.status == 200, page.text
        if right in PACKAGED and outcome is not Outcome.REFUSED:
            assert case(reference).is_open, "the answer leaves with the copy"
            assert "La réponse se prépare" in page.text
    mailbox.all()
    for outcome, reference in made.items():
        _check_answer(right, outcome, reference, mailbox)


def _needs_second(right: Right, outcome: Outcome) -> bool:
    return right is Right.ERASURE or outcome is not Outcome.GRANTED


def _check_answer(right: Right, outcome: Outcome, reference: str, mailbox: Mailbox) -> None:
    values = {} if outcome is Outcome.GRANTED else refusal_values(right)
    found = case(reference)
    assert (found.status, found.outcome, found.is_open) == (Status.CLOSED, outcome, False)
    assert found.answered_at is not None
    assert found.holder_id is None
    told = {
        "staff:request:decided": {
            "reference": reference, "outcome": str(outcome), "ground": values.get("ground"),
            "needs_second_opinion": _needs_second(right, outcome),
        },
        "customer:request:answered": {"reference": reference, "right": str(right), "outcome": str(outcome)},
    }  # fmt: skip
    for tag, facts in told.items():
        assert [event.facts for event in events(tag) if event.facts["reference"] == reference] == [facts]
    mails = mailbox.to(f"{outcome}@example.org")
    assert len(mails) == 2, "an acknowledgement and an answer"
    assert reference in mails[-1]["Subject"]
    assert ("contester" in text_of(mails[-1])) == (outcome is not Outcome.GRANTED)
    answer = letter_text(reference)
    assert answer.startswith("Voici ce que nous avons fait.")
    assert all(remedy in answer for remedy in _remedies(outcome))
    assert str(values.get("evidence")) not in answer


def _remedies(outcome: Outcome) -> list[str]:
    return [] if outcome is Outcome.GRANTED else ["CNIL", "tribunal judiciaire"]


def test_the_customer_reads_the_answer_and_never_what_is_internal(
    officer: Browser, reviewer: Browser, people: People, mailbox: Mailbox
) -> None:
    customer = people.signed_in()
    reference = taken_in(people, Right.ACCESS)
    open_case(reviewer, reference).submit({"note-text": "Ton désagréable au téléphone."}, action="/note")
    values = refusal_values(Right.ACCESS)
    decide(open_case(reviewer, reference), "partial", "Voici votre copie.", **values)
    page = customer.get(f"/requests/{reference}")
    assert "Voici votre copie." not in page.text, "nothing is said before the second person agrees"
    second(officer, reference, text="Bien vu.")
    assert "Voici votre copie." not in customer.get(f"/requests/{reference}").text
    mailbox.all()
    page = customer.get(f"/requests/{reference}")
    assert page.tree.select_one("section[aria-labelledby=answer]") is not None
    for words in ("Voici votre copie.", "Ce que nous refusons, et pourquoi", "Ce qui est fait", "CNIL"):
        assert words in page.text
    for words in ("Ton désagréable", values["evidence"], "Bien vu.", "Nora", "Hélène"):
        assert words not in page.text


def test_what_no_keyboard_types_is_left_out_of_every_text(reviewer: Browser, people: People) -> None:
    reference = taken_in(people, Right.ERASURE)
    typed = "Fait\x00 en\x07 deux\r\nlignes\x1b"
    open_case(reviewer, reference).submit({"note-text": typed}, action="/note")
    decide(open_case(reviewer, reference), "granted", typed, evidence=typed)
    written = select(RequestEvent.text).where(RequestEvent.kind == EventKind.NOTE)
    decision = db.session.execute(select(RequestDecision)).scalar_one()
    assert db.session.execute(written).scalar_one() == decision.evidence == decision.message == "Fait en deux\nlignes"


def test_save_and_next_opens_the_next_case(reviewer: Browser, people: People) -> None:
    first = taken_in(people, email="a@example.org", days_ago=5)
    following = taken_in(people, email="b@example.org")
    page = open_case(reviewer, first).submit(
        {"way": "proposed", "message": "C’est fait."}, with_field="way", button="next"
    )
    assert page.url == f"/staff/requests/{following}"
    assert "Pris par vous" in page.text
    page = page.submit({"way": "proposed", "message": "C’est fait."}, with_field="way", button="next")
    assert page.url == "/staff/queue"


# What a form refuses.


def test_an_incomplete_refusal_does_not_leave(reviewer: Browser, people: People) -> None:
    reference = taken_in(people, Right.RECTIFICATION)
    for missing in ("ground", "evidence"):
        values = refusal_values(Right.RECTIFICATION) | {missing: ""}
        page = decide(open_case(reviewer, reference), "refused", "Nous avons tout vérifié.", **values)
        assert page.status == 422
        words = MISSING_LABELS[missing].text("fr").replace("\u00a0", " ")
        assert page.errors == [f"Un refus doit aussi dire : {words}."]
        assert page.tree.title.get_text().startswith("Erreur")
        assert _typed(page.form(with_field="way")) >= values.items() | {("way", "refused")}, missing
        assert "Nous avons tout vérifié." in page.form(with_field="way").find("textarea").get_text()
    assert case(reference).status is Status.RECEIVED
    assert made_decisions(reference) == []
    assert events("staff:request:decided") == []


def _typed(form: Tag) -> set[tuple[str, str]]:
    """Return what stands in a form, as (name, value)."""
    found = {(field["name"], field.get("value", "")) for field in form.select("input[type=text], input[checked]")}
    found |= {(area["name"], area.get_text().strip()) for area in form.select("textarea")}
    return found | {
        (choice.find_parent("select")["name"], choice["value"]) for choice in form.select("option[selected]")
    }


def test_everything_that_a_refusal_lacks_is_named_at_once(reviewer: Browser, people: People) -> None:
    reference = taken_in(people, Right.ERASURE)
    page = decide(open_case(reviewer, reference), "refused", "", ground=str(RefusalGround.LEGAL_CLAIMS))
    assert len(page.errors) == 2
    values = refusal_values(Right.ERASURE) | {"message": "Non."}
    page = page.submit(values, with_field="way")
    assert case(reference).status is Status.SECOND_OPINION


def test_a_decision_says_what_and_why(reviewer: Browser, people: People) -> None:
    reference = taken_in(people)
    for values, error in (
        ({"way": None}, "Choisissez votre décision"),
        ({"message": "  "}, "Écrivez la réponse au client"),
        ({"message": "x" * 4001}, "4000"),
    ):
        page = open_case(reviewer, reference)
        page = page.submit({"way": "proposed", "message": "C’est fait."} | values, with_field="way")
        assert page.status == 422
        assert error in page.errors[0]
    assert made_decisions(reference) == []


def test_a_ground_or_an_outcome_of_somebody_elses_making_is_refused(reviewer: Browser, people: People) -> None:
    reference = taken_in(people, Right.ACCESS)
    for way, ground in (("refused", "no_restriction_case"), ("refused", "x"), ("eaten", "")):
        values = refusal_values(Right.ACCESS, ground=ground) | {"way": way, "message": "Non."}
        page = open_case(reviewer, reference).submit(values, with_field="way")
        assert page.status == 422, (way, ground)
    assert made_decisions(reference) == []


def test_an_objection_to_marketing_cannot_be_refused(people: People, reviewer: Browser) -> None:
    reference = taken_in(people, Right.OBJECTION)
    with transaction() as session:
        found = session.execute(select(RightsRequest).where(RightsRequest.reference == reference)).scalar_one()
        found.answers = {"use": "marketing"}
    page = open_case(reviewer, reference)
    # Neither the refusal nor a ground is on the page: somebody makes the form up.
    made_up = {"way": "refused", "message": "Non.", "version": str(case(reference).version)}
    made_up |= refusal_values(Right.OBJECTION) | {"csrf_token": form_token(page)}
    page = reviewer.post(f"/staff/requests/{reference}/decision", made_up)
    assert page.status == 422
    assert page.errors
    assert made_decisions(reference) == []


def test_a_ground_left_from_another_thought_does_not_stay_on_a_grant(reviewer: Browser, people: People) -> None:
    reference = taken_in(people, Right.RECTIFICATION)
    decide(open_case(reviewer, reference), "granted", ground="data_are_accurate")
    assert made_decisions(reference)[0].ground is None
    assert answer_of(reference) == "C’est fait."


# The second person.


def test_nobody_seconds_their_own_decision(officer: Browser, people: People) -> None:
    reference = taken_in(people, Right.ERASURE)
    page = decide(open_case(officer, reference), "granted")
    assert "somebody else" not in page.text
    assert "le second avis revient à une autre personne" in page.text
    version = str(case(reference).version)
    page = officer.post(
        f"/staff/requests/{reference}/second-opinion",
        {"csrf_token": form_token(page), "agrees": "yes", "version": version},
    )
    assert page.status == 422
    assert case(reference).status is Status.SECOND_OPINION
    assert events("staff:request:seconded") == []


def test_only_who_may_gives_a_second_opinion(officer: Browser, people: People) -> None:
    reference = taken_in(people, Right.ERASURE)
    decide(open_case(officer, reference), "granted")
    support = people.signed_in_staff(Role.SUPPORT, "support@example.org")
    page = open_case(support, reference)
    assert not page.tree.select('form[action$="/second-opinion"]')
    data = {"csrf_token": form_token(page), "agrees": "yes", "version": str(case(reference).version)}
    assert support.post(f"/staff/requests/{reference}/second-opinion", data).status == 403
    assert case(reference).status is Status.SECOND_OPINION


def test_a_reviewer_seconds_a_colleague(reviewer: Browser, officer: Browser, people: People) -> None:
    reference = taken_in(people)
    decide(open_case(officer, reference), "refused", **refusal_values(Right.RECTIFICATION))
    page = take_most_urgent(reviewer)
    assert page.url == f"/staff/requests/{reference}"
    page.submit({"agrees": "yes"}, with_field="agrees")
    assert case(reference).status is Status.CLOSED


def test_some_grounds_need_the_officer(people: People, reviewer: Browser) -> None:
    reference = taken_in(people, Right.ACCESS)
    values = refusal_values(Right.ACCESS, ground=str(RefusalGround.EXCESSIVE_ABUSE))
    decide(open_case(reviewer, reference), "refused", **values)
    colleague_id = people.staff(Role.REVIEWER, "colleague@example.org").id
    with pytest.raises(decisions.OfficerNeeded), transaction() as session:
        found = session.execute(select(RightsRequest).where(RightsRequest.reference == reference)).scalar_one()
        colleague = session.get_one(StaffMember, colleague_id)
        decisions.second(found, colleague, SecondOpinion.AGREES, "", found.version)
    assert case(reference).status is Status.SECOND_OPINION


def test_a_second_person_who_disagrees_says_why_and_sends_it_back(
    reviewer: Browser, officer: Browser, people: People, mailbox: Mailbox
) -> None:
    reference = taken_in(people, Right.ERASURE)
    decide(open_case(reviewer, reference), "granted")
    page = second(officer, reference, agrees="no")
    assert page.status == 422
    assert page.errors == ["Dites pourquoi vous n’êtes pas d’accord."]
    page = page.submit({"text": "Il manque les factures."}, with_field="agrees")
    assert case(reference).status is Status.IN_REVIEW
    assert case(reference).outcome is None
    assert "Il manque les factures." in open_case(reviewer, reference).text
    assert [mail for mail in mailbox.all() if "réponse" in mail["Subject"]] == []
    decide(open_case(reviewer, reference), "granted", "Tout est effacé, sauf les factures.")
    second(officer, reference)
    assert case(reference).outcome is Outcome.GRANTED
    assert [event.facts["agrees"] for event in events("staff:request:seconded")] == [False, True]
    assert len(made_decisions(reference)) == 2


# Two at once.


def test_a_case_that_changed_meanwhile_is_not_decided_and_nothing_typed_is_lost(
    reviewer: Browser, people: People
) -> None:
    customer = people.signed_in()
    reference = taken_in(people)
    page = open_case(reviewer, reference)
    customer.get(f"/requests/{reference}").submit({"text": "Le numéro est le 4, pas le 14."}, with_field="text")
    typed = {"evidence": "Vu avec la mairie."}
    page = decide(page, "granted", "Votre adresse est au 14.", **typed)
    assert page.status == 409
    assert page.h1 == "Le dossier a changé"
    for words in ("Votre adresse est au 14.", *typed.values(), "Le numéro est le 4, pas le 14."):
        assert words in page.text
    assert case(reference).status is Status.RECEIVED
    assert case(reference).holder_id is None, "what was not done leaves no trace"
    assert made_decisions(reference) == []
    page = page.click("Ouvrir le dossier à jour")
    assert decide(page, "granted").status == 200


def test_a_version_of_somebody_elses_making_decides_nothing(reviewer: Browser, people: People) -> None:
    reference = taken_in(people)
    for version in ("", "abc", "-1", "999", "²", "1" * 5000):
        assert decide(open_case(reviewer, reference), "granted", version=version).status == 409, version[:5]
    assert made_decisions(reference) == []


def test_nothing_is_done_to_a_case_whose_copy_is_being_made_or_that_is_closed(
    reviewer: Browser, people: People, mailbox: Mailbox
) -> None:
    reference = taken_in(people, Right.ACCESS)
    before = open_case(reviewer, reference)
    decide(open_case(reviewer, reference), "granted")

    def act(action: str) -> Page:
        version, token = str(case(reference).version), form_token(before)
        fields = {
            "way": "proposed", "message": "Encore.", "question-text": "Laquelle ?", "doubt-text": "Doute",
            "extension-text": "Faits", "extension-reason": "complexity",
        }  # fmt: skip
        versions = {f"{prefix}version": version for prefix in ("", "question-", "doubt-", "extension-")}
        return reviewer.post(f"/staff/requests/{reference}/{action}", fields | versions | {"csrf_token": token})

    acts = ("decision", "question", "extension", "doubt")
    assert [act(action).status for action in acts] == [409] * len(acts)
    mailbox.all()
    assert case(reference).status is Status.CLOSED
    assert [act(action).status for action in (*acts, "claim")] == [409] * (len(acts) + 1)
    assert case(reference).status is Status.CLOSED
    assert len(made_decisions(reference)) == 1
    assert len(events("customer:request:answered")) == 1


def at_once(*acts: Callable[[], Page]) -> list[Page]:
    """Run acts in threads that start together, and return their pages."""
    barrier, pages = threading.Barrier(len(acts)), list[Page | None]([None] * len(acts))

    def run(place: int, act: Callable[[], Page]) -> None:
        barrier.wait()
        pages[place] = act()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(pages)
    return [page for page in pages if page]


def test_of_two_reviewers_who_decide_at_once_one_does(people: People, mailbox: Mailbox) -> None:
    reference = taken_in(people)
    browsers = [people.signed_in_staff(Role.REVIEWER, f"reviewer{place}@example.org") for place in range(2)]
    pages = [open_case(browser, reference) for browser in browsers]
    done = at_once(*(lambda page=page: decide(page, "granted", "C’est fait.") for page in pages))
    assert sorted(page.status for page in done) == [200, 409]
    assert len(made_decisions(reference)) == 1
    assert len(events("staff:request:decided")) == len(events("customer:request:answered")) == 1
    assert len([mail for mail in mailbox.all() if "notre réponse" in mail["Subject"]]) == 1


def test_of_two_second_opinions_at_once_one_counts(people: People, reviewer: Browser, mailbox: Mailbox) -> None:
    reference = taken_in(people, Right.ERASURE)
    decide(open_case(reviewer, reference), "granted")
    browsers = [people.signed_in_staff(Role.OFFICER, f"officer{place}@example.org") for place in range(2)]
    pages = [open_case(browser, reference) for browser in browsers]
    done = at_once(
        lambda: pages[0].submit({"agrees": "yes"}, with_field="agrees"),
        lambda: pages[1].submit({"agrees": "no", "text": "Non."}, with_field="agrees"),
    )
    assert sorted(page.status for page in done) == [200, 409]
    assert len(events("staff:request:seconded")) == 1
    (decision,) = made_decisions(reference)
    agreed = decision.second_opinion == "agrees"
    assert len(events("customer:erasure:scheduled")) == agreed
    assert (case(reference).status is Status.IN_REVIEW, case(reference).outcome is not None) == (True, agreed)


def test_a_decision_and_a_withdrawal_at_once_leave_one_end(people: People, reviewer: Browser, mailbox: Mailbox) -> None:
    customer = people.signed_in()
    for _ in range(3):
        reference = taken_in(people, Right.RECTIFICATION)
        page = open_case(reviewer, reference)
        last = customer.get(f"/requests/{reference}/withdraw")
        at_once(
            lambda page=page: decide(page, "granted", "C’est fait."),
            lambda last=last, reference=reference: last.submit(action="/withdraw"),
        )
        found = case(reference)
        is_decided = found.status is Status.CLOSED
        assert found.status in {Status.CLOSED, Status.WITHDRAWN}
        assert found.outcome is (Outcome.GRANTED if is_decided else None)
        assert len(made_decisions(reference)) == is_decided
        ends = [
            event for tag in ("customer:request:answered", "customer:request:withdrawn") for event in events(tag)
            if event.facts["reference"] == reference
        ]  # fmt: skip
        assert len(ends) == 1
        subjects = [mail["Subject"] for mail in mailbox.all() if reference in mail["Subject"]]
        assert len(subjects) == 2, subjects


def test_a_copy_that_is_ready_after_the_withdrawal_answers_nothing(
    people: People, reviewer: Browser, mailbox: Mailbox
) -> None:
    customer = people.signed_in()
    reference = taken_in(people, Right.ACCESS)
    decide(open_case(reviewer, reference), "granted")
    customer.get(f"/requests/{reference}/withdraw").submit(action="/withdraw")
    mails = mailbox.all()
    assert case(reference).status is Status.WITHDRAWN
    assert events("customer:request:answered") == []
    assert [mail for mail in mails if "copie est prête" in mail["Subject"]] == []


# One's own case.


def test_nobody_opens_or_touches_a_case_of_their_own(app: Flask, people: People) -> None:
    browser = people.signed_in_staff(Role.OFFICER, "double@example.org")
    reference = taken_in(people, Right.ACCESS, email="Double@example.org")
    token = form_token(browser.get("/staff/queue"))
    rules = [
        rule for rule in app.url_map.iter_rules() if "<reference>" in rule.rule and rule.rule.startswith("/staff/")
    ]
    assert len(rules) >= 9
    for rule in rules:
        path = re.sub(r"<int:\w+>", "1", rule.rule.replace("<reference>", reference))
        if "GET" in rule.methods:
            assert browser.get(path).status == 403, path
        if "POST" in rule.methods:
            assert browser.post(path, {"csrf_token": token, "version": "1"}).status == 403, path
    found = case(reference)
    assert (found.status, found.version, found.holder_id) == (Status.RECEIVED, 1, None)
    assert "Double" not in browser.get("/staff/queue").text or reference in browser.get("/staff/queue").text


def test_a_case_is_ones_own_by_the_account_too(people: People) -> None:
    browser = people.signed_in_staff(Role.REVIEWER, "double@example.org")
    customer_id = people.account("double@example.org").customer_id
    reference = taken_in(people, Right.ACCESS, email="double@example.org")
    with transaction() as session:
        # As an import does, when the company's file has another address than the one the person signs in with.
        session.execute(update(Customer).where(Customer.id == customer_id).values(email_normalised="home@example.org"))
    assert browser.get(f"/staff/requests/{reference}").status == 403
    assert take_most_urgent(browser).url == "/staff/queue"
    assert case(reference).holder_id is None


def test_nobody_takes_in_a_request_of_their_own(people: People) -> None:
    people.customer("reviewer@example.org")
    browser = people.signed_in_staff(Role.REVIEWER)
    page = take_in(browser, clock.today(), email="reviewer@example.org")
    assert page.status == 422
    assert "c’est à un ou une collègue de le faire" in page.errors[0]
    assert db.session.execute(select(RightsRequest)).first() is None


# Extension, question, clock.


def test_two_more_months_are_taken_within_the_first_one(app: Flask, people: People, mailbox: Mailbox) -> None:
    customer_browser = people.signed_in()
    people.staff(Role.REVIEWER)
    received = datetime(2026, 3, 5, 9, tzinfo=clock.PARIS)
    with clock.stopped_at(received):
        reference = taken_in(people, Right.ACCESS)
    with clock.stopped_at(received + timedelta(days=20)):
        page = open_case(staff_browser(app, "reviewer@example.org"), reference)
        page = extend(page)
        assert page.status == 200
        assert "prolongée le" in page.text
        assert case(reference).due_on == date(2026, 6, 5)
        assert case(reference).due_on_unpaused == date(2026, 6, 5)
        assert case(reference).initial_due_on == date(2026, 4, 7), "5 April is a Sunday, 6 April Easter Monday"
        mail = mailbox.last_to("camille@example.org")
        assert "vendredi 5 juin 2026" in text_of(mail).replace("\u00a0", " ")
        with pytest.raises(AssertionError):
            page.form(action="/extension")
        data = {
            "extension-reason": "complexity",
            "extension-text": "Encore",
            "extension-version": str(case(reference).version),
        }
        browser = page.browser
        page = browser.post(f"/staff/requests/{reference}/extension", data | {"csrf_token": form_token(page)})
        assert page.status == 422
        assert page.errors == ["Le délai a déjà été prolongé ; il ne peut pas l’être encore."]
    told = customer_browser.get(f"/requests/{reference}").text
    assert "Votre demande est complexe : c’est pourquoi il nous faut plus de temps. Dix ans d’échanges" in told
    (event,) = events("staff:request:extended")
    assert event.facts == {"reference": reference, "reason": "complexity", "due_on": "2026-06-05"}


def extend(page: Page) -> Page:
    values = {"extension-reason": str(ExtensionReason.COMPLEXITY), "extension-text": "Dix ans d’échanges."}
    return page.submit(values, action="/extension")


def test_after_the_first_month_it_is_too_late_to_extend(reviewer: Browser, people: People) -> None:
    reference = taken_in(people, days_ago=45)
    page = extend(open_case(reviewer, reference))
    assert page.status == 422
    assert page.errors == ["C’est trop tard : le client devait être prévenu pendant le premier mois."]
    assert "Dix ans d’échanges." in page.form(action="/extension").find("textarea").get_text()
    assert not case(reference).is_extended
    assert events("staff:request:extended") == []


def test_a_question_stops_the_clock_and_its_answer_starts_it_again(
    app: Flask, people: People, mailbox: Mailbox
) -> None:
    people.account()
    people.staff(Role.REVIEWER)
    received = datetime(2026, 3, 5, 9, tzinfo=clock.PARIS)
    with clock.stopped_at(received):
        reference = taken_in(people, Right.ACCESS)
    with clock.stopped_at(received + timedelta(days=1)):
        page = open_case(staff_browser(app, "reviewer@example.org"), reference)
        page = page.submit({"question-text": "Quelle année vous intéresse ?"}, action="/question")
        assert "délai en pause depuis le" in page.text
        found = case(reference)
        assert (found.status, found.due_on) == (Status.CLARIFICATION_PENDING, None)
        assert "Le délai est en pause" in text_of(mailbox.last_to("camille@example.org"))
    with clock.stopped_at(received + timedelta(days=11)):
        page = people.sign_in("camille@example.org").get(f"/requests/{reference}")
        assert "Quelle année vous intéresse ?" in page.text
        page.submit({"text": "L’année 2024."}, with_field="text")
        found = case(reference)
        assert (found.status, found.paused_on) == (Status.IN_REVIEW, None)
        assert found.due_on == date(2026, 4, 15)
        page = open_case(staff_browser(app, "reviewer@example.org"), reference)
        assert "L’année 2024." in page.text
    (pause,) = db.session.execute(select(RequestPause)).scalars()
    assert (pause.asked_on, pause.received_on) == (date(2026, 3, 6), date(2026, 3, 16))


def test_a_question_does_not_excuse_a_delay(reviewer: Browser, people: People, mailbox: Mailbox) -> None:
    reference = taken_in(people, days_ago=45)
    open_case(reviewer, reference).submit({"question-text": "Laquelle ?"}, action="/question")
    found = case(reference)
    assert found.status is Status.CLARIFICATION_PENDING
    assert found.due_on is not None
    assert found.due_on < clock.today()
    assert "en pause" not in text_of(mailbox.last_to("camille@example.org")), "the mail says what is true"
    assert events("staff:clarification:asked")[0].facts["is_paused"] is False


# What a decision does at once.


@pytest.mark.parametrize(
    ("right", "reason", "cleared"),
    [
        (Right.RESTRICTION, "restricted", FLAG_CODES),
        (Right.ERASURE, "restricted", FLAG_CODES),
        (Right.OBJECTION, None, MARKETING_FLAG_CODES),
    ],
)
def test_a_decision_reaches_marketing_in_its_own_transaction(
    reviewer: Browser, officer: Browser, people: People, feed: Any, right: Right, reason: str | None, cleared: Any
) -> None:
    reference = taken_in(people, right)
    wants_everything()
    before = feed("C-camille")
    assert all(before["flags"].values())
    decide(open_case(reviewer, reference), "granted")
    if right is Right.ERASURE:
        assert feed("C-camille") == before, "nothing is done before the second person agrees"
        second(officer, reference)
    after = feed("C-camille")
    assert {flag for flag, is_on in after["flags"].items() if not is_on} == set(cleared)
    assert (after["suppressed"], after["reason"]) == (reason is not None, reason)
    assert after["sequence"] > before["sequence"]


@pytest.mark.parametrize("right", [Right.RESTRICTION, Right.ERASURE, Right.OBJECTION])
def test_a_refusal_changes_no_flag(
    reviewer: Browser, officer: Browser, people: People, feed: Any, right: Right
) -> None:
    reference = taken_in(people, right)
    wants_everything()
    decide(open_case(reviewer, reference), "refused", **refusal_values(right))
    second(officer, reference)
    assert case(reference).outcome is Outcome.REFUSED
    assert all(feed("C-camille")["flags"].values())


@pytest.mark.parametrize(
    ("use", "cleared"),
    [
        ("profiling", {"personalisation", "marketing_profiling"}),
        ("statistics", {"audience_statistics", "cookies.audience_measurement"}),
        ("other", set(MARKETING_FLAG_CODES)),
    ],
)
def test_an_objection_stops_the_use_it_names(
    people: People, reviewer: Browser, feed: Any, use: str, cleared: set[str]
) -> None:
    customer = people.signed_in()
    wants_everything()
    page = customer.get("/requests/new/objection").submit({"use": use, "details": "Je m’y oppose."}, with_field="use")
    reference = page.submit(action="/send").url.rpartition("/")[2]
    decide(open_case(reviewer, reference), "granted")
    assert {flag for flag, is_on in feed("C-camille")["flags"].items() if not is_on} == cleared


def test_a_restriction_marks_the_customer(people: People, reviewer: Browser) -> None:
    reference = taken_in(people, Right.RESTRICTION)
    decide(open_case(reviewer, reference), "granted")
    customer = db.session.execute(select(Customer)).scalar_one()
    assert customer.status is CustomerStatus.RESTRICTED
    assert customer.restricted_at is not None


# Mails.


def test_mails_say_no_more_than_first_name_and_reference(
    app: Flask, reviewer: Browser, officer: Browser, people: People, mailbox: Mailbox
) -> None:
    secret = "Lefèvre", "mars 1988", "1988-03", "C-camille", "SECRET"
    facts = {"words": f"SECRET {WORDS}"}
    asked = taken_in(people, Right.RESTRICTION, **facts)
    open_case(reviewer, asked).submit({"question-text": "SECRET ?"}, action="/question")
    extended = taken_in(people, Right.PORTABILITY, **facts)
    values = {"extension-reason": "complexity", "extension-text": "SECRET"}
    open_case(reviewer, extended).submit(values, action="/extension")
    doubted = taken_in(people, Right.RECTIFICATION, **facts)
    open_case(reviewer, doubted).submit({"doubt-text": "SECRET"}, action="/doubt")
    granted = taken_in(people, Right.ACCESS, **facts)
    decide(open_case(reviewer, granted), "granted", "SECRET")
    refused = taken_in(people, Right.ERASURE, **facts)
    decide(open_case(reviewer, refused), "refused", "SECRET", **refusal_values(Right.ERASURE, evidence="SECRET"))
    second(officer, refused)
    objected = taken_in(people, Right.OBJECTION, **facts)
    decide(open_case(reviewer, objected), "granted", "SECRET")
    mails = mailbox.to("camille@example.org")
    assert len(mails) == 12
    for mail in mails:
        whole = "\n".join(
            [str(value) for name, value in mail.items() if name != "To"]
            + [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
        )
        assert not [word for word in secret if word in whole], mail["Subject"]
        assert "Camille" in whole
        assert "DR-2" in mail["Subject"]
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["List-Unsubscribe"] is None, "a mail about one's own request is no advertising"
    for reference in (asked, extended, doubted, granted, refused, objected):
        assert [mail for mail in mails if f"http://localhost:8000/requests/{reference}" in text_of(mail)]


def test_mails_are_written_in_the_customers_language(people: People, reviewer: Browser, mailbox: Mailbox) -> None:
    reference = taken_in(people, email="emma@example.org", language="en", given_name="Emma")
    decide(open_case(reviewer, reference), "granted")
    mail = mailbox.last_to("emma@example.org")
    assert mail["Subject"] == f"{reference}: our answer is ready"
    assert "Hello Emma," in text_of(mail)


# Taking in.


def take_in(browser: Browser, day: date, **changed: str) -> Page:
    values = {
        "email": "camille@example.org", "channel": "phone", "right": "access", "words": WORDS,
        "received_on-day": str(day.day), "received_on-month": str(day.month), "received_on-year": str(day.year),
    }  # fmt: skip
    return browser.get("/staff/requests/take-in").submit(values | changed, with_field="channel")


def test_a_request_of_another_channel_counts_from_its_receipt(people: People, mailbox: Mailbox) -> None:
    people.account()
    browser = people.signed_in_staff(Role.SUPPORT)
    day = clock.today() - timedelta(days=10)
    page = take_in(browser, day)
    assert page.status == 200, page.text
    reference = page.url.rpartition("/")[2]
    found = case(reference)
    assert clock.local_date(found.received_at) == day
    assert found.due_on == deadlines.compute(datetime.combine(day, time(12), clock.PARIS)).due_on
    assert found.channel is Channel.PHONE
    assert WORDS in page.text
    assert reference in mailbox.last_to("camille@example.org")["Subject"]
    mine = people.sign_in("camille@example.org")
    assert reference in mine.get("/requests").text
    assert WORDS in mine.get(f"/requests/{reference}").text
    (filed,) = events("customer:request:filed")
    assert filed.actor.startswith("staff:")
    assert filed.facts["channel"] == "phone"


def test_a_request_on_behalf_of_the_customer_is_a_doubt_of_its_own(people: People) -> None:
    people.account()
    browser = people.signed_in_staff(Role.SUPPORT)
    page = take_in(browser, clock.today(), is_on_behalf="y")
    assert case(page.url.rpartition("/")[2]).identity_signals == ["other_channel", "on_behalf"]
    assert "Au nom d’une autre personne" in page.text
    refused = take_in(browser, clock.today(), is_on_behalf="y", email="nobody@example.org")
    assert refused.status == 422
    assert refused.form(with_field="channel").find(id="is_on_behalf").has_attr("checked")
    without = take_in(browser, clock.today())
    assert case(without.url.rpartition("/")[2]).identity_signals == ["other_channel"]


def test_a_request_of_today_is_not_received_in_the_future(people: People) -> None:
    people.customer()
    browser = people.signed_in_staff(Role.SUPPORT)
    reference = take_in(browser, clock.today()).url.rpartition("/")[2]
    assert case(reference).received_at <= clock.now()
    assert clock.local_date(case(reference).received_at) == clock.today()


def test_a_request_is_taken_in_whole_or_not_at_all(people: People) -> None:
    people.customer()
    browser = people.signed_in_staff(Role.SUPPORT)
    for changed, error in (
        ({"email": "nobody@example.org"}, "Aucun client ne correspond"),
        ({"email": "camille"}, "Aucun client ne correspond"),
        ({"email": ""}, "Saisissez l’adresse e-mail ou le numéro du client"),
        ({"channel": ""}, "Choisissez comment elle est arrivée."),
        ({"right": ""}, "Choisissez le droit."),
        ({"words": " "}, "Notez ce que le client a dit"),
        ({"received_on-month": "13"}, "Date de réception"),
        ({"received_on-day": "", "received_on-month": "", "received_on-year": ""}, "Saisissez la date de réception"),
    ):
        page = take_in(browser, clock.today(), **changed)
        assert page.status == 422
        assert error in page.errors[0]
        if "words" not in changed:
            assert WORDS in page.form(with_field="words").find("textarea").get_text()
    assert db.session.execute(select(RightsRequest)).first() is None


def test_a_receipt_in_the_future_is_refused(people: People) -> None:
    people.customer()
    page = take_in(people.signed_in_staff(Role.SUPPORT), clock.today() + timedelta(days=1))
    assert page.status == 422
    assert page.errors == ["La date de réception ne peut pas être dans le futur."]


def test_a_receipt_before_the_rights_applied_is_refused(people: People) -> None:
    people.customer()
    page = take_in(people.signed_in_staff(Role.SUPPORT), date(1000, 1, 1))
    assert page.status == 422
    assert page.errors == ["La date de réception ne peut pas précéder le 25 mai 2018. Vérifiez l’année."]
    assert db.session.execute(select(RightsRequest)).first() is None


# An answer that needs nobody.


def test_a_case_that_answers_itself_is_not_decided_twice(people: People, reviewer: Browser, mailbox: Mailbox) -> None:
    customer = people.signed_in()
    trust_device()
    reference = describe_copy(customer, details="").submit(action="/send").url.rpartition("/")[2]
    assert case(reference).outcome is Outcome.GRANTED
    page = open_case(reviewer, reference)
    with pytest.raises(AssertionError):
        page.form(with_field="way")
    mailbox.all()
    assert case(reference).status is Status.CLOSED


def test_a_copy_that_could_not_be_made_is_made_again(people: People, reviewer: Browser, mailbox: Mailbox) -> None:
    reference = taken_in(people, Right.ACCESS)
    page = decide(open_case(reviewer, reference), "granted")
    with pytest.raises(AssertionError):
        page.form(action="/copy")
    token = form_token(page)
    assert reviewer.post(f"/staff/requests/{reference}/copy", {"csrf_token": token}).status == 409
    with transaction() as session:
        session.execute(update(AnswerPackage).values(status=PackageStatus.FAILED))
        session.execute(update(Job).where(Job.name == "exports.build_package").values(status=JobStatus.PARKED))
    assert column(reviewer.get("/staff/queue"), "À faire") == ["Refaire la copie"]
    page = open_case(reviewer, reference)
    assert "La copie n’a pas pu être faite" in page.text
    page = page.submit(action="/copy")
    assert "La réponse se prépare" in page.text
    mailbox.all()
    assert case(reference).status is Status.CLOSED
    (event,) = events("staff:package:requested_again")
    assert event.facts["reference"] == reference


def test_a_case_speaks_to_staff_and_names_no_empty_browser(people: People, reviewer: Browser) -> None:
    people.signed_in("camille@example.org")
    page = open_case(reviewer, taken_in(people))
    assert "La demande, telle que nous l’avons reçue" in page.text, "“votre demande” would be that of the reader"
    assert "Dernière connexion ," not in page.text
