"""When a document is asked for: which doubts there are, which a light proof clears, and for which rights."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from portal.identity_checks.proof.paper_checks import (
    CheckItem,
    RejectReason,
    checklist,
    may_be_hidden,
    must_show,
    reject_reasons,
)
from portal.identity_checks.proof.papers import Paper
from portal.identity_checks.proof.policy import (
    CLEARED_BY_LIGHT_PROOF,
    DoubtSignal,
    Situation,
    is_document_needed,
    signals,
)
from portal.organisation import IdentityPolicySetting
from portal.rights.lifecycle import Right

TODAY = date(2026, 11, 22)
LONG_AGO = date(2024, 1, 1)
CALM = Situation(email_confirmed_on=LONG_AGO, device_first_seen_on=LONG_AGO, can_compare=True)
ON_DOUBT, ALWAYS, NEVER = (
    IdentityPolicySetting.ON_DOUBT,
    IdentityPolicySetting.ALWAYS,
    IdentityPolicySetting.NEVER,
)
DISCLOSING = (Right.ACCESS, Right.PORTABILITY, Right.ERASURE, Right.DIRECTIVES)


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


CASES: list[tuple[dict[str, Any], DoubtSignal]] = [
    ({"is_facebook_only": True}, DoubtSignal.FACEBOOK_ONLY),
    ({"email_confirmed_on": days_ago(29)}, DoubtSignal.EMAIL_RECENTLY_CONFIRMED),
    ({"email_confirmed_on": None}, DoubtSignal.EMAIL_RECENTLY_CONFIRMED),
    ({"email_changed_on": days_ago(29)}, DoubtSignal.EMAIL_RECENTLY_CHANGED),
    ({"device_first_seen_on": days_ago(7)}, DoubtSignal.NEW_DEVICE),
    ({"device_first_seen_on": None}, DoubtSignal.NEW_DEVICE),
    ({"is_import_match_only": True}, DoubtSignal.IMPORT_MATCH_ONLY),
    ({"name_differs": True}, DoubtSignal.NAME_DIFFERS),
    ({"birth_date_differs": True}, DoubtSignal.BIRTH_DATE_DIFFERS),
    ({"is_other_channel": True}, DoubtSignal.OTHER_CHANNEL),
    ({"is_on_behalf": True}, DoubtSignal.ON_BEHALF),
]


@pytest.mark.parametrize(("facts", "signal"), CASES)
def test_a_fact_raises_its_own_doubt(facts: dict[str, Any], signal: DoubtSignal) -> None:
    situation = replace(CALM, **facts)
    decision = is_document_needed(Right.ACCESS, situation, ON_DOUBT, TODAY)

    assert signals(situation, TODAY) == (signal,)
    assert decision.needed
    assert decision.remaining == (signal,)
    assert decision.reasons("fr") == (signal.reason("fr"),)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"email_confirmed_on": days_ago(30)},
        {"email_changed_on": days_ago(30)},
        {"device_first_seen_on": days_ago(8)},
    ],
)
def test_without_a_doubt_nobody_is_asked(facts: dict[str, Any]) -> None:
    decision = is_document_needed(Right.ACCESS, replace(CALM, **facts), ON_DOUBT, TODAY)

    assert not decision.needed
    assert decision.signals == decision.reasons("en") == ()


@pytest.mark.parametrize(("facts", "signal"), CASES)
def test_a_light_proof_clears_three_doubts_and_no_other(facts: dict[str, Any], signal: DoubtSignal) -> None:
    doubtful = replace(CALM, **facts)
    proven = replace(doubtful, password_again=True, code_to_earlier_address=True)
    before = is_document_needed(Right.ERASURE, doubtful, ON_DOUBT, TODAY)
    after = is_document_needed(Right.ERASURE, proven, ON_DOUBT, TODAY)
    is_cleared = signal in {
        DoubtSignal.NEW_DEVICE,
        DoubtSignal.IMPORT_MATCH_ONLY,
        DoubtSignal.EMAIL_RECENTLY_CONFIRMED,
    }

    assert before.may_clear is is_cleared
    assert after.needed is not is_cleared
    assert after.cleared == ((signal,) if is_cleared else ())
    assert after.signals == (signal,)


@pytest.mark.parametrize("half", [{"password_again": True}, {"code_to_earlier_address": True}])
def test_half_a_light_proof_clears_nothing(half: dict[str, Any]) -> None:
    situation = replace(CALM, device_first_seen_on=TODAY, **half)

    assert is_document_needed(Right.ACCESS, situation, ON_DOUBT, TODAY).needed


def test_a_light_proof_is_not_offered_when_it_would_not_be_enough() -> None:
    situation = replace(CALM, device_first_seen_on=TODAY, name_differs=True)
    proven = replace(situation, password_again=True, code_to_earlier_address=True)

    assert not is_document_needed(Right.ACCESS, situation, ON_DOUBT, TODAY).may_clear
    assert is_document_needed(Right.ACCESS, proven, ON_DOUBT, TODAY).remaining == (DoubtSignal.NAME_DIFFERS,)


def test_only_rights_that_disclose_or_destroy_are_subject_to_it() -> None:
    doubtful = replace(CALM, is_facebook_only=True, name_differs=True, is_on_behalf=True)

    for right, setting in product([*Right, "preferences"], [ON_DOUBT, ALWAYS]):
        assert is_document_needed(right, doubtful, setting, TODAY).needed is (right in DISCLOSING)


def test_rectification_is_subject_to_it_only_when_it_touches_identity() -> None:
    doubtful = replace(CALM, is_facebook_only=True)

    assert not is_document_needed(Right.RECTIFICATION, doubtful, ON_DOUBT, TODAY).needed
    touching = replace(doubtful, rectifies_identity=True)
    assert is_document_needed(Right.RECTIFICATION, touching, ON_DOUBT, TODAY).needed


def test_no_document_is_asked_for_when_nothing_could_be_compared_with_it() -> None:
    situation = replace(CALM, is_facebook_only=True, can_compare=False)

    for setting in (ON_DOUBT, ALWAYS):
        decision = is_document_needed(Right.ACCESS, situation, setting, TODAY)
        assert not decision.needed
        assert decision.is_unresolved


def test_always_asks_and_warns_the_officer() -> None:
    decision = is_document_needed(Right.ACCESS, CALM, ALWAYS, TODAY)

    assert decision.needed
    assert decision.warning is not None
    assert "12.6" in decision.warning.fr
    assert decision.reasons("fr") == ("Nous vérifions l’identité pour chaque demande de ce type.",)
    assert is_document_needed(Right.ACCESS, CALM, ON_DOUBT, TODAY).warning is None


def test_never_asks_but_still_names_the_doubts() -> None:
    decision = is_document_needed(Right.ACCESS, replace(CALM, is_on_behalf=True), NEVER, TODAY)

    assert not decision.needed
    assert decision.signals == (DoubtSignal.ON_BEHALF,)
    assert decision.is_unresolved


def test_someone_without_account_raises_no_doubt_of_an_account() -> None:
    situation = Situation(
        email_confirmed_on=None,
        device_first_seen_on=None,
        can_compare=True,
        has_account=False,
        is_other_channel=True,
    )

    assert signals(situation, TODAY) == (DoubtSignal.OTHER_CHANNEL,)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_everything_has_words_in_both_languages(language: str) -> None:
    assert set(DoubtSignal) >= CLEARED_BY_LIGHT_PROOF
    for signal in DoubtSignal:
        assert signal.label(language)
        assert signal.reason(language).endswith(".")
    for item in CheckItem:
        assert item.label(language)
    for reason in RejectReason:
        assert reason.label(language)
        assert reason.hint(language).endswith(".")


@pytest.mark.parametrize("paper", list(Paper))
def test_a_paper_has_a_short_checklist_its_reasons_and_what_may_be_hidden(paper: Paper) -> None:
    with_birth_date = checklist(paper, compares_birth_date=True)

    assert set(with_birth_date) - set(checklist(paper, compares_birth_date=False)) == {CheckItem.BIRTH_DATE_MATCHES}
    assert len(with_birth_date) <= 7
    assert RejectReason.NAME_DIFFERS in reject_reasons(paper)
    assert bool(may_be_hidden(paper, "fr")) is (paper is not Paper.FRANCE_IDENTITE)
    assert set(may_be_hidden(paper, "fr")).isdisjoint(must_show("fr", compares_birth_date=True))


def test_a_signed_proof_is_checked_by_its_signature_and_its_addressee() -> None:
    items = checklist(Paper.FRANCE_IDENTITE, compares_birth_date=False)

    assert {CheckItem.SIGNATURE_IS_VALID, CheckItem.IS_ADDRESSED_TO_US} <= set(items)
    assert RejectReason.ALTERED not in reject_reasons(Paper.FRANCE_IDENTITE)
    assert RejectReason.SIGNATURE_INVALID not in reject_reasons(Paper.PASSPORT)
