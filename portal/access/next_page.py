"""The page to go to after signing in: only a path of this portal, never an address that somebody else chose."""

from flask import request


def next_page(default: str) -> str:
    """Return the `next` value of the request when it is a plain local path, else `default`.

    Browsers read `//host` and `/\\host` as another site, and drop control characters before they read.
    """
    wanted = request.values.get("next", "")
    is_local = wanted.startswith("/") and not wanted.startswith("//")
    is_clean = "\\" not in wanted and all(character.isprintable() for character in wanted)
    return wanted if is_local and is_clean else default
