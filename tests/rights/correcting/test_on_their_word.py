"""What somebody is called is right by their own word, and where they are reached moves only after a fresh proof."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal import clock
from portal.accounts.models import AccountSession
from portal.infrastructure.database import db, transaction
from portal.records.models import Record
from portal.rights.deciding.refusals import RefusalGround
from portal.rights.lifecycle import Outcome, Status
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.cases import decide, item_links, open_case
from tests.support.erasing.pages import team
from tests.support.filing import CAMILLE, OF, ask_to_correct, link_to_correct, only_request, trust_device
from tests.support.packages import take_in
from tests.support.records import record

ACCURATE = str(RefusalGround.DATA_ARE_ACCURATE)


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    take_in(
        record("civil_identity", "I-1", {"title": "mrs", "given_name": "Camille", "family_name": "Lefèvre"}, OF),
        record("postal_address", "A-1", {"use": "billing", "line1": "1 rue Haute", "city": "Lille"}, OF),
        record("phone_number", "P-1", {"number": "+33612345678", "line": "mobile"}, OF),
    )  # fmt: skip
    return browser


def grounds(page: Page, name: str) -> list[str]:
    return [str(option["value"]) for option in page.tree.select(f"select[name='{name}'] option")]


def test_no_team_finds_an_old_name_right(camille: Browser, people: People) -> None:
    """C-247/23: nobody has to prove how they are called; a town is another matter."""
    ask_to_correct(camille, "identity", "Corriger (Nom)", value_family_name="Martin")
    staff = team(people)[0]
    case = open_case(staff, only_request().reference)
    assert ACCURATE not in grounds(case, "ground")
    assert ACCURATE not in grounds(staff.get(item_links(case)[0]), "item-ground")
    typed = {"way": "refused", "message": "Nous avons relu le dossier.", "ground": ACCURATE, "evidence": "Contrat."}
    assert case.submit(typed, with_field="way").status == 422
    assert only_request().outcome is None
    assert decide(open_case(staff, only_request().reference), "granted").status == 200
    assert only_request().outcome is Outcome.GRANTED


def test_a_town_may_be_found_right(camille: Browser, people: People) -> None:
    ask_to_correct(camille, "contact", "Corriger (Ville)", value_city="Lyon")
    assert ACCURATE in grounds(open_case(team(people)[0], only_request().reference), "ground")


def grow_stale() -> None:
    with transaction() as session:
        session.execute(update(AccountSession).values(reauthenticated_at=clock.now() - timedelta(minutes=11)))


def number() -> str:
    db.session.rollback()
    return str(db.session.execute(select(Record).where(Record.kind == "phone_number")).scalar_one().values["number"])


def test_a_number_is_moved_at_once_only_after_a_fresh_proof(camille: Browser) -> None:
    address = link_to_correct(camille, "contact", "Corriger (Numéro)")
    grow_stale()
    assert camille.get(address).url.startswith("/account/confirm"), "the password is asked for again"
    assert camille.get(link_to_correct(camille, "contact", "Corriger (Ville)")).url.startswith("/data/"), (
        "a town waits anyway"
    )


def test_a_number_typed_before_the_proof_grew_stale_waits_for_the_team(camille: Browser) -> None:
    form = camille.get(link_to_correct(camille, "contact", "Corriger (Numéro)"))
    check = form.submit({"value_number": "+33687654321"}, with_field="value_number")
    grow_stale()
    check.submit(action="/send")
    assert (only_request().status, number()) == (Status.RECEIVED, "+33612345678")


def test_a_number_is_moved_at_once_while_the_proof_is_fresh(camille: Browser) -> None:
    ask_to_correct(camille, "contact", "Corriger (Numéro)", value_number="+33687654321")
    assert (only_request().outcome, number()) == (Outcome.GRANTED, "+33687654321")
