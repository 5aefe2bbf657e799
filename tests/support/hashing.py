"""Argon2id at the least cost, because thousands of tests sign somebody in and do not test the strength of a hash.

A test of that strength gives `REAL` back to the process.
"""

from argon2 import PasswordHasher

from portal.infrastructure.passwords import hashing


class QuickHasher(PasswordHasher):
    """A hasher of least cost that counts its computations."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.computed = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.computed += 1
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        self.computed += 1
        return super().verify(hash, password)


REAL = hashing._hasher
hasher = QuickHasher()


def use_quick_hasher() -> None:
    """Have this process compute passwords at the least cost."""
    hashing._hasher = hasher
    hashing._no_one = hashing._fitting_nobody()
