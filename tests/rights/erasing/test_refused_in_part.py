"""An erasure of a part, asked for so or refused in part: what stays has its time, and no file brings the rest back."""

import orjson
from flask import Flask
from sqlalchemy import select, text

from portal.infrastructure.database import db
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.erasure.contact import open_sealed
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.records.imports.ingest import Refusal, start_run
from portal.records.models import Record
from portal.rights.lifecycle import Outcome
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, link_in
from tests.support.acting.people import People
from tests.support.cases import case, decide, open_case, refuse_one, second
from tests.support.erasing.pages import begin, carry_out, file_erasure, finish, grant, newest_erasure, team
from tests.support.filing import trust_device
from tests.support.packages import take_in
from tests.support.preferences import FeedClient
from tests.support.records import Line, customer, record, visit

CAMILLE, OF = "camille@example.org", "C-camille"
WORDS = "Effacez tout, mon voisin lit mon courrier."
HELD = (customer(OF, email=CAMILLE), record("username", "U-1", {"username": "camille"}, OF), visit(1, OF), visit(2, OF))


def sent_again(*lines: Line) -> int:
    """Take lines in that a source sends again; return how many are refused."""
    refused: list[Refusal] = []
    numbered = enumerate((orjson.dumps(line) for line in lines), start=1)
    start_run(refused.append).run(numbered, actor="command", channel="command")
    db.session.rollback()
    return len(refused)


def test_a_part_is_refused_and_the_rest_is_erased(app: Flask, people: People, mailbox: Mailbox) -> None:
    camille, staff = people.signed_in(CAMILLE), team(people)
    trust_device()
    take_in(*HELD)
    assert db.session.execute(select(Record.expires_on).where(Record.kind == "username")).scalar_one() is None

    # The reviewer keeps the username and grants the rest; the officer agrees, and the worker carries it out.
    reference = file_erasure(camille, details=WORDS)
    page = refuse_one(open_case(staff[0], reference), "still_needed", name="Identifiant")
    decide(page, "granted", "Nous gardons votre identifiant, le temps d’un litige.")
    second(staff[1], reference)
    erasure = carry_out(newest_erasure())
    assert (erasure.state, case(reference).outcome) == (ErasureState.DONE, Outcome.PARTIAL)

    # What she reads names what stays, and says of nothing that it goes by itself.
    page = Browser(app).get(link_in(mailbox.last_to(CAMILLE)))
    assert "Identifiant" in page.text
    assert "Décidé par deux personnes : notre lettre dit pourquoi" in page.text.replace("\u00a0", " ")
    assert "sans nouvelle demande" not in page.text

    # It has its own end, for the end of the relation that it waited for will never be known any more.
    rows = db.session.execute(text("SELECT kind, expires_on FROM records")).all()
    assert [row.kind for row in rows] == ["username"]
    assert rows[0].expires_on is not None

    # The same delivery again brings nothing back.
    assert sent_again(*HELD) == len(HELD)
    assert db.session.execute(text("SELECT kind FROM records")).scalars().all() == ["username"]
    assert db.session.execute(text("SELECT given_name FROM customers")).scalars().all() == [""]

    # Whoever takes a second look still finds her words and why it was refused.
    kept = db.session.get_one(Erasure, erasure.id, populate_existing=True)
    assert WORDS in str(open_sealed(kept, "sealed_words"))
    assert "le temps d’un litige" in str(open_sealed(kept, "sealed_proof"))
    assert broken() == {}


def test_what_a_second_case_keeps_neither_stops_the_first_erasure_nor_goes_with_it(app: Flask, people: People) -> None:
    camille, staff = people.signed_in(CAMILLE), team(people)
    trust_device()
    take_in(*HELD)
    first = grant(staff, file_erasure(camille, scope="some", categories=["usage"]))
    other = file_erasure(camille)
    decide(
        refuse_one(open_case(staff[0], other), "still_needed", name="Visite"), "granted", "Nous gardons les visites."
    )
    page = second(staff[1], other)
    assert any("Un autre effacement décidé pour cette personne" in error for error in page.errors), page.errors
    begin(first)
    assert newest_erasure().state is ErasureState.RUNNING, "it is what was decided, whatever another case keeps"
    finish(first)
    second(staff[1], other)
    assert newest_erasure().state is ErasureState.COOLING, "its turn has come"


def test_after_an_erasure_of_one_category_a_yes_counts_and_no_file_brings_it_back(
    app: Flask, people: People, mailbox: Mailbox
) -> None:
    camille, staff, feed = people.signed_in(CAMILLE), team(people), FeedClient(app)
    trust_device()
    take_in(*HELD)
    erasure = carry_out(grant(staff, file_erasure(camille, scope="some", categories=["usage"])))
    assert (erasure.state, feed.item(OF)["suppressed"]) == (ErasureState.DONE, False)
    camille.get("/preferences").submit({"offers.email": "accept"}, with_field="offers.email")
    assert sent_again(*HELD) == 2, "the two visits"
    item = feed.item(OF)
    assert (item["suppressed"], item["flags"]["offers.email"]) == (False, True)
    kinds = db.session.execute(text("SELECT kind FROM records UNION ALL SELECT kind FROM archived_records")).scalars()
    assert kinds.all() == ["username"]
    assert "netkin.fr/page" not in camille.get("/data/usage").text
    assert broken() == {}
