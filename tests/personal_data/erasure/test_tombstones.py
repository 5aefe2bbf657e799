"""What named an erased person is known by its keyed hash alone: files are refused, the feed says erased."""

import base64
import secrets
from collections.abc import Iterator
from datetime import timedelta

import orjson
import pytest
from flask import Flask
from sqlalchemy import text

from portal import clock
from portal.accounts.facebook.linked_identities import UNLINKED_KEPT_FOR
from portal.accounts.models import LinkedIdentity
from portal.infrastructure import installed
from portal.infrastructure.database import transaction
from portal.infrastructure.sealing.hashing_keys import HashingKeys
from portal.infrastructure.sealing.keys import keyed_hash
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.erasure.scheduling import cancel
from portal.personal_data.erasure.tombstones import (
    ADDRESS,
    FACEBOOK,
    REFERENCE,
    buried_among,
    is_buried,
    last_day_of_tombstones,
    named,
    release,
)
from portal.preferences.feed.reading import look_up, read_one
from portal.records.imports.ingest import start_run
from portal.retention.clock_guard import approve_clock, look_at_clock
from tests.support.acting.people import People
from tests.support.erasing.erasures import carried_out, scheduled
from tests.support.keeping import end_now
from tests.support.records import Line, customer, invoice, visit

CAMILLE = "camille@example.org"
MARIE = " Marie.Dupont@example.fr "


def test_the_hash_of_an_address_is_the_one_that_was_published() -> None:
    hashed = keyed_hash("test-pepper", named(ADDRESS, MARIE))
    assert (hashed[:8], hashed[-5:]) == ("7efab18a", "1e479")


@pytest.fixture
def erased(app: Flask, people: People) -> int:
    account = people.account(CAMILLE, external_id="C-1")
    assert account.customer_id is not None
    return carried_out(scheduled(account.customer_id)).customer_id


def refused(*lines: Line) -> list[str]:
    """Take lines in; return why each refused one is, with its field."""
    found: list[str] = []
    start_run(lambda refusal: found.append(str(refusal))).run(numbered(lines), actor="command", channel="command")
    return found


def numbered(lines: tuple[Line, ...]) -> Iterator[tuple[int, bytes]]:
    yield from enumerate((orjson.dumps(line) for line in lines), start=1)


def test_three_lines_of_an_erased_person_are_refused(erased: int) -> None:
    lines = (customer("C-1", email=CAMILLE), invoice(of="C-1"), visit(1, of="C-1"))
    assert len(refused(*lines)) == 3


def test_the_same_person_under_another_number_is_refused(erased: int) -> None:
    (why,) = refused(customer("C-2", email="Camille@Example.org"))
    assert "erased" in why
    assert refused(customer("C-3", email="another@example.org")) == []


def test_the_number_alone_is_refused_once_the_row_is_gone(app: Flask, erased: int) -> None:
    with transaction() as session:
        session.execute(text("UPDATE customers SET external_id = NULL"))
    assert len(refused(customer("C-1", email="another@example.org"), visit(1, of="C-1"))) == 2


def test_the_feed_says_erased_by_address_and_by_number(erased: int) -> None:
    by_number, by_address, nobody = look_up(["C-1"], [CAMILLE, "nobody@example.org"])
    assert (by_number["suppressed"], by_number["reason"]) == (True, "erased")
    assert (by_address["suppressed"], by_address["reason"]) == (True, "erased")
    assert (by_address["customer"], any(by_address["flags"].values())) == (CAMILLE, False)
    assert (nobody["suppressed"], nobody["reason"]) == (False, "unknown")
    with transaction() as session:
        session.execute(text("DELETE FROM preference_states"))
    assert read_one("C-1")[0]["reason"] == "erased"
    assert read_one("C-2")[0]["reason"] == "unknown"


def test_whoever_comes_back_releases_the_address_and_never_the_number(erased: int) -> None:
    with transaction():
        assert release(ADDRESS, CAMILLE)
        assert not release(FACEBOOK, "10")
    assert is_buried(ADDRESS, CAMILLE) is None
    assert is_buried(REFERENCE, "C-1") is not None
    with pytest.raises(ValueError, match="officer"), transaction():
        release(REFERENCE, "C-1")


NEW = "nouvelle@example.org"


def test_an_address_that_a_file_changes_before_the_seal_is_buried_with_the_one_before(
    app: Flask, people: People
) -> None:
    person = people.customer(CAMILLE, external_id="C-1")
    erasure_id = scheduled(person.id)
    assert refused(customer("C-1", email=NEW)) == []
    assert carried_out(erasure_id).state is ErasureState.DONE
    assert is_buried(ADDRESS, CAMILLE) is not None, "she was told there that she can cancel"
    assert is_buried(ADDRESS, NEW) is not None
    assert len(refused(customer("C-7", email=CAMILLE), customer("C-8", email=NEW))) == 2


def test_an_address_of_an_erasure_that_was_cancelled_is_not_buried_by_the_next(app: Flask, people: People) -> None:
    person = people.customer(CAMILLE, external_id="C-1")
    with transaction() as session:
        cancel(session.get_one(Erasure, scheduled(person.id)))
    assert refused(customer("C-1", email=NEW)) == []
    with clock.stopped_at(clock.now() + timedelta(minutes=1)):
        again = scheduled(person.id)
    carried_out(again)
    assert is_buried(ADDRESS, NEW) is not None
    assert is_buried(ADDRESS, CAMILLE) is None, "it may be somebody else's by now"


def test_a_facebook_link_whose_thirty_days_end_while_it_cools_off_is_buried(app: Flask, people: People) -> None:
    person = people.account(CAMILLE, external_id="C-1")
    undone_at = clock.now() - UNLINKED_KEPT_FOR + timedelta(days=1)
    with transaction() as session:
        session.add(LinkedIdentity(account_id=person.id, provider="facebook", scoped_id="10", unlinked_at=undone_at))
    assert person.customer_id is not None
    erasure_id = scheduled(person.customer_id)
    with clock.stopped_at(clock.now() + timedelta(days=2)):
        look_at_clock()
        with transaction():
            approve_clock("command")
        end_now("undone_facebook_links")
    carried_out(erasure_id)
    assert is_buried(FACEBOOK, "10") is not None


def test_an_older_key_still_recognises(app: Flask, erased: int, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = HashingKeys.parse(f"v9:{new_key()},{installed.settings().tombstone_keys}")
    monkeypatch.setitem(app.extensions, "tombstone_keys", fresh)
    assert buried_among(ADDRESS, [CAMILLE, "nobody@example.org"]) == {CAMILLE}
    monkeypatch.setitem(app.extensions, "tombstone_keys", HashingKeys.parse(f"v9:{new_key()}"))
    assert buried_among(ADDRESS, [CAMILLE]) == set()


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def test_tombstones_outlast_archive_and_backups(app: Flask) -> None:
    usual = last_day_of_tombstones(None)
    assert usual == installed.organisation().retention.suppression.after(clock.today())
    assert last_day_of_tombstones(usual + timedelta(days=1)) == usual + timedelta(days=1)
