"""The eight choices lead to the seven rights."""

import pytest

from portal.rights.intents import INTENTS, Intent, default_intent, intent_of
from portal.rights.lifecycle import Right


def test_eight_choices_cover_the_seven_rights() -> None:
    assert len(INTENTS) == 8
    assert {intent.right for intent in INTENTS} == set(Right)
    assert Intent.REVIEW_DECISION.right is Right.OBJECTION


def test_each_choice_has_an_address_of_its_own() -> None:
    assert len({intent.path for intent in INTENTS}) == 8
    assert Intent.COPY.path == "/requests/new/access"
    assert Intent.REVIEW_DECISION.path == "/requests/new/objection?intent=review_decision"
    for right in Right:
        assert default_intent(right).path == f"/requests/new/{right}"


@pytest.mark.parametrize(
    ("right", "chosen", "expected"),
    [
        ("objection", None, Intent.STOP_USE),
        ("objection", "review_decision", Intent.REVIEW_DECISION),
        ("objection", "copy", Intent.STOP_USE),
        ("access", "review_decision", Intent.COPY),
        ("oblivion", None, None),
    ],
)
def test_an_address_leads_to_its_choice(right: str, chosen: str | None, expected: Intent | None) -> None:
    assert intent_of(right, chosen) is expected


def test_no_reason_is_required_for_a_copy_or_to_stop_marketing() -> None:
    assert not Intent.COPY.required_details
    assert Intent.STOP_USE.required_details == {"use"}
    assert Intent.STOP_USE.shortcut is not None
    assert Intent.STOP_USE.shortcut.path == "/preferences"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_choice_has_words_in_both_languages(language: str) -> None:
    for intent in INTENTS:
        assert intent.label(language)
        assert intent.explanation(language).endswith(".")
        assert intent.legal_name(language)
        assert intent.required_details <= set(intent.details)
