"""An erasure by the pages of all who take part: asked for, decided and seconded, and run by the worker."""

from datetime import timedelta

from sqlalchemy import select

from portal import clock
from portal.infrastructure.database import db
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.ledger.shipping import ship
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import deliver
from tests.support.acting.people import People
from tests.support.cases import decide, open_case, second, staff_browser

REVIEWER, OFFICER = "reviewer@example.org", "officer@example.org"


def file_erasure(browser: Browser, **values: object) -> str:
    """File an erasure through its pages and return its reference; of everything where `values` say nothing else."""
    page = browser.get("/requests/new/erasure?another=yes")
    page = page.submit({"scope": "all"} | values, with_field="scope").submit(action="/send")
    return page.url.rpartition("/")[2]


def team(people: People) -> tuple[Browser, Browser]:
    """Make a reviewer and an officer, and sign both in."""
    people.staff("reviewer", REVIEWER)
    people.staff("officer", OFFICER, name="Hélène Aubry")
    return staff_browser(people.app, REVIEWER), staff_browser(people.app, OFFICER)


def grant(staff: tuple[Browser, Browser], reference: str) -> Erasure:
    """Have a reviewer grant an erasure and an officer second it; return the erasure that cools off."""
    decide(open_case(staff[0], reference), "granted", "Nous effaçons ce que vous demandez.")
    second(staff[1], reference)
    return newest_erasure()


def newest_erasure() -> Erasure:
    """Return the newest erasure as it is in the database now; it can be read after later page loads too."""
    db.session.rollback()
    found = db.session.execute(select(Erasure).order_by(Erasure.id.desc()).limit(1)).scalar_one()
    db.session.expunge(found)
    return found


def begin(erasure: Erasure) -> None:
    """Let the hour come at which an erasure begins: from here on nothing cancels it."""
    with clock.stopped_at(erasure.runs_at + timedelta(seconds=1)):
        deliver()


def finish(erasure: Erasure) -> Erasure:
    """Have the ledger confirm its line, and let the worker run an erasure that began to its end."""
    while ship():
        pass
    for seconds in (10, 120):
        with clock.stopped_at(erasure.runs_at + timedelta(seconds=seconds)):
            deliver()
    done = newest_erasure()
    assert done.state is ErasureState.DONE, f"{done.state} at {done.step}: {done.cause} {done.position}"
    return done


def carry_out(erasure: Erasure) -> Erasure:
    """Let a decided erasure begin and run to its end; return it as it is then."""
    begin(erasure)
    return finish(erasure)
