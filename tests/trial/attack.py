"""Passwords tried by the hundred from everywhere: the owner gets in all the same, and the server stays small.

Real `flask serve` processes, real Argon2id, real sockets. Addresses come by X-Forwarded-For from a trusted proxy: us.
"""

import os
import random
import re
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import requests

from portal import clock
from portal.accounts.models import Account
from portal.customers.addresses import normalise_address
from portal.customers.creation import create_customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.passwords.hashing import AT_ONCE, hash_password
from tests.trial.installation import Installation, installation, kill

PASSWORD = "une phrase de passe assez longue"
OWNER = "camille@example.org"
# The attackers know the password of this one, and come in by it between their guesses.
ACCOMPLICE = "accomplice@example.org"
TRIES_A_SECOND = 100
NETWORKS = 2000
OWN_SHARE = 0.05
CROWD = 50
HASH_MIB = 19
# What threads, pools and pages take beside the hashes.
SLACK_MIB = 64
CPU_BOUND = 0.7
TICKS = os.sysconf("SC_CLK_TCK")
_PROPORTIONAL = re.compile(r"^Pss: +(\d+) kB$", re.MULTILINE)


@dataclass
class Figures:
    """Memory and processor time of a group of processes, looked at while it works."""

    group: int
    before_mib: float = 0
    most_mib: float = 0
    processor_seconds: float = 0
    seconds: float = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def processor_share(self) -> float:
        """Processor time used, as a part of all that the machine had to give."""
        return self.processor_seconds / self.seconds / (os.cpu_count() or 1)

    @property
    def memory_bound(self) -> float:
        return self.before_mib + AT_ONCE * HASH_MIB + SLACK_MIB

    @contextmanager
    def watching(self) -> Iterator[None]:
        self.before_mib, used = _usage(self.group)
        began = time.monotonic()
        watcher = threading.Thread(target=self._watch)
        watcher.start()
        try:
            yield
        finally:
            self._stop.set()
            watcher.join()
            self.seconds = time.monotonic() - began
            self.processor_seconds = _usage(self.group)[1] - used

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            self.most_mib = max(self.most_mib, _usage(self.group)[0])


def _usage(group: int) -> tuple[float, float]:
    """Return the MiB and processor seconds of the processes of a group.

    Memory that several of them share counts once: a child that is being started shares all of its parent's.
    """
    kib = ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                kib += int(_PROPORTIONAL.search((folder / "smaps_rollup").read_text())[1])  # type: ignore[index]
                ticks += int(fields[11]) + int(fields[12])
        except (OSError, IndexError, TypeError):
            continue  # it ended while we looked
    return kib / 1024, ticks / TICKS


