"""Many writers at once, from every side: nothing is lost, the last effective choice wins, the feed passes over nothing."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from portal import clock
from portal.infrastructure.database import db, transaction
from portal.preferences.choices.consent import Choice, record_choices
from portal.preferences.choices.imported import take_imported_choice
from portal.preferences.feed.cursors import Cursor
from portal.preferences.feed.reading import read_changes
from portal.preferences.models import Origin
from tests.support.acting.people import People
from tests.support.preferences import customer_of, proofs, state_of

WRITERS = 20
TOGGLES = 6
FLAGS = ("offers.email", "offers.sms", "surveys.post")


def in_threads(app: Flask, work: Callable[[int], None], count: int) -> None:
    """Run `work(number)` in threads that start together, each with its own database session."""
    start = threading.Barrier(count)

    def run(number: int) -> None:
        with app.app_context():
            start.wait(timeout=30)
            try:
                work(number)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(run, number) for number in range(count)]:
            done.result(timeout=60)


def test_the_last_effective_choice_wins_over_twenty_writers(app: Flask, people: People) -> None:
    people.customer()
    db.session.remove()

    def toggle(number: int) -> None:
        dice = random.Random(number)
        for turn in range(TOGGLES):
            flag, given = dice.choice(FLAGS), dice.random() < 0.5
            with transaction():
                customer = customer_of("camille@example.org")
                if number % 4 == 0:
                    at = clock.now()
                    take_imported_choice(customer, flag, given, at, "w", f"{number}/{turn}", "fr")
                elif number % 4 == 1:
                    choice = Choice(flag, False, "w", f"{number}/{turn}")
                    record_choices(customer, [choice], origin=Origin.MAIL_LINK, language="fr")
                else:
                    choice = Choice(flag, given, "w", f"{number}/{turn}")
                    record_choices(customer, [choice], origin=Origin.PORTAL, language="fr")

    in_threads(app, toggle, WRITERS)
    history = proofs()
    # A repeated refusal by the link leaves no second proof; every other toggle does.
    assert len(history) >= WRITERS * TOGGLES * 3 // 4
    state = state_of()
    for flag in FLAGS:
        newest = max((proof for proof in history if proof.flag == flag), key=lambda p: (p.effective_at, not p.is_given))
        assert state.flags[flag] == newest.is_given, flag


def test_a_reader_of_the_changes_misses_nobody(app: Flask, people: People) -> None:
    """A reader follows the feed while writers commit; in the end it knows every customer's latest flags."""
    emails = [f"p{number}@example.org" for number in range(12)]
    for email in emails:
        people.customer(email)
    known: dict[str, dict[str, bool]] = {}
    sequences: list[int] = []
    is_over = threading.Event()

    def follow() -> None:
        with app.app_context():
            after: Cursor | None = None
            while True:
                was_over = is_over.is_set()
                items, following, _has_more = read_changes(after, 5)
                after = Cursor.read(following)
                db.session.rollback()
                for item in items:
                    known[item["customer"]] = item["flags"]
                    sequences.append(item["sequence"])
                if was_over and not items:
                    break
                is_over.wait(0.01)  # a reader asks again and again, not without drawing breath
            db.session.remove()

    def write(number: int) -> None:
        dice = random.Random(number)
        for turn in range(10):
            # Two customers in one transaction, in one order for everybody, as an import does.
            some = sorted(dice.sample(emails, 2))
            with transaction():
                for email in some:
                    choice = Choice("offers.email", dice.random() < 0.5, "w", f"{number}/{turn}")
                    record_choices(customer_of(email), [choice], origin=Origin.PORTAL, language="fr")

    reader = threading.Thread(target=follow)
    reader.start()
    try:
        in_threads(app, write, 8)
    finally:
        is_over.set()
        reader.join(timeout=60)
    assert not reader.is_alive()
    assert sequences == sorted(set(sequences)), "each sequence once, in order"
    for email in emails:
        state = state_of(email)
        assert known[state.reference] == state.flags, email
