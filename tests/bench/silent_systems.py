"""How long a mail waits to leave while a system that is told by webhook never answers, by the same without it.

Rounds with and without alternate, so that a busy machine weighs on both.
"""

import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, Final

from flask import Flask
from requests import RequestException
from werkzeug.wrappers import Response

from portal.infrastructure.connections import pinned_calls
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Lane
from portal.infrastructure.jobs.queue import JobRun, enqueue, job
from portal.infrastructure.jobs.worker import _serve_until, due_jobs, run_job
from portal.infrastructure.mail.outbox import queue_mail
from portal.outgoing_addresses import AllowedEndpoint
from tests.support.servers.loopback import Loopback
from tests.trial.installation import installation

ROUNDS: Final = 10
MAILS: Final = 30
MOST: Final = 1.2
"""Others' p99 with a silent system, by that without it (issue 15, done when 3)."""

_silent: dict[str, str] = {}


@job("bench.call_silent")
def call_silent(_run: JobRun, number: int) -> None:
    """Call a system that never answers, as `instructions.call` does, and give up after its ten seconds."""
    port = int(_silent["url"].rpartition(":")[2])
    allowed = (AllowedEndpoint(host="127.0.0.1", port=port, network="127.0.0.1/32"),)
    with suppress(RequestException):
        pinned_calls.post(_silent["url"], b"{}", {}, allowed)


def measure_silent_systems() -> bool:
    """Print p99 with and without a silent system, and return whether the ratio is within `MOST`."""
    let_go = threading.Event()

    def never(environ: Any, start_response: Any) -> Any:
        let_go.wait(pinned_calls.SECONDS + 5)
        return Response(status=204)(environ, start_response)

    server = Loopback(never)
    _silent["url"] = server.url
    waits: dict[bool, list[float]] = {True: [], False: []}
    with installation() as portal, portal.app.app_context():
        for number in range(2 * ROUNDS):
            is_silent = bool(number % 2)
            with _lane(portal.app, number, let_go) if is_silent else nullcontext():
                waits[is_silent] += [_wait() for _mail in range(MAILS)]
    server.close()
    with_it, without = (statistics.quantiles(waits[each], n=100)[98] * 1000 for each in (True, False))
    print(
        f"a mail leaves, p99: {without:.1f} ms; beside a silent system {with_it:.1f} ms; ratio {with_it / without:.2f}"
    )
    return with_it / without <= MOST


@contextmanager
def _lane(app: Flask, number: int, let_go: threading.Event) -> Iterator[None]:
    """Let the lane of the systems wait for a silent one, and end before the round without one begins."""
    with transaction():
        for call in range(3):
            enqueue("bench.call_silent", lane=Lane.SYSTEMS, number=number * 10 + call)
    stop = threading.Event()
    lane = threading.Thread(target=_serve_until, args=(app, Lane.SYSTEMS, stop), daemon=True)
    lane.start()
    time.sleep(0.1)
    yield
    stop.set()
    let_go.set()
    lane.join()
    let_go.clear()


def _wait() -> float:
    """Return the seconds from the commit of a mail until it has left."""
    with transaction():
        queue_mail("staff/password_changed", "luc@example.org", "fr", first_name="Luc", at="2026-11-30T10:00:00+00:00")
    began = time.perf_counter()
    for job_id in due_jobs(Lane.MAIN):
        run_job(job_id)
    db.session.remove()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(0 if measure_silent_systems() else 1)
