"""How long something is kept is told from the setting that rules it, wherever a customer reads it."""

import re

import pytest
from flask import Flask

from portal.bilingual import LANGUAGES
from portal.durations import Period
from portal.infrastructure import installed
from portal.organisation import RetentionParameters
from portal.personal_data.registry import holdings

UNUSUAL = Period.parse("P77D")
LENGTH = re.compile(
    r"(?:\d+|one|two|three|un|deux|trois)\s(?:jour|semaine|mois|an|day|week|month|year)s?\b", re.IGNORECASE
)
# Those that no setting changes: the warning before an unused account is closed, and a link with Facebook once undone.
FIXED = {"30 jours", "30 days"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_holding_tells_the_period_that_is_set(app: Flask, language: str) -> None:
    before = installed.organisation()
    unusual = before.retention.model_copy(update=dict.fromkeys(RetentionParameters.model_fields, UNUSUAL))
    installed.organisation.put(app, before.model_copy(update={"retention": unusual}))
    try:
        told = {holding.code: holding.retention(language).replace("\u00a0", " ") for holding in holdings()}
    finally:
        installed.organisation.put(app, before)
    known = FIXED | {"77 jours", "77 days"}
    others = {code: set(LENGTH.findall(text)) - known for code, text in told.items()}
    assert not {code: lengths for code, lengths in others.items() if lengths}, "no setting stands behind these"
    assert "77" in told["exports"]
