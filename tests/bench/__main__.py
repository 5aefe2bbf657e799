"""`make bench`: the portal against a bare floor, alternating in one run, as ratios. Absolute times mean little.

S is the processor time of a Flask route with one primary-key select on the same database.
"""

import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from portal import clock
from portal.access.declare import PUBLIC, requires
from portal.access.tokens import create_token
from portal.accounts.models import Account, AccountDevice, AccountSession
from portal.customers.models import Customer
from portal.demo.seeding import import_holdings
from portal.infrastructure.database import db, transaction
from portal.infrastructure.identifiers import new_token
from portal.records.models import CategoryCount, Record
from portal.web.sessions import hash_token
from tests.bench.bombs import measure_bombs
from tests.bench.documents import measure_documents
from tests.bench.erasures import measure_erasures
from tests.bench.oracle import measure_oracle
from tests.bench.packages import measure_packages
from tests.bench.purges import measure_purges
from tests.bench.silent_systems import measure_silent_systems
from tests.trial.installation import installation

ROUNDS = 40
RECORDS = 100_000
PURGED = 200_000
"""`python -m tests.bench.purges` takes a million."""


def cpu(act: Callable[[], object]) -> float:
    """Return the processor seconds of one call."""
    began = time.process_time()
    act()
    return time.process_time() - began


def compare(name: str, act: Callable[[], object], floor: Callable[[], object], rounds: int = ROUNDS) -> None:
    """Print the median of one act against the median of its floor, taken in turn."""
    act(), floor()
    pairs = [(cpu(act), cpu(floor)) for _ in range(rounds)]
    mine, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"{name:<46} {mine / bare:6.2f} × floor   ({mine * 1000:8.2f} ms against {bare * 1000:8.2f} ms of processor)")


def main() -> int:
    """Measure pages, feed, packages, erasures, purges, documents, pages beside bombs, and forms that take an address.

    Returns 1 when the time of a form tells whether an address has an account.
    """
    with installation() as portal:
        app = portal.app
        _add_floor(app)
        with app.app_context():
            cookie, token, category_url = _fill(app)
        client = app.test_client()
        client.set_cookie("session", cookie, domain="localhost")
        floor = _fetch(client, "/floor")
        compare("P1 dashboard, 100 000 records (S)", _fetch(client, "/data"), floor)
        compare("P1 category page, 100 000 records (S)", _fetch(client, category_url), floor)
        compare("preferences page (S)", _fetch(client, "/preferences"), floor)
        headers = {"Authorization": f"Bearer {token}"}
        compare("P4 feed, one customer (S)", _fetch(client, "/feed/v1/preferences/C-1001", headers), floor)
    measure_packages()
    measure_erasures()
    measure_purges(PURGED)
    measure_documents()
    measure_bombs()
    is_free = measure_silent_systems()
    return 0 if measure_oracle() and is_free else 1


def _add_floor(app: Flask) -> None:
    @requires(PUBLIC)
    def floor() -> str:
        return str(db.session.execute(select(Customer.given_name).where(Customer.id == 1)).scalar())

    app.add_url_rule("/floor", "public.floor", floor)


def _fill(app: Flask) -> tuple[str, str, str]:
    import_holdings()
    cookie, instant = new_token(), clock.now()
    with transaction() as session:
        customer = session.execute(select(Customer).where(Customer.external_id == "C-1001")).scalar_one()
        account = Account(
            customer_id=customer.id, email="c@example.org", email_normalised="c@example.org", email_confirmed_at=instant
        )
        session.add(account)
        session.flush()
        device = AccountDevice(
            account_id=account.id,
            token_hash=hash_token(new_token()),
            label="bench",
            first_seen_at=instant,
            last_seen_at=instant,
        )
        session.add(device)
        session.flush()
        session.add(
            AccountSession(
                account_id=account.id,
                device_id=device.id,
                token_hash=hash_token(cookie),
                method="password",
                device="bench",
                created_at=instant,
                last_used_at=instant + timedelta(minutes=20),
                reauthenticated_at=instant,
            )
        )
        rows = [
            {
                "customer_id": customer.id,
                "kind": "page_visit",
                "category": "usage",
                "external_id": f"bench-{number}",
                "recorded_at": instant - timedelta(seconds=number),
                "source": "analytics",
                "received_at": instant,
                "values": {"page": "https://netkin.fr/tarifs", "seconds": number % 300},
            }
            for number in range(RECORDS)
        ]
        session.execute(insert(Record), rows)
        tally = session.get_one(CategoryCount, (customer.id, "usage"))
        tally.count += RECORDS
        _row, token = create_token("bench", ["preferences:read"])
        return cookie, token, "/data/usage"


def _fetch(client: FlaskClient, path: str, headers: dict[str, str] | None = None) -> Callable[[], object]:
    def fetch() -> None:
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"

    return fetch


if __name__ == "__main__":
    sys.exit(main())
