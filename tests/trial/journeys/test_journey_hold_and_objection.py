"""Data on hold and uses objected to: set, announced, halted by a reply, lifted; weighed, stopped, or continued."""

from sqlalchemy import select

from portal.infrastructure.database import db
from portal.personal_data.restrictions.models import Restriction
from tests.support.cases import case
from tests.support.preferences import FeedClient
from tests.trial.journeys.conftest import OF, Cast, later, run

REPLY = "Le procès n’est pas fini."
SUMMARY = "Chaque paiement est relu par une personne avant tout refus."
TEXTS = {
    "use-interest": "Éviter les fraudes.", "use-necessity": "Sans score, chaque commande attendrait.",
    "use-grounds": "Trois impayés en un an.", "use-safeguards": "Une personne relit.", "use-summary": SUMMARY,
}  # fmt: skip


def restriction() -> Restriction:
    db.session.rollback()
    return db.session.execute(select(Restriction)).scalar_one()


def page_of() -> str:
    return f"/staff/restrictions/{restriction().public_id}"


def press(cast: Cast, act: str) -> None:
    """Press a button of the restriction's page as the officer."""
    cast.read(cast.officer, page_of())
    cast.officer.send({}, f"form[action$='/{act}']")
    cast.officer.page.wait_for_selector(".banner")


def object_to_fraud(cast: Cast, **more: str) -> str:
    values = {"purposes": "fraud_prevention", "details": "Je suis passée pour une fraudeuse."} | more
    return cast.file("/requests/new/objection", values, "main form:has([name=details])")


def weigh(cast: Cast, reference: str, result: str) -> None:
    cast.read(cast.reviewer, cast.items(reference, "/uses/")[0])
    cast.reviewer.send(TEXTS | {"use-result": result}, "form:has([name=use-result])")
    cast.reviewer.page.wait_for_selector(".banner")


def test_a_hold_is_announced_halted_by_a_reply_announced_again_and_lifted(cast: Cast) -> None:
    values = {"case": "claims", "scope": "all"}
    reference = cast.file("/requests/new/restriction", values, "main form:has([name=case])")
    cast.decide(reference, "Vos données sont en pause.")
    assert case(reference).answered_at is not None
    on_hold = cast.says("Droits en justice", "Legal claims")
    cast.read(cast.person, "/data/on-hold", on_hold)
    assert FeedClient(cast.people.app).item(OF)["reason"] == "restricted"
    cast.follow_up(cast.told())
    cast.read(cast.officer, "/staff/restrictions", OF)
    press(cast, "announce")
    assert "/data/on-hold" in cast.last_mail(), "the notice leads to where one replies"
    cast.read(cast.person, "/data/on-hold")
    cast.person.send({"reply": REPLY}, "main form:has([name=reply])")
    cast.read(cast.person, "/data/on-hold", cast.says("Rien ne change avant", "Nothing changes until"))
    cast.read(cast.officer, page_of(), REPLY)
    press(cast, "keep")
    press(cast, "announce")
    before = len(cast.mails())
    with later(8):
        cast.come()
        run("restrictions.lift_due")
        assert restriction().lifted_at is None, "an officer lifts what lasts"
        press(cast, "lift")
        assert restriction().lifted_at is not None
        assert FeedClient(cast.people.app).item(OF)["reason"] != "restricted"
        cast.follow_up(cast.told())
        cast.read(cast.person, "/data/on-hold", on_hold)
        cast.read(cast.person, f"/requests/{reference}", reference)
        cast.read(cast.person, f"/requests/{reference}/receipt", reference)
    assert len(cast.mails()) >= before
    assert case(reference).closed_at is not None


def test_an_objection_holds_its_data_back_until_the_use_is_weighed_and_stopped(cast: Cast) -> None:
    reference = object_to_fraud(cast, on_hold="y")
    assert restriction().is_provisional
    assert FeedClient(cast.people.app).item(OF)["stops"] == ["fraud_prevention"]
    cast.read(cast.person, "/data/on-hold", cast.says("Opposition en cours", "Objection being examined"))
    cast.read(cast.person, "/preferences", cast.says("Vous vous y opposez depuis", "You have objected to it since"))
    weigh(cast, reference, "stopped")
    cast.decide(reference, "Nous arrêtons cet usage.")
    mails = " ".join(str(mail["Subject"]) for mail in cast.mails())
    assert reference in mails
    assert "/data/on-hold" in cast.last_mail(), "the last mail announces that the rest goes on"
    stopped = cast.says("Arrêt décidé le", "We decided on")
    cast.read(cast.person, f"/requests/{reference}", stopped, SUMMARY)
    cast.follow_up(cast.told())
    with later(8):
        run("restrictions.lift_due")
        assert restriction().lifted_at is not None
        cast.come()
        cast.follow_up(cast.told())
        cast.read(cast.person, "/preferences", stopped)
        cast.read(cast.person, f"/requests/{reference}/receipt", reference)
    assert case(reference).closed_at is not None


def test_a_use_goes_on_against_an_objection_only_with_the_officers_agreement(cast: Cast) -> None:
    reference = object_to_fraud(cast)
    weigh(cast, reference, "overridden")
    cast.decide(reference, "Cet usage continue.")
    assert case(reference).answered_at is None
    assert FeedClient(cast.people.app).item(OF)["stops"] == ["fraud_prevention"], "until the officer agrees"
    cast.agree(reference)
    assert FeedClient(cast.people.app).item(OF)["stops"] == []
    assert reference in cast.last_mail()
    goes_on = cast.says("Cet usage continue depuis notre réponse", "This use goes on since our answer")
    cast.read(cast.person, f"/requests/{reference}", goes_on, SUMMARY, "CNIL")
    cast.read(cast.person, "/preferences", goes_on)
    cast.read(cast.person, f"/requests/{reference}/receipt", reference)
