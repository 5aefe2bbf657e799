"""A choice on cookies is a sentence of consent, with who decides, who sets which trackers and for how long; or a gap."""

from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from portal.infrastructure import installed
from portal.organisation import DEFAULT_FILE, GapCode, Organisation, OrganisationFaults, TrackerPurpose
from portal.personal_data.organisation_gaps import gaps
from portal.personal_data.uses.cookie_purposes import COOKIE_PURPOSES, CookiePurpose
from portal.personal_data.uses.trackers import say_trackers
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.preferences import proofs, state_of

GAP = "Nous ne pouvons pas encore nommer les traceurs de cet usage"
DECLARED = """
[[trackers]]
name = "_audience"
purpose = "audience_measurement"
set_by = "Exemple Mesure SAS"
lifetime = "P13M"

[[trackers]]
name = "_pub"
purpose = "advertising"
set_by = "Exemple Régie SA"
controller = "Exemple Régie SA"
lifetime = "P6M"
"""


def organisation(folder: Path, more: str = DECLARED, none_for: str = '["social_media"]') -> Organisation:
    path = folder / "organisation.toml"
    text = DEFAULT_FILE.read_text("utf-8").replace(
        'country = "FR"\n', f'country = "FR"\nno_trackers_for = {none_for}\n', 1
    )
    path.write_text(text + more, encoding="utf-8")
    return Organisation.load(path)


def test_the_file_and_the_choices_know_the_same_purposes() -> None:
    assert set(TrackerPurpose.__args__) == set(COOKIE_PURPOSES)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_choice_is_a_sentence_of_consent(language: str) -> None:
    start = {"fr": "J’accepte que Netkin ", "en": "I agree that Netkin "}[language]
    for purpose in COOKIE_PURPOSES:
        assert purpose.wording(language, "Netkin").startswith(start)
        assert {"fr": "traceurs", "en": "trackers"}[language] in purpose.wording(language, "Netkin")


def test_what_is_declared_is_told_and_the_rest_is_a_gap(tmp_path: Path) -> None:
    told = {purpose: say_trackers(organisation(tmp_path), purpose, "fr") for purpose in COOKIE_PURPOSES}
    assert told[CookiePurpose.AUDIENCE_MEASUREMENT].replace("\u00a0", " ") == (
        "Qui décide : Netkin. Qui les dépose : Exemple Mesure SAS. Traceurs et durées : _audience (13 mois)."
    )
    assert "Exemple Régie SA" in told[CookiePurpose.ADVERTISING]
    assert told[CookiePurpose.PERSONALISATION].startswith(GAP)
    assert told[CookiePurpose.SOCIAL_MEDIA] == "Nos sites n’ont aucun traceur pour cet usage."


def test_the_gap_ends_when_every_purpose_is_declared(tmp_path: Path) -> None:
    assert GapCode.TRACKERS in {gap.code for gap in gaps(Organisation.load())}
    assert GapCode.TRACKERS in {gap.code for gap in gaps(organisation(tmp_path))}
    complete = organisation(tmp_path, none_for='["social_media", "personalisation"]')
    assert GapCode.TRACKERS not in {gap.code for gap in gaps(complete)}


def test_a_purpose_has_trackers_or_none(tmp_path: Path) -> None:
    with pytest.raises(OrganisationFaults, match="_pub is declared for advertising"):
        organisation(tmp_path, none_for='["advertising"]')


@pytest.fixture
def camille(people: People) -> Browser:
    return people.signed_in()


def told_on(browser: Browser, path: str) -> str:
    return browser.get(path).text.replace("\u00a0", " ")


def test_the_pages_and_the_proof_hold_the_list(app: Flask, camille: Browser, tmp_path: Path) -> None:
    for path in ("/preferences", "/cookies"):
        assert told_on(camille, path).count(GAP) == 4
    camille.get("/preferences").submit({"cookies.advertising": "accept"}, with_field="offers.email")
    assert GAP in proofs(flag="cookies.advertising")[0].wording
    installed.organisation.put(app, organisation(tmp_path))
    for path in ("/preferences", "/cookies"):
        assert "Qui les dépose : Exemple Régie SA." in told_on(camille, path)
        assert told_on(camille, path).count(GAP) == 1
    # The list has changed, so the same answer is a new proof, with the words that were shown.
    camille.get("/preferences").submit({"cookies.advertising": "accept"}, with_field="offers.email")
    first, second = proofs(flag="cookies.advertising")
    assert "J’accepte que Netkin dépose et lise des traceurs" in second.wording
    assert "_pub (6\u00a0mois)" in second.wording
    assert first.wording_version != second.wording_version
    sequence = state_of().sequence
    camille.get("/preferences").submit({}, with_field="offers.email")
    assert len(proofs()) == 2
    assert state_of().sequence == sequence
    assert date.fromisoformat(second.wording_version[:10])
