"""Twenty documents without end at once, while twenty customers use the portal: what it costs the customers."""

import statistics
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.support.documents import specimens
from tests.trial.installation import installation
from tests.trial.waiting import Server, Waiting, crowd, send_passport, served

CUSTOMERS = BOMBS = 20
QUIET_SECONDS = 20
PAGES = ("/data", "/requests", "/preferences", "/access-log")
# Between two pages of one customer: someone who reads quickly.
PAUSE = 0.5


def measure_bombs() -> None:
    """Print the customers' waiting times while bombs are decoded against those of a quiet portal."""
    with installation() as portal, portal.app.app_context():
        honest, *people = crowd(portal.app, 1 + CUSTOMERS + BOMBS)
        customers, attackers = people[:CUSTOMERS], people[CUSTOMERS:]
        with served(portal) as server:
            _browse(server, customers, _after(3))  # warm
            quiet = _browse(server, customers, _after(QUIET_SECONDS))
            over = threading.Event()
            with ThreadPoolExecutor(BOMBS + 1) as pool:
                browsing = pool.submit(_browse, server, customers, over)
                began = time.monotonic()
                bomb = _heavy(specimens.form_that_calls_itself())
                answers = list(pool.map(lambda person: send_passport(server, person, bomb), attackers))
                lasted = time.monotonic() - began
                over.set()
                bombed = browsing.result()
            began = time.monotonic()
            assert not send_passport(server, honest, specimens.passport()).error, (
                "an honest document was refused after the bombs"
            )
            drained = time.monotonic() - began
            peak = server.peaks()["web"]
    print(
        f"{f'A12 pages of {CUSTOMERS} customers under {BOMBS} bombs (quiet)':<46} {_p95(bombed) / _p95(quiet):6.2f} × floor   "
        f"(p95 {_p95(bombed):.0f} ms against {_p95(quiet):.0f} ms; p50 {statistics.median(bombed):.0f} against "
        f"{statistics.median(quiet):.0f}; {len(bombed)} and {len(quiet)} pages; bombs answered in {lasted:.0f} s: "
        f"{dict(Counter(answer.status for answer in answers))}; an honest document after them in {drained:.1f} s; "
        f"at most {peak} MB in the web worker)"
    )


def _heavy(document: bytes) -> bytes:
    """Return a PDF with 9 MB of comment behind its head, so that each holds as much memory as a document may."""
    head, _, rest = document.partition(b"\n")
    return head + b"\n%" + b"x" * 9_000_000 + b"\n" + rest


def _after(seconds: float) -> threading.Event:
    over = threading.Event()
    threading.Timer(seconds, over.set).start()
    return over


def _browse(server: Server, customers: list[Waiting], over: threading.Event) -> list[float]:
    """Have each customer open page after page; return how long each answer took, in milliseconds."""

    def browse(person: Waiting) -> list[float]:
        taken = []
        with requests.Session() as browser:
            browser.cookies.set("session", person.cookie)
            while not over.is_set():
                for page in PAGES:
                    began = time.perf_counter()
                    answer = browser.get(server.url + page, timeout=120)
                    taken.append((time.perf_counter() - began) * 1000)
                    assert answer.status_code == 200, f"{page}: {answer.status_code}"
                    over.wait(PAUSE)
        return taken

    with ThreadPoolExecutor(len(customers)) as pool:
        return [seconds for taken in pool.map(browse, customers) for seconds in taken]


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]
