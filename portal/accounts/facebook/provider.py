"""Ask Facebook who somebody is: a code with PKCE, one look at the profile, and the token is dropped.

Nothing of Facebook's runs on our pages, and its address is the person's word, not a proof (security.md A2).
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from requests import RequestException

from portal.config import Settings
from portal.customers.addresses import AddressRefused, normalise_address
from portal.infrastructure import installed
from portal.infrastructure.typed_texts import name_of

# Meta keeps a version for two years; a change of it is ours to make and to test.
API_VERSION = "v24.0"
AUTHORIZE_URL = f"https://www.facebook.com/{API_VERSION}/dialog/oauth"
GRAPH_URL = "https://graph.facebook.com"
SCOPE = "public_profile,email"
FIELDS = "id,first_name,last_name,email"
RETURN_PATH = "/sign-in/facebook/return"
TIMEOUT_SECONDS = 5
# Graph's number for a parameter that it does not take: here, a code that was used, is too old, or not its own.
CODE_NOT_TAKEN = 100


class FacebookDown(Exception):
    """Facebook cannot be reached, is slow, or answers what nobody can read."""


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
        is_again: have Facebook ask for its password although the person is signed in there. It does not tell us
            whether it did: whoever sits at the keyboard may take the wish out of the address.
    """
    url = _settings().facebook_authorize_url or AUTHORIZE_URL
    wish = {"auth_type": "reauthenticate"} if is_again else {}
    with _client() as client:
        return str(client.create_authorization_url(url, state=state, code_verifier=verifier, **wish)[0])


def read_profile(code: str, verifier: str) -> Profile:
    """Exchange a code and return whose it is. It calls Facebook twice: never inside a transaction.

    Raises:
        CodeRefused, FacebookDown, FacebookMisconfigured.
    """
    graph = f"{_settings().facebook_graph_url or GRAPH_URL}/{API_VERSION}"
    try:
        with _client() as client:
            token = client.fetch_token(
                f"{graph}/oauth/access_token",
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )["access_token"]
            answer = client.get(
                f"{graph}/me",
                params={"fields": FIELDS, "appsecret_proof": _proof(token)},
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
            answer.raise_for_status()
            return _profile(answer.json())
    except OAuthError as refusal:
        raise _reading_of(refusal.error) from None
    except (RequestException, ValueError, KeyError, TypeError):
        raise FacebookDown from None


def _reading_of(error: Any) -> Exception:
    """Return what Graph means: it answers an object where OAuth 2 has a word."""
    code = error.get("code") if isinstance(error, dict) else None
    return CodeRefused() if code == CODE_NOT_TAKEN or error == "invalid_grant" else FacebookMisconfigured()


def _profile(found: dict[str, Any]) -> Profile:
    scoped_id = str(found["id"])
    if not (scoped_id.isascii() and scoped_id.isalnum() and len(scoped_id) <= 64):
        raise ValueError("no number of a person")
    return Profile(scoped_id, _name(found, "first_name"), _name(found, "last_name"), _address(found.get("email")))


def _name(found: dict[str, Any], field: str) -> str:
    return name_of(str(found.get(field) or ""))[:200]


def _address(typed: Any) -> str | None:
    try:
        normalise_address(str(typed))
    except AddressRefused:
        return None
    return str(typed).strip()


def _proof(token: str) -> str:
    """Return what shows that a call comes from the holder of the app's secret, not of a stolen token."""
    secret = _settings().facebook_app_secret or ""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _client() -> OAuth2Session:
    settings = _settings()
    return OAuth2Session(
        settings.facebook_app_id,
        settings.facebook_app_secret,
        scope=SCOPE,
        # Fixed: neither the request nor a proxy has a say in where the code goes.
        redirect_uri=settings.public_url + RETURN_PATH,
        token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method
        code_challenge_method="S256",
    )


def _settings() -> Settings:
    settings: Settings = installed.settings()
    return settings
