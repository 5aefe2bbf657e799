"""What an erasure does to requests: its own words go with the answer, others end with the file, a copy comes first."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from portal import clock
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.erasure.contact import open_sealed
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.erasure.planning import OPEN_COPY, plan
from portal.personal_data.erasure.scope import Scope
from portal.rights.lifecycle import Status
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, deliver, text_of
from tests.support.acting.people import People
from tests.support.cases import case, open_case
from tests.support.erasing.pages import begin, carry_out, file_erasure, grant, newest_erasure, team
from tests.support.erasing.remnants import in_rows
from tests.support.filing import file_copy, trust_device
from tests.support.keeping import end_now
from tests.support.packages import take_in
from tests.support.records import invoice, visit

CAMILLE = "camille@example.org"
WORDS = "Merci d’effacer aussi ce que je disais de mon voisin."


@pytest.fixture
def staff(people: People) -> tuple[Browser, Browser]:
    return team(people)


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    return browser


def test_the_words_go_once_the_answer_has_left(
    app: Flask, camille: Browser, staff: tuple[Browser, Browser], mailbox: Mailbox
) -> None:
    reference = file_erasure(camille, details=WORDS)
    assert {table for table, _column, _value in in_rows(("mon voisin",))} >= {"rights_requests"}
    erasure = carry_out(grant(staff, reference))

    assert reference in str(mailbox.last_to(CAMILLE)["Subject"])
    assert "Lefèvre" not in text_of(mailbox.last_to(CAMILLE))
    assert (erasure.step, erasure.sealed_contact, erasure.sealed_words) == ("over", None, None)
    assert list(in_rows(("mon voisin", CAMILLE, "Lefèvre", "Nous effaçons"))) == []
    assert case(reference).answers == {}
    assert broken() == {}


def test_where_the_law_keeps_something_words_and_letters_stay_sealed(
    app: Flask, camille: Browser, staff: tuple[Browser, Browser]
) -> None:
    take_in(invoice(of="C-camille"))
    erasure = carry_out(grant(staff, file_erasure(camille, details=WORDS)))
    assert list(in_rows(("mon voisin", CAMILLE, "Nous effaçons"))) == []
    kept = db.session.get_one(Erasure, erasure.id)
    assert WORDS in str(open_sealed(kept, "sealed_words"))
    assert "Nous effaçons" in str(open_sealed(kept, "sealed_proof"))
    assert kept.words_until is not None
    with clock.stopped_at(kept.words_until + timedelta(minutes=1)):
        end_now("sealed_words")
    after = db.session.get_one(Erasure, erasure.id, populate_existing=True)
    assert (after.sealed_words, after.sealed_contact, after.sealed_proof is None) == (None, None, False)


def test_other_open_requests_end_with_the_file(app: Flask, camille: Browser, staff: tuple[Browser, Browser]) -> None:
    page = camille.get("/requests/new/objection").submit(
        {"use": "other", "details": "Mon voisin encore."}, with_field="use"
    )
    other = page.submit(action="/send").url.rpartition("/")[2]
    assert case(other).is_open
    carry_out(grant(staff, file_erasure(camille)))
    assert (case(other).status, case(other).is_open, case(other).answers) == (Status.WITHDRAWN, False, {})
    ended = text("SELECT facts FROM audit_events WHERE tag = 'customer:request:ended'")
    assert "erased" in str(db.session.execute(ended).scalar_one())


def cancel_link(mailbox: Mailbox) -> str:
    mails = [text_of(mail) for mail in mailbox.to(CAMILLE)]
    found = re.search(r"http://localhost:8000(/erasure/cancel/\S+)", "\n".join(mails))
    assert found
    return found[1]


def test_a_copy_that_was_asked_for_comes_first(
    app: Flask, camille: Browser, staff: tuple[Browser, Browser], mailbox: Mailbox
) -> None:
    take_in(visit(1, of="C-camille"))
    file_copy(camille)
    reference = file_erasure(camille)
    erasure = grant(staff, reference)
    assert OPEN_COPY in plan(erasure.customer_id, Scope()).stops
    begin(erasure)
    waiting = newest_erasure()
    assert (waiting.state, waiting.step) == (ErasureState.COOLING, "start")
    # Its hour has come and gone: no page says that it begins on a day that is over, each says what it waits for.
    own = camille.get(f"/requests/{reference}")
    for page in (own, camille.get("/data"), own.click("Voir où il en est")):
        assert "L’effacement attend votre copie" in page.text
        assert "Il commence au plus tard le" in page.text
        assert "dès que vous avez téléchargé votre copie. Jusque-là, vous pouvez l’annuler." in page.text
        assert "Il commence le" not in page.text
    for page in (open_case(staff[0], reference), Browser(app).get(cancel_link(mailbox))):
        assert "Il commence au plus tard le" in page.text
        assert "Il commence le" not in page.text
    assert "attend que le client ait sa copie" in open_case(staff[0], reference).text
    with transaction() as session:
        session.execute(text("UPDATE rights_requests SET is_open = false WHERE \"right\" = 'access'"))
        session.execute(text("UPDATE answer_packages SET downloads = 1"))
    with clock.stopped_at(waiting.runs_at + timedelta(hours=2)):
        deliver()
    assert newest_erasure().state is ErasureState.RUNNING


def test_no_copy_keeps_it_past_two_days_before_it_is_due(
    app: Flask, camille: Browser, staff: tuple[Browser, Browser]
) -> None:
    file_copy(camille)
    erasure = grant(staff, file_erasure(camille))
    assert erasure.due_on is not None
    for hours, state in ((-1, ErasureState.COOLING), (1, ErasureState.RUNNING)):
        limit = clock.start_of(erasure.due_on - timedelta(days=2))
        with clock.stopped_at(limit + timedelta(hours=hours)), transaction() as session:
            session.execute(update(Job).where(Job.name == "erasure.step").values(run_at=clock.now()))
        with clock.stopped_at(limit + timedelta(hours=hours, minutes=1)):
            deliver()
        assert newest_erasure().state is state
    assert db.session.execute(select(Erasure.entry)).scalar_one() is not None
