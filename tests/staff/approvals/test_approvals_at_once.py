"""Two people decide one proposal at the same moment: exactly one does, and it is carried out once."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier, BrokenBarrierError

import pytest
from flask import Flask
from sqlalchemy import ColumnElement, select

from portal.access.permissions import Role
from portal.infrastructure.database import db
from portal.staff.approvals import deciding, kinds
from portal.staff.approvals.models import Approval, ApprovalState
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.approvals import ROLE_CHANGE, approval_now, found, proposed
from tests.support.looking.audit_trail import events

AUTHOR, ZOE = "author@example.org", "zoe@example.org"


@pytest.fixture
def seconders(people: People, author: Browser) -> list[Browser]:
    return [people.signed_in_staff(Role.OFFICER, f"officer{place}@example.org") for place in range(2)]


def meet(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have whoever carries out wait so long for another who does so too: where one keeps the other out, nobody comes."""
    both = Barrier(2)

    def carry_out(approval: Approval) -> None:
        with suppress(BrokenBarrierError):
            both.wait(seconds)
        ROLE_CHANGE.carry_out(approval)

    # Locks of the kind's own would keep them apart as well: it is the proposal's that is looked at.
    patient = replace(ROLE_CHANGE, carry_out=carry_out, facts_of=lambda _target: {"role": "support"})
    monkeypatch.setitem(kinds._kinds, ROLE_CHANGE.code, patient)


def at_once(public_id: str, seconders: list[Browser], answers: list[dict[str, str]]) -> list[Page]:
    pages = [browser.get(f"/staff/approvals/{public_id}") for browser in seconders]
    db.session.remove()
    together = Barrier(2)

    def send(page: Page, values: dict[str, str]) -> Page:
        together.wait(timeout=30)
        return page.submit(values, with_field="answer")

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(send, pages, answers))


def test_of_two_who_second_at_once_one_does(
    app: Flask, seconders: list[Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    public_id = proposed(AUTHOR, ZOE)
    meet(1, monkeypatch)

    pages = at_once(public_id, seconders, [{"answer": "second", "words": f"N° {place}"} for place in range(2)])

    winner, loser = sorted(pages, key=lambda page: page.status)
    assert (winner.status, loser.status) == (200, 409)
    assert "Quelqu’un d’autre a répondu avant vous" in loser.text
    assert len(events("staff:approval:seconded")) == 1
    words = approval_now(public_id).words
    assert words in winner.text
    assert {"N° 0", "N° 1"} - {words} <= {word.get_text() for word in loser.tree.select(".words")}
    assert found(ZOE).role == Role.REVIEWER


def test_of_one_who_seconds_and_one_who_declines_one_does(app: Flask, seconders: list[Browser]) -> None:
    public_id = proposed(AUTHOR, ZOE)

    pages = at_once(public_id, seconders, [{"answer": "second"}, {"answer": "decline", "words": "Non."}])

    assert sorted(page.status for page in pages) == [200, 409]
    is_done = pages[0].status == 200
    assert approval_now(public_id).state is (ApprovalState.SECONDED if is_done else ApprovalState.DECLINED)
    assert found(ZOE).role == (Role.REVIEWER if is_done else Role.SUPPORT)
    assert len(events("staff:approval:seconded")) + len(events("staff:approval:declined")) == 1


@pytest.mark.postgresql
def test_without_its_lock_both_would(app: Flask, seconders: list[Browser], monkeypatch: pytest.MonkeyPatch) -> None:
    public_id = proposed(AUTHOR, ZOE)
    meet(30, monkeypatch)
    monkeypatch.setattr(deciding, "hold", unlocked)

    pages = at_once(public_id, seconders, [{"answer": "second"}] * 2)

    assert [page.status for page in pages] == [200, 200]
    assert len(events("staff:approval:seconded")) == 2


def unlocked(condition: ColumnElement[bool], *_ids: int) -> Approval | None:
    return db.session.execute(select(Approval).where(condition)).scalar_one_or_none()
