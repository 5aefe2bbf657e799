"""How long writing transactions keep others waiting, and how long another process that writes waits meanwhile.

A lock lasts from the first statement of a writing transaction to its commit. On a shared machine it also lasts while
others have the processor, so the processor time inside it is kept beside the time of the clock.
"""

import gc
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.database import db, transaction

WRITTEN = declare("portal:bench:written", "number")
BETWEEN_WRITES = 0.01


_backends: set[int] = set()


@event.listens_for(Engine, "connect")
def _note_backend(connection: Any, _: Any) -> None:
    """Note the process that PostgreSQL keeps for a connection of this one."""
    if "psycopg" in type(connection).__module__:
        _backends.add(connection.info.backend_pid)


def processor() -> float:
    """Return the seconds of processor of this process and of those that PostgreSQL keeps for its connections."""
    return time.process_time() + sum(map(_seconds_of, _backends))


def _seconds_of(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Lock:
    """One writing transaction: what it was for, seconds by the clock, and seconds of processor."""

    name: str
    wall: float
    cpu: float


@dataclass
class Locks:
    """The writing transactions of a block, with its own time; set `name` to say what the next ones are for."""

    name: str = ""
    held: list[Lock] = field(default_factory=list)
    cpu: float = 0.0
    wall: float = 0.0

    def __str__(self) -> str:
        by_clock = sorted(lock.wall for lock in self.held)
        longest = max(self.held, key=lambda lock: lock.cpu)
        return (
            f"{self.cpu:.2f} s of processor in {self.wall:.1f} s, {len(self.held)} transactions, by the clock "
            f"half {_ms(at(by_clock, 0.5))}, p99 {_ms(at(by_clock, 0.99))}, longest {_ms(by_clock[-1])}; "
            f"most processor {_ms(longest.cpu)} ({longest.name or 'slice'})"
        )


@contextmanager
def measured() -> Iterator[Locks]:
    """Measure the writing transactions of a block."""
    locks, begun = Locks(), [(0.0, 0.0)]

    def begins(*_given: Any) -> None:
        begun[0] = time.perf_counter(), time.thread_time()

    def commits(session: Any) -> None:
        if "writing" in session.info:
            wall, cpu = begun[0]
            locks.held.append(Lock(locks.name, time.perf_counter() - wall, time.thread_time() - cpu))

    event.listen(Session, "after_begin", begins)
    event.listen(Session, "after_commit", commits)
    cpu, wall = processor(), time.perf_counter()
    try:
        yield locks
    finally:
        locks.cpu, locks.wall = processor() - cpu, time.perf_counter() - wall
        event.remove(Session, "after_begin", begins)
        event.remove(Session, "after_commit", commits)


@dataclass
class Waits:
    """How long each write of another process took, in seconds."""

    lasted: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        ordered = sorted(self.lasted)
        half, late, last = (_ms(at(ordered, part)) for part in (0.5, 0.99, 1))
        return f"half {half}, p99 {late}, longest {last} of {len(ordered)} writes"


@contextmanager
def another_writer(app: Flask) -> Iterator[Waits]:
    """Let another process write all the while: an event of the audit trail, which everybody locks, each 10 ms."""
    db.session.remove()
    db.engine.dispose()
    gc.collect()
    fork = get_context("fork")
    own, theirs = fork.Pipe()
    process = fork.Process(target=_write_on, args=(app, theirs), daemon=True)
    process.start()
    theirs.close()
    waits = Waits()
    try:
        yield waits
    finally:
        own.send("over")
        waits.lasted = own.recv()
        process.join()


def quiet_writer(app: Flask, seconds: float = 5) -> Waits:
    """Return how long the writes of another process take while nobody else writes: what the machine itself costs."""
    with another_writer(app) as waits:
        time.sleep(seconds)
    return waits


def at(ordered: list[float], part: float) -> float:
    """Return the value below which a part of some ordered values lies; 0 where there are none."""
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _write_on(app: Flask, pipe: Any) -> None:
    lasted = []
    with app.app_context():
        while not pipe.poll(BETWEEN_WRITES):
            began = time.perf_counter()
            with transaction():
                record(WRITTEN, actor="command", subject="portal", number=len(lasted))
            lasted.append(time.perf_counter() - began)
        pipe.send(lasted)
