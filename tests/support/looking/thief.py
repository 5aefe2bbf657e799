"""What somebody who broke into a process of the portal would do: try every text it holds as a key on every document.

`python -m tests.support.looking.thief` runs with the environment of the process, and prints what it opened.
"""

import base64
import binascii
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from flask import current_app
from sqlalchemy import MetaData, create_engine, select

from portal.app import create_app
from portal.config import Settings
from portal.identity_checks.models import IdentityDocument
from portal.infrastructure.database import db
from portal.infrastructure.sealing.keys import KeyBroken, KeyMissing, MasterKeys, OpeningKeys, SessionKey
from portal.infrastructure.sealing.streams import SealBroken, open_whole

_WORD = re.compile(rb"[A-Za-z0-9+/=_-]{16,200}")
_UNUSABLE = (KeyBroken, KeyMissing, SealBroken, ValueError)


def main() -> None:
    """Print how many secrets were tried and what each of them opened."""
    settings = Settings.from_environment()
    app = create_app(settings)
    with app.app_context():
        words = sorted(set(_words(settings)))
        keys = sorted({key for word in words for key in _keys_in(word)})
        documents = list(db.session.execute(select(IdentityDocument)).scalars())
        opened = [name for document in documents for name in _open(document, words, keys)]
    json.dump({"words": len(words), "keys": len(keys), "documents": len(documents), "opened": opened}, sys.stdout)


def _words(settings: Settings) -> Iterator[bytes]:
    """Yield every text that the process can read: environment, settings, memory of the app, database, files."""
    for text in [*os.environ.values(), *map(str, settings.model_dump().values())]:
        yield text.encode()
        yield from re.split(rb"[:,]", text.encode())
    engine = create_engine(settings.database_url)
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            for row in connection.execute(select(table)):
                for value in row:
                    yield value if isinstance(value, bytes) else str(value).encode()
    engine.dispose()
    for path in settings.instance.rglob("*"):
        if path.is_file() and path.stat().st_size < 1_000_000:
            yield from _WORD.findall(path.read_bytes())


def _keys_in(word: bytes) -> Iterator[bytes]:
    """Yield the keys of 32 bytes that a text may be or hold."""
    yield hashlib.sha256(word).digest()
    if len(word) == 32:
        yield word
    for at in range(max(0, min(len(word) - 31, 64))):
        yield word[at : at + 32]
    for decode in (base64.b64decode, base64.urlsafe_b64decode, binascii.unhexlify):
        with suppress(ValueError):
            decoded = decode(word)
            if len(decoded) == 32:
                yield decoded


def _open(document: IdentityDocument, words: list[bytes], keys: list[bytes]) -> Iterator[str]:
    data_keys = dict.fromkeys(keys, "as it is")
    for key in keys:
        for way, unwrap in _ways(key):
            for wrapped in (document.sealed_key, document.original_sealed_key, document.preview_key):
                for context in (document.public_id, f"{document.public_id}:original", f"{document.public_id}:preview"):
                    with suppress(*_UNUSABLE):
                        data_keys[unwrap(wrapped or b"", context.encode())] = way
    for word in words:
        with suppress(*_UNUSABLE, UnicodeDecodeError):
            context = f"{document.public_id}:preview"
            data_keys[SessionKey.of(word.decode()).unwrap(document.preview_key or b"", context.encode())] = (
                "as a session"
            )
    yield from _pictures(document, data_keys)


def _ways(key: bytes) -> list[tuple[str, Any]]:
    return [
        ("as an opening key", OpeningKeys(1, {1: key}).open),
        ("as a master key", MasterKeys(1, {1: key}).unwrap),
        ("as a session key", SessionKey(key).unwrap),
    ]


def _pictures(document: IdentityDocument, data_keys: dict[bytes, str]) -> Iterator[str]:
    storage = current_app.extensions["storage"]
    for place in (document.storage_key, document.original_storage_key, document.preview_storage_key):
        sealed = b"".join(storage.open(place)) if place and storage.exists(place) else b""
        for key, way in data_keys.items():
            for object_id in (document.public_id, f"{document.public_id}:original", f"{document.public_id}:preview"):
                with suppress(*_UNUSABLE):
                    if open_whole(key, [sealed], object_id):
                        yield f"{document.side} {way}"


if __name__ == "__main__":
    main()
