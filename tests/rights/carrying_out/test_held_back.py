"""A legal hold reaches what somebody asked to erase: they read why it waits, wherever the case stands, or nothing."""

from datetime import timedelta

import pytest

from portal import clock
from portal.personal_data.erasure.models import ErasureState
from portal.rights.lifecycle import Outcome, Status
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import People
from tests.support.cases import case, decide, open_case, second
from tests.support.erasing.pages import begin, carry_out, file_erasure, grant, newest_erasure, team
from tests.support.filing import trust_device
from tests.support.packages import take_in
from tests.support.records import record, visit

CAMILLE, OF = "camille@example.org", "C-camille"
ANSWER = record("survey_answer", "S-1", {"survey": "Été", "question": "?", "answer": "Oui"}, OF)
WAITS = "l’effacement de certaines de vos données attend"
WHY = "Un litige ou un contrôle demande de garder"
Staff = tuple[Browser, Browser]


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    take_in(ANSWER, visit(1, OF), visit(2, OF))
    return browser


@pytest.fixture
def staff(people: People) -> Staff:
    return team(people)


def place(officer: Browser, category: str = "usage", **changes: object) -> Page:
    day = clock.today() + timedelta(days=60)
    values = {
        "identifier": OF, "category": category, "ground": "litigation", "words": "Assignation reçue le 3 novembre",
        "review_on-day": str(day.day), "review_on-month": str(day.month), "review_on-year": str(day.year),
    }  # fmt: skip
    page = officer.get("/staff/holds/new").submit(values | changes, with_field="words")
    assert page.url.startswith("/staff/holds/"), page.errors
    return page


def plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())


def test_placed_while_it_cools_off_the_person_is_told_at_once_and_the_letter_names_it(
    camille: Browser, staff: Staff, mailbox: Mailbox
) -> None:
    reference = file_erasure(camille)
    erasure = grant(staff, reference)
    before = len(mailbox.to(CAMILLE))
    place(staff[1])
    (mail,) = mailbox.to(CAMILLE)[before:]
    assert WAITS in mail["Subject"] and reference in mail["Subject"]
    told = plain(text_of(mail))
    assert WHY in told and "(article 17, paragraphe 3, point e), du RGPD)" in told
    assert "sans nouvelle demande" in told
    assert "Assignation" not in told, "a mail says nothing of the dispute"
    history = plain(camille.get(f"/requests/{reference}").text)
    assert "Une partie de l’effacement attend" in history and "Visite de page" in history

    begin(erasure)
    assert newest_erasure().state is ErasureState.RETURNED
    done = carry_out(grant(staff, reference))
    assert (done.state, case(reference).outcome) == (ErasureState.DONE, Outcome.PARTIAL)


def test_a_part_is_answered_by_a_letter_that_names_the_hold(camille: Browser, staff: Staff) -> None:
    place(staff[1])
    reference = file_erasure(camille, scope="some", categories=["usage", "profile"])
    carry_out(grant(staff, reference))
    page = camille.get(f"/requests/{reference}")
    letter = plain(" ".join(part.get_text() for part in page.tree.select(".letter")))
    assert "Visite de page (2) : " in letter
    assert (
        "un litige ou un contrôle demande de garder ces données (article 17, paragraphe 3, point e)" in letter.lower()
    )
    assert "puis effacement sans nouvelle demande" in letter


