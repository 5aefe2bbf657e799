"""The stand-in for a system of the company: it checks the signature, then acknowledges, refuses, waits or is silent."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import Client

from portal.access.tokens import OF_ONE_SYSTEM, create_token
from portal.config import Settings
from portal.demo.system import StandIn
from portal.demo.system_serving import stand_in_system
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.instructions.models import Exemption, Instruction, InstructionState, Operation
from portal.instructions.queue import instruct
from portal.instructions.sending.stand_in import SYSTEM
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest
from tests.support.acting.people import People
from tests.support.acting.systems import SECRET, told_by_webhook
from tests.support.cases import case, taken_in
from tests.support.servers.loopback import Loopback
from tests.support.servers.served import until


@pytest.fixture
def stand_in(app: Flask) -> Iterator[StandIn]:
    """The stand-in, served beside this portal, with its token."""
    with transaction():
        _row, token = create_token("stand-in", [OF_ONE_SYSTEM], system=SYSTEM)
    portal = Loopback(app.wsgi_app)
    stand_in = StandIn(portal.url, f"{SYSTEM}={SECRET}", token, delay=0.1)
    with told_by_webhook(app, stand_in, f"{SYSTEM}={SECRET}", code=SYSTEM):
        yield stand_in
    portal.close()


def told(people: People) -> Instruction:
    reference = taken_in(people, Right.ERASURE)
    with transaction() as session:
        request = session.get_one(RightsRequest, case(reference).id)
        instruct(request, Operation.ERASE, {"systems": [SYSTEM], "records": [["campaign_contact", "K-1"]]})
    run_due_jobs()
    return standing()


def standing() -> Instruction:
    db.session.rollback()
    return db.session.execute(select(Instruction).where(Instruction.target == SYSTEM)).scalar_one()


@pytest.mark.parametrize(
    ("does", "state", "cause"),
    [
        ("acknowledges", InstructionState.ACKNOWLEDGED, None),
        ("delays", InstructionState.ACKNOWLEDGED, None),
        ("refuses", InstructionState.FAILED, Exemption.IMPOSSIBLE),
    ],
)
def test_it_answers_as_its_page_says(
    people: People, stand_in: StandIn, does: str, state: InstructionState, cause: Exemption | None
) -> None:
    Client(stand_in).post("/", data={"does": does})
    row = told(people)
    assert stand_in.told == [row.public_id]
    until(lambda: standing().state is state or None, f"{state} of a stand-in that {does}", 20)
    assert standing().exemption is cause


def test_it_may_be_silent(people: People, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    acted: list[object] = []
    monkeypatch.setattr(StandIn, "_act", lambda *given: acted.append(given))
    Client(stand_in).post("/", data={"does": "is silent"})
    row = told(people)
    assert (row.state, stand_in.told, acted) == (InstructionState.SENT, [row.public_id], [])


def test_what_is_not_signed_is_not_taken(stand_in: StandIn) -> None:
    answer = Client(stand_in).post("/hooks", data=b'{"data": {"instruction": "x"}}')
    assert (answer.status_code, stand_in.told) == (401, [])


def test_it_is_started_for_the_demonstration_alone(settings: Settings) -> None:
    here = settings.model_copy(update={"public_url": "http://localhost:8000"})
    assert stand_in_system(here) is None
    (settings.instance / "demo.json").touch()
    try:
        started = stand_in_system(here)
        assert started is not None
        started[0].close()
        for changed in ({"webhook_secrets": f"website={SECRET}"}, {"public_url": "https://netkin.example"}):
            assert stand_in_system(here.model_copy(update=changed)) is None
    finally:
        (settings.instance / "demo.json").unlink()  # the folder is that of all tests of this process
