"""The table of steps, walked whole, and what a refusal must hold."""

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from portal.rights.deciding.refusals import (
    Refusal,
    RefusalGround,
    RefusalIncomplete,
    RefusalNotAllowed,
    authority_complaint,
    check_refusal,
    court_remedy,
    grounds_for,
)
from portal.rights.lifecycle import (
    ALLOWED,
    OPEN_STATUSES,
    STAGES,
    ExtensionReason,
    InvalidStep,
    Outcome,
    Right,
    Status,
    Step,
    advance,
    stage,
)


def walk(*steps: Step) -> Status:
    status: Status | None = None
    for step in steps:
        status = advance(status, step)
    assert status is not None
    return status


def test_a_clear_request_goes_straight_to_its_end() -> None:
    assert walk(Step.FILE, Step.START_REVIEW, Step.ANSWER, Step.CLOSE) is Status.CLOSED


def test_a_doubtful_identity_is_asked_for_twice_and_then_reviewed() -> None:
    asked_twice = (Step.ASK_IDENTITY, Step.RECEIVE_IDENTITY, Step.ASK_IDENTITY, Step.RECEIVE_IDENTITY)

    assert walk(Step.FILE, *asked_twice) is Status.IN_REVIEW


def test_a_marketing_objection_is_answered_at_once() -> None:
    assert walk(Step.FILE, Step.ANSWER) is Status.ANSWERED


def test_every_pair_outside_the_table_is_refused() -> None:
    for status, step in product([None, *Status], Step):
        if (status, step) in ALLOWED:
            assert advance(status, step) is ALLOWED[status, step]
        else:
            with pytest.raises(InvalidStep):
                advance(status, step)


def test_withdrawal_is_possible_while_open_and_never_after() -> None:
    for status in Status:
        assert ((status, Step.WITHDRAW) in ALLOWED) is (status in OPEN_STATUSES)


def test_closed_and_withdrawn_lead_nowhere_and_everything_else_can_end() -> None:
    reachable = {Status.CLOSED, Status.WITHDRAWN}
    ways_on = {(start, step) for start, step in ALLOWED if start in reachable}
    # What was closed by mistake is open again; what was left for later goes, and systems have to follow.
    assert ways_on == {(Status.CLOSED, Step.REOPEN), (Status.CLOSED, Step.FOLLOW_UP)}
    while True:
        more = {start for (start, _), end in ALLOWED.items() if end in reachable and start is not None}
        if more <= reachable:
            break
        reachable |= more
    assert reachable == set(Status)


def test_no_request_is_answered_while_we_wait_for_the_person() -> None:
    for status in (Status.IDENTITY_PENDING, Status.CLARIFICATION_PENDING):
        assert (status, Step.ANSWER) not in ALLOWED


def test_every_code_has_words_in_both_languages() -> None:
    for language in ("fr", "en"):
        for status in Status:
            assert status.label(language)
            assert status.customer_label(language)
            assert status.sentence(language).endswith(".")
            assert 1 <= stage(status) <= len(STAGES)
        for right in Right:
            assert right.label(language)
            assert right.customer_label(language)
            assert right.articles
        for outcome in Outcome:
            assert outcome.label(language)
            assert outcome.customer_label(language)
        for reason in ExtensionReason:
            assert reason.label(language)
        for ground in RefusalGround:
            assert ground.label(language)
            assert ground.sentence(language).endswith(".")
            assert ground.articles
    assert Status.IN_REVIEW.label("fr") == "À traiter"
    assert Right.ACCESS.label("en") == "Access"


COMPLETE = Refusal(
    right=Right.ERASURE,
    ground=RefusalGround.LEGAL_OBLIGATION,
    refused="Vos factures",
    granted="Tout le reste",
    reasons="La loi nous oblige à garder vos factures dix ans.",
    until=date(2036, 12, 31),
    authority_complaint=authority_complaint("CNIL", "75334 Paris", "https://www.cnil.fr", "fr"),
    court_remedy=court_remedy("fr"),
)


def test_a_complete_refusal_may_leave() -> None:
    check_refusal(COMPLETE)
    check_refusal(replace(COMPLETE, until="tant que votre contrat court"))


@pytest.mark.parametrize(
    "part", ["ground", "refused", "granted", "reasons", "until", "authority_complaint", "court_remedy"]
)
def test_a_refusal_without_one_part_names_it(part: str) -> None:
    blank = None if part in {"ground", "until"} else "  "

    with pytest.raises(RefusalIncomplete) as refusal:
        check_refusal(replace(COMPLETE, **{part: blank}))  # type: ignore[arg-type]
    assert refusal.value.missing == (part,)
    assert all(refusal.value.labels("fr"))


def test_a_refusal_names_all_that_is_missing_at_once() -> None:
    with pytest.raises(RefusalIncomplete) as refusal:
        check_refusal(replace(COMPLETE, reasons="", court_remedy=""))
    assert refusal.value.missing == ("reasons", "court_remedy")


def test_abuse_is_never_alleged_without_evidence() -> None:
    alleged = replace(COMPLETE, right=Right.ACCESS, ground=RefusalGround.EXCESSIVE_ABUSE)

    assert RefusalGround.EXCESSIVE_ABUSE.needs_officer
    with pytest.raises(RefusalIncomplete) as refusal:
        check_refusal(alleged)
    assert refusal.value.missing == ("evidence",)
    check_refusal(replace(alleged, evidence="Courriels du 3 et du 9 mars, où la personne annonce son but."))


def test_an_objection_to_marketing_cannot_be_refused() -> None:
    objection = replace(
        COMPLETE,
        right=Right.OBJECTION,
        ground=RefusalGround.COMPELLING_GROUNDS,
        evidence="…",
        concerns_marketing=True,
    )

    with pytest.raises(RefusalNotAllowed):
        check_refusal(objection)
    check_refusal(replace(objection, concerns_marketing=False))


def test_a_ground_answers_only_its_rights() -> None:
    with pytest.raises(RefusalNotAllowed):
        check_refusal(replace(COMPLETE, right=Right.ACCESS))
    for right in Right:
        assert grounds_for(right)
        assert all(right in ground.rights for ground in grounds_for(right))
    assert RefusalGround.LEGAL_OBLIGATION not in grounds_for(Right.ACCESS)
    assert RefusalGround.IDENTITY_NOT_PROVEN not in grounds_for(Right.OBJECTION)
