"""Call a system that is told by webhook: signed, bounded, tried again for three days, then left to the list.

The call is made outside any transaction. Whoever waits for it is the lane of the systems alone.
"""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import orjson
from requests import RequestException

from portal import clock
from portal.infrastructure import installed
from portal.infrastructure.connections import pinned_calls
from portal.infrastructure.database import db
from portal.infrastructure.jobs.models import Lane
from portal.infrastructure.jobs.queue import JobRun, enqueue, job
from portal.instructions.models import CLOSED_STATES, Instruction, InstructionChannel, InstructionState
from portal.instructions.sending.endpoints import end, has_ended
from portal.instructions.sending.noting import give_up, note_sent
from portal.instructions.sending.signing import secrets_of, signed_headers
from portal.instructions.targets import find_target
from portal.outgoing_addresses import AddressRefused

WAITS: Final = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=20, minutes=24),
)  # fmt: skip
"""How long to wait before each further call, as Standard Webhooks advises; three days in all."""

UNREACHED: Final = 0
REFUSED: Final = -1
"""In place of a status: it may not be called at all."""


@job("instructions.call")
def call(run: JobRun, instruction_id: int) -> None:
    """Call once, and note what came of it."""
    row = db.session.get(Instruction, instruction_id)
    if row is None or not _is_to_be_called(row):
        return
    url, body, headers = _call_of(row)
    db.session.rollback()
    status = _status(url, body, headers)
    with run.finish() as session:
        row = session.get(Instruction, instruction_id, with_for_update={"key_share": True}, populate_existing=True)
        if row is not None and _is_taken(status):
            row.attempts, row.next_at = row.attempts + 1, None
            note_sent(row)
        elif row is not None and _is_to_be_called(row):
            _note_untaken(row, url, status)


def _is_to_be_called(row: Instruction) -> bool:
    is_open = row.state not in CLOSED_STATES and row.state is not InstructionState.FAILED
    return is_open and row.channel is InstructionChannel.WEBHOOK


def _call_of(row: Instruction) -> tuple[str, bytes, dict[str, str]]:
    """Return address, body and headers of a call. The body names the instruction and no person."""
    target = find_target(row.target)
    body = orjson.dumps(
        {
            "type": f"instruction.{row.operation}",
            "timestamp": clock.written(row.created_at),
            "data": {"instruction": row.public_id, "operation": str(row.operation)},
        }
    )
    secrets = secrets_of(row.target, installed.settings().webhook_secrets)
    headers = signed_headers(row.public_id, int(clock.now().timestamp()), body, secrets) | {
        "Content-Type": "application/json"
    }
    return (target.url if target else None) or "", body, headers


def _status(url: str, body: bytes, headers: dict[str, str]) -> int:
    try:
        return pinned_calls.post(url, body, headers, installed.organisation().webhooks.allowed).status_code
    except AddressRefused:
        return REFUSED
    except (RequestException, OSError):
        return UNREACHED


def _is_taken(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _note_untaken(row: Instruction, url: str, status: int) -> None:
    row.attempts += 1
    if status == HTTPStatus.GONE:
        end(row.target, url)
        give_up(row)
    elif row.attempts > len(WAITS) or has_ended(row.target, url):
        give_up(row)
    else:
        row.next_at = clock.now() + WAITS[row.attempts - 1]
        call_at(row, row.next_at)


def call_at(row: Instruction, at: datetime) -> None:
    """Ask in the current transaction for a call at an instant."""
    enqueue("instructions.call", run_at=at, lane=Lane.SYSTEMS, instruction_id=row.id)
