"""A doubt is lifted by an act that is recorded, and nobody lifts one and hands a copy out alone."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.exports.models import AnswerPackage
from portal.identity_checks.models import CheckResult, IdentityCheck
from portal.identity_checks.proof.ladder import LIFTS, Means
from portal.identity_checks.proof.policy import DoubtSignal
from portal.infrastructure.database import db, transaction
from portal.letters.models import Dispatch, DispatchState
from portal.rights.lifecycle import Right, Status
from portal.rights.models import RightsRequest
from portal.staff.commands import staff as staff_commands
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.cases import case, decide, form_token, open_case, second, take, taken_in
from tests.support.insiders import answer
from tests.support.looking.audit_trail import events
from tests.support.places import hold

UNSETTLED = "Vérifiez d’abord l’identité, ou refusez parce qu’elle n’est pas établie."
NUMBER = {"number": "06 12 34 55678"}
HOME = {"recipient": "Camille Lefèvre", "line1": "4 rue des Lilas", "postal_code": "75011", "city": "Paris"}


@dataclass
class Case:
    """A request of Camille's that came by post, whom the company reaches at a number and an address of long."""

    people: People
    customer: Browser
    customer_id: int

    def take_in(self, right: Right = Right.ACCESS) -> str:
        return taken_in(self.people, right, is_proven=False)


@pytest.fixture
def camille(people: People) -> Case:
    browser = people.signed_in()
    customer_id = db.session.execute(select(Customer.id)).scalar_one()
    hold(customer_id, "phone_number", days=400, **NUMBER)
    hold(customer_id, "postal_address", days=400, **HOME)
    return Case(people, browser, customer_id)


@pytest.fixture
def reviewer(people: People) -> Browser:
    return people.signed_in_staff(Role.REVIEWER)


def called(browser: Browser, reference: str, result: str = "confirmed") -> Page:
    return open_case(browser, reference).submit({"call-result": result}, action="/call-back")


def packages() -> list[AnswerPackage]:
    db.session.rollback()
    return list(db.session.execute(select(AnswerPackage)).scalars())


def checks() -> list[tuple[str, CheckResult, list[str], str, str | None]]:
    db.session.rollback()
    rows = db.session.execute(select(IdentityCheck).order_by(IdentityCheck.id)).scalars()
    return [(row.method, row.result, row.lifted, row.place, row.checked_by) for row in rows]


def doubt(reference: str, *codes: DoubtSignal) -> None:
    with transaction() as session:
        chosen = update(RightsRequest).where(RightsRequest.reference == reference)
        session.execute(chosen.values(identity_signals=[str(code) for code in codes]))


def test_a_copy_asked_for_by_post_leaves_only_once_the_doubt_is_lifted(camille: Case, reviewer: Browser) -> None:
    reference = camille.take_in()
    page = decide(open_case(reviewer, reference), "granted")
    assert (page.status, page.errors) == (422, [UNSETTLED])
    assert packages() == []


def test_one_person_alone_lifts_no_doubt_and_hands_no_copy_out(camille: Case, reviewer: Browser) -> None:
    reference = camille.take_in()
    page = called(reviewer, reference)
    assert checks() == [("call_back", CheckResult.CONFIRMED, ["other_channel"], "••••\u00a05678", "reviewer")]
    assert "une copie ne part qu’avec l’accord d’une seconde personne" in page.text
    decide(page, "granted")
    assert case(reference).status is Status.SECOND_OPINION
    assert packages() == []
    page = open_case(reviewer, reference)
    assert not page.tree.select("form[action$='/second-opinion']")
    values = {"csrf_token": form_token(page), "agrees": "yes", "version": str(case(reference).version)}
    refused = reviewer.post(f"/staff/requests/{reference}/second-opinion", values)
    assert (refused.status, refused.errors) == (422, ["Le second avis doit venir d’une autre personne."])
    assert packages() == []
    second(camille.people.signed_in_staff(Role.OFFICER), reference)
    assert len(packages()) == 1


def test_not_even_the_officer_does(camille: Case, people: People) -> None:
    officer = people.signed_in_staff(Role.OFFICER)
    reference = camille.take_in()
    decide(called(officer, reference), "granted")
    page = open_case(officer, reference)
    values = {"csrf_token": form_token(page), "agrees": "yes", "version": str(case(reference).version)}
    assert officer.post(f"/staff/requests/{reference}/second-opinion", values).status == 422
    assert packages() == []


def test_a_colleague_of_whoever_called_decides_alone(camille: Case, reviewer: Browser) -> None:
    reference = camille.take_in()
    page = called(reviewer, reference)
    page.submit(action="/release")
    decide(open_case(camille.people.signed_in_staff(Role.REVIEWER, "other@example.org"), reference), "granted")
    assert len(packages()) == 1


