"""Does the time of an answer tell whether an address has an account? Known against unknown, in turn, in one run.

A pair is one try for an address that has an account and one for an address that has none, in a random order, each through
the whole app at the real cost of hashing. Whoever guesses sees time on the wall; the processor's time shows the same with
less noise of the machine.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import count

from flask import Flask
from sqlalchemy import delete, update

from portal.access.permissions import Role
from portal.accounts.models import Account
from portal.infrastructure.database import db, transaction
from portal.infrastructure.passwords.hashing import hash_password
from portal.staff.models import StaffMember
from portal.web.incoming.kept_counts import RateCount
from tests.support.acting.browser import Browser
from tests.support.acting.people import PASSWORD, People
from tests.trial.installation import installation

TRIES, WARM_UPS, PEOPLE = 200, 10, 20
MOST_APART = 0.05
WRONG = "une phrase que personne n’a choisie"

Try = Callable[[str], Callable[[], object]]


def measure_oracle() -> bool:
    """Print the ratio of the medians for each form that takes an address; return whether all are within 5 %."""
    with installation() as portal, portal.app.app_context():
        known, signed_in = _people(portal.app)
        forms: dict[str, Try] = {
            "sign-in": _form(portal.app, "/sign-in", password=WRONG),
            "registration": _form(portal.app, "/register", given_name="A", family_name="B", password=WRONG),
            "forgotten password": _form(portal.app, "/password/forgotten"),
            "change of address": _signed_in_form(signed_in, "/account/address"),
        }
        results = [_compare(name, act, known) for name, act in forms.items()]
        results.append(
            _compare("staff sign-in", _form(portal.app, "/staff/sign-in", password=WRONG), _staff(portal.app))
        )
    return all(results)


def _people(app: Flask) -> tuple[list[str], list[Browser]]:
    """Make customers with accounts, whose passwords are hashed at the real cost, half of them signed in."""
    people, known = People(app), [f"known{number}@example.org" for number in range(2 * PEOPLE)]
    for email in known:
        people.account(email)
    with transaction() as session:
        session.execute(update(Account).values(password_hash=hash_password(PASSWORD)))
    signed_in = []
    for email in known[PEOPLE:]:
        signed_in.append(people.sign_in(email))
        _forget_tries()
    return known[:PEOPLE], signed_in


def _staff(app: Flask) -> list[str]:
    members = [f"known{number}@staff.example.org" for number in range(PEOPLE)]
    for email in members:
        People(app).staff(Role.REVIEWER, email)
    with transaction() as session:
        session.execute(update(StaffMember).values(password_hash=hash_password(PASSWORD)))
    return members


def _form(app: Flask, path: str, **values: str) -> Try:
    """Return what prepares a try in a browser of its own, so that only sending the form is measured."""

    def prepare(email: str) -> Callable[[], object]:
        browser = Browser(app)
        data = {"csrf_token": browser.form_token(path), "email": email, **values}
        return lambda: browser.client.post(path, data=data).status_code

    return prepare


def _signed_in_form(browsers: list[Browser], path: str) -> Try:
    """Return what prepares a try in the browser of a signed-in customer, each of them in turn for a whole pair."""
    turns = (browser for browser in _in_turn(browsers) for _try in range(2))

    def prepare(email: str) -> Callable[[], object]:
        browser = next(turns)
        data = {"csrf_token": browser.form_token(path), "email": email}
        return lambda: browser.client.post(path, data=data).status_code

    return prepare


def _in_turn(browsers: list[Browser]) -> Iterator[Browser]:
    while True:
        yield from browsers


def _compare(name: str, act: Try, known: list[str]) -> bool:
    strangers = count()
    taken: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    statuses: set[object] = set()
    for number in range(TRIES + WARM_UPS):
        pair = [True, False]
        random.shuffle(pair)
        for is_known in pair:
            run = act(known[number % len(known)] if is_known else f"nobody{next(strangers)}@example.org")
            _forget_tries()
            wall, processor = time.perf_counter(), time.process_time()
            statuses.add(run())
            times = time.perf_counter() - wall, time.process_time() - processor
            if number >= WARM_UPS:
                taken[is_known].append(times)
    assert len(statuses) == 1 and statuses <= {303, 422}, f"{name}: {statuses}"
    (wall, processor), (bare_wall, bare_processor) = (
        [statistics.median(column) for column in zip(*taken[is_known], strict=True)] for is_known in (True, False)
    )
    ratios = wall / bare_wall, processor / bare_processor
    is_within = abs(ratios[1] - 1) <= MOST_APART
    print(
        f"{name + ', known address (unknown address)':<46} {ratios[1]:6.3f} × of processor, {ratios[0]:6.3f} × on the wall"
        f"   ({processor * 1000:.2f} ms, {TRIES} tries each){'' if is_within else '   APART'}"
    )
    return is_within


def _forget_tries() -> None:
    with transaction() as session:
        session.execute(delete(RateCount))
    db.session.rollback()
