"""Keep a secret that is shown once: a form's answer seals it into the form's cookie, and a later page shows it.

The page that shows a secret also says when to forget it.
"""

import json

from flask import session

from portal.infrastructure.sealing.texts import open_text, seal_text


def keep_to_show(name: str, *texts: str) -> None:
    """Keep texts for a next page of this browser, sealed so that the cookie alone does not tell them."""
    session[name] = seal_text(json.dumps(texts), name)


def kept_to_show(name: str) -> list[str] | None:
    """Return the texts kept under a name, or None. They stay until the page calls `forget_shown`."""
    sealed = session.get(name)
    return list(json.loads(open_text(sealed, name))) if sealed else None


def forget_shown(name: str) -> None:
    """Drop the texts kept under a name, if any."""
    session.pop(name, None)