class Caller:
    """Somebody with a browser, at a network address."""

    def __init__(self, url: str, address: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["X-Forwarded-For"] = address
        self.token = ""

    def open_form(self) -> None:
        page = self.session.get(f"{self.url}/sign-in", timeout=60)
        found = re.search(r'name="csrf_token" type="hidden" value="([^"]+)"', page.text) or re.search(
            r'name="csrf_token" value="([^"]+)"', page.text
        )
        assert found, f"no form: {page.status_code}"
        self.token = found.group(1)

    def sign_in(self, email: str, password: str, address: str | None = None) -> requests.Response:
        """Send the sign-in form that was opened, perhaps from another address."""
        data = {"csrf_token": self.token, "email": email, "password": password}
        headers = {"X-Forwarded-For": address} if address else {}
        return self.session.post(f"{self.url}/sign-in", data, headers=headers, allow_redirects=False, timeout=60)

    def forget_session(self) -> None:
        """Keep only what names the browser."""
        for cookie in list(self.session.cookies):
            if cookie.name != "device":
                self.session.cookies.clear(cookie.domain, cookie.path, cookie.name)


@contextmanager
def _served(people: list[str]) -> Iterator[tuple[str, int]]:
    """Serve an installation with some accounts; yield its address and process group."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with installation(PORTAL_TRUSTED_PROXIES="127.0.0.1/32", PORTAL_PUBLIC_URL=f"http://localhost:{port}") as portal:
        _make_accounts(portal, people)
        server = portal.start("serve", "--port", str(port))
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url)
            yield url, server.pid
        finally:
            kill(server)


def _make_accounts(portal: Installation, people: list[str]) -> None:
    stored, since = hash_password(PASSWORD), clock.now() - timedelta(days=400)
    with portal.app.app_context():
        with transaction() as session:
            for email in people:
                address = normalise_address(email)
                customer = create_customer(
                    email=email, email_normalised=address, given_name="Camille", family_name="Lefèvre", language="fr",
                )  # fmt: skip
                session.flush()
                session.add(Account(
                    customer_id=customer.id, email=email, email_normalised=address, email_confirmed_at=since,
                    created_at=since, password_hash=stored, password_changed_at=since, given_name="Camille",
                    family_name="Lefèvre", language="fr",
                ))  # fmt: skip
        db.session.remove()
        db.engine.dispose()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{url}/healthz", timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


def _addresses() -> list[str]:
    chooser = random.Random(7)
    fours = [f"198.{18 + number // 65536}.{number // 256 % 256}.{number % 256}" for number in range(NETWORKS // 2)]
    sixes = [f"2001:db8:{number:x}:1::{chooser.randrange(1, 2**48):x}" for number in range(NETWORKS // 2)]
    return fours + sixes


def withstand_an_attack(reduced: bool) -> str:
    """Try passwords of one account a hundred times a second while its owner signs in from a known device."""
    seconds, owner_every = (15, 3) if reduced else (60, 8)
    with _served([OWNER, ACCOMPLICE]) as (url, group):
        owner = Caller(url, "203.0.113.5")
        owner.open_form()
        assert owner.sign_in(OWNER, PASSWORD).status_code == 303, "the owner's first sign-in"
        figures, answers, waits = Figures(group), Counter[int](), list[float]()
        stop = threading.Event()
        with figures.watching(), ThreadPoolExecutor(10) as pool:
            attackers = [pool.submit(_attack, url, number, stop) for number in range(10)]
            deadline = time.monotonic() + seconds
            try:
                while time.monotonic() < deadline:
                    stop.wait(owner_every)
                    waits.append(_owner_enters(owner))
            finally:
                stop.set()
            for attacker in attackers:
                answers.update(attacker.result())
    tries = sum(answers.values())
    # 503 computes nothing: so many tries are under way that this one has to come back.
    assert set(answers) <= {303, 422, 429, 503}, f"answers to the attacker: {dict(answers)}"
    assert answers[303], "the attackers' own right passwords were to be among the tries"
    assert answers[422] <= 10 + 10, f"{answers[422]} passwords were computed"
    assert figures.most_mib < figures.memory_bound, f"{figures.most_mib:.0f} MiB of {figures.memory_bound:.0f}"
    assert figures.processor_share < CPU_BOUND, f"{figures.processor_share:.0%} of the processors"
    return (
        f"{tries} tries, {tries / figures.seconds:.0f} a second, {answers[422]} computed; owner in {len(waits)} of "
        f"{len(waits)}, median {statistics.median(waits):.2f} s; {figures.most_mib:.0f} MiB "
        f"(bound {figures.memory_bound:.0f}), {figures.processor_share:.0%} of {os.cpu_count()} processors"
    )


def _attack(url: str, number: int, stop: threading.Event) -> Counter[int]:
    addresses = _addresses()
    attacker = Caller(url, addresses[number])
    attacker.open_form()
    answers, chooser = Counter[int](), random.Random(number)
    due = time.monotonic()
    while not stop.is_set():
        address = chooser.choice(addresses)
        if chooser.random() < OWN_SHARE:
            answers[_with_another_session(attacker, address)] += 1
        answers[attacker.sign_in(OWNER, "un mot de passe deviné", address).status_code] += 1
        due = max(due + 10 / TRIES_A_SECOND, time.monotonic() - 1)
        stop.wait(max(0, due - time.monotonic()))
    return answers


def _with_another_session(attacker: Caller, address: str) -> int:
    """Come in by a right password, then forget the session, so that the form for guesses stays open."""
    status = attacker.sign_in(ACCOMPLICE, PASSWORD, address).status_code
    attacker.forget_session()
    attacker.open_form()
    return status


def _owner_enters(owner: Caller) -> float:
    owner.forget_session()
    owner.open_form()
    began = time.monotonic()
    answer = owner.sign_in(OWNER, PASSWORD)
    assert answer.status_code == 303, f"the owner was answered {answer.status_code}"
    assert owner.session.get(f"{owner.url}/data", allow_redirects=False, timeout=60).status_code == 200
    return time.monotonic() - began


def let_a_crowd_in(reduced: bool) -> str:
    """Fifty people sign in at the same moment: nobody is refused for good, and memory keeps its bound."""
    rounds = 1 if reduced else 5
    people = [f"person{number}@example.org" for number in range(CROWD)]
    later = 0
    with _served(people) as (url, group):
        callers = [Caller(url, f"198.51.100.{number + 1}") for number in range(CROWD)]
        with ThreadPoolExecutor(CROWD) as pool:
            # Every thread of the server at work once, on passwords too long to be computed: what grows then is hashes.
            list(pool.map(_send_too_long, callers, people))
        figures = Figures(group)
        with figures.watching(), ThreadPoolExecutor(CROWD) as pool:
            for _round in range(rounds):
                for caller in callers:
                    caller.forget_session()
                    caller.open_form()
                together = [threading.Barrier(CROWD)] * CROWD
                later += sum(pool.map(_come_in, callers, people, together))
    assert figures.most_mib < figures.memory_bound, f"{figures.most_mib:.0f} MiB of {figures.memory_bound:.0f}"
    return (
        f"{rounds} × {CROWD} at once, {later} asked to come back and let in then; {figures.before_mib:.0f} MiB before, "
        f"{figures.most_mib:.0f} at most (bound {figures.memory_bound:.0f})"
    )


def _send_too_long(caller: Caller, email: str) -> None:
    caller.open_form()
    assert caller.sign_in(email, "x" * 200).status_code == 422


def _come_in(caller: Caller, email: str, together: threading.Barrier) -> int:
    together.wait()
    for turn in range(20):
        answer = caller.sign_in(email, PASSWORD)
        if answer.status_code == 303:
            return int(turn > 0)
        assert answer.status_code == 503, f"{email} was answered {answer.status_code}"
        time.sleep(int(answer.headers["Retry-After"]))
    raise AssertionError(f"{email} never came in")
