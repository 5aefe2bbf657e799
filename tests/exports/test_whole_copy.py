"""A copy under art. 15 holds all: what was decided, sent, said and looked at, and mails with their text."""

import io
import json
import zipfile
from typing import Any

import pytest
from sqlalchemy import select

from portal.access.permissions import Role
from portal.exports.delivery import clear_chunks
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.mail.models import Mail
from portal.infrastructure.one_time_tokens import write_token
from portal.letters.models import Dispatch
from portal.personal_data.corrections.models import ValueStatement
from portal.personal_data.restrictions.models import Ground18, Restriction
from portal.rights.models import RightsRequest
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import People
from tests.support.cases import open_case
from tests.support.filing import describe_copy, trust_device
from tests.support.packages import build, only_customer, take_in
from tests.support.records import invoice

CAMILLE = "camille@example.org"
REASON = "Prix élevé, dit le score ; j’ai acheté pour mon club."


@pytest.fixture
def files(people: People, mailbox: Mailbox) -> dict[str, str]:
    """The files of a copy made after a request was answered, looked at by staff, and a password was forgotten."""
    browser = people.signed_in(CAMILLE)
    trust_device()
    take_in(invoice("F-1", of="C-camille"))
    reference = describe_copy(browser, details="").submit(action="/send").url.rpartition("/")[2]
    mailbox.all()
    open_case(people.signed_in_staff(Role.REVIEWER), reference)
    browser.get("/password/forgotten").submit({"email": CAMILLE})
    mailbox.all()
    customer_id = only_customer().id
    with transaction() as session:
        session.add(Restriction(customer_id=customer_id, ground_18=Ground18.ACCURACY, categories=["usage"]))
        session.add(ValueStatement(customer_id=customer_id, part="records", kind="profile_segment", text=REASON))
    package = build()
    archive = zipfile.ZipFile(io.BytesIO(b"".join(clear_chunks(package))))
    return {name: archive.read(name).decode() for name in archive.namelist() if not name.endswith(".css")}


def held(files: dict[str, str], category: str, kind: str) -> list[dict[str, Any]]:
    return [item["values"] for item in json.loads(files[f"{category}.json"]) if item["kind"] == kind]


def test_mails_come_with_their_text_and_without_what_works_once(files: dict[str, str], mailbox: Mailbox) -> None:
    texts = [mail["text"] for mail in held(files, "profile", "portal_mail")]
    sent = [text_of(mail).strip() for mail in mailbox.to(CAMILLE)]
    assert len(texts) == len(sent) >= 3
    links = 0
    for mail in db.session.execute(select(Mail)).scalars():
        if "token_id" in mail.context:
            token = write_token(
                installed.settings().secret_key, mail.context["token_purpose"], mail.context["token_id"]
            )
            assert any(token in text for text in sent), "the control: the person got it"
            assert not [name for name, content in files.items() if token in content]
            links += 1
    assert links
    assert len([text for text in texts if "[lien à usage unique, retiré de cette copie]" in text]) == links
    assert "[lien à usage unique, retiré de cette copie]" in files["profile.html"]
    assert "[lien à usage unique, retiré de cette copie]" in files["profile.csv"]


def test_a_request_comes_with_its_items_its_letter_and_its_sendings(files: dict[str, str]) -> None:
    (request,) = held(files, "profile", "rights_request")
    reference = db.session.execute(select(RightsRequest.reference)).scalar_one()
    sent = db.session.execute(select(Dispatch)).scalar_one()
    assert request["reference"] == reference
    assert {item["outcome"] for item in request["items"]} == {"handed"}
    assert "Ce qui est fait" in request["letter"]
    assert [(each["sha256"], each["channel"]) for each in request["sendings"]] == [(sent.sha256, "email")]
    assert "Ce qui est fait" in files["profile.html"]


def test_looks_statements_and_restrictions_are_in_it(files: dict[str, str]) -> None:
    looks = held(files, "technical", "access_log_entry")
    assert looks, "who by team, when and why"
    assert all(look["at"] and look["reason"] and look["team"] for look in looks)
    (statement,) = held(files, "profile", "value_statement")
    assert (statement["text"], statement["kind"]) == (REASON, "profile_segment")
    (restriction,) = held(files, "profile", "restriction")
    assert (restriction["ground"], restriction["categories"]) == ("accuracy", ["usage"])
    for words in ("Vos mots à côté d’une donnée", "Mise en pause de vos données", REASON):
        assert words in files["profile.html"].replace("\u2060", "")
