"""A value is corrected from the page that shows it: at once, by the team, with a statement, or refused."""

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.instructions.queue import instructions_of
from portal.personal_data.corrections.models import Correction, CorrectionResult, ValueStatement
from portal.personal_data.ledger.models import EntryKind, LedgerEntry
from portal.records.models import Record
from portal.rights.lifecycle import Outcome, Status
from portal.rights.models import RightsRequest
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.cases import decide, item_links, open_case, second
from tests.support.erasing.pages import team
from tests.support.filing import CAMILLE, OF, ask_to_correct, link_to_correct, only_request, trust_device
from tests.support.packages import take_in
from tests.support.records import record

FACTS = "Nous avons relu le dossier du 3 mars : la ville y est la bonne."


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    take_in(
        record("civil_identity", "I-1", {"title": "mrs", "given_name": "Camille", "family_name": "Lefèvre"}, OF),
        record("postal_address", "A/1", {"use": "billing", "line1": "1 rue Haute", "city": "Lille"}, OF),
        record("fraud_score", "S-1", {"score": 0.7, "level": "high"}, OF),
    )  # fmt: skip
    return browser


def stored(kind: str) -> Record:
    db.session.rollback()
    return db.session.execute(select(Record).where(Record.kind == kind)).scalar_one()


def correction() -> Correction:
    db.session.rollback()
    return db.session.execute(select(Correction)).scalar_one()


def person() -> tuple[str, str, bool]:
    """Return language and name of the one customer, and whether the source has taken the correction."""
    db.session.rollback()
    customer = db.session.execute(select(Customer)).scalar_one()
    return customer.language, customer.family_name, correction().released_at is not None


def tags(prefix: str) -> list[str]:
    return [tag for tag in db.session.execute(select(AuditEvent.tag)).scalars() if tag.startswith(prefix)]


def test_a_title_is_corrected_at_once_on_the_persons_word(camille: Browser) -> None:
    page = ask_to_correct(camille, "identity", "Corriger (Civilité)", value_title="mr")
    assert (stored("civil_identity").values["title"], stored("civil_identity").corrected_fields) == ("mr", ["title"])
    request = only_request()
    assert (request.status, request.outcome) == (Status.ANSWERED, Outcome.GRANTED), "its system has to follow"
    assert "de « Madame » à « Monsieur » : correction faite le" in page.text
    assert "La correction a été faite dans ce portail le" in page.text
    row = correction()
    assert (row.held, row.proposed, row.result, row.decided_by) == (
        {"value": "mrs"}, {"value": "mr"}, CorrectionResult.CORRECTED, None,
    )  # fmt: skip
    assert tags("customer:field:") == ["customer:field:corrected"]
    line = db.session.execute(select(LedgerEntry).where(LedgerEntry.kind == EntryKind.CORRECTED)).scalar_one()
    assert "mr" not in str(line.body.values())
    assert "Corrigé le" in camille.get("/data/identity").text


def test_a_title_may_be_taken_away(camille: Browser) -> None:
    ask_to_correct(camille, "identity", "Corriger (Civilité)", away_title="y")
    assert "title" not in stored("civil_identity").values


def test_a_name_waits_for_the_team_which_corrects_it(camille: Browser, people: People) -> None:
    ask_to_correct(camille, "identity", "Corriger (Nom)", value_family_name="Martin")
    assert (stored("civil_identity").values["family_name"], only_request().outcome) == ("Lefèvre", None)
    page = open_case(team(people)[0], only_request().reference)
    assert "de « Lefèvre » à « Martin »" in page.text
    assert decide(page, "granted").status == 200
    assert (stored("civil_identity").values["family_name"], only_request().outcome) == ("Martin", Outcome.GRANTED)


def test_the_team_leaves_a_value_with_the_persons_words_which_stand_everywhere(
    camille: Browser, people: People
) -> None:
    words = "Je vis à Lyon depuis mai."
    ask_to_correct(camille, "contact", "Corriger (Ville)", value_city="Lyon", statement=words)
    staff, reference = team(people), only_request().reference
    page = staff[0].get(item_links(open_case(staff[0], reference))[0])
    chosen = {"item-outcome": "statement", "item-ground": "data_are_accurate"}
    page = page.submit(chosen, with_field="item-outcome")
    assert page.status == 200, page.errors
    assert decide(page, "granted", FACTS, evidence="Facture du 3 mars.").status == 200
    assert second(staff[1], reference).status == 200
    assert (stored("postal_address").values["city"], correction().result) == ("Lille", CorrectionResult.STATEMENT)
    shown = camille.get("/data/contact")
    assert words in shown.text and "Mots de la personne sur « Ville »" in shown.text
    assert words in camille.get(f"/requests/{reference}").text
    take_in(record("postal_address", "A/1", {"use": "billing", "line1": "2 rue Basse", "city": "Lille"}, OF))
    shown = camille.get("/data/contact")
    assert words in shown.text, "an import keeps it"
    assert words not in shown.submit(action="/withdraw").text
    assert db.session.execute(select(ValueStatement.ended_at)).scalar_one() is not None


