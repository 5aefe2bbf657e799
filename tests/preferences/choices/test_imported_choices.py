"""Consent lines of an import, from the file to the feed."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal.config import Settings
from portal.infrastructure.database import transaction
from portal.preferences.choices.consent import withdraw
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
