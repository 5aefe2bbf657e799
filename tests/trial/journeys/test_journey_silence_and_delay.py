"""What does not come in time: systems that stay silent, a recipient who need not follow, an answer that is late."""

from datetime import timedelta

from sqlalchemy import select

from portal.infrastructure.database import db
from portal.instructions.models import Instruction, InstructionState
from portal.rights.lifecycle import Right
from tests.support.acting.mailbox import text_of
from tests.support.cases import case, taken_in
from tests.trial.journeys.conftest import Cast, later, run

WORDS = "Cet hébergeur ne lit aucune adresse : il n’y a rien à corriger chez lui."


def states() -> set[InstructionState]:
    db.session.rollback()
    return set(db.session.execute(select(Instruction.state)).scalars())


def test_a_silent_system_keeps_the_request_open_until_the_officer_says_why_it_need_not_follow(cast: Cast) -> None:
    links = cast.read(cast.person, "/data/contact").locator("main a[href*='field=city']")
    form = str(links.first.get_attribute("href"))
    reference = cast.file(form, {"value_city": "Lyon"}, "main form:has([name=value_city])")
    cast.decide(reference, "Nous corrigeons la ville.")
    told = cast.told()
    assert len(told) > 2
    cast.follow_up(told[1:])
    waits = cast.says("notre équipe doit s’en charger", "our team has to see to it")
    cast.read(cast.person, f"/requests/{reference}", waits)
    assert case(reference).closed_at is None
    with later(31):
        run("instructions.remind")
        cast.come()
        cast.read(cast.reviewer, "/staff/instructions", "En retard")
        about = [mail for mail in cast.mailbox.to("officer@example.org") if told[0] in text_of(mail)]
        assert len(about) == 1, "the officer is written to once"
        cast.read(cast.officer, "/staff/desk", "sans réponse depuis 30 jours")
        cast.read(cast.officer, told[0])
        cast.officer.send({"cause": "not_held", "words": WORDS}, "form[action$='/exempt']")
        cast.officer.page.wait_for_selector(".banner")
        assert states() == {InstructionState.ACKNOWLEDGED, InstructionState.EXEMPT}
        assert case(reference).closed_at is not None
        cast.read(
            cast.person,
            f"/requests/{reference}",
            WORDS,
            cast.says("noté comme fait par notre équipe", "our team noted on"),
        )
        cast.read(cast.person, f"/requests/{reference}/receipt", cast.says("demande close", "closed"))


def test_a_late_answer_is_said_to_be_late_to_everybody_and_comes_first(cast: Cast) -> None:
    reference = taken_in(cast.people, Right.RECTIFICATION, days_ago=40)
    late = cast.says("Nous sommes en retard", "We are late")
    page = cast.read(cast.person, f"/requests/{reference}", late, "CNIL")
    assert page.locator("main a[href*='cnil.fr']").count() >= 1
    cast.read(cast.person, "/data", cast.says("Nous devions vous répondre", "Our answer was due by"))
    cast.read(cast.person, "/requests", reference)
    cast.read(cast.reviewer, "/staff/queue?when=late", reference)
    assert case(reference).due_on is not None
    cast.decide(reference, "Pardon pour ce retard : c’est corrigé.")
    found = case(reference)
    assert found.answered_at is not None
    assert found.due_on is not None
    assert found.answered_at.date() > found.due_on - timedelta(days=1)
    assert reference in cast.last_mail()
    page = cast.read(cast.person, f"/requests/{reference}", "Pardon pour ce retard")
    assert late not in page.locator("main .hero").inner_text()
