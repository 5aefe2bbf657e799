"""A copy under art. 15 is complete: each thing that the tables hold of a person stands in its JSON, page and CSV."""

import csv
import io
import json
import zipfile
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.exports.delivery import clear_chunks
from portal.exports.models import AnswerPackage
from portal.exports.requesting import request_package
from portal.infrastructure.database import db, transaction
from portal.instructions.disclosures import disclose
from portal.instructions.models import (
    Disclosure,
    Exemption,
    Instruction,
    InstructionChannel,
    InstructionState,
    Operation,
)  # fmt: skip
from portal.personal_data.corrections.models import Correction, CorrectionResult, ValueStatement
from portal.personal_data.restrictions.grounds import Ground18
from portal.personal_data.restrictions.models import Restriction
from portal.personal_data.stops.models import PurposeStop, StopState, Weighing
from portal.records.archive.models import ArchivedRecord
from portal.rights.following.models import DestroyedFile
from portal.rights.models import EventKind, RequestDecision, RequestEvent, RightsRequest
from portal.staff.models import StaffMember
from tests.support.acting.mailbox import Mailbox, run_asked_jobs
from tests.support.acting.people import People
from tests.support.cases import open_case
from tests.support.filing import describe_copy, trust_device
from tests.support.packages import dashboard_counts, only_customer, take_in
from tests.support.records import invoice

CAMILLE = "camille@example.org"
ASKED = "Mes factures de l’été, et tout le reste."
STATEMENT = "Ce score me confond avec ma sœur."
SUMMARY = "Votre situation passe avant notre intérêt : l’usage s’arrête."
INSIDE = "Entre nous : client fidèle."
PROFILE = ("profile.json", "profile.html", "profile.csv")
# What each file must say, whatever its form: codes in JSON and CSV, words on the page.
IN_ALL = (
    ASKED, STATEMENT, SUMMARY, "Lefebvre", "Lefèvre-Noir", "Registre tenu par un tiers.",
    "DR-2019-00007", "Ce qui est fait",
)  # fmt: skip
ON_THE_PAGE = (
    "Ancien hébergeur SARL", "Qui a été prévenu", "l’effort serait disproportionné", "Correction demandée",
    "Usage auquel vous vous êtes opposé", "Arrêt décidé le", "Mise en pause de vos données",
    "Dossier de demande détruit", "À l’adresse",
)  # fmt: skip


@dataclass(frozen=True)
class Whole:
    """The files of a copy as text, and how many things the dashboard and the package's row count."""

    files: dict[str, str]
    dashboard: dict[str, int]
    counts: dict[str, int]


_made: list[Whole] = []


@pytest.fixture
def whole(people: People, mailbox: Mailbox) -> Whole:
    """A copy of somebody about whom every table has something; made once."""
    if not _made:
        browser = people.signed_in(CAMILLE)
        trust_device()
        take_in(invoice("F-1", of="C-camille"))
        reference = describe_copy(browser, details="").submit(action="/send").url.rpartition("/")[2]
        mailbox.all()
        open_case(people.signed_in_staff(Role.REVIEWER), reference)
        _plant()
        with transaction():
            made = request_package(only_customer(), purpose="access", request_id=None, language="fr").id
        dashboard = dashboard_counts(browser)
        run_asked_jobs()
        package = db.session.get_one(AnswerPackage, made)
        archive = zipfile.ZipFile(io.BytesIO(b"".join(clear_chunks(package))))
        files = {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}
        _made.append(Whole(files, dashboard, dict(package.counts)))
    return _made[0]


