"""One purpose has one lawful basis wherever it is told, and rights follow from the bases of all uses of a kind."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.customers.models import Customer
from portal.exports.contents import items_of
from portal.exports.information import article_15_information
from portal.infrastructure.database import db
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.registry import holdings, uses_of
from portal.personal_data.uses.lawful_bases import Availability, LawfulBasis, availability
from portal.personal_data.uses.purposes import OWN_PURPOSES
from portal.records.data_map.kinds import DEFAULT_FILE, DataMap, DataMapFaults, installed_data_map
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.filing import file_with_document_later
from tests.support.records import record

TakeIn = Callable[..., list[Any]]
Told = dict[str, set[LawfulBasis]]
CAMILLE = "C-camille"
SPACES = re.compile(r"[\s\u00a0]+")


def words(text: str) -> str:
    return SPACES.sub(" ", text).strip()


def bases_in(text: str, language: str) -> set[LawfulBasis]:
    return {basis for basis in LawfulBasis if words(basis.label(language)) in text}


def codes_of(language: str) -> dict[str, str]:
    """Return the label of every purpose with its code."""
    return {words(purpose.label.text(language)): purpose.code for purpose in installed_data_map().purposes.values()}


@pytest.fixture
def browser(people: People, take_in: TakeIn) -> Browser:
    """A customer with a choice made, a request filed, a look at their file, and a title of their own accord."""
    signed_in = people.signed_in()
    identity = {"family_name": "Lefèvre", "title": "mrs", "title_given_on": "2026-01-15"}
    assert take_in(record("civil_identity", "I-1", identity, CAMILLE, source="platform")) == []
    file_with_document_later(signed_in)
    signed_in.get("/preferences").submit({"offers.email": "accept"}, with_field="offers.email")
    return signed_in


def read_in(browser: Browser, language: str) -> None:
    browser.post("/language", {"language": language, "csrf_token": browser.form_token("/language")})


def camille() -> Customer:
    return db.session.execute(select(Customer).where(Customer.external_id == CAMILLE)).scalar_one()


def in_the_policy(page: Page, codes: dict[str, str], language: str) -> Told:
    told: Told = defaultdict(set)
    for row in page.tree.select("tbody tr"):
        code = codes.get(words(row.select_one("th").get_text()))  # type: ignore[union-attr]
        if code:
            told[code] |= bases_in(words(row.get_text(" ")), language)
    return told


def in_the_answers(page: Page, codes: dict[str, str], language: str) -> Told:
    """Return what a category's page says. Nothing there may name a basis except as that of a known purpose."""
    told: Told = defaultdict(set)
    for part in page.tree.select("section[aria-labelledby=question-purpose] li"):
        first = part.select_one("p")
        assert first is not None
        bases = bases_in(words(part.get_text(" ")), language)
        quiet = first.select_one(".quiet-text")
        use = first.get_text().replace(quiet.get_text(), "") if quiet else first.get_text()
        code = codes.get(words(use).removesuffix("."))
        assert code or not bases, f"a basis of no purpose: {words(part.get_text(' '))}"
        if code:
            told[code] |= bases
    return told


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_place_tells_one_and_the_same_basis(browser: Browser, app: Flask, language: str) -> None:
    read_in(browser, language)
    codes, customer_id = codes_of(language), camille().id
    told = {"policy": in_the_policy(browser.get("/policy"), codes, language)}
    assert set(told["policy"]) == set(codes.values()), "the policy leaves a purpose out"
    for category in CATEGORIES:
        told[f"answers of {category}"] = in_the_answers(browser.get(f"/data/{category}"), codes, language)
    with app.test_request_context():
        facts = article_15_information(customer_id, dict.fromkeys(CATEGORIES, 1), language)
    labels = {words(basis.label(language)): basis for basis in LawfulBasis}
    told["package"] = {use["code"]: {labels[words(use["lawful_basis"])]} for use in facts["purposes"]}
    wanted = {code: {purpose.lawful_basis} for code, purpose in installed_data_map().purposes.items()}
    for place, bases in told.items():
        assert bases, place
        assert bases == {code: wanted[code] for code in bases}, place


def test_each_thing_handed_over_has_the_basis_of_a_use_of_its_own(browser: Browser) -> None:
    data_map, seen = installed_data_map(), set()
    own = [holding for holding in holdings() if holding.code != "records"]
    for category in CATEGORIES:
        of_portal = {use.code for use in uses_of(own, category, data_map.purposes.values())}
        for item in items_of(camille().id, category, "fr", "access"):
            codes = data_map.kinds[item.kind].purposes if item.kind in data_map.kinds else of_portal
            assert item.lawful_basis in {data_map.purposes[code].lawful_basis for code in codes}, item.kind
            seen.add(item.kind)
    assert {"civil_identity", "portal_account", "portal_sign_in", "consent_record", "rights_request"} <= seen


def test_what_the_person_chose_is_in_a_portable_copy(browser: Browser) -> None:
    kinds = {item.kind for item in items_of(camille().id, "marketing", "fr", "portability")}
    assert kinds == {"consent_record", "preference_state"}


