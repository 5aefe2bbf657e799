"""The language of a page: stored choice, then cookie, then what the browser asks for, then French."""

import re
from datetime import timedelta
from pathlib import Path

from flask import Flask, g, request
from flask_babel import Babel
from flask_login import current_user
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response

from portal.infrastructure import installed
from portal.web.sessions import cookie_name

LANGUAGES = ("fr", "en")
LANGUAGE_COOKIE = "language"
LANGUAGE_COOKIE_LIFE = timedelta(days=365)
_WEIGHT = re.compile(r"\s*;\s*q\s*=\s*(\.?\d)", re.IGNORECASE)
CATALOGUES = Path(__file__).parent.parent / "translations"


def choose_language() -> str:
    """Return the language of the current request."""
    chosen = g.get("language")
    if chosen is None:
        wanted = request.headers.get("Accept-Language")
        chosen = g.language = _stored_choice() or _cookie_choice() or spoken_language(wanted) or LANGUAGES[0]
    return str(chosen)


def register(app: Flask) -> None:
    """Set up translations: one catalogue per domain, all of them read."""
    domains = sorted(path.stem for path in (CATALOGUES / "fr" / "LC_MESSAGES").glob("*.po"))
    app.config["BABEL_DEFAULT_LOCALE"] = LANGUAGES[0]
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Europe/Paris"
    app.config["BABEL_DOMAIN"] = ";".join(domains)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join([str(CATALOGUES)] * len(domains))
    Babel(app, locale_selector=choose_language)


def keep_language(response: Response, language: str) -> None:
    """Keep a chosen language in a cookie, for a year."""
    response.set_cookie(
        cookie_name(LANGUAGE_COOKIE),
        language,
        max_age=int(LANGUAGE_COOKIE_LIFE.total_seconds()),
        httponly=True,
        samesite="Lax",
        path="/",
        secure=installed.settings().is_https,
    )


def _stored_choice() -> str | None:
    return current_user.language if current_user and current_user.is_authenticated else None


def _cookie_choice() -> str | None:
    value = request.cookies.get(cookie_name(LANGUAGE_COOKIE))
    return value if value in LANGUAGES else None


def spoken_language(accept_language: str | None) -> str | None:
    """Return the language that the portal speaks and the header wants most, whichever country stands beside it."""
    # Some programs write a weight without its nought, or blanks around its signs, and the library passes over them.
    plain = _WEIGHT.sub(
        lambda found: f";q=0{found[1]}" if found[1][0] == "." else f";q={found[1]}", accept_language or ""
    )
    # The library's own class for languages puts those with a country first, whatever their weight.
    wanted = sorted(parse_accept_header(plain), key=lambda choice: choice[1], reverse=True)
    named = [(value.replace("_", "-").partition("-")[0].lower(), weight) for value, weight in wanted]
    # The star stands for every language that the header does not name (RFC 9110, 12.5.4).
    others = [language for language in LANGUAGES if language not in dict(named)]
    codes = [code for name, weight in named if weight for code in (others if name == "*" else [name])]
    return next((code for code in codes if code in LANGUAGES), None)