def _plant() -> None:
    customer_id, now = only_customer().id, clock.now()
    with transaction() as session:
        request_id = session.execute(select(RightsRequest.id)).scalar_one()
        member_id = session.execute(select(StaffMember.id).limit(1)).scalar_one()
        of_case = {"request_id": request_id, "customer_id": customer_id}
        session.add_all([
            Restriction(customer_id=customer_id, ground_18=Ground18.ACCURACY, categories=["usage"]),
            ValueStatement(customer_id=customer_id, part="records", kind="profile_segment", text=STATEMENT),
            PurposeStop(**of_case, purpose="statistics", state=StopState.STOPPED),
            Weighing(
                **of_case, purpose="statistics", result=StopState.STOPPED, interest="I", necessity="N", grounds="G",
                safeguards="S", summary=SUMMARY, author_id=member_id,
            ),
            Correction(
                **of_case, part="customers", kind="customer_file", field="family_name", held={"value": "Lefebvre"},
                proposed={"value": "Lefèvre-Noir"}, result=CorrectionResult.CORRECTED, applied_at=now,
            ),
            Instruction(
                **of_case, target="billing", operation=Operation.CORRECT, scope={}, channel=InstructionChannel.LIST,
                state=InstructionState.EXEMPT, exemption=Exemption.DISPROPORTIONATE, acknowledged_at=now,
                words="Registre tenu par un tiers.",
            ),
            Disclosure(
                customer_id=customer_id, recipient="old_host", name={"fr": "Ancien hébergeur SARL"},
                kinds=["invoice"], count=3, why="erase",
            ),
            DestroyedFile(customer_id=customer_id, reference="DR-2019-00007"),
            RequestDecision(
                request_id=request_id, staff_id=member_id, outcome="granted", message="Nous avons tout relu.",
                evidence=INSIDE,
            ),
            RequestEvent(request_id=request_id, kind=EventKind.ADDED, text=ASKED),
            RequestEvent(request_id=request_id, kind=EventKind.NOTE, is_internal=True, text=INSIDE),
            ArchivedRecord(
                customer_id=customer_id, kind="invoice", category="transaction", external_id="F-ARCHIVE",
                recorded_at=now - timedelta(days=900), source="billing", values={"number": "F-ARCHIVE"},
                active_until=date(2026, 1, 1), expires_on=date(2036, 1, 1), received_at=now,
                ground="legal_obligation", legal_reference="Code de commerce, article L123-22",
            ),
        ])  # fmt: skip


def spoken(page: str) -> str:
    """Return what a page says, without the marks that keep a text together."""
    return BeautifulSoup(page, "html.parser").get_text(" ").replace("\u2060", "").replace("\u00a0", " ")


@pytest.mark.parametrize("words", IN_ALL)
def test_each_value_stands_in_json_page_and_csv(words: str, whole: Whole) -> None:
    assert [name for name in PROFILE if words not in spoken(whole.files[name])] == []


@pytest.mark.parametrize("words", ON_THE_PAGE)
def test_the_page_says_it_in_words(words: str, whole: Whole) -> None:
    assert words in spoken(whole.files["profile.html"]).replace("'", "’")


def test_a_recipient_keeps_the_name_that_it_had(whole: Whole, people: People) -> None:
    (row,) = [item for item in json.loads(whole.files["profile.json"]) if item["kind"] == "disclosure"]
    assert (row["values"]["recipient"], row["values"]["name"]) == ("old_host", "Ancien hébergeur SARL")
    assert "Ancien hébergeur SARL" in whole.files["profile.csv"]
    page = BeautifulSoup(whole.files["index.html"], "html.parser")
    assert "1 communication de vos données à des destinataires" in page.get_text(" ").replace("\u00a0", " ")
    customer_id = people.customer("noah@example.org").id
    with transaction():
        disclose(customer_id, "host", ["invoice"], 1, "erase")
    kept = db.session.execute(select(Disclosure.name).where(Disclosure.customer_id == customer_id)).scalar_one()
    assert kept["fr"]
    assert kept["en"]
    assert "host" not in kept.values()


def test_archived_data_decisions_and_looks_with_their_reason_are_in_it(whole: Whole) -> None:
    archived = [item for item in json.loads(whole.files["transaction.json"]) if "archived_until" in item["values"]]
    assert [item["values"]["external_id"] for item in archived] == ["F-ARCHIVE"]
    assert "F-ARCHIVE" in whole.files["transaction.csv"]
    assert "F-ARCHIVE" in spoken(whole.files["transaction.html"])
    (request,) = [
        item["values"] for item in json.loads(whole.files["profile.json"]) if item["kind"] == "rights_request"
    ]
    assert [decision["message"] for decision in request["decisions"]] == ["Nous avons tout relu."]
    looks = [item["values"] for item in json.loads(whole.files["technical.json"]) if item["kind"] == "access_log_entry"]
    assert looks
    assert all(look["at"] and look["reason"] and look["team"] for look in looks)


def test_what_staff_write_for_each_other_is_not(whole: Whole) -> None:
    assert not [name for name, content in whole.files.items() if INSIDE in content]


def test_database_page_and_package_count_the_same(whole: Whole) -> None:
    archived = {"transaction": 1}
    for category, count in whole.counts.items():
        items = json.loads(whole.files[f"{category}.json"])
        rows = list(csv.reader(io.StringIO(whole.files[f"{category}.csv"], newline="")))
        assert count == len(items) == len(rows) - 1, category
        assert count == whole.dashboard[category] + archived.get(category, 0), category
