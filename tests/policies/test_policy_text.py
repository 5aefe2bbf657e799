"""The policy in both languages: the facts it must carry, from the organisation file and the data map."""

import gettext
import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from portal.organisation import DataProtectionOfficer, Organisation
from portal.records.data_map.kinds import DataMap
from portal.site.policy_claims import PolicyClaims

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "portal/translations/fr/LC_MESSAGES/policies.po"
BANNED = ("veuillez", "malheureusement", "invalide", "oups", "sorry", "please", "invalid", "oops")


def catalogue() -> gettext.GNUTranslations:
    with CATALOGUE.open("rb") as file:
        messages = read_po(file, locale="fr")
    written = BytesIO()
    write_mo(written, messages)
    written.seek(0)
    return gettext.GNUTranslations(written)


def rendered(language: str, organisation: Organisation | None = None) -> str:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    translations = catalogue() if language == "fr" else gettext.NullTranslations()
    environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    page = environment.get_template("policies/policy.html")
    organisation = organisation or Organisation.load()
    claims = PolicyClaims.of(organisation, language)
    return page.render(language=language, organisation=organisation, data_map=DataMap.load(), claims=claims)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\u00a0", " ")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_facts_of_the_company_s_policy_are_all_there(language: str) -> None:
    text = words(rendered(language))

    for fact in (
        "Netkin SAS, 28 rue Sainte Foy, 75002 Paris",
        "support@netkin.fr",
        "@netkin.fr",
        "netkin.fr",
        "netkin.io",
        "AJJM",
        "OVH",
        "2016/679",
        "78-17",
        "Facebook",
    ):
        assert fact in text
    for fact in {
        "fr": (
            "OVH l’héberge en France",
            "puis trois ans",
            "trois ans après le dernier",
            "vos gènes",
            "infractions",
        ),
        "en": (
            "OVH hosts it in France",
            "then three years",
            "three years after the last",
            "genes",
            "offences",
        ),
    }[language]:
        assert fact in text


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_the_law_adds_is_there(language: str) -> None:
    text = words(rendered(language))
    organisation, data_map = Organisation.load(), DataMap.load()

    assert "3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07" in text
    assert "cnil.fr/fr/plaintes" in text
    for category in data_map.categories:
        assert category.label(language) in text
    for kind in data_map.kinds.values():
        assert kind.label.text(language) in text
        assert kind.retention.text(language).replace("\u00a0", " ") in text
        if kind.logic:
            assert kind.logic.text(language).replace("\u00a0", " ") in text
    for purpose in data_map.purposes.values():
        assert purpose.label.text(language) in text
        assert purpose.lawful_basis.label(language) in text
    for recipient in organisation.recipients:
        assert recipient.shown_name(language).replace("\u00a0", " ") in text
    assert organisation.policy.standing(language).replace("\u00a0", " ") in text


@pytest.mark.parametrize("language", ["fr", "en"])
def test_it_is_a_fragment_that_a_strict_page_can_hold(language: str) -> None:
    page = rendered(language)

    assert "<h1" not in page
    assert page.count("<h2") == page.count("</h2>") == 16
    assert not re.search(r"style=|<script|javascript:|<img", page)
    identifiers = re.findall(r'id="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))
    assert "{{" not in page
    assert "'" not in words(page)
    assert not [word for word in BANNED if word in words(page).lower()]


def test_french_keeps_its_spaces_and_its_words() -> None:
    page = re.sub(r"<[^>]+>", "", rendered("fr"))

    assert not re.search(r"[^\u00a0\s] [:;?!»]", page)
    assert not re.search(r"« ", page)
    for english in ("Category", "How long", "Purpose", "Recipient", "Our interest"):
        assert english not in page


def test_a_named_officer_replaces_the_general_address() -> None:
    organisation = Organisation.load()
    officer = DataProtectionOfficer(email="dpo@example.org")
    named = organisation.model_copy(update={"data_protection_officer": officer})

    assert "dpo@example.org" in rendered("fr", named)
    assert "délégué à la protection des données" not in rendered("fr")


def test_the_catalogue_holds_every_string_of_the_tables_and_no_other() -> None:
    used = set(re.findall(r"_\('([^']+)'", (ROOT / "templates/policies/tables.html").read_text(encoding="utf-8")))
    with CATALOGUE.open("rb") as file:
        messages = {message.id: message for message in read_po(file, locale="fr") if message.id}

    assert set(messages) == used
    assert all(message.string and not message.fuzzy for message in messages.values())
