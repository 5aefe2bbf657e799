"""Mails for a demonstration: a line on the terminal and a file, nothing leaves the machine."""

import hashlib
import os
import re
import secrets
import sys
from email.message import EmailMessage
from pathlib import Path

from portal.infrastructure.mail.contract import MailDelayed

_UNSAFE = re.compile(r"[^A-Za-z0-9.@_-]")


class ConsoleTransport:
    """Print one line for each mail on stderr; with a folder, keep it there as an .eml file (0600)."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def send(self, message: EmailMessage) -> None:
        where = ""
        if self._folder is not None:
            path = self._folder / _file_name(message["Message-ID"])
            if path.exists():
                return
            try:
                _write(path, message.as_bytes())
            except OSError as error:
                raise MailDelayed(f"the mail folder cannot be written: {error.strerror}") from error
            where = f" ({path})"
        print(f"mail to {_masked(message['To'].addresses[0])}: {message['Subject']}{where}", file=sys.stderr)


def _file_name(message_id: str) -> str:
    bare = message_id.strip().strip("<>")
    safe = _UNSAFE.sub("_", bare)[:150].lstrip(".")
    if safe != bare:
        # Two identifiers that are alike once made safe must not get the same file.
        safe += "-" + hashlib.sha256(bare.encode()).hexdigest()[:16]
    return f"{safe}.eml"


def _masked(address: object) -> str:
    local, _, domain = str(address).rpartition("@")
    return f"{local[:1]}…@{domain}"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{secrets.token_hex(8)}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
