"""The two probes, answered before anything else of the portal and for every audience.

`/healthz`: the process answers. `/readyz`: whether it can do its work; "degraded" is 200, for only some pages suffer
then, and a balancer that took all processes out for a slow bucket would take the other pages away, too.
"""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask

from portal.infrastructure.installed import Installed
from portal.site.readiness import checks

HEALTH, READINESS = "/healthz", "/readyz"
METHODS = {"GET", "HEAD"}
CHECK_SECONDS = 1.0


@dataclass(frozen=True)
class ProbeAnswer:
    """What a probe says, as JSON: `status` is ok, degraded or unavailable, `reasons` are short names.

    What to do stands in `flask doctor` and in the log: whoever reaches a probe need not know how this place is run.
    """

    code: HTTPStatus
    content: dict[str, Any]

    @property
    def body(self) -> bytes:
        return json.dumps(self.content).encode() + b"\n"

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [
            ("content-type", "application/json"),
            ("content-length", str(len(self.body))),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
        ]

    def as_asgi(self) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Return status, headers and body as an ASGI server wants them."""
        headers = [(name.encode(), value.encode()) for name, value in self.headers]
        return self.code.value, headers, self.body


def health() -> ProbeAnswer:
    """Say that the process answers."""
    return ProbeAnswer(HTTPStatus.OK, {"status": "ok"})


class Readiness:
    """Looks at what a process needs: all checks at once, in threads of their own, a second for each.

    A check that hangs is not begun a second time: it counts as failed until it ends.
    """

    def __init__(self, app: Flask) -> None:
        self._checks = checks(app)
        self._threads = ThreadPoolExecutor(len(self._checks), "readiness")
        self._running: dict[str, Future[bool]] = {}

    def answer(self) -> ProbeAnswer:
        """Look, and say what was found. 503 where database or migrations fail; jobs and storage degrade."""
        for check in self._checks:
            found = self._running.get(check.name)
            if found is None or found.done():
                self._running[check.name] = self._threads.submit(check.is_well)
        wait(self._running.values(), CHECK_SECONDS)
        faults = [check for check in self._checks if not _is_well(self._running[check.name])]
        if faults and faults[0].name == "database":
            faults = [check for check in faults if not check.asks_database]
        is_down = any(check.is_vital for check in faults)
        status = "unavailable" if is_down else "degraded" if faults else "ok"
        code = HTTPStatus.SERVICE_UNAVAILABLE if is_down else HTTPStatus.OK
        return ProbeAnswer(code, {"status": status, "reasons": [check.name for check in faults]})


def _is_well(found: Future[bool]) -> bool:
    return found.done() and found.exception() is None and found.result()


readiness = Installed[Readiness]("readiness")

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


def answer_probes(application: WsgiApp, looks: Readiness) -> WsgiApp:
    """Wrap a WSGI application so that the probes need nothing of it: no session, no audience, no form."""

    def choose(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO"), environ["REQUEST_METHOD"]
        if path not in {HEALTH, READINESS} or method not in METHODS:
            return application(environ, start_response)
        answer = health() if path == HEALTH else looks.answer()
        start_response(f"{answer.code.value} {answer.code.phrase}", answer.headers)
        return [answer.body] if method == "GET" else []

    return choose
