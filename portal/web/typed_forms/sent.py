"""What came with a form, but for what must not be kept or shown again."""

from flask import request


def is_secret(name: str) -> bool:
    """Tell whether a field of this name holds a password, a code, a proof or the form token."""
    last = name.rpartition("-")[2]
    return "password" in last or last in {"code", "credential", "csrf_token", "current"}


def sent_fields() -> list[tuple[str, str]]:
    """Return the names and values of the sent form, without its secrets."""
    return [pair for pair in request.form.items(multi=True) if not is_secret(pair[0])]


def sent_files() -> list[str]:
    """Return the names of the files that came with the form."""
    return [file.filename for _name, file in request.files.items(multi=True) if file.filename]
