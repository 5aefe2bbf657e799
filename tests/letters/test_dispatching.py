"""What left for a person: noted with its fact, moved forward only, and the one ground of “sent”."""

from itertools import product

import pytest
from sqlalchemy import select, update

from portal.customers.models import Customer
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.mail.contract import MailRefused
from portal.letters.dispatching import FORWARD, NotForward, dispatch, latest, move_on
from portal.letters.models import Dispatch, DispatchChannel, DispatchState
from portal.rights.lifecycle import Right
from tests.support.acting.mailbox import Mailbox, deliver
from tests.support.acting.people import People
from tests.support.cases import case, decide, open_case, taken_in


def sent() -> Dispatch:
    db.session.rollback()
    return db.session.execute(select(Dispatch)).scalar_one()


def answered(people: People) -> str:
    reference = taken_in(people, Right.RECTIFICATION)
    decide(open_case(people.signed_in_staff(), reference), "granted", "Votre adresse est au 4.")
    return reference


@pytest.mark.parametrize(("start", "to"), list(product(DispatchState, DispatchState)))
def test_states_only_go_forward(people: People, start: DispatchState, to: DispatchState) -> None:
    with transaction() as session:
        note = dispatch(
            "x",
            "x/1",
            subject_kind="request",
            subject_id=1,
            customer_id=people.customer().id,
            language="fr",
            sha256="0",
        )
        session.execute(update(Dispatch).values(state=start))
        note_id = note.id
    if to in FORWARD[start] or to is start:
        with transaction():
            move_on(note_id, to)
        assert sent().state is to
        return
    with pytest.raises(NotForward), transaction():
        move_on(note_id, to)
    assert sent().state is start


def test_an_answer_is_sent_once_the_mail_server_took_it(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in()
    reference = answered(people)
    assert (sent().channel, sent().state) == (DispatchChannel.EMAIL, DispatchState.QUEUED)
    assert "L’envoi n’est pas encore confirmé" in browser.get(f"/requests/{reference}").text
    mail = mailbox.last_to("camille@example.org")
    assert sent().state is DispatchState.ACCEPTED
    assert str(sent().message_id) in str(mail["Message-ID"])
    assert "Notre réponse est partie le" in browser.get(f"/requests/{reference}").text


def test_a_mail_that_the_server_refuses_is_not_sent(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = answered(people)

    def refuse(_message: object) -> None:
        raise MailRefused

    monkeypatch.setattr(installed.mail_transport(), "send", refuse)
    deliver()
    assert sent().state is DispatchState.QUEUED
    assert latest("request", case(reference).id, "request_answer") is not None


def test_without_an_address_it_is_handed_when_the_person_opens_it(people: People) -> None:
    browser = people.signed_in()
    reference = taken_in(people, Right.RECTIFICATION)
    with transaction() as session:
        session.execute(update(Customer).values(email=None, email_normalised=None))
    decide(open_case(people.signed_in_staff(), reference), "granted", "Votre adresse est au 4.")
    deliver()
    assert (sent().channel, sent().state) == (DispatchChannel.ACCOUNT, DispatchState.QUEUED)
    browser.get("/requests")
    assert sent().state is DispatchState.QUEUED
    page = browser.get(f"/requests/{reference}")
    assert "Notre réponse est partie le" in page.text
    assert sent().state is DispatchState.HANDED


def test_it_goes_with_its_fact(people: People) -> None:
    people.customer()
    with pytest.raises(RuntimeError), transaction():
        dispatch("x", "x/1", subject_kind="request", subject_id=1, customer_id=None, language="fr", sha256="0")
        raise RuntimeError
    db.session.rollback()
    assert db.session.execute(select(Dispatch)).first() is None
