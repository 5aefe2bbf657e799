"""Argon2id with a bounded number of computations at once, so that a burst of sign-ins stays within memory.

A computation takes 19 MiB for some hundredths of a second. A request that finds every place taken waits two seconds and
is then refused: in a queue without end, sign-ins would hold every thread of the process, and no other page would
answer.

The computations run in threads of their own, one for each place. The C library keeps the memory of a computation with
the thread that made it, so the thirty-two threads of a web process would keep it thirty-two times.
"""

import os
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import BoundedSemaphore
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 4
WAIT_SECONDS = 2.0

# OWASP password storage: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_places = BoundedSemaphore(AT_ONCE)
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
Result = TypeVar("Result")


class HashingBusy(Exception):
    """Every place stayed taken; `retry_after` says in how many seconds to ask again."""

    retry_after = 5


def _compute(act: Callable[..., Result], *arguments: str) -> Result:
    if not _places.acquire(timeout=WAIT_SECONDS):
        raise HashingBusy
    try:
        return _threads.submit(act, *arguments).result()
    finally:
        _places.release()


def _start_anew() -> None:
    """Give a forked process threads and places of its own: it inherits no threads, and places that stay taken."""
    global _places, _threads
    _places, _threads = BoundedSemaphore(AT_ONCE), ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")


os.register_at_fork(after_in_child=_start_anew)


def _prepared(password: str) -> str:
    # The same accent typed on two keyboards may arrive composed or not (NIST SP 800-63B).
    return unicodedata.normalize("NFC", password)


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, taken exactly as typed apart from Unicode composition.

    Raises:
        HashingBusy: too many are computed at this moment.
    """
    return _compute(_hasher.hash, _prepared(password))


def _fitting_nobody() -> str:
    """Return a hash that takes as long as every other to compare. Computing it would delay each start."""
    salt, tag = (b64encode(os.urandom(size)).decode().rstrip("=") for size in (_hasher.salt_len, _hasher.hash_len))
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${tag}"


_no_one = _fitting_nobody()


def is_password(stored_hash: str | None, password: str) -> bool:
    """Tell whether the password fits. Without a hash it takes as long as with one, and returns False.

    Raises:
        HashingBusy: too many are computed at this moment.
    """
    return which_fits([stored_hash], password) is not None


def which_fits(stored_hashes: Sequence[str | None], password: str) -> int | None:
    """Return the number of the first of some hashes that a password fits, or None. No hash takes as long as a hash.

    All of them are compared in one place, so that who is told to come back has learnt nothing of any.

    Raises:
        HashingBusy: too many are computed at this moment.
    """
    return _compute(_which_fits, _prepared(password), *(stored or "" for stored in stored_hashes))


def _which_fits(password: str, *stored_hashes: str) -> int | None:
    for number, stored in enumerate(stored_hashes):
        with suppress(VerificationError, InvalidHashError):
            _hasher.verify(stored or _no_one, password)
            if stored:
                return number
    return None


def is_outdated(stored_hash: str) -> bool:
    """Tell whether a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored_hash)
