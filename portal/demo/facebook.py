"""A stand-in for Facebook, for the demonstration and the tests: it speaks the protocol on loopback and says what it is.

The visitor chooses which person it should vouch for, or what should go wrong. It also signs the two calls that Facebook
makes to the portal: an application was removed, or its data are to be erased.
"""

import hmac
import json
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import urlencode

import requests
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from jinja2 import Environment, FileSystemLoader
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.serving import make_server
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from portal.accounts.facebook.provider import RETURN_PATH, SCOPE
from portal.accounts.facebook.signed_request import write_signed_request
from portal.bilingual import Label, unbroken_page
from portal.infrastructure.lifeline import end_with_parent
from portal.web.i18n import spoken_language

TEMPLATES = Path(__file__).parents[2] / "templates"
Person = dict[str, str | None]

PEOPLE: Final[dict[str, Person]] = {
    "alex": {"id": "100200301", "first_name": "Alex", "last_name": "Morin", "email": "alex.morin@example.org"},
    "camille": {"id": "100200302", "first_name": "Camille", "last_name": "Lefèvre", "email": "camille@example.org"},
    "sacha": {"id": "100200303", "first_name": "Sacha", "last_name": "Roy", "email": None},
}
AGAIN: Final = "reauthenticate"
CALLS: Final = ("/call/deauthorize", "/call/deletion")
FAULTS: Final = {
    "cancelled": Label(fr="Annuler", en="Cancel"),
    "refused": Label(fr="Facebook refuse", en="Facebook refuses"),
    "forgotten_code": Label(fr="Le code ne vaut plus rien", en="The code is worth nothing any more"),
    "down": Label(fr="Facebook est en panne", en="Facebook is down"),
    "garbled": Label(fr="Facebook répond n'importe quoi", en="Facebook answers nonsense"),
    "slow": Label(fr="Facebook est trop lent", en="Facebook is too slow"),
}
# Plain on purpose, and in no colour of the portal: nobody shall take this for Facebook, nor for the company.
STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c1c1c; --ground: #efefef; --surface: #fff; --line: #c4c4c4; --mark: #7a4a00 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eee; --ground: #121212; --surface: #1e1e1e; --line: #4a4a4a; --mark: #f2c46d }
}
* { box-sizing: border-box }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 36rem; padding: 1.5rem 1rem; color: var(--ink); background: var(--ground) }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem }
h2 { font-size: 1rem; margin: 1.75rem 0 .5rem }
main > p:first-of-type { border: 2px dashed var(--mark); border-radius: .5rem; padding: .75rem 1rem; color: var(--mark); background: var(--surface) }
ul { list-style: none; margin: 0; padding: 0 1rem; border: 1px solid var(--line); border-radius: .75rem; background: var(--surface) }
li { padding: .25rem 0; overflow-wrap: anywhere }
li + li { border-top: 1px solid var(--line) }
a { color: inherit; text-underline-offset: .2em }
li a { display: inline-block; padding: .5rem 0; font-weight: 600 }
form { display: inline-block; margin: 0 .5rem .5rem 0 }
button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: 0 1rem; border: 1px solid #888; border-radius: .5rem; color: inherit; background: var(--surface); cursor: pointer }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px }
"""
WORDS: Final = {
    "title": Label(fr="Faux Facebook de la démonstration", en="Stand-in for Facebook, for the demonstration"),
    "what": Label(
        fr="Ce n'est pas Facebook. Cette page en tient lieu sur votre machine, pour essayer la connexion.",
        en="This is not Facebook. This page stands in for it on your machine, to try the sign-in.",
    ),
    "who": Label(fr="Continuer en tant que", en="Continue as"),
    "again": Label(
        fr="Facebook vous demanderait ici votre mot de passe, même déjà connecté.",
        en="Facebook would ask for your password here, although you are signed in already.",
    ),
    "no_address": Label(fr="sans adresse e-mail", en="without an e-mail address"),
    "wrong": Label(fr="Ou voir ce qui peut mal tourner", en="Or see what can go wrong"),
    "settings": Label(fr="Réglages : applications reliées", en="Settings: linked applications"),
    "deauthorize": Label(fr="Retirer l'application", en="Remove the application"),
    "deletion": Label(fr="Demander l'effacement", en="Ask for the erasure"),
    "answered": Label(fr="Le portail a répondu", en="The portal answered"),
}


@dataclass(frozen=True)
class Application:
    """The application that the stand-in knows, as Facebook's settings would describe it."""

    app_id: str
    secret: str
    portal_url: str

    @property
    def redirect_uri(self) -> str:
        return self.portal_url + RETURN_PATH


