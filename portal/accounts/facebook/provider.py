"""Ask Facebook who somebody is: exchange a code (OAuth 2 with PKCE), read the profile once, drop the token.

No script of Facebook's runs on our pages. The address that Facebook gives is only what the person told it, not a proof.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from requests import RequestException

from portal.config import Settings
from portal.customers.addresses import AddressRefused, normalise_address
from portal.infrastructure import installed
from portal.infrastructure.connections.bounded_calls import bound
from portal.infrastructure.typed_texts import name_of

# Meta keeps a version alive for two years. We name one, so that a newer one comes only after we have tested it.
API_VERSION = "v24.0"
AUTHORIZE_URL = f"https://www.facebook.com/{API_VERSION}/dialog/oauth"
GRAPH_URL = "https://graph.facebook.com"
SCOPE = "public_profile,email"
FIELDS = "id,first_name,last_name,email"
RETURN_PATH = "/sign-in/facebook/return"
TIMEOUT_SECONDS = 5
# The Graph API's error for a bad parameter: here, a code that was used, is too old or was made for another attempt.
CODE_NOT_TAKEN = 100
_SCOPED_ID = re.compile(r"[0-9]{1,64}")


class FacebookDown(Exception):
    """Facebook cannot be reached, is too slow, or gives an answer that cannot be read."""


class FacebookMisconfigured(Exception):
    """Facebook does not take our application: its number, its secret or its settings are wrong."""


class CodeRefused(Exception):
    """The code was used, is too old or was made for somebody else's attempt."""


@dataclass(frozen=True)
class Profile:
    """What Facebook says of somebody; `email` is None when it gives none that a mail could reach."""

    scoped_id: str
    given_name: str
    family_name: str
    email: str | None


def is_offered() -> bool:
    """Tell whether this portal has an application at Facebook."""
    return bool(_settings().facebook_app_id)


def authorize_url(state: str, verifier: str, *, is_again: bool = False) -> str:
    """Return the address at Facebook where the person says yes or no.

    Args:
        state: random text that Facebook brings back; it ties the answer to this browser.
        verifier: the secret of PKCE (RFC 7636); only its hash goes into the address.
        is_again: ask Facebook to ask for its password although the person is signed in there. Facebook does not tell
            us whether it did: the person can take this wish out of the address.
    """
    url = _settings().facebook_authorize_url or AUTHORIZE_URL
    wish = {"auth_type": "reauthenticate"} if is_again else {}
    with _client() as client:
        return str(client.create_authorization_url(url, state=state, code_verifier=verifier, **wish)[0])


def read_profile(code: str, verifier: str) -> Profile:
    """Return the profile of the person who brought a code. It calls Facebook twice: never inside a transaction.

    Raises:
        CodeRefused: the code was used, is too old, or is of another attempt.
        FacebookDown: Facebook cannot be reached, is too slow, or answers nonsense.
        FacebookMisconfigured: Facebook does not accept our application.
    """
    graph = f"{_settings().facebook_graph_url or GRAPH_URL}/{API_VERSION}"
    try:
        with _client() as client:
            token = client.fetch_token(
                f"{graph}/oauth/access_token",
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
            )["access_token"]
            answer = client.get(f"{graph}/me", params={"fields": FIELDS, "appsecret_proof": _proof(token)})
            answer.raise_for_status()
            return _profile(answer.json())
    except OAuthError as refusal:
        raise _fault_meant_by(refusal.error) from None
    except (RequestException, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise FacebookDown from None


def _fault_meant_by(error: Any) -> Exception:
    """Return the exception for an error of Graph, which sends an object where OAuth 2 has a word."""
    code = error.get("code") if isinstance(error, dict) else None
    return CodeRefused() if code == CODE_NOT_TAKEN or error == "invalid_grant" else FacebookMisconfigured()


def _profile(found: dict[str, Any]) -> Profile:
    scoped_id = found["id"]
    if not (isinstance(scoped_id, str) and _SCOPED_ID.fullmatch(scoped_id)):
        raise ValueError("no number of a person")
    return Profile(scoped_id, _name(found, "first_name"), _name(found, "last_name"), _address(found.get("email")))


def _name(found: dict[str, Any], field: str) -> str:
    value = found.get(field)
    return name_of(value)[:200] if isinstance(value, str) else ""


def _address(typed: Any) -> str | None:
    if not isinstance(typed, str):
        return None
    try:
        normalise_address(typed)
    except AddressRefused:
        return None
    return typed.strip()


def _proof(token: str) -> str:
    """Return `appsecret_proof`: it shows that the caller has the app's secret, and not just a stolen token."""
    secret = _settings().facebook_app_secret or ""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _client() -> OAuth2Session:
    settings = _settings()
    client = OAuth2Session(
        settings.facebook_app_id,
        settings.facebook_app_secret,
        scope=SCOPE,
        # A fixed address: no header of a request or of a proxy decides where Facebook sends the code.
        redirect_uri=settings.public_url + RETURN_PATH,
        token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method
        code_challenge_method="S256",
    )
    bound(client, TIMEOUT_SECONDS)
    return client


def _settings() -> Settings:
    settings: Settings = installed.settings()
    return settings
