"""What a restored backup must not undo, as lines in a folder or a bucket outside of the database and its backups."""

from portal.infrastructure.ledger.lines import GENESIS, Line, LineBroken
from portal.infrastructure.ledger.outside import Ledger, LineTaken
from portal.infrastructure.sealing.hashing_keys import HashingKeys
from portal.infrastructure.storage import StorageError, storage_from_url

__all__ = ["GENESIS", "Ledger", "Line", "LineBroken", "LineTaken", "StorageError", "ledger_from_url"]


def ledger_from_url(url: str, keys: HashingKeys) -> Ledger:
    """Return the ledger that a PORTAL_LEDGER_URL names, in the grammar of PORTAL_STORAGE_URL.

    Raises:
        ValueError: it names neither a folder nor a bucket.
    """
    return Ledger(storage_from_url(url), keys)
