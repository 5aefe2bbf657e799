"""Writers at the same moment. On PostgreSQL one stands still in its transaction until the other waits for it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from portal.infrastructure.database import db

PATIENCE = 20


class Standstill:
    """Makes a function stand still once it has done its work, within its transaction, until told to go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        self._reached, self._go_on = threading.Event(), threading.Event()
        original = getattr(owner, name)

        def standing(*given: Any, **named: Any) -> Any:
            result = original(*given, **named)
            self._reached.set()
            assert self._go_on.wait(PATIENCE)
            return result

        monkeypatch.setattr(owner, name, standing)

    def meet(self, app: Flask, first: Callable[[], Any], second: Callable[[], Any]) -> tuple[bool, Any]:
        """Run the first until it stands still, then the second; return whether that one waited, and what it returned.

        The first goes on as soon as the second waits for a lock, or is done without having waited.
        """
        returned: list[Any] = []
        workers = [
            threading.Thread(target=_in_context, args=(app, act, into))
            for act, into in ((first, []), (second, returned))
        ]
        workers[0].start()
        assert self._reached.wait(PATIENCE), "the first never came so far"
        workers[1].start()
        waited = False
        while workers[1].is_alive() and not waited:
            waited = _somebody_waits()
            workers[1].join(0.01)
        self._go_on.set()
        for worker in workers:
            worker.join(PATIENCE)
            assert not worker.is_alive()
        return waited, returned[0]


def at_once(app: Flask, *acts: Callable[[], Any]) -> list[Any]:
    """Run acts in threads of their own; return what each returned, or its error."""

    def act(each: Callable[[], Any]) -> Any:
        with app.app_context():
            try:
                return each()
            except Exception as error:
                return error
            finally:
                db.session.remove()

    db.session.remove()
    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def _in_context(app: Flask, act: Callable[[], Any], into: list[Any]) -> None:
    with app.app_context():
        try:
            into.append(act())
        finally:
            db.session.remove()


def _somebody_waits() -> bool:
    waiting = (
        "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())"
    )
    with db.engine.connect() as connection:
        return bool(connection.execute(text(waiting)).scalar_one())