def under_any_basis(right: str, bases: Iterable[LawfulBasis]) -> bool:
    given = {Availability.YES, Availability.IF_NO_LONGER_NEEDED}
    return any(availability(basis, right) in given for basis in bases)


def test_rights_follow_from_the_bases_of_all_uses() -> None:
    data_map = DataMap.load()
    for kind in data_map.kinds.values():
        bases = {purpose.lawful_basis for purpose in data_map.purposes_of(kind)}
        assert kind.bases == bases
        assert ("objection" in kind.rights()) is under_any_basis("objection", bases), kind.code
        assert kind.is_portable is (kind.nature != "inferred" and under_any_basis("portability", bases)), kind.code
    # A card is held for the contract, and to prevent fraud on a legitimate interest: that use is open to objection.
    assert "objection" in data_map.kinds["payment_card"].rights()
    assert "objection" not in data_map.kinds["order"].rights()


def test_the_page_offers_to_object_to_the_use_that_is_open_to_it(browser: Browser) -> None:
    page = browser.get("/data/financial")
    offers = [words(link.get_text()) for link in page.tree.select("section[aria-labelledby=question-rights] a")]
    assert "Vous opposer à ces usages (droit d’opposition) : Lutter contre la fraude" in offers


def changed(path: Path, before: str, after: str) -> Path:
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    return path


def test_a_map_cannot_give_a_purpose_of_the_portal_another_basis(tmp_path: Path) -> None:
    before = (
        '[purposes.account]\nlabel = { fr = "Gérer votre compte", en = "Run your account" }\nlawful_basis = "contract"'
    )
    path = changed(tmp_path / "map.toml", before, before.replace('"contract"', '"legal_obligation"'))
    with pytest.raises(DataMapFaults, match=r"purposes\.account\.lawful_basis: must be contract"):
        DataMap.load(path)


def test_a_map_without_the_portal_s_purposes_still_has_them(tmp_path: Path) -> None:
    before = '[purposes.social_sign_in]\nlabel = { fr = "Vous connecter par un réseau social", en = "Sign you in through a social network" }\nlawful_basis = "consent"\nchoices = ["sign_in.facebook"]\n'
    data_map = DataMap.load(changed(tmp_path / "map.toml", before, ""))
    assert data_map.purposes["social_sign_in"] == OWN_PURPOSES["social_sign_in"]
    assert set(OWN_PURPOSES) <= set(data_map.purposes)


def test_bases_are_worked_out_and_not_declared(tmp_path: Path) -> None:
    path = changed(tmp_path / "map.toml", "[kinds.username]\n", '[kinds.username]\nbases = ["consent"]\n')
    with pytest.raises(DataMapFaults, match="is worked out from the purposes"):
        DataMap.load(path)


def test_a_field_needs_a_declared_purpose(tmp_path: Path) -> None:
    path = changed(tmp_path / "map.toml", 'purpose = "form_of_address"', 'purpose = "whim"')
    with pytest.raises(DataMapFaults, match=r"fields\[title\].purpose: “whim” is not declared under purposes"):
        DataMap.load(path)


@pytest.mark.parametrize(
    ("language", "contract", "title", "optional"),
    [
        ("fr", "Votre contrat avec nous l’exige", "Civilité", "La civilité n’en fait jamais partie"),
        ("en", "Your contract with us needs it", "Title", "A title is never one of them"),
    ],
)
def test_no_text_says_that_the_contract_needs_a_title(
    browser: Browser, language: str, contract: str, title: str, optional: str
) -> None:
    field = installed_data_map().kinds["civil_identity"].fields["title"]
    assert (field.required, field.purpose) == (False, "form_of_address")
    read_in(browser, language)
    page = browser.get("/data/identity")
    parts = [words(part.get_text(" ")) for part in page.tree.select("[aria-labelledby=question-purpose] li")]
    with_title = [part for part in parts if title in re.sub(r"\([^()]*: [^()]*\)", "", part)]
    assert len(with_title) == 1, with_title
    assert contract not in with_title[0]
    of_contract = [part for part in parts if contract in part and "ivil" in part]
    assert of_contract
    assert all(re.search(rf"\((sans|without) ?: {title}", part) for part in of_contract)
    assert optional in words(browser.get("/policy").text)


def test_a_title_says_when_it_was_given_and_that_it_was_not(browser: Browser, take_in: TakeIn) -> None:
    assert "Civilité : Recueilli avec votre accord du 15 janvier 2026." in words(browser.get("/data/identity").text)
    for given_on in (None, "2026-01"):
        values = {"family_name": "Lefèvre", "title": "mrs", "title_given_on": given_on}
        assert take_in(record("civil_identity", "I-1", values, CAMILLE, source="platform")) == []
        said = words(browser.get("/data/identity").text)
        assert "Civilité : Cette donnée demande votre accord, et nous n’en trouvons pas la trace." in said
    values = {"family_name": "Lefèvre"}
    assert take_in(record("civil_identity", "I-1", values, CAMILLE, source="platform")) == []
    assert "Civilité :" not in words(browser.get("/data/identity").text).partition("D’où vient")[0]
