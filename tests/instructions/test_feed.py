"""A system fetches what an instruction is about and answers it, by a token that is bound to it alone."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.access.tokens import OF_ONE_SYSTEM, create_token
from portal.infrastructure.database import db, transaction
from portal.instructions import acknowledging
from portal.instructions.models import Instruction, InstructionState, Operation
from portal.instructions.queue import instruct
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest
from tests.support.acting.at_once import at_once
from tests.support.acting.people import People
from tests.support.cases import case, taken_in
from tests.support.looking.audit_trail import events
from tests.support.packages import take_in
from tests.support.records import visit

SHORT = 0.5
"""Seconds that one waits for the other: with the lock the other never comes, without it they meet."""


def token_for(system: str | None, scope: str = OF_ONE_SYSTEM) -> dict[str, str]:
    with transaction():
        _row, text = create_token("test", [scope], system=system)
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def told(people: People) -> str:
    reference = taken_in(people, Right.ERASURE)
    take_in(visit(1, of="C-camille"))
    with transaction() as session:
        request = session.get_one(RightsRequest, case(reference).id)
        rows = instruct(request, Operation.ERASE, {"kinds": ["page_visit"], "spared": [["page_visit", "V-9"]]})
        return next(row.public_id for row in rows if row.target == "website")


def state(public_id: str) -> InstructionState:
    db.session.rollback()
    return db.session.execute(select(Instruction.state).where(Instruction.public_id == public_id)).scalar_one()


def test_the_system_reads_ids_and_confirms(app: Flask, told: str) -> None:
    client, bearer = app.test_client(), token_for("website")
    items = client.get(f"/feed/v1/instructions/{told}/items", headers=bearer)
    assert items.status_code == 200
    content = items.get_json()
    assert (content["customer"], content["operation"], content["kinds"]) == ("C-camille", "erase", ["page_visit"])
    assert content["spared"] == [{"kind": "page_visit", "external_id": "V-9"}]
    assert "camille@example.org" not in items.text
    address = f"/feed/v1/instructions/{told}/ack"
    assert client.post(address, json={"result": "done"}, headers=bearer).status_code == 200
    assert state(told) is InstructionState.ACKNOWLEDGED
    assert client.post(address, json={"result": "done"}, headers=bearer).status_code == 200
    other = client.post(address, json={"result": "not_held", "words": "Rien ici."}, headers=bearer)
    assert other.status_code == 409
    assert len(events("portal:instruction:acknowledged")) == 1


def test_no_other_token_reads_or_answers(app: Flask, told: str) -> None:
    client = app.test_client()
    for bearer, code in (
        (token_for("billing"), 404), (token_for(None, "preferences:read"), 403), ({}, 401),
    ):  # fmt: skip
        assert client.get(f"/feed/v1/instructions/{told}/items", headers=bearer).status_code == code
        answer = client.post(f"/feed/v1/instructions/{told}/ack", json={"result": "done"}, headers=bearer)
        assert answer.status_code == code
    assert state(told) is InstructionState.QUEUED


@pytest.mark.parametrize(
    "sent",
    [b"", b"[]", b"{}", b'{"result": "perhaps"}', b'{"result": ["done"]}', b'{"result": "impossible"}',
     b'{"result": "impossible", "words": "  "}', b'{"result": "done", "words": 3}', b"\xff"],
)  # fmt: skip
def test_what_is_no_answer(app: Flask, told: str, sent: bytes) -> None:
    answer = app.test_client().post(
        f"/feed/v1/instructions/{told}/ack", data=sent, content_type="application/json", headers=token_for("website")
    )
    assert answer.status_code == 422
    assert state(told) is InstructionState.QUEUED


@pytest.mark.parametrize(("scopes", "system"), [([OF_ONE_SYSTEM], None), (["records:write"], "website")])
def test_a_token_is_bound_where_its_scope_says_so(app: Flask, scopes: list[str], system: str | None) -> None:
    with pytest.raises(ValueError, match="name the system"), transaction():
        create_token("test", scopes, system=system)


# Two at once.


def twice(app: Flask, told: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let two answer at once, each standing still before it closes the instruction; return what each got."""
    both, close = Barrier(2), acknowledging._close

    def slowly(*given: Any, **named: Any) -> None:
        with suppress(BrokenBarrierError):
            both.wait(SHORT)
        close(*given, **named)

    monkeypatch.setattr(acknowledging, "_close", slowly)
    return at_once(app, lambda: confirm(told), lambda: confirm(told))


def confirm(told: str) -> str:
    with transaction():
        return str(acknowledging.answer(told, acknowledging.Result.DONE, "").state)


def test_of_two_answers_at_once_one_counts(app: Flask, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    returned = twice(app, told, monkeypatch)
    assert sorted(type(each).__name__ for each in returned) == ["Settled", "str"]
    assert len(events("portal:instruction:acknowledged")) == 1


@pytest.mark.postgresql
def test_the_control_without_the_lock_both_count(app: Flask, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acknowledging, "lock_person", lambda _customer_id: None)
    monkeypatch.setattr(acknowledging, "_read_again", lambda row_id: db.session.get_one(Instruction, row_id))
    monkeypatch.setattr(acknowledging, "_on_settled", [])
    assert twice(app, told, monkeypatch) == ["acknowledged", "acknowledged"]
    assert len(events("portal:instruction:acknowledged")) == 2