def test_a_call_is_told_in_plain_words_and_kept(camille: Case, reviewer: Browser) -> None:
    reference = camille.take_in()
    page = called(reviewer, reference, "missed")
    assert checks() == []
    assert case(reference).identity_signals == ["other_channel"]
    assert "Rappel : personne non jointe" in page.text
    called(reviewer, reference)
    told = camille.customer.get(f"/requests/{reference}").text
    assert "Nous avons appelé un numéro que nous détenons, sans vous joindre" in told
    assert "Nous avons appelé un numéro que nous détenons : vous avez confirmé que la demande vient de vous" in told
    assert "Appel à un numéro que nous détenons · •••• 5678 · Doute levé : Autre canal que le portail" in told
    assert "06 12 34" not in told
    results = [event.facts["result"] for event in events("staff:identity:called_back")]
    assert results == ["missed", "confirmed"]
    assert "06 12" not in str([event.facts for event in events("staff:identity:called_back")])


def test_somebody_who_asked_for_nothing_lifts_nothing(camille: Case, reviewer: Browser) -> None:
    reference = camille.take_in()
    page = called(reviewer, reference, "denied")
    assert [row[:2] for row in checks()] == [("call_back", CheckResult.REJECTED)]
    assert decide(page, "granted").errors == [UNSETTLED]
    assert "n’a rien demandé" not in camille.customer.get(f"/requests/{reference}").text


def test_a_number_that_came_lately_is_not_offered_and_not_taken(camille: Case, reviewer: Browser) -> None:
    lately = hold(camille.customer_id, "phone_number", days=5, number="07 99 99 99 99")
    reference = camille.take_in()
    page = open_case(reviewer, reference)
    assert "06 12 34 55678" in page.text
    assert "07 99 99 99 99" not in page.text
    page = page.submit({"call-place": lately, "call-result": "confirmed"}, action="/call-back")
    assert page.status == 422
    assert checks() == []


@pytest.mark.parametrize("means", [Means.CALL_BACK, Means.REGISTERED_LETTER, Means.WRITTEN_REASON])
@pytest.mark.parametrize("right", [Right.ACCESS, Right.ERASURE, Right.DIRECTIVES])
def test_each_act_lifts_its_doubts_and_leaves_the_others(
    camille: Case, reviewer: Browser, means: Means, right: Right
) -> None:
    reference = camille.take_in(right)
    officer = camille.people.signed_in_staff(Role.OFFICER)
    doubt(reference, *DoubtSignal)
    lifted = LIFTS[means]
    match means:
        case Means.CALL_BACK:
            called(officer, reference)
        case Means.REGISTERED_LETTER:
            code = posted(officer, reference)
            open_case(officer, reference).submit({"answer-answer": "code", "answer-code": code}, action="/answer")
        case _:
            lifted = lifted if right is Right.DIRECTIVES else frozenset()
            page = open_case(officer, reference)
            if lifted:
                answer(reviewer, proposed(officer, reference))
            else:
                assert not page.tree.select("form[action$='/written-reason']")
                values = {"csrf_token": form_token(page), "written-reason": "Vu.", "written-version": "1"}
                assert officer.post(f"/staff/requests/{reference}/written-reason", values).status == 409
    left = [str(code) for code in DoubtSignal if code not in lifted]
    assert case(reference).identity_signals == left


def posted(browser: Browser, reference: str) -> str:
    """Make a letter, read its code on the page to print, and note it as posted."""
    page = open_case(browser, reference).submit(action="/letter")
    assert "4 rue des Lilas" in page.text
    found = re.search(r"ce code : (\d{4}) (\d{4})", page.text)
    assert found
    open_case(browser, reference).submit({"posted-number": "1A 234 567 8901 2"}, action="/posted")
    return f"{found[1]} {found[2]}"


def test_the_code_of_a_letter_is_typed_by_the_person(camille: Case, reviewer: Browser) -> None:
    reference = camille.take_in()
    code = posted(reviewer, reference)
    again = reviewer.get(f"/staff/requests/{reference}/letter")
    assert (again.url, code in again.text) == (f"/staff/requests/{reference}", False), "nobody reads it once posted"
    page = camille.customer.get(f"/requests/{reference}")
    assert "Nous avons envoyé une lettre recommandée avec un code" in page.text
    wrong = page.submit({"letter-code": "1111 1111"}, action="/letter-code")
    assert (wrong.status, wrong.errors) == (422, ["Ce n’est pas le code de notre lettre. Relisez-le."])
    page = page.submit({"letter-code": code}, action="/letter-code")
    assert "nous savons que cette demande vient de vous" in page.text
    assert [row[:3] for row in checks()] == [("registered_letter", CheckResult.CONFIRMED, ["other_channel"])]
    db.session.rollback()
    assert db.session.execute(select(Dispatch.state)).scalar_one() is DispatchState.HANDED
    assert case(reference).status is Status.IN_REVIEW
    # Whoever posted the letter read its code, so that they hand out nothing alone either.
    decide(open_case(reviewer, reference), "granted")
    assert packages() == []


