"""A system of the company on loopback, for what the portal calls: it answers as told, and keeps what it was sent."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from werkzeug.wrappers import Request, Response

from portal.infrastructure import installed
from portal.organisation import Organisation, Told
from tests.support.servers.loopback import Loopback

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = "whsec_" + "b2xkIHNlY3JldCBvZiBhdCBsZWFzdCAyNCBieXRlcw=="
SYSTEM = "website"


@dataclass
class FakeSystem:
    """Answers each call with `status`, after `seconds`, and keeps headers and body of it."""

    status: int = 204
    seconds: float = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        self.calls.append((dict(request.headers), request.get_data()))
        time.sleep(self.seconds)
        return Response(self.body, self.status, self.headers)(environ, start_response)


@contextmanager
def told_by_webhook(
    app: Flask, system: Any, secrets: str = f"{SYSTEM}={SECRET}", *, is_allowed: bool = True, code: str = SYSTEM
) -> Iterator[str]:
    """Let one system be told at an address of this machine, which the organisation file allows; yield the address."""
    server = Loopback(system)
    organisation, settings = installed.organisation.of(app), installed.settings.of(app)
    try:
        url = f"{server.url}/hooks"
        port = int(server.url.rpartition(":")[2])
        changed = organisation.telling(code, url, port) if is_allowed else with_address(organisation, url)
        installed.organisation.put(app, changed)
        installed.settings.put(app, settings.model_copy(update={"webhook_secrets": secrets}))
        yield url
    finally:
        installed.organisation.put(app, organisation)
        installed.settings.put(app, settings)
        server.close()


def with_address(organisation: Organisation, url: str, told: Told = Told.WEBHOOK, **facts: Any) -> Organisation:
    """Return an organisation whose one system is told at an address, checked by nobody."""
    changed = {"told": told, "url": url} | facts
    systems = [each.model_copy(update=changed) if each.code == SYSTEM else each for each in organisation.systems]
    return organisation.model_copy(update={"systems": tuple(systems)})
