"""Let two acts meet, as processes of their own, again and again; with their guard, and without it as a control."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from threading import BrokenBarrierError
from typing import Any

from flask import Flask

from portal.infrastructure.database import db
from portal.rights.lifecycle import CaseMoved
from tests.support.acting.people import People
from tests.trial.installation import forget_connections

SHORT, LONG = 0.4, 30.0
"""Seconds that one waits for the other where a guard keeps it away, and where none does."""
_numbers = count()


@dataclass(frozen=True)
class Race:
    """Two acts at once.

    Attributes:
        prepare: makes what they are about, given people and the number of the round; returns it as plain values.
        acts: each is given those values, in a process of its own, and returns what came of it.
        is_right: judges what both returned and what the database holds now.
        meets_at: for each act the function, by owner and name, before which it waits for the other in every second round.
        unguard: takes the lock or the condition away, in a process of its own.
        on_sqlite: whether that goes wrong on SQLite too.
    """

    name: str
    prepare: Callable[[People, int], dict[str, Any]]
    acts: tuple[Callable[..., Any], Callable[..., Any]]
    is_right: Callable[[list[Any], dict[str, Any]], bool]
    meets_at: tuple[tuple[Any, str], tuple[Any, str]]
    unguard: Callable[[], None]
    on_sqlite: bool = False


def wrong_in(race: Race, people: People, rounds: range, *, is_guarded: bool) -> list[Any]:
    """Run some rounds of a race; return number and results of those that went wrong."""
    wrong = []
    for number in rounds:
        values = race.prepare(people, next(_numbers))
        patience = LONG if not is_guarded else SHORT * (number % 2)
        forget_connections()
        with _pair(people.app, race, patience, is_guarded=is_guarded) as pipes:
            for pipe in pipes:
                pipe.send(values)
            results = [pipe.recv() for pipe in pipes]
        db.session.remove()
        if not race.is_right(results, values):
            wrong.append((number, results))
    return wrong


def run_all(races: Iterable[Race], people: People, rounds: int, *, is_postgresql: bool) -> str:
    """Run races, each with its control where one is possible; return in words what came of them."""
    told = []
    for race in races:
        wrong = wrong_in(race, people, range(rounds), is_guarded=True)
        assert not wrong, f"{race.name}: {len(wrong)} of {rounds} went wrong, such as {wrong[0]}"
        lost: list[Any] = []
        if is_postgresql or race.on_sqlite:
            lost = wrong_in(race, people, range(rounds, rounds + 3), is_guarded=False)
            assert lost, f"{race.name}: without its guard nothing went wrong either, so the race shows nothing"
        told.append(f"{race.name} (control {len(lost)} of 3 wrong)" if lost else race.name)
    return f"{'PostgreSQL' if is_postgresql else 'SQLite'}: {rounds} each of {', '.join(told)}"


@contextmanager
def _pair(app: Flask, race: Race, patience: float, *, is_guarded: bool) -> Iterator[list[Any]]:
    """Fork two processes, one for each act; yield the pipes to them."""
    fork = get_context("fork")
    both = fork.Barrier(2)
    with ExitStack() as until_the_end:
        pipes = []
        for act, place in zip(race.acts, race.meets_at, strict=True):
            own, theirs = fork.Pipe()
            guard = None if is_guarded else race.unguard
            given = (app, act, theirs, guard, (place, both, patience) if patience else None)
            process = fork.Process(target=_act, args=given, daemon=True)
            process.start()
            theirs.close()
            until_the_end.callback(process.join)
            pipes.append(own)
        yield pipes


def _act(
    app: Flask,
    act: Callable[..., Any],
    pipe: Any,
    unguard: Callable[[], None] | None,
    meeting: tuple[Any, Any, float] | None,
) -> None:
    if unguard:
        unguard()
    if meeting:
        _wait_at(*meeting)
    values = pipe.recv()
    with app.app_context():
        try:
            result = act(**values)
        except CaseMoved:
            result = "moved"
        except Exception as error:
            result = f"{type(error).__name__}: {error}"[:300]
        db.session.remove()
    pipe.send(result)


def _wait_at(place: tuple[Any, str], both: Any, patience: float) -> None:
    """Let a function wait for the other process before it does its work for the first time."""
    owner, name = place
    original = getattr(owner, name)

    def meets(*given: Any, **named: Any) -> Any:
        setattr(owner, name, original)
        with suppress(BrokenBarrierError):  # the other waits for a lock, or has come and gone
            both.wait(patience)
        return original(*given, **named)

    setattr(owner, name, meets)
