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
    LIFTED_AT_EARLIER_ADDRESS,
    LIFTED_AT_SIGN_IN_ADDRESS,
    LIFTED_BY_DOCUMENT,
    LIFTED_BY_SECOND_STEP,
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
    assert decision.needed is (signal in LIFTED_BY_DOCUMENT)
    assert decision.remaining == (signal,)
    assert decision.reasons("fr") == ((signal.reason("fr"),) if decision.needed else ())


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


def test_the_first_device_of_an_account_is_no_doubt() -> None:
    situation = replace(CALM, device_first_seen_on=TODAY)

    assert signals(situation, TODAY) == (DoubtSignal.NEW_DEVICE,)
    assert signals(replace(situation, is_first_device=True), TODAY) == ()


STEP, SIGN_IN, EARLIER = LIFTED_BY_SECOND_STEP, LIFTED_AT_SIGN_IN_ADDRESS, LIFTED_AT_EARLIER_ADDRESS


@pytest.mark.parametrize(
    ("signal", "acts"),
    [
        (DoubtSignal.NEW_DEVICE, [STEP, SIGN_IN, EARLIER]),
        (DoubtSignal.FACEBOOK_ONLY, [SIGN_IN, EARLIER]),
        (DoubtSignal.IMPORT_MATCH_ONLY, [EARLIER]),
        (DoubtSignal.EMAIL_RECENTLY_CONFIRMED, [EARLIER]),
        (DoubtSignal.EMAIL_RECENTLY_CHANGED, [EARLIER]),
        (DoubtSignal.NAME_DIFFERS, []),
        (DoubtSignal.BIRTH_DATE_DIFFERS, []),
        (DoubtSignal.OTHER_CHANNEL, []),
        (DoubtSignal.ON_BEHALF, []),
        (DoubtSignal.WRITTEN_DOUBT, []),
    ],
)
def test_each_doubt_has_the_acts_that_lift_it(signal: DoubtSignal, acts: list[frozenset[DoubtSignal]]) -> None:
    assert [act for act in (STEP, SIGN_IN, EARLIER) if signal in act] == acts


@pytest.mark.parametrize(("facts", "signal"), CASES)
@pytest.mark.parametrize("act", [STEP, SIGN_IN, EARLIER])
def test_an_act_clears_what_it_lifts_and_nothing_else(
    facts: dict[str, Any], signal: DoubtSignal, act: frozenset[DoubtSignal]
) -> None:
    doubtful = replace(CALM, **facts)
    offered = is_document_needed(Right.ERASURE, replace(doubtful, may_lift=act), ON_DOUBT, TODAY)
    after = is_document_needed(Right.ERASURE, replace(doubtful, lifted=act), ON_DOUBT, TODAY)

    assert offered.may_clear is (signal in act)
    assert after.needed is (signal in LIFTED_BY_DOCUMENT - act)
    assert after.cleared == ((signal,) if signal in act else ())
    assert after.signals == (signal,)


def test_a_code_is_not_offered_when_it_would_not_be_enough() -> None:
    situation = replace(CALM, device_first_seen_on=TODAY, name_differs=True, may_lift=EARLIER)
    proven = replace(situation, lifted=EARLIER)

    assert not is_document_needed(Right.ACCESS, situation, ON_DOUBT, TODAY).may_clear
    assert is_document_needed(Right.ACCESS, proven, ON_DOUBT, TODAY).remaining == (DoubtSignal.NAME_DIFFERS,)


def test_a_code_is_asked_for_where_no_document_could_be_compared() -> None:
    situation = replace(CALM, device_first_seen_on=TODAY, can_compare=False, may_lift=SIGN_IN)
    decision = is_document_needed(Right.ACCESS, situation, ON_DOUBT, TODAY)

    assert (decision.needed, decision.may_clear, decision.wants_proof) == (False, True, True)
    assert decision.reasons("fr") == (DoubtSignal.NEW_DEVICE.reason("fr"),)


def test_only_rights_that_disclose_or_destroy_are_subject_to_it() -> None:
    doubtful = replace(CALM, is_other_channel=True, name_differs=True)

    for right, setting in product([*Right, "preferences"], [ON_DOUBT, ALWAYS]):
        assert is_document_needed(right, doubtful, setting, TODAY).needed is (right in DISCLOSING)


def test_rectification_is_subject_to_it_only_when_it_touches_identity() -> None:
    doubtful = replace(CALM, name_differs=True)

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