def test_a_refusal_leaves_value_and_page_as_they_were(camille: Browser, people: People) -> None:
    ask_to_correct(camille, "contact", "Corriger (Ville)", value_city="Lyon")
    staff, reference = team(people), only_request().reference
    page = open_case(staff[0], reference)
    page = decide(page, "refused", FACTS, ground="data_are_accurate", evidence="Facture du 3 mars.")
    assert page.status == 200, page.errors
    second(staff[1], reference)
    assert (stored("postal_address").values["city"], stored("postal_address").corrected_fields) == ("Lille", [])
    assert (correction().result, only_request().outcome) == (CorrectionResult.REFUSED, Outcome.REFUSED)
    assert instructions_of(only_request().id) == [], "nobody has to follow a refusal"
    assert "Nous avons vérifié ces données" in camille.get(f"/requests/{reference}").text


def test_beside_a_score_stand_the_persons_own_words_at_once(camille: Browser) -> None:
    words = "Ce paiement était le mien."
    page = ask_to_correct(camille, "profile", "Ajouter vos mots (Élevé)", statement=words)
    assert (only_request().status, only_request().outcome) == (Status.CLOSED, Outcome.GRANTED)
    assert "vos mots figurent à côté depuis" in page.text
    assert stored("fraud_score").values["level"] == "high"
    assert words in camille.get("/data/profile").text


def test_a_second_value_joins_the_draft_of_the_first(camille: Browser) -> None:
    """Its link opens one field; what was typed for another one is not lost, and the whole record is open as well."""
    camille.get(link_to_correct(camille, "contact", "Corriger (Ville)")).submit(
        {"value_city": "Lyon"}, with_field="value_city"
    )
    page = camille.get(link_to_correct(camille, "contact", "Corriger (Adresse)"))
    page = page.submit({"value_line1": "2 rue Basse"}, with_field="value_line1")
    page.submit(action="/send")
    proposed = dict(db.session.execute(select(Correction.field, Correction.proposed)).all())
    assert proposed == {"city": {"value": "Lyon"}, "line1": {"value": "2 rue Basse"}}
    camille.get(link_to_correct(camille, "identity", "Corriger (Nom)")).submit(
        {"value_family_name": "M"}, with_field="value_family_name"
    )
    whole = camille.get("/data/identity/I-1/correct?kind=civil_identity")
    assert whole.form(with_field="value_given_name")


def test_a_value_is_read_by_its_type_and_never_stored_wrong(camille: Browser) -> None:
    page = camille.get(link_to_correct(camille, "identity", "Corriger (Nom)"))
    assert page.submit({}, with_field="value_family_name").errors == ["Écrivez ce qui doit figurer."]
    page = page.submit({"value_family_name": "Lefèvre"}, with_field="value_family_name")
    assert page.errors == ["C’est la valeur que nous avons : écrivez celle qui est juste."]


@pytest.mark.parametrize("address", ["/data/identity/I-1/correct?kind=fraud_score", "/data/contact/I-1/correct?kind=civil_identity", "/data/identity/nobody/correct?kind=civil_identity"])  # fmt: skip
def test_what_is_not_theirs_has_no_form(camille: Browser, address: str) -> None:
    assert camille.get(address).status == 404


def test_the_own_file_is_corrected_and_resists_the_next_file(camille: Browser) -> None:
    ask_to_correct(camille, "identity", "Corriger (Langue)", value_language="en")
    request = db.session.execute(select(RightsRequest)).scalar_one()
    assert (request.customer.language, request.outcome) == ("en", Outcome.GRANTED)
    line = {"type": "customer", "external_id": OF, "email": CAMILLE, "family_name": "Martin"}
    take_in(line | {"language": "fr"})
    assert person() == ("en", "Martin", False)
    take_in(line | {"language": "en"})
    assert person() == ("en", "Martin", True)
    take_in(line | {"language": "fr"})
    assert person() == ("fr", "Martin", True)
