"""Consent lines of an import, from the file to the feed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.config import Settings
from portal.infrastructure.database import transaction
from portal.preferences.choices.consent import withdraw
from portal.preferences.marketing_rules import Decision, Message, Reason
from portal.preferences.models import Origin
from tests.support.preferences import FeedClient, customer_of, flags_on, proofs
from tests.support.records import Importer, customer

EMAIL = "c-1001@example.org"


@pytest.fixture
def importer(app: Flask, settings: Settings, tmp_path: Path) -> Importer:
    return Importer(app, settings, tmp_path)


def consent(**facts: Any) -> dict[str, Any]:
    return {
        "type": "consent", "customer": "C-1001", "flag": "offers.email", "given": True,
        "at": "2025-02-01T09:00:00+01:00", "wording": "Oui, je souhaite…", "source": "shop checkout",
    } | facts  # fmt: skip


def test_a_consent_reaches_the_feed_with_its_proof(app: Flask, importer: Importer) -> None:
    report = importer.take(customer(), consent())
    assert (report["accepted"], report["refused"]) == (2, [])
    (proof,) = proofs(EMAIL)
    assert (proof.origin, proof.source, proof.wording) == (Origin.IMPORT, "shop checkout", "Oui, je souhaite…")
    assert proof.effective_at.isoformat() == "2025-02-01T08:00:00+00:00"
    assert FeedClient(app).item("C-1001")["flags"]["offers.email"] is True
    assert importer.take(customer(), consent())["unchanged"] == 2
    assert len(proofs(EMAIL)) == 1


def test_an_import_raises_nothing_over_a_newer_objection(importer: Importer) -> None:
    importer.take(customer(), consent())
    with transaction():
        withdraw(
            customer_of(EMAIL), "offers.email", origin=Origin.PORTAL, wording="w", wording_version="1", language="fr"
        )
    importer.take(consent(), consent(at="2025-06-01T09:00:00+02:00", source="call centre"))
    assert flags_on(EMAIL) == set()
    importer.take(consent(given=False, flag="surveys.sms"), consent(flag="surveys.sms", at="2025-01-01T09:00:00+01:00"))
    assert flags_on(EMAIL) == set()


@pytest.mark.parametrize(
    ("facts", "field"), [({"flag": "offers.pigeon"}, "flag"), ({"at": "2199-01-01T00:00:00Z"}, "at")]
)
def test_a_line_that_may_not_be_taken_is_named(importer: Importer, facts: dict[str, Any], field: str) -> None:
    report = importer.take(customer(), consent(**facts), consent(), code=1)
    assert [(refusal["line"], refusal["field"]) for refusal in report["refused"]] == [(2, field)]
    assert flags_on(EMAIL) == {"offers.email"}


def test_a_child_s_yes_is_refused_and_their_no_taken(app: Flask, importer: Importer) -> None:
    child = customer(birth_date="2012-05-04")
    lines = (child, consent(at="2026-02-01T09:00:00+01:00"), consent(given=False, flag="offers.sms"))
    report = importer.take(*lines, code=1)
    assert [(refused["line"], refused["field"]) for refused in report["refused"]] == [(2, "given")]
    assert "under 15" in report["refused"][0]["reason"]
    assert [proof.flag for proof in proofs(EMAIL)] == ["offers.sms"]
    # The day after, the person decides alone; what was said before that day stays refused.
    grown = consent(at="2027-05-04T00:00:00+02:00")
    with clock.stopped_at(datetime(2027, 6, 1, tzinfo=UTC)):
        importer.run_here(str(importer.file(grown, consent(at="2027-05-03T23:59:00+02:00"))))
    assert flags_on(EMAIL) == {"offers.email"}
    assert len(proofs(EMAIL)) == 2


def test_a_birth_that_becomes_known_later_closes_what_a_child_accepted(app: Flask, importer: Importer) -> None:
    feed = FeedClient(app)
    importer.take(customer(birth_date=None), consent(at="2026-02-01T09:00:00+01:00"))
    before = feed.item("C-1001")
    assert before["flags"]["offers.email"] is True
    importer.take(customer(birth_date="2012-05-04"))
    after = feed.item("C-1001")
    assert after["flags"]["offers.email"] is False
    assert after["sequence"] > before["sequence"]
    importer.take(customer(birth_date="1988-05-04"))
    assert feed.item("C-1001")["flags"]["offers.email"] is True


def test_the_table_of_direct_marketing_decides_what_an_import_opens(
    app: Flask, importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Message] = []

    def note(message: Message) -> Decision:
        asked.append(message)
        return Decision(False, Reason.NO_CONSENT)

    monkeypatch.setattr("portal.preferences.choices.deciding.decide", note)
    importer.run_here(str(importer.file(customer(), consent(), consent(flag="partner_offers.phone"))))
    assert flags_on(EMAIL) == set(), "the table said no"
    about = {(message.channel, message.is_own, message.has_consent, message.has_proof) for message in asked}
    assert {("email", True, True, True), ("phone", False, True, True), ("sms", True, False, False)} <= about
    assert all(message.is_on_bloctel for message in asked), "what nobody knows counts against the message"


def test_before_calls_needed_consent_nothing_opens_by_itself_either(app: Flask, importer: Importer) -> None:
    with clock.stopped_at(datetime(2026, 8, 10, 10, tzinfo=UTC)):
        importer.run_here(str(importer.file(customer(), consent(given=False, flag="offers.sms"))))
        assert not any(FeedClient(app).item("C-1001")["flags"].values())
