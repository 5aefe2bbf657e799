"""Each sentence about a person stands only where its row does: for eight customers, on every page, mail and file.

What stands behind a sentence is asked of the tables here, by statements of the tests' own.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import Final

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from portal.accounts.models import LinkedIdentity
from portal.bilingual import LANGUAGES
from portal.exports.delivery import clear_chunks
from portal.exports.models import AnswerPackage
from portal.identity_checks.models import IdentityCheck
from portal.infrastructure.database import db, transaction
from portal.letters.models import Dispatch
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.erasure.models import CancelLink, Erasure
from portal.personal_data.restrictions.models import Restriction
from portal.personal_data.sentences import declared
from portal.preferences.models import ConsentRecord, PreferenceState
from portal.rights.items.models import RequestItem
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest
from tests.personal_data.test_claims import ALLOWED
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.complete_organisation import nothing_missing
from tests.support.eight_customers import STORIES, Company, address_of, customer_of, make
from tests.support.looking.proofs import PROOFS, duties, is_proven, untrue_states
from tests.support.looking.said import CLAIMS, plain, sentences_in, without_sentences, words_of_html, words_of_mail

Texts = dict[tuple[str, str], str]
"""Words by where they stand and their language."""

PAGES: Final = (
    "/data", *(f"/data/{category}" for category in CATEGORIES), "/preferences", "/preferences/history", "/requests",
    "/requests/new", *(f"/requests/new/{right}" for right in Right), "/access-log", "/account", "/account/second-step",
)  # fmt: skip

SAID: Final = {
    "claire": {"recipient_name_promised", "item_handed", "answer_sent"},
    "remi": {"refused"},
    "alice": {"agreed", "agreed_in_part", "erased"},
    "neil": set(),
    "luc": set(),
    "paule": set(),
    "rose": {"use_stopped", "advertising_stopped", "locked_here"},
    "noe": set(),
}
"""What each customer reads as a claim, in one text at least: without these, the test would look at nothing."""


@pytest.fixture
def company(app: Flask, people: People) -> Company:
    return Company(app, people)


@pytest.mark.parametrize("name", STORIES)
def test_what_a_customer_reads_is_true(name: str, people: People, company: Company, mailbox: Mailbox) -> None:
    browser = make(people, company, name)
    customer_id = customer_of(name).id
    texts = read_everything(browser, name, customer_id, mailbox)
    faults, claimed = look_at(texts, customer_id)
    assert not faults, "\n".join(faults)
    seen = {code for codes in claimed.values() for code in codes}
    assert SAID[name] <= seen, f"{name} no longer reads {SAID[name] - seen}"
    # A file is a letter that has left; a page says what stands now.
    on_pages = {place[0] for place in claimed if place[0].startswith("/")}
    speak(browser, "fr")
    take_rows_away(customer_id)
    faults, claimed = look_at({(path, "fr"): words for path, words in opened(browser, on_pages)}, customer_id)
    assert not faults, "\n".join(faults)
    assert not claimed, "nothing stands behind these any more"


def take_rows_away(customer_id: int) -> None:
    """Delete what stands behind everything that the pages claim."""
    with transaction() as session:
        for model in (ConsentRecord, PreferenceState, Restriction):
            session.execute(delete(model).where(model.customer_id == customer_id))
        session.execute(delete(Dispatch).where(Dispatch.customer_id == customer_id))
        session.execute(update(RequestItem).values(done_at=None))
        session.execute(update(IdentityCheck).values(destroyed_at=None))
        for of_all in (AnswerPackage, LinkedIdentity, CancelLink, Erasure):
            session.execute(delete(of_all))


def test_a_setting_that_goes_takes_its_sentence_along(app: Flask, people: People, company: Company) -> None:
    browser = make(people, company, "neil")
    places, of_settings = ["/policy"], {"no_automated_decision", "in_the_union"}
    customer_id = customer_of("neil").id
    with nothing_missing(app):
        faults, claimed = look_at({(path, "fr"): words for path, words in opened(browser, places)}, customer_id)
        assert (faults, set().union(*claimed.values())) == ([], of_settings)
    faults, claimed = look_at({(path, "fr"): words for path, words in opened(browser, places)}, customer_id)
    assert (faults, claimed) == ([], {})


def read_everything(browser: Browser, name: str, customer_id: int, mailbox: Mailbox) -> Texts:
    texts: Texts = {}
    for language in LANGUAGES:
        speak(browser, language)
        texts |= {(path, language): words for path, words in opened(browser, pages(customer_id))}
    for number, mail in enumerate(mailbox.to(address_of(name))):
        texts[f"mail {number} {mail['Date'].datetime.date()}", "fr"] = words_of_mail(mail)
    for package in stored(customer_id):
        texts |= {(place, package.language): words for place, words in files_of(package)}
    return texts


def speak(browser: Browser, language: str) -> None:
    browser.post("/language", {"language": language, "csrf_token": browser.form_token("/")})


def pages(customer_id: int) -> list[str]:
    """Return the path of every page that a signed-in customer may open."""
    of_requests = select(RightsRequest).where(RightsRequest.customer_id == customer_id)
    packages = select(AnswerPackage.public_id).where(AnswerPackage.customer_id == customer_id)
    paths = [f"/answers/{public_id}" for public_id in db.session.execute(packages).scalars()]
    for request in db.session.execute(of_requests).scalars():
        start = f"/requests/{request.reference}"
        paths += [start, f"{start}/receipt"]
        paths += [f"{start}/withdraw"] if request.is_open else []
        paths += [f"/requests/identity/{request.reference}"] if request.paused_on else []
    return [*PAGES, *paths]


def opened(browser: Browser, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (path, words) of pages."""
    for path in paths:
        answer = browser.client.get(path, headers=browser.headers, follow_redirects=True)
        db.session.rollback()
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        yield path, words_of_html(answer.text)


