"""What `create_app` installs once for a whole process, asked for by name and type, as in `installed.storage()`.

A class of an upper layer cannot be named here: its own `Installed` stands beside it.
"""

from typing import Generic, TypeVar

from flask import Flask, current_app

from portal.config import Settings
from portal.infrastructure.ledger.outside import Ledger
from portal.infrastructure.mail.contract import MailTransport
from portal.infrastructure.passwords.breached import BreachedPasswords
from portal.infrastructure.scanner import Scanner
from portal.infrastructure.sealing.hashing_keys import HashingKeys
from portal.infrastructure.sealing.keys import MasterKeys, OpeningKeys, SealingKey
from portal.infrastructure.storage.contract import Storage
from portal.organisation import Organisation

T = TypeVar("T")


class Installed(Generic[T]):
    """The place of one installed thing. Call it to get the thing of the current app."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self) -> T:
        return current_app.extensions[self._name]

    def of(self, app: Flask) -> T:
        """Return the thing of an app that is not the current one, as while the app is being made."""
        return app.extensions[self._name]

    def put(self, app: Flask, thing: T) -> None:
        """Install a thing in an app. It replaces what was there."""
        app.extensions[self._name] = thing


settings = Installed[Settings]("settings")
organisation = Installed[Organisation]("organisation")
storage = Installed[Storage]("storage")
ledger = Installed[Ledger]("ledger")
mail_transport = Installed[MailTransport]("mail_transport")
scanner = Installed[Scanner]("scanner")
breached_passwords = Installed[BreachedPasswords]("breached_passwords")
master_keys = Installed[MasterKeys]("master_keys")
sealing_key = Installed[SealingKey]("sealing_key")
tombstone_keys = Installed[HashingKeys]("tombstone_keys")
ledger_key = Installed[HashingKeys]("ledger_key")
opening_keys = Installed[OpeningKeys | None]("opening_keys")