class StandIn:
    """The stand-in, as a WSGI application. It keeps the codes and tokens that it gave out in memory only."""

    slow_seconds = 8.0

    def __init__(self, application: Application, people: dict[str, Person]) -> None:
        self.application, self.people = application, people
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: dict[str, Person] = {}
        self._pages = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        try:
            answer = self._answer(request)
        except HTTPException as error:
            answer = error.get_response(environ)
        return answer(environ, start_response)

    def _answer(self, request: Request) -> Response:
        values = {**request.args.to_dict(), **request.form.to_dict()}
        if request.path == "/":
            return self._page(request, "settings")
        if request.path == "/style.css":
            return Response(STYLE, mimetype="text/css")
        if request.path == "/dialog/oauth":
            return self.authorize(request, values)
        if request.path in CALLS:
            return self._call(request, request.path.removeprefix("/call/"), values)
        if request.path.endswith(("/oauth/access_token", "/me")):
            return self.graph(request, values)
        raise NotFound

    def authorize(self, request: Request, values: dict[str, str]) -> Response:
        """Ask the person, or lead back with their answer, to the registered address only."""
        expected = {
            "client_id": self.application.app_id, "redirect_uri": self.application.redirect_uri,
            "response_type": "code", "scope": SCOPE, "code_challenge_method": "S256",
        }  # fmt: skip
        faults = [name for name, value in expected.items() if values.get(name) != value]
        if values.get("auth_type", AGAIN) != AGAIN:
            faults.append("auth_type")
        if faults or not values.get("code_challenge") or not values.get("state"):
            return Response(f"The application does not fit: {', '.join(faults)}\n", 400)
        choice = values.pop("choice", "")
        if choice not in self.people and choice not in FAULTS:
            return self._page(request, "authorize", values=values)
        return redirect(f"{self.application.redirect_uri}?{urlencode(self._decide(choice, values))}")

    def _decide(self, choice: str, values: dict[str, str]) -> dict[str, str]:
        state = values["state"]
        if choice == "cancelled":
            return {"error": "access_denied", "error_reason": "user_denied", "state": state}
        if choice == "refused":
            return {"error": "server_error", "error_code": "1", "state": state}
        code = token_urlsafe(24)
        if choice != "forgotten_code":
            self._codes[code] = {"choice": choice, "code_challenge": values["code_challenge"]}
        return {"code": code, "state": state}

    def graph(self, request: Request, values: dict[str, str]) -> Response:
        """Answer as Graph does."""
        return self._me(request) if request.path.endswith("/me") else self._token(values)

    def _token(self, values: dict[str, str]) -> Response:
        application = self.application
        if (values.get("client_id"), values.get("client_secret")) != (application.app_id, application.secret):
            return _graph_error(1, "Error validating client secret.")
        asked = self._codes.pop(values.get("code", ""), None)
        challenge = create_s256_code_challenge(values.get("code_verifier", ""))
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or values.get("redirect_uri") != application.redirect_uri
        ):
            return _graph_error(100, "This authorization code has been used.")
        fault = self._fault(asked["choice"])
        if fault:
            return fault
        token = token_urlsafe(24)
        self._tokens[token] = self.people[asked["choice"]]
        return _json({"access_token": token, "token_type": "bearer", "expires_in": 5183944})

    def _fault(self, choice: str) -> Response | None:
        if choice == "slow":
            time.sleep(self.slow_seconds)
        if choice in {"slow", "down"}:
            return Response("<h1>Something went wrong</h1>", 500, mimetype="text/html")
        return Response("{", mimetype="application/json") if choice == "garbled" else None

    def _me(self, request: Request) -> Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        proof = hmac.new(self.application.secret.encode(), token.encode(), "sha256").hexdigest()
        if token not in self._tokens or request.args.get("appsecret_proof") != proof:
            return _graph_error(100, "Invalid appsecret_proof provided in the API argument")
        asked = request.args.get("fields", "id").split(",")
        person = self._tokens[token]
        return _json({name: value for name, value in person.items() if name in asked and value is not None})

    def _call(self, request: Request, path: str, values: dict[str, str]) -> Response:
        """Sign a call about a person and send it to the portal, as Facebook's settings page does."""
        if request.method != "POST":
            raise MethodNotAllowed(["POST"])
        if values.get("person") not in self.people:
            raise NotFound
        seconds = int(time.time())
        payload = {
            "user_id": self.people[values["person"]]["id"], "algorithm": "HMAC-SHA256", "issued_at": seconds,
            "expires": seconds + 3600,
        }  # fmt: skip
        signed = write_signed_request(payload, self.application.secret)
        address = f"{self.application.portal_url}/facebook/{path}"
        answer = requests.post(address, data={"signed_request": signed}, timeout=10)
        return self._page(request, "settings", status=answer.status_code, said=_said(answer))

    def _page(self, request: Request, name: str, **details: Any) -> Response:
        language = spoken_language(request.headers.get("Accept-Language")) or "fr"
        page = self._pages.get_template(f"demo/facebook/{name}.html").render(
            language=language, words={key: label.text(language) for key, label in WORDS.items()}, people=self.people,
            faults={key: label.text(language) for key, label in FAULTS.items()}, link=urlencode, calls=CALLS, **details,
        )  # fmt: skip
        return Response(unbroken_page(page), mimetype="text/html")


def _said(answer: requests.Response) -> dict[str, str]:
    try:
        return {str(name): str(value) for name, value in answer.json().items()}
    except ValueError:
        return {}


def _json(content: dict[str, Any], code: int = 200) -> Response:
    return Response(json.dumps(content), code, mimetype="application/json")


def _graph_error(code: int, message: str) -> Response:
    return _json({"error": {"message": message, "type": "OAuthException", "code": code}}, 400)


def run() -> None:
    """Serve the stand-in on loopback; the environment says for which application and on which open socket."""
    end_with_parent()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    environ = os.environ
    application = Application(
        environ["PORTAL_FACEBOOK_APP_ID"], environ["PORTAL_FACEBOOK_APP_SECRET"], environ["PORTAL_STAND_IN_FOR"]
    )
    listening = int(environ["PORTAL_STAND_IN_SOCKET"])
    make_server("127.0.0.1", 0, StandIn(application, PEOPLE), threaded=True, fd=listening).serve_forever()


if __name__ == "__main__":
    run()
