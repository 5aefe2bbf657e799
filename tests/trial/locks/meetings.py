"""Every writer meets every other on PostgreSQL: nobody sees a deadlock, and nobody sees a fault."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import combinations_with_replacement
from multiprocessing import get_context
from typing import Any

import psycopg

from portal.access.permissions import Role
from portal.infrastructure.database import db
from tests.support.acting.people import People
from tests.support.hashing import use_quick_hasher
from tests.support.servers.databases import postgresql_server
from tests.support.servers.facebook import APP_SECRET, link_facebook
from tests.trial.installation import Installation, installation
from tests.trial.locks.writers import PEOPLE, act_when_told

WRITERS = (
    "import_people", "choose", "unsubscribe", "object", "file", "withdraw", "work_on_a_case", "decide", "sign_in",
    "facebook", "read_the_feed", "jobs",
)  # fmt: skip
SIDE = 2
"""Processes on each side of a meeting."""


def meet_on_postgresql(reduced: bool) -> str:
    """Let all pairs of writers write about the same two customers; then the same pair without the guards, which must fail."""
    pairs = list(combinations_with_replacement(WRITERS, 2))
    seconds = 30 / len(pairs) * (1 if reduced else 4)
    with postgresql_server() as address:
        guarded, slowest = _meet(address.format(name="guarded"), pairs, seconds)
        control, _slowest = _meet(address.format(name="control"), [("import_people", "choose")] * 2, 4.0, "unguarded")
    assert guarded.seen == 0, f"{guarded.seen} of {guarded.acts} acts ended by 5xx: {guarded.bad}"
    assert not [name for name in WRITERS if not guarded.done[name]], f"who did nothing met nobody: {guarded.done}"
    assert control.seen > 0, "without the guards nobody was undone: the meetings show nothing"
    return (
        f"{len(pairs)} pairs, {guarded.acts} acts, {guarded.deadlocks} undone and done once more, none seen, "
        f"p95 {guarded.p95 * 1000:.0f} ms ({slowest}), done {dict(guarded.done)}; without the guards {control.seen} of {control.acts} acts lost"
    )


class Found:
    """What a series of meetings gave. `deadlocks` is the server's own count."""

    def __init__(self) -> None:
        self.took: list[float] = []
        self.bad: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.deadlocks = 0

    @property
    def acts(self) -> int:
        return len(self.took)

    @property
    def seen(self) -> int:
        return sum(self.bad.values())

    @property
    def p95(self) -> float:
        return sorted(self.took)[int(len(self.took) * 0.95)]


def _meet(url: str, pairs: list[tuple[str, str]], seconds: float, how: str = "") -> tuple[Found, str]:
    name = url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(url.replace(f"/{name}?", "/postgres?"), autocommit=True) as own:
        own.execute(f"CREATE DATABASE {name}")
    facebook = {"PORTAL_FACEBOOK_APP_ID": "1234567890", "PORTAL_FACEBOOK_APP_SECRET": APP_SECRET}
    found, slowest = Found(), (0.0, "")
    with installation(PORTAL_DATABASE_URL=url, **facebook) as portal, psycopg.connect(url, autocommit=True) as own:
        _invite(portal)
        with _processes(portal, how) as pipes:
            for pair in pairs:
                own.execute("TRUNCATE rate_counts")  # limits on tries are not what is tried here
                answers = _one_meeting(pipes, pair, seconds)
                took = sorted(second for answer in answers for second in answer["took"])
                slowest = max(slowest, (took[-1], f"{took[-1]:.1f} s at most, {pair[0]} with {pair[1]}"))
                found.took += took
                for answer in answers:
                    found.done[answer["writer"]] += answer["done"]
                    found.bad.update(f"{answer['writer']} in {pair}: {status}" for status in answer["bad"])
        row = own.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
        found.deadlocks = row[0] if row else 0
    return found, slowest[1]


def _invite(portal: Installation) -> None:
    use_quick_hasher()
    with portal.app.app_context():
        people = People(portal.app)
        for number, email in enumerate(PEOPLE):
            people.account(email)
            link_facebook(email, str(number))
        for number in range(2 * SIDE):
            people.staff(Role.OFFICER, f"agent{number}@example.org")
        db.session.remove()
        db.engine.dispose()


@contextmanager
def _processes(portal: Installation, how: str) -> Iterator[list[Any]]:
    """Fork the writers; yield the ends of the pipes by which they are told what to do."""
    fork = get_context("fork")
    with ExitStack() as until_the_end:
        pipes = []
        for number in range(2 * SIDE):
            own, theirs = fork.Pipe()
            process = fork.Process(target=act_when_told, args=(portal.app, number, theirs, how))
            process.start()
            theirs.close()
            until_the_end.callback(process.join)
            until_the_end.callback(process.kill)
            pipes.append(own)
        for own in pipes:
            assert own.recv() == "ready"
        yield pipes


def _one_meeting(pipes: list[Any], pair: tuple[str, str], seconds: float) -> list[dict[str, Any]]:
    for number, own in enumerate(pipes):
        own.send((pair[number % 2], seconds))
    return [own.recv() for own in pipes]
