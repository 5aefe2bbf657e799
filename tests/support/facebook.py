"""Accounts linked with Facebook, the calls that Facebook signs, and a provider that speaks its protocol."""

import hmac
import json
from datetime import datetime
from secrets import token_urlsafe
from threading import Event, Thread
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import select
from werkzeug.serving import make_server
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from portal import clock
from portal.accounts.models import Account, LinkedIdentity
from portal.accounts.signed_request import write_signed_request
from portal.infrastructure.database import transaction

APP_ID = "1234567890"
APP_SECRET = "the secret of a Facebook application"


def link_facebook(email: str, scoped_id: str = "218471", **facts: Any) -> None:
    """Link the newest account of an address with a number that Facebook made."""
    with transaction() as session:
        newest = select(Account.id).where(Account.email == email).order_by(Account.id.desc()).limit(1)
        account_id = session.execute(newest).scalar_one()
        session.add(LinkedIdentity(account_id=account_id, provider="facebook", scoped_id=scoped_id, **facts))


def signed_call(scoped_id: str | int = "218471", issued_at: datetime | None = None, secret: str = APP_SECRET) -> str:
    """Return what Facebook would send about somebody, signed now or at another instant."""
    seconds = int((issued_at or clock.now()).timestamp())
    payload = {"user_id": scoped_id, "algorithm": "HMAC-SHA256", "issued_at": seconds, "expires": seconds + 3600}
    return write_signed_request(payload, secret)


class StandIn:
    """A provider that speaks Facebook's side of the protocol on loopback, and notes what it is asked.

    Attributes:
        person: what `/me` answers of whoever says yes; None for somebody who cancels.
        fault: what goes wrong: `refused`, `down`, `garbled`, `slow`, `forgotten_code`, or nothing.
        calls: the Graph calls received, as (path, values).
    """

    def __init__(self) -> None:
        self.person: dict[str, Any] | None = {
            "id": "218471", "first_name": "Nadia", "last_name": "Benali", "email": "nadia@example.org",
        }  # fmt: skip
        self.fault = ""
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.redirect_uri = "http://localhost:8000/sign-in/facebook/return"
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: dict[str, dict[str, Any]] = {}
        self.let_go = Event()
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, environ: Any, start: Any) -> Any:
        request = Request(environ)
        values = {**request.args.to_dict(), **request.form.to_dict()}
        if request.path == "/dialog/oauth":
            return self._authorize(values)(environ, start)
        self.calls.append((request.path, values | {"authorization": request.headers.get("Authorization", "")}))
        if self.fault == "slow":
            self.let_go.wait()
        if self.fault == "down":
            return Response("<h1>Sorry, something went wrong</h1>", 500)(environ, start)
        if self.fault == "garbled":
            return Response("{", 200, mimetype="application/json")(environ, start)
        answer = self._token(values) if request.path.endswith("/oauth/access_token") else self._me(request)
        return answer(environ, start)

    def _authorize(self, values: dict[str, str]) -> Response:
        """Say yes or no for the person and lead back, as Facebook does: to the registered address only."""
        assert values["client_id"] == APP_ID
        assert values["redirect_uri"] == self.redirect_uri
        assert (values["response_type"], values["scope"]) == ("code", "public_profile,email")
        assert values["code_challenge_method"] == "S256"
        if self.fault == "refused":
            given = {"error": "server_error", "error_code": "1", "state": values["state"]}
        elif self.person is None:
            given = {"error": "access_denied", "error_reason": "user_denied", "state": values["state"]}
        else:
            code = token_urlsafe(24)
            self._codes[code] = values
            given = {"code": code, "state": values["state"]}
        return redirect(f"{self.redirect_uri}?{urlencode(given)}")

    def _token(self, values: dict[str, str]) -> Response:
        if values.get("client_id") != APP_ID or values.get("client_secret") != APP_SECRET:
            return _error(1, "Error validating client secret.")
        asked = None if self.fault == "forgotten_code" else self._codes.pop(values.get("code", ""), None)
        challenge = create_s256_code_challenge(values.get("code_verifier", ""))
        if asked is None or asked["code_challenge"] != challenge or values.get("redirect_uri") != self.redirect_uri:
            return _error(100, "This authorization code has been used.")
        token = token_urlsafe(24)
        assert self.person is not None
        self._tokens[token] = self.person
        return _json({"access_token": token, "token_type": "bearer", "expires_in": 5183944})

    def _me(self, request: Request) -> Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        proof = hmac.new(APP_SECRET.encode(), token.encode(), "sha256").hexdigest()
        if token not in self._tokens or request.args.get("appsecret_proof") != proof:
            return _error(100, "Invalid appsecret_proof provided in the API argument")
        asked = request.args["fields"].split(",")
        return _json({name: value for name, value in self._tokens[token].items() if name in asked})


def _json(content: dict[str, Any], code: int = 200) -> Response:
    return Response(json.dumps(content), code, mimetype="application/json")


def _error(code: int, message: str) -> Response:
    return _json({"error": {"message": message, "type": "OAuthException", "code": code}}, 400)