def stored(customer_id: int) -> list[AnswerPackage]:
    is_there = (AnswerPackage.customer_id == customer_id, AnswerPackage.storage_key.is_not(None))
    return list(db.session.execute(select(AnswerPackage).where(*is_there)).scalars())


def files_of(package: AnswerPackage) -> Iterator[tuple[str, str]]:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(clear_chunks(package))))
    for file in archive.namelist():
        content = archive.read(file).decode("utf-8-sig")
        yield file, words_of_html(content) if file.endswith(".html") else plain(content)


def look_at(texts: Texts, customer_id: int) -> tuple[list[str], dict[tuple[str, str], set[str]]]:
    """Return what is wrong in some texts, and the codes of the sentences that each of them claims."""
    faults: list[str] = []
    claimed: dict[tuple[str, str], set[str]] = {}
    for (place, language), words in texts.items():
        for said in sentences_in(words, language):
            if not is_proven(customer_id, said, language):
                faults.append(f"{place} ({language}): {said.words!r}")
            elif said.is_claim:
                claimed.setdefault((place, language), set()).add(said.code)
        faults += [f"{place} ({language}): {fault}" for fault in claims_apart(words, language)]
        faults += [f"{place} ({language}): {fault}" for fault in untrue_states(place, words, customer_id, language)]
    return faults, claimed


def claims_apart(words: str, language: str) -> Iterator[str]:
    """Yield the claims that a text makes outside the declared sentences."""
    rest = without_sentences(words, language)
    for allowed in (*ALLOWED, *duties(language)):
        for said in (allowed, allowed[:1].lower() + allowed[1:]):  # in a letter it goes on after a colon
            rest = rest.replace(plain(said), " ")
    for found in CLAIMS.finditer(rest):
        yield rest[max(0, found.start() - 60) : found.end() + 60]


def test_every_sentence_has_a_proof_here() -> None:
    assert {sentence.code for sentence in declared()} == set(PROOFS)
