"""Hashing of passwords: never more at once than the bound, and nobody waits without end."""

import multiprocessing
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2.exceptions import VerifyMismatchError

from portal.infrastructure.passwords import hashing
from portal.infrastructure.passwords.hashing import AT_ONCE, HashingBusy, hash_password, is_password
from tests.support.hashing import REAL


class Gate:
    """Stands for a hasher: holds every computation until told, and counts how many are inside."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.threads: set[int] = set()
        self.lock, self.full, self.open = threading.Lock(), threading.Event(), threading.Event()

    def hash(self, password: str) -> str:
        with self.lock:
            self.inside += 1
            self.threads.add(threading.get_ident())
            self.most = max(self.most, self.inside)
            if self.inside == AT_ONCE:
                self.full.set()
        self.open.wait(60)
        with self.lock:
            self.inside -= 1
        return f"hash of {password}"

    def verify(self, stored: str, password: str) -> bool:
        raise AssertionError("nothing is computed for somebody without a place")


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate()
    monkeypatch.setattr(hashing, "_hasher", gate)
    yield gate
    gate.open.set()


def test_fifty_at_once_are_computed_a_few_at_a_time(gate: Gate) -> None:
    with ThreadPoolExecutor(50) as pool:
        asked = [pool.submit(hash_password, str(number)) for number in range(50)]
        assert gate.full.wait(60)
        gate.open.set()
        assert [one.result(60) for one in asked] == [f"hash of {number}" for number in range(50)]
    assert gate.most == AT_ONCE
    # The system keeps the memory of a computation with its thread: fifty threads would keep it fifty times.
    assert len(gate.threads) <= AT_ONCE


def test_who_finds_no_place_is_told_soon(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "WAIT_SECONDS", 0.01)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        held = [pool.submit(hash_password, "x") for _ in range(AT_ONCE)]
        assert gate.full.wait(60)
        with pytest.raises(HashingBusy):
            hash_password("late")
        with pytest.raises(HashingBusy):
            is_password(None, "late")
        gate.open.set()
        assert [one.result(60) for one in held] == ["hash of x"] * AT_ONCE
    assert hash_password("afterwards") == "hash of afterwards"


def test_a_wrong_password_gives_its_place_back() -> None:
    stored = hash_password("a long enough password")
    for _ in range(AT_ONCE + 1):
        assert not is_password(stored, "another")
    assert is_password(stored, "a long enough password")


def test_a_forked_process_computes_with_threads_of_its_own() -> None:
    stored = hash_password("a long enough password")
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads is what is looked at
        child = context.Process(target=lambda: answers.put(is_password(stored, "a long enough password")), daemon=True)
        child.start()
    child.join(60)
    assert child.exitcode == 0
    assert answers.get() is True


def test_a_password_of_nobody_is_compared_at_the_cost_of_everybody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "_hasher", REAL)
    of_nobody = hashing._fitting_nobody()
    assert not hashing.is_outdated(of_nobody)
    assert len(of_nobody) == len(REAL.hash("a long enough password"))
    with pytest.raises(VerifyMismatchError):  # and not a hash that cannot be read, which would cost nothing
        REAL.verify(of_nobody, "a long enough password")