def test_a_letter_that_comes_back_lifts_nothing_and_another_may_leave(camille: Case, reviewer: Browser) -> None:
    reference = camille.take_in()
    posted(reviewer, reference)
    page = open_case(reviewer, reference).submit({"answer-answer": "returned"}, action="/answer")
    assert case(reference).identity_signals == ["other_channel"]
    assert page.tree.select("form[action$='/letter']")


def test_codes_are_not_guessed(camille: Case, reviewer: Browser) -> None:
    reference = camille.take_in()
    posted(reviewer, reference)
    page = camille.customer.get(f"/requests/{reference}")
    statuses = [page.submit({"letter-code": f"{number:08}"}, action="/letter-code").status for number in range(6)]
    assert statuses == [422] * 5 + [429]


def proposed(officer: Browser, reference: str) -> str:
    values = {"written-reason": "Sa voix et son dossier sont connus du service."}
    return open_case(officer, reference).submit(values, action="/written-reason").url.rpartition("/")[2]


def test_a_written_reason_takes_the_officer_and_another_person(
    app: Flask, camille: Case, people: People, reviewer: Browser
) -> None:
    officer = people.signed_in_staff(Role.OFFICER)
    reference = camille.take_in(Right.DIRECTIVES)
    page = open_case(reviewer, reference)
    assert not page.tree.select("form[action$='/written-reason']")
    values = {"csrf_token": form_token(page), "written-reason": "Vu.", "written-version": "1"}
    assert reviewer.post(f"/staff/requests/{reference}/written-reason", values).status == 403
    public_id = proposed(officer, reference)
    assert case(reference).identity_signals == ["other_channel"], "a proposal lifts nothing"
    assert answer(officer, public_id).status == 403
    assert "attend une seconde personne" in open_case(officer, reference).text
    assert answer(reviewer, public_id).status == 200
    assert case(reference).identity_signals == []
    assert [row[:3] for row in checks()] == [("written_reason", CheckResult.CONFIRMED, ["other_channel"])]
    assert "Nous ne doutons plus que la demande vient de vous" in camille.customer.get(f"/requests/{reference}").text
    assert decide(open_case(officer, reference), "granted").status == 200


def test_of_an_officer_alone_the_shell_is_the_second_person(app: Flask, camille: Case, people: People) -> None:
    officer = people.signed_in_staff(Role.OFFICER)
    reference = camille.take_in(Right.DIRECTIVES)
    public_id = proposed(officer, reference)
    done = app.test_cli_runner().invoke(staff_commands, ["second", public_id, "--because", "Je suis seul."])
    assert (done.exit_code, case(reference).identity_signals) == (0, [])


def test_a_proposal_does_not_reach_a_doubt_that_came_later(camille: Case, people: People, reviewer: Browser) -> None:
    officer = people.signed_in_staff(Role.OFFICER)
    reference = camille.take_in(Right.DIRECTIVES)
    public_id = proposed(officer, reference)
    doubt(reference, DoubtSignal.OTHER_CHANNEL, DoubtSignal.ON_BEHALF)
    assert answer(reviewer, public_id).status == 409
    assert case(reference).identity_signals == ["other_channel", "on_behalf"]
    with clock.stopped_at(clock.now() + timedelta(days=15)):
        assert events("staff:approval:seconded") == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_case_says_what_lifts_each_doubt_softest_first(camille: Case, people: People, language: str) -> None:
    reference = camille.take_in(Right.DIRECTIVES)
    words = open_case(people.signed_in_staff(Role.OFFICER, language=language), reference).text
    expected = {
        "fr": "rappel au numéro que nous détenons, lettre recommandée, motif écrit du délégué avec un second avis ou pièce d’identité",
        "en": "call-back to a number that we hold, registered letter, written reason of the officer with a second"
        " person, or identity document",
    }
    assert expected[language] in words


def test_taking_a_case_shows_numbers_only_to_those_who_check_identities(camille: Case, people: People) -> None:
    reference = camille.take_in()
    assert "06 12 34 55678" not in open_case(people.signed_in_staff(Role.SUPPORT), reference).text
    assert "06 12 34 55678" in take(people.signed_in_staff(Role.REVIEWER), reference).text
