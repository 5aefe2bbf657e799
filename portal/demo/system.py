"""The demonstration's stand-in for a system of the company: a process of its own that is told and answers.

It acknowledges, refuses, waits, or stays silent, as its page says; nothing here is part of the portal.
"""

import hmac
import json
import logging
import os
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final

import requests
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from portal.infrastructure.lifeline import end_with_parent
from portal.instructions.sending.signing import read_secrets, signed_headers
from portal.instructions.sending.stand_in import SYSTEM

BEHAVIOURS: Final = ("acknowledges", "refuses", "delays", "is silent")
DELAY_SECONDS: Final = 60.0
TIMEOUT_SECONDS: Final = 10
TOLERANCE_SECONDS: Final = 300


@dataclass
class StandIn:
    """The stand-in, as a WSGI application. What it does is chosen on its page, or by `POST /` with `does`.

    Attributes:
        token: its own token of the portal; empty before the demonstration has made it.
    """

    portal_url: str
    secret: str
    token: str = ""
    does: str = BEHAVIOURS[0]
    delay: float = DELAY_SECONDS
    told: list[str] = field(default_factory=list)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path == "/hooks" and request.method == "POST":
            return self._take(request)
        if request.path == "/" and request.method == "POST" and request.form.get("does") in BEHAVIOURS:
            self.does = request.form["does"]
        choices = "".join(
            f'<p><button name="does" value="{each}">{each}</button>{" (now)" if each == self.does else ""}</p>'
            for each in BEHAVIOURS
        )
        told = "".join(f"<li>{each}</li>" for each in self.told)
        page = f'<!doctype html><title>Stand-in</title><form method="post">{choices}</form><ul>{told}</ul>'
        return Response(page, mimetype="text/html")

    def _take(self, request: Request) -> Response:
        body = request.get_data()
        if not self._is_signed(request, body):
            return Response("not signed\n", 401)
        instruction = json.loads(body)["data"]["instruction"]
        if instruction not in self.told:
            self.told.append(instruction)
        if self.does != "is silent":
            threading.Thread(target=self._act, args=(instruction, self.does), daemon=True).start()
        return Response(status=202)

    def _is_signed(self, request: Request, body: bytes) -> bool:
        message_id, at = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "0")
        if not at.isdecimal() or abs(time.time() - int(at)) > TOLERANCE_SECONDS:
            return False
        expected = signed_headers(message_id, int(at), body, read_secrets(self.secret)[SYSTEM])["webhook-signature"]
        return hmac.compare_digest(expected, request.headers.get("webhook-signature", ""))

    def _act(self, instruction: str, does: str) -> None:
        if does == "delays":
            time.sleep(self.delay)
        address = f"{self.portal_url}/feed/v1/instructions/{instruction}"
        headers = {"Authorization": f"Bearer {self.token or token_of_demonstration()}"}
        requests.get(f"{address}/items", headers=headers, timeout=TIMEOUT_SECONDS).raise_for_status()
        result = {"result": "done"}
        if does == "refuses":
            result = {"result": "impossible", "words": "A backup that only goes with its tape."}
        requests.post(f"{address}/ack", json=result, headers=headers, timeout=TIMEOUT_SECONDS)


def token_of_demonstration() -> str:
    """Return the token that the demonstration made for the stand-in."""
    with open(os.path.join(os.environ["PORTAL_INSTANCE"], "demo.json"), encoding="utf-8") as file:
        return str(json.load(file)["instructions_token"])


def run() -> None:
    """Serve the stand-in on loopback; the environment says for which portal and on which open socket."""
    end_with_parent()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    environ = os.environ
    application = StandIn(environ["PORTAL_STAND_IN_FOR"], environ["PORTAL_WEBHOOK_SECRETS"])
    listening = int(environ["PORTAL_SYSTEM_SOCKET"])
    make_server("127.0.0.1", 0, application, threaded=True, fd=listening).serve_forever()


if __name__ == "__main__":
    run()
