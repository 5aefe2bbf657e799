"""Ask the company's OpenID Connect provider who somebody is: a code with PKCE gives an ID token, and no token is kept.

The provider's metadata and keys are read anew each time. Staff come in seldom, so that costs little, and a key that the
provider withdraws opens nothing from that moment on (OpenID Connect Core 3.1, Discovery 4, RFC 9700).
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests import RequestException, Session

from portal import clock
from portal.config import Settings
from portal.infrastructure.connections.bounded_calls import bound
from portal.infrastructure.installed import Installed

RETURN_PATH = "/staff/sign-in/company/return"
SCOPE = "openid email"
TIMEOUT_SECONDS = 5
# Signatures that only the provider can make: never `none`, nor one made with a secret that we know too.
ALGORITHMS = ["RS256", "PS256", "ES256"]
KEY_TYPES = {"RSA", "EC"}
CLOCK_SKEW_SECONDS = 60
OLDEST_TOKEN_SECONDS = 600
# The methods of RFC 8176 that are more than a password. A text message is not one of them (NIST SP 800-63B).
STRONG_METHODS = frozenset({"mfa", "otp", "hwk", "sc"})


class ProviderDown(Exception):
    """The provider cannot be reached, is slow, or its answer cannot be read."""


class ProviderMisconfigured(Exception):
    """The provider is not the one of the settings, or does not take our client."""


class CodeRefused(Exception):
    """The code was used, is too old or was made for somebody else's attempt."""


class TokenRefused(Exception):
    """The ID token does not prove what it says: signature, issuer, audience, time or nonce."""


@dataclass(frozen=True)
class CompanyIdentity:
    """The person whom the provider vouches for.

    Attributes:
        email: None when there is none, or when the provider does not say that it was verified.
        has_second_factor: whether they gave the provider more than a password.
        authenticated_at: when they last signed in there, in seconds since 1970; None when the provider does not say.
    """

    issuer: str
    subject: str
    email: str | None
    has_second_factor: bool
    authenticated_at: int | None


class CompanyProvider:
    """The provider that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self.issuer = settings.staff_oidc_issuer or ""
        self._client_id = settings.staff_oidc_client_id or ""
        self._client_secret = settings.staff_oidc_client_secret
        # From the settings: neither the request nor a proxy may decide where the code is sent.
        self._return_url = settings.public_url + RETURN_PATH

    def authorize_url(self, state: str, nonce: str, verifier: str, *, asks_again: bool = False) -> str:
        """Return the address at the provider where the person signs in.

        Args:
            asks_again: whether the provider must ask even somebody who is signed in there (Core 3.1.2.1).

        Raises:
            ProviderDown, ProviderMisconfigured.
        """
        published = self._published()
        again = {"prompt": "login", "max_age": "0"} if asks_again else {}
        with self._client(published) as client:
            url, _state = client.create_authorization_url(
                _text(published, "authorization_endpoint"), state=state, nonce=nonce, code_verifier=verifier, **again
            )
        return str(url)

    def identify(self, code: str, verifier: str, nonce: str) -> CompanyIdentity:
        """Exchange a code and return whose it is. It calls the provider: never inside a transaction.

        Raises:
            CodeRefused, ProviderDown, ProviderMisconfigured, TokenRefused.
        """
        published = self._published()
        try:
            with self._client(published) as client:
                tokens = client.fetch_token(
                    _text(published, "token_endpoint"),
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                )
                claims = self._verified(tokens["id_token"], _get(_text(published, "jwks_uri")), nonce)
                if "email" not in claims and "userinfo_endpoint" in published:
                    claims = claims | self._userinfo(client, published, claims["sub"])
        except OAuthError as refusal:
            raise (CodeRefused if refusal.error == "invalid_grant" else ProviderMisconfigured) from None
        except (RequestException, KeyError, TypeError, ValueError, AttributeError, RecursionError):
            raise ProviderDown from None
        methods, email = claims.get("amr"), claims.get("email")
        is_theirs = claims.get("email_verified") is True and isinstance(email, str)
        is_strong = isinstance(methods, list) and not STRONG_METHODS.isdisjoint(map(str, methods))
        at = claims.get("auth_time")
        return CompanyIdentity(
            self.issuer,
            claims["sub"],
            email if is_theirs else None,
            is_strong,
            authenticated_at=at if isinstance(at, int) and not isinstance(at, bool) else None,
        )

    def _verified(self, id_token: str, published_keys: Any, nonce: str) -> dict[str, Any]:
        usable = [
            key for key in published_keys["keys"] if key.get("kty") in KEY_TYPES and key.get("use", "sig") == "sig"
        ]
        now = int(clock.now().timestamp())
        wanted = jwt.JWTClaimsRegistry(
            now=now,
            leeway=CLOCK_SKEW_SECONDS,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self._client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            keys = KeySet.import_key_set({"keys": usable})
            claims: dict[str, Any] = jwt.decode(id_token, keys, algorithms=ALGORITHMS).claims
            wanted.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            raise TokenRefused from None
        is_for_another = isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and "azp" not in claims
        if is_for_another or claims.get("azp", self._client_id) != self._client_id:
            raise TokenRefused
        if claims["iat"] < now - OLDEST_TOKEN_SECONDS or not 0 < len(claims["sub"]) <= 255:
            raise TokenRefused
        return claims

    def _userinfo(self, client: OAuth2Session, published: dict[str, Any], subject: str) -> dict[str, Any]:
        """Return the e-mail claims of the userinfo endpoint: some providers give them only there (Core 5.3)."""
        url = _text(published, "userinfo_endpoint")
        answer = client.get(url)
        answer.raise_for_status()
        found = answer.json()
        if found["sub"] != subject:
            raise TokenRefused
        return {name: found[name] for name in ("email", "email_verified") if name in found}

    def _published(self) -> dict[str, Any]:
        found = _get(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if not isinstance(found, dict) or found.get("issuer") != self.issuer:
            raise ProviderMisconfigured
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
            # A provider that is reached by TLS may not name an address without TLS.
            if name in found and urlsplit(str(found[name])).scheme not in {"https", urlsplit(self.issuer).scheme}:
                raise ProviderMisconfigured
        return found

    def _client(self, published: dict[str, Any]) -> OAuth2Session:
        # A provider that does not say which methods it takes takes Basic (Discovery 3).
        takes_basic = "client_secret_basic" in published.get(
            "token_endpoint_auth_methods_supported", ["client_secret_basic"]
        )
        client = OAuth2Session(
            self._client_id,
            self._client_secret,
            scope=SCOPE,
            redirect_uri=self._return_url,
            token_endpoint_auth_method="client_secret_basic" if takes_basic else "client_secret_post",
            code_challenge_method="S256",
        )
        bound(client, TIMEOUT_SECONDS)
        return client


def _get(url: str) -> Any:
    try:
        with bound(Session(), TIMEOUT_SECONDS) as session:
            answer = session.get(url)
        answer.raise_for_status()
        return answer.json()
    except (RequestException, ValueError, RecursionError):
        raise ProviderDown from None


def _text(published: dict[str, Any], name: str) -> str:
    value = published.get(name)
    if not isinstance(value, str):
        raise ProviderMisconfigured
    return value


installed_provider = Installed[CompanyProvider | None]("company_provider")
