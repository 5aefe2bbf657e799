"""What is shown only once, carried from a form's answer to the next page: sealed, in the form's cookie."""

import json

from flask import session

from portal.infrastructure.sealing.texts import open_text, seal_text


def keep_to_show(name: str, *texts: str) -> None:
    """Keep texts for a next page of this browser."""
    session[name] = seal_text(json.dumps(texts), name)


def kept_to_show(name: str) -> list[str] | None:
    """Return the texts kept under a name, or None; they stay until `forget_shown`."""
    sealed = session.get(name)
    return list(json.loads(open_text(sealed, name))) if sealed else None


def forget_shown(name: str) -> None:
    """Drop the texts kept under a name, if any."""
    session.pop(name, None)