@pytest.mark.parametrize("is_secret", [False, True])
def test_placed_before_the_second_opinion_it_is_decided_about_again(
    camille: Browser, staff: Staff, mailbox: Mailbox, *, is_secret: bool
) -> None:
    reference = file_erasure(camille, scope="some", categories=["usage", "profile"])
    decide(open_case(staff[0], reference), "granted", "Nous effaçons ce que vous demandez.")
    waiting = open_case(staff[1], reference)
    before = len(mailbox.to(CAMILLE))
    place(staff[1], **({"is_secret": "y"} if is_secret else {}))
    late = waiting.submit({"agrees": "yes", "text": ""}, with_field="agrees")
    assert (late.status, case(reference).status) == (409, Status.IN_REVIEW)
    assert len(mailbox.to(CAMILLE)) == before, "the letter will say it"
    carry_out(grant(staff, reference))
    assert case(reference).outcome is Outcome.PARTIAL
    letter = plain(camille.get(f"/requests/{reference}").text)
    assert "Visite de page" in letter
    assert (WHY in letter) is not is_secret


def test_what_an_answer_left_for_later_is_told_too(camille: Browser, staff: Staff, mailbox: Mailbox) -> None:
    contract = {
        "product": "Hébergement", "plan": "annuel", "started_on": "2026-01-05", "amount": "14.90", "currency": "EUR",
    }  # fmt: skip
    take_in(record("subscription", "AB-1", contract, OF))
    reference = file_erasure(camille, when_it_ends="y")
    carry_out(grant(staff, reference))
    before = len(mailbox.to(CAMILLE))
    place(staff[1], "usage")
    assert len(mailbox.to(CAMILLE)) == before, "it went: nothing of it waits"
    place(staff[1], "transaction")
    (mail,) = mailbox.to(CAMILLE)[before:]
    assert reference in mail["Subject"]
    assert "tous ceux de notre réponse" in plain(text_of(mail))
    assert "décide de nouveau" not in plain(text_of(mail)), "the answer stands"


def test_nothing_is_told_where_the_officer_wrote_why_not(camille: Browser, staff: Staff, mailbox: Mailbox) -> None:
    reference = file_erasure(camille)
    grant(staff, reference)
    before = len(mailbox.to(CAMILLE))
    place(staff[1], is_secret="y")
    assert len(mailbox.to(CAMILLE)) == before
    assert "attend" not in plain(camille.get(f"/requests/{reference}").text)


def test_a_hold_that_may_be_told_does_not_tell_of_one_that_may_not(camille: Browser, staff: Staff) -> None:
    place(staff[1], "profile")
    place(staff[1], "usage", is_secret="y")
    reference = file_erasure(camille, scope="some", categories=["usage", "profile"])
    carry_out(grant(staff, reference))
    page = camille.get(f"/requests/{reference}")
    letter = plain(" ".join(part.get_text() for part in page.tree.select(".letter")))
    kept = {line.split(" : ")[0]: line for line in letter.split("– ")}
    (visits,) = [line for name, line in kept.items() if "Visite de page" in name]
    (answers,) = [line for name, line in kept.items() if "Réponse à un sondage" in name]
    assert "litige" in answers
    assert "litige" not in visits


def test_a_hold_on_everything_says_what_it_is_to_whoever_seconds(
    camille: Browser, staff: Staff, mailbox: Mailbox
) -> None:
    reference = file_erasure(camille)
    place(staff[1], "")
    stale = decide(open_case(staff[0], reference), "granted", "Nous effaçons ce que vous demandez.")
    assert stale.status == 409, "the page showed what was planned before the hold"
    decide(open_case(staff[0], reference), "granted", "Nous effaçons ce que vous demandez.")
    page = second(staff[1], reference)
    assert any("conservation forcée" in error for error in page.errors), page.errors


def test_a_hold_on_everything_is_told_while_it_cools_off(camille: Browser, staff: Staff, mailbox: Mailbox) -> None:
    reference = file_erasure(camille)
    grant(staff, reference)
    before = len(mailbox.to(CAMILLE))
    place(staff[1], "")
    (mail,) = mailbox.to(CAMILLE)[before:]
    assert "l’effacement de vos données attend" in mail["Subject"]
    assert "sans nouvelle demande" not in plain(text_of(mail)), "our answer says what becomes of it"
    assert "L’effacement attend" in plain(camille.get(f"/requests/{reference}").text)
