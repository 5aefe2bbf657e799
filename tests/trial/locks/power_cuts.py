"""PostgreSQL dies under load, again and again: pages say 503 and never 500, what was promised is there, all heals."""

import random
import re
import threading
import time
from collections import Counter
from itertools import cycle

import psycopg
import requests

from tests.support.servers.databases import postgresql_server, without_power
from tests.trial.installation import installation
from tests.trial.waiting import Waiting, crowd, served

HEALS_WITHIN = 10
AWAY = 1.0


def cut_the_power_of_postgresql(reduced: bool) -> str:
    """Save preferences through a served portal while its PostgreSQL loses power; count what people are told."""
    cuts, people = (2, 4) if reduced else (15, 8)
    with postgresql_server() as address:
        url = address.format(name="portal")
        with psycopg.connect(address.format(name="postgres"), autocommit=True) as own:
            own.execute("CREATE DATABASE portal")
        with installation(PORTAL_DATABASE_URL=url) as portal:
            with portal.app.app_context():
                waiting = crowd(portal.app, people)
            with served(portal) as server:
                savers = [_Saver(server.url, person) for person in waiting]
                healed = [_cut(address, savers) for _ in range(cuts)]
                for saver in savers:
                    saver.stop()
        with psycopg.connect(url) as own:
            row = own.execute(
                "SELECT count(*) FROM (SELECT DISTINCT customer_id, recorded_at FROM consent_records) s"
            ).fetchone()
    answers = sum((saver.answers for saver in savers), Counter[int]())
    assert not [status for status in answers if status >= 500 and status != 503], f"told {dict(answers)}"
    assert answers[503], "nobody noticed: the cuts show nothing"
    assert row is not None and row[0] >= answers[303], f"{answers[303]} saves were acknowledged, {row[0]} are there"
    assert max(healed) < HEALS_WITHIN, f"it took {max(healed):.1f} s until all was well"
    return f"{cuts} cuts, {answers[303]} saves acknowledged and there, {answers[503]} told 503, none 500, well after {max(healed):.1f} s"


def _cut(address: str, savers: "list[_Saver]") -> float:
    """Take the power away for a while; return the seconds from its return until everybody could save again."""
    time.sleep(random.uniform(0.5, 2))
    with without_power(address):
        time.sleep(AWAY)
    began = time.monotonic()
    while not all(saver.saved_at > began for saver in savers):
        assert time.monotonic() - began < 6 * HEALS_WITHIN, "it did not heal"
        time.sleep(0.05)
    return time.monotonic() - began


class _Saver:
    """Somebody who accepts and refuses everything in turn, without a pause."""

    def __init__(self, url: str, person: Waiting) -> None:
        self.answers: Counter[int] = Counter()
        self.saved_at = 0.0
        self._url = f"{url}/preferences"
        self._browser = requests.Session()
        self._browser.cookies.set("session", person.cookie)
        page = self._browser.get(self._url, timeout=60).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token, page
        self._token = token[1]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._save)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _save(self) -> None:
        """Send each action until it is acknowledged, so that each acknowledgement stands for one change."""
        for action in cycle(("accept_section", "refuse_section")):
            status = 0
            while status != 303:
                if self._over.is_set():
                    return
                status = self._send(action)

    def _send(self, action: str) -> int:
        values = {"csrf_token": self._token, "action": action, "section": "cookies", "seen": str(10**17)}
        answer = self._browser.post(self._url, data=values, timeout=60, allow_redirects=False)
        self.answers[answer.status_code] += 1
        if answer.status_code == 303:
            self.saved_at = time.monotonic()
        time.sleep(0.02)
        return answer.status_code
