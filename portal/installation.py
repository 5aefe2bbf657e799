"""Make an instance folder with keys and addresses of its own, so that no installation runs on a default secret."""

import os
import secrets
from pathlib import Path

from portal.config import read_settings_file
from portal.infrastructure.private_files import keep_private
from portal.infrastructure.sealing.keys import new_master_keys, new_sealing_pair


def prepare_instance(folder: Path, public_url: str) -> bool:
    """Write the settings that the folder lacks, readable by its owner only. Return whether the folder was new.

    Settings that are there stay. Only the public address is always replaced, since the port may be another one today.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keep_private(folder)
    path = folder / "settings"
    values = read_settings_file(path)
    is_new = "PORTAL_SECRET_KEY" not in values
    if "PORTAL_LEDGER_KEY" not in values:
        _set_aside(folder.with_name(f"{folder.name}-ledger"))
    sealing, opening = new_sealing_pair()
    made = {
        "PORTAL_SECRET_KEY": secrets.token_urlsafe(48),
        "PORTAL_MASTER_KEYS": new_master_keys(),
        "PORTAL_SEALING_KEY": sealing,
        "PORTAL_OPENING_KEYS": opening,
        "PORTAL_LEDGER_KEY": new_master_keys(),
        "PORTAL_TOMBSTONE_KEYS": new_master_keys(),
    }
    if "PORTAL_SEALING_KEY" in values:
        del made["PORTAL_SEALING_KEY"], made["PORTAL_OPENING_KEYS"]
    values = made | values | {"PORTAL_PUBLIC_URL": public_url}
    _write_private(path, "".join(f"{name}={value}\n" for name, value in values.items()))
    return is_new


def _set_aside(ledger: Path) -> None:
    """Move the ledger of an installation that is gone out of the way: no key of the new one opens it."""
    number = 1
    while ledger.exists():
        aside = ledger.with_name(f"{ledger.name}-{number}")
        if not aside.exists():
            ledger.rename(aside)
        number += 1


def _write_private(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
