"""Remember renditions: the real locked child rebuilds each specimen once in each test process.

Dozens of tests send the same specimen only to get further. The tests of rendering call
`portal.identity_checks.decoding.rendition` itself, and the browser tests and journeys send pictures of their own.
"""

import hashlib
from typing import Any

from portal.identity_checks.decoding.inspection import DocumentKind
from portal.identity_checks.decoding.rendition import RenditionPage, render
from portal.identity_checks.documents import intake

_remembered: dict[tuple[str, DocumentKind], list[RenditionPage]] = {}


def _render_once(document: bytes, kind: DocumentKind, **options: Any) -> list[RenditionPage]:
    key = hashlib.sha256(document).hexdigest(), kind
    if key not in _remembered:
        _remembered[key] = render(document, kind, **options)
    return list(_remembered[key])


def remember_renditions() -> None:
    """Make this process rebuild each document only the first time that it is sent."""
    intake.render = _render_once  # type: ignore[attr-defined]
