"""A company's OpenID Connect provider of our own: real HTTP on loopback, real keys, and faults on demand."""

import hmac
import json
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from tests.support.acting.browser import Page
from tests.support.servers.loopback import Loopback

CLIENT_ID, CLIENT_SECRET = "portal", "a secret of the company's provider"
RSA, EC = RSAKey.generate_key(2048, {"kid": "rsa-1"}), ECKey.generate_key("P-256", {"kid": "ec-1"})
UNPUBLISHED = RSAKey.generate_key(2048, {"kid": "rsa-1"})


class Company:
    """The provider. A browser that follows its link is signed in at once.

    Attributes:
        claims: claims that are added to the usual ones of the ID token; None removes a claim.
        algorithm: how the ID token is signed: RS256, PS256, ES256, `HS256` with the public key as secret, `none`.
        key: the key that signs, when it is not the published one.
        fault: `access_denied`, `server_error`, `down`, `slow`, `no_json`, `bad_client`, `bad_code`, `other_issuer`, or nothing.
        userinfo: what the userinfo endpoint says; the ID token then carries no e-mail.
    """

    def __init__(self, portal_url: str) -> None:
        self.portal_url = portal_url
        self.claims: dict[str, Any] = {}
        self.algorithm, self.key, self.fault = "RS256", None, ""
        self.userinfo: dict[str, Any] | None = None
        self.codes: dict[str, dict[str, str]] = {}
        self.calls: list[str] = []
        loopback = Loopback(self)
        self.url, self.close = loopback.url, loopback.close

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        self.calls.append(request.path)
        return self._answer(request)(environ, start_response)

    def follow(self, page: Page) -> str:
        """Follow the link of a page to the provider, and return the address that it leads back to."""
        (link,) = [str(found["href"]) for found in page.tree.select("main a") if str(found["href"]).startswith("http")]
        query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
        assert query["redirect_uri"] == f"{self.portal_url}/staff/sign-in/company/return"
        assert (query["response_type"], query["code_challenge_method"], query["client_id"]) == (
            "code",
            "S256",
            CLIENT_ID,
        )
        assert {"openid", "email"} == set(query["scope"].split())
        return self._back(query)

    def _back(self, query: dict[str, str]) -> str:
        if self.fault in {"access_denied", "server_error"}:
            back = {"error": self.fault, "state": query["state"]}
        else:
            code = secrets.token_urlsafe(16)
            self.codes[code] = query
            back = {"code": code, "state": query["state"], "iss": self.url}
        return "/staff/sign-in/company/return?" + urlencode(back)

    def _answer(self, request: Request) -> Any:
        if request.path == "/authorize":
            return redirect(self.portal_url + self._back(request.args.to_dict()))
        if self.fault == "down":
            return Response("down", 503)
        if self.fault == "slow":
            time.sleep(1)
        if self.fault == "no_json":
            return Response("<html>")
        if request.path == "/.well-known/openid-configuration":
            return self._json(self._published())
        if request.path == "/keys":
            return self._json({"keys": [RSA.as_dict(private=False), EC.as_dict(private=False)]})
        if request.path == "/token":
            return self._token(request)
        if request.path == "/userinfo" and request.headers.get("Authorization") == "Bearer an access token":
            return self._json(self.userinfo or {})
        return Response("", 404)

    def _published(self) -> dict[str, Any]:
        return {
            "issuer": "https://another.example" if self.fault == "other_issuer" else self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
        }

    def _token(self, request: Request) -> Response:
        sent = request.form
        if self.fault == "bad_client" or (request.authorization or sent).get("password") != CLIENT_SECRET:
            return self._json({"error": "invalid_client"}, 401)
        asked = self.codes.pop(sent["code"], None)
        challenge = urlsafe_b64encode(sha256(sent["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if self.fault == "bad_code" or asked is None or asked["code_challenge"] != challenge:
            return self._json({"error": "invalid_grant"}, 400)
        return self._json(
            {"access_token": "an access token", "token_type": "Bearer", "id_token": self._id_token(asked)}
        )

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.url, "aud": CLIENT_ID, "sub": "company-7", "iat": now, "exp": now + 300, "nonce": asked["nonce"],
        }  # fmt: skip
        if (asked.get("prompt"), asked.get("max_age")) == ("login", "0"):
            claims["auth_time"] = now
        if self.userinfo is None:
            claims |= {"email": "reviewer@example.org", "email_verified": True, "amr": ["pwd", "mfa"]}
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        if self.algorithm in {"none", "HS256"}:
            # Signed by hand, because no library does it: not at all, or with the published key as a shared secret.
            head = {"alg": self.algorithm, "typ": "JWT", "kid": "rsa-1"}
            signed = ".".join(_base64(json.dumps(part).encode()) for part in (head, claims))
            secret = RSA.as_pem(private=False)
            mac = hmac.new(secret, signed.encode(), sha256).digest() if self.algorithm == "HS256" else b""
            return f"{signed}.{_base64(mac)}"
        key = self.key or (EC if self.algorithm == "ES256" else RSA)
        return jwt.encode({"alg": self.algorithm, "kid": key.kid}, claims, key, algorithms=[self.algorithm])

    def _json(self, body: Any, code: int = 200) -> Response:
        return Response(json.dumps(body), code, mimetype="application/json")


def altered(token: str) -> str:
    """Return a token with another subject under the same signature."""
    head, body, signature = token.split(".")
    claims = json.loads(urlsafe_b64decode(body + "=="))
    return ".".join([head, _base64(json.dumps(claims | {"sub": "somebody else"}).encode()), signature])


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
