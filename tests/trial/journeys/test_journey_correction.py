"""A correction from the first click to the last mail: granted in part, refused, with the person's own words beside it."""

from sqlalchemy import select

from portal.infrastructure.database import db
from portal.records.models import Record
from tests.support.cases import case
from tests.trial.journeys.conftest import Cast

FACTS = "Nous avons relu le dossier du 3 mars : la rue y est la bonne."
WORDS = "J’habite au 2 rue Basse depuis mai."
FORM = "main form:has([name=value_city])"


def held() -> dict[str, str]:
    db.session.rollback()
    return dict(db.session.execute(select(Record.values).where(Record.external_id == "A-1")).scalar_one())


def file_correction(cast: Cast, values: dict[str, str]) -> str:
    """Go from the page that shows the address by its link to the form, and send what is wrong."""
    page = cast.read(cast.person, "/data/contact", "Lille")
    links = page.locator("main a[href*='/correct?']").all()
    whole = next(
        str(a.get_attribute("href"))
        for a in links
        if "field=" not in str(a.get_attribute("href")) and "postal" in str(a.get_attribute("href"))
    )
    return cast.file(whole, values, FORM)


def leave(cast: Cast, reference: str, name: str) -> None:
    """Leave one value as it is, with the person's words beside it, on the page of its item."""
    for link in cast.items(reference):
        page = cast.read(cast.reviewer, link)
        if name in page.locator("h1").inner_text():
            chosen = {"item-outcome": "statement", "item-ground": "data_are_accurate"}
            cast.reviewer.send(chosen, "form:has([name=item-outcome])")
            return
    raise AssertionError(f"no item is named {name}")


def test_one_value_is_corrected_and_beside_the_other_stand_the_persons_words(cast: Cast) -> None:
    reference = file_correction(cast, {"value_city": "Lyon", "value_line1": "2 rue Basse", "statement": WORDS})
    assert reference in cast.last_mail()
    leave(cast, reference, "Adresse")
    cast.decide(reference, FACTS, evidence="Facture du 3 mars.")
    assert held()["city"] == "Lille", "a no takes a second person"
    cast.agree(reference)
    assert (held()["city"], held()["line1"]) == ("Lyon", "1 rue Haute")
    mail = cast.last_mail()
    assert reference in mail
    assert WORDS not in mail
    done = cast.says("correction faite le", "corrected on")
    page = cast.read(cast.person, f"/requests/{reference}", done, FACTS)
    assert cast.says("mots figurent à côté", "words have stood beside") in page.locator("main").inner_text()
    cast.read(cast.person, "/data/contact", "Lyon", WORDS)
    assert case(reference).closed_at is None, "nobody has followed yet"
    cast.follow_up(cast.told())
    assert case(reference).closed_at is not None
    confirmed = cast.says("noté comme fait par notre équipe", "our team noted on")
    cast.read(cast.person, f"/requests/{reference}", confirmed)
    cast.read(cast.person, f"/requests/{reference}/receipt", cast.says("demande close", "closed"), reference)
    cast.read(cast.reviewer, f"/staff/requests/{reference}/receipt", reference)


def test_a_correction_that_is_refused_says_why_and_what_the_person_may_do(cast: Cast) -> None:
    reference = file_correction(cast, {"value_city": "Lyon"})
    cast.decide(reference, FACTS, "refused", ground="data_are_accurate", evidence="Facture du 3 mars.")
    cast.agree(reference)
    assert held()["city"] == "Lille"
    assert reference in cast.last_mail()
    page = cast.read(cast.person, f"/requests/{reference}", FACTS, "CNIL")
    assert cast.says("correction faite", "corrected on") not in page.locator("main").inner_text()
    assert case(reference).closed_at is not None, "nobody has to be told of a no"
    assert cast.told() == []
    cast.read(cast.person, f"/requests/{reference}/receipt", reference)
