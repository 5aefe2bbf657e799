"""Short texts sealed under the master keys: the portal can read them, somebody with a stolen database cannot."""

import base64

from portal.infrastructure import installed
from portal.infrastructure.sealing.keys import MasterKeys, new_data_key, wrapping_version
from portal.infrastructure.sealing.streams import open_whole, seal_stream


def seal_text(text: str, context: str) -> str:
    """Return a text sealed with a key of its own; it opens again with the same context only."""
    key = new_data_key()
    sealed = b"".join(seal_stream(key, [text.encode()], context))
    return f"{_base64(_master_keys().wrap(key, context.encode()))}.{_base64(sealed)}"


def open_text(sealed: str, context: str) -> str:
    """Return what `seal_text` sealed. Raises `KeyMissing`, `KeyBroken`, `SealBroken`."""
    wrapped, _, body = sealed.partition(".")
    key = _master_keys().unwrap(base64.b64decode(wrapped), context.encode())
    return open_whole(key, [base64.b64decode(body)], context).decode()


def version_of_text(sealed: str) -> int:
    """Return the version of the master key that the text's key is wrapped by. Raises `KeyBroken`."""
    return wrapping_version(base64.b64decode(sealed.partition(".")[0]))


def rewrap_text(sealed: str, context: str, keys: MasterKeys) -> str:
    """Return the same sealed text, its key wrapped by the current master key. Raises `KeyMissing`, `KeyBroken`."""
    wrapped, _, body = sealed.partition(".")
    return f"{_base64(keys.rewrap(base64.b64decode(wrapped), context.encode()))}.{body}"


def _master_keys() -> MasterKeys:
    keys: MasterKeys = installed.master_keys()
    return keys


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
