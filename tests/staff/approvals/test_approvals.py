"""What takes two people, from the proposal to its end, through the pages of those who take part."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from portal import clock
from portal.access.permissions import Role
from portal.audit.tags import TAGS
from portal.infrastructure.database import transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.infrastructure.mail.models import Mail
from portal.staff.approvals.models import Approval, ApprovalState
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.visitors import count
from tests.support.approvals import REASON, approval_now, found, proposed
from tests.support.looking.audit_trail import events

AUTHOR, ZOE = "author@example.org", "zoe@example.org"
FACTS = {"approval", "what", "target"}


def page_of(browser: Browser, public_id: str) -> Page:
    return browser.get(f"/staff/approvals/{public_id}")


def answer(browser: Browser, public_id: str, said: str, words: str = "") -> Page:
    return page_of(browser, public_id).submit({"answer": said, "words": words}, with_field="answer")


def change(email: str, **values: object) -> None:
    with transaction() as session:
        session.execute(update(StaffMember).where(StaffMember.email == email).values(**values))


def rows(page: Page, title: str) -> list[str]:
    """Return the lines of a table, by the heading above it."""
    heading = page.tree.find("h2", string=title)
    return [" ".join(row.get_text(" ").split()) for row in heading.parent.select("tbody tr")] if heading else []


def test_another_member_seconds_and_it_is_done_at_once(author: Browser, officer: Browser) -> None:
    public_id = proposed(AUTHOR, ZOE)
    assert found(ZOE).role == Role.SUPPORT, "nothing is done before the second"
    (line,) = rows(officer.get("/staff/approvals"), "En attente de votre réponse")
    assert line.startswith("Changer un rôle member:")
    assert "Bruno P." in line
    assert "dans 14 jours" in line
    page = page_of(officer, public_id)
    assert REASON in page.text
    cells = [" ".join(cell.get_text(" ").split()) for cell in page.tree.select("main tbody tr > *")]
    assert cells == ["Rôle", "Service client", "Vérification"]

    page = answer(officer, public_id, "second", "Vu avec Bruno.")

    assert "La proposition est validée, et le changement est fait." in page.text
    assert "Vu avec Bruno." in page.text
    assert found(ZOE).role == Role.REVIEWER
    approval = approval_now(public_id)
    assert (approval.state, approval.decided_by, approval.words) == (
        ApprovalState.SECONDED, found("officer@example.org"), "Vu avec Bruno.",
    )  # fmt: skip
    (line,) = rows(author.get("/staff/approvals"), "Décidées ou expirées")
    assert "Validée Inès G." in line
    mails = count(Mail, Mail.template != "staff/new_browser")
    assert mails == 0, "the desk shows what waits, no mail"


def test_the_trail_says_who_with_references_only(author: Browser, officer: Browser) -> None:
    seconded, declined, left = (proposed(AUTHOR, ZOE) for _time in range(3))
    answer(officer, declined, "decline", "Des mots que le journal ignore.")
    answer(officer, seconded, "second")
    with clock.stopped_at(clock.now() + timedelta(days=14)):
        run_due_jobs()
    asked, seconder = (f"staff:{found(email).public_id}" for email in (AUTHOR, "officer@example.org"))
    for name, actor, public_ids in (
        ("proposed", asked, [seconded, declined, left]), ("seconded", seconder, [seconded]),
        ("declined", seconder, [declined]), ("ended", "portal", [left]),
    ):  # fmt: skip
        assert TAGS[f"staff:approval:{name}"] == FACTS
        noted = events(f"staff:approval:{name}")
        assert [event.facts["approval"] for event in noted] == public_ids
        assert {(event.actor, event.subject) for event in noted} == {(actor, asked)}
        assert {(event.facts["what"], event.facts["target"]) for event in noted} == {
            ("role_change", f"member:{found(ZOE).public_id}")
        }


def test_whoever_declines_says_why_and_nothing_is_done(author: Browser, officer: Browser) -> None:
    public_id = proposed(AUTHOR, ZOE)
    page = answer(officer, public_id, "decline", "  ")
    assert (page.status, page.errors) == (422, ["Dites pourquoi vous refusez."])
    assert page.form(with_field="answer").find("input", checked=True)["value"] == "decline"

    answer(officer, public_id, "decline", "Zoé part en mars.")

    assert found(ZOE).role == Role.SUPPORT
    page = page_of(author, public_id)
    assert "Zoé part en mars." in page.text
    assert "Inès Garde" in page.text


def test_a_refused_form_keeps_what_was_typed(author: Browser, officer: Browser) -> None:
    public_id = proposed(AUTHOR, ZOE)
    page = answer(officer, public_id, None, "Je réfléchis.")
    assert (page.status, page.errors) == (422, ["Choisissez de valider ou de refuser."])
    assert page.form(with_field="answer").find("textarea").get_text().strip() == "Je réfléchis."
    long = "x" * 2001
    page = answer(officer, public_id, "second", long)
    assert page.status == 422
    assert page.form(with_field="answer").find("textarea").get_text().strip() == long
    assert approval_now(public_id).state is ApprovalState.PROPOSED


def test_nobody_decides_their_own(people: People, author: Browser, officer: Browser) -> None:
    public_id = proposed("officer@example.org", ZOE)
    page = page_of(officer, public_id)
    assert "C’est votre proposition" in page.text
    assert not page.tree.select("main form")
    token = officer.form_token("/staff/approvals")
    for said in ("second", "decline"):
        sent = officer.post(f"/staff/approvals/{public_id}", {"csrf_token": token, "answer": said, "words": "Oui"})
        assert sent.status == 403
    assert approval_now(public_id).state is ApprovalState.PROPOSED
    assert found(ZOE).role == Role.SUPPORT
    assert rows(officer.get("/staff/approvals"), "En attente d’une autre personne")


def test_nobody_sees_what_is_neither_theirs_nor_for_them(people: People, author: Browser, officer: Browser) -> None:
    public_id = proposed("officer@example.org", ZOE)
    assert page_of(author, public_id).status == 403
    assert rows(author.get("/staff/approvals"), "En attente de votre réponse") == []
    assert "Aucune proposition n’attend votre réponse" in author.get("/staff/account").text
    proposed(AUTHOR, ZOE)
    assert rows(author.get("/staff/approvals"), "Décidées ou expirées") == []
    assert len(rows(author.get("/staff/approvals"), "En attente d’une autre personne")) == 1
    assert page_of(officer, "0" * 32).status == 404


def test_who_lost_the_right_after_opening_the_page_decides_nothing(author: Browser, officer: Browser) -> None:
    public_id = proposed(AUTHOR, ZOE)
    page = page_of(officer, public_id)
    change("officer@example.org", role=Role.REVIEWER)
    assert page.submit({"answer": "second"}, with_field="answer").status == 403
    change("officer@example.org", role=Role.OFFICER, disabled_at=clock.now())
    assert page.submit({"answer": "second"}, with_field="answer").url == "/staff/sign-in"
    assert found(ZOE).role == Role.SUPPORT


def test_a_new_way_in_waits_where_somebody_else_could(people: People, author: Browser, officer: Browser) -> None:
    public_id = proposed(AUTHOR, ZOE)
    people.staff(Role.OFFICER, "old@example.org", name="Ada Longtemps")
    change("old@example.org", activated_at=clock.now() - timedelta(days=3))

    page = page_of(officer, public_id)
    assert "Votre accès ou votre rôle est récent." in page.text
    token = officer.form_token("/staff/approvals")
    sent = officer.post(f"/staff/approvals/{public_id}", {"csrf_token": token, "answer": "second"})
    assert sent.status == 403

    change("old@example.org", disabled_at=clock.now() - timedelta(hours=47))
    assert page_of(officer, public_id).tree.select("main form") == [], "whoever was closed out counts for as long"
    change("old@example.org", disabled_at=clock.now() - timedelta(hours=48))
    assert answer(officer, public_id, "second").status == 200
    assert found(ZOE).role == Role.REVIEWER


def test_a_new_way_in_counts_after_two_days(people: People, author: Browser, officer: Browser) -> None:
    public_id = proposed(AUTHOR, ZOE)
    people.staff(Role.OFFICER, "old@example.org")
    change("old@example.org", activated_at=clock.now() - timedelta(days=3))
    change("officer@example.org", activated_at=clock.now() - timedelta(hours=48))
    assert answer(officer, public_id, "second").status == 200
    assert found(ZOE).role == Role.REVIEWER


def test_what_has_changed_meanwhile_is_said_and_nothing_is_done(author: Browser, officer: Browser) -> None:
    public_id = proposed(AUTHOR, ZOE)
    change(ZOE, role=Role.MARKETING)

    page = answer(officer, public_id, "second", "D’accord.")

    assert page.status == 409
    assert "Ce qui devait changer a changé depuis la proposition : rien n’a été fait." in page.text
    assert page.form(with_field="answer").find("textarea").get_text().strip() == "D’accord."
    assert found(ZOE).role == Role.MARKETING
    assert approval_now(public_id).state is ApprovalState.PROPOSED
    assert events("staff:approval:seconded") == []
    assert answer(officer, public_id, "decline", "Plus d’actualité.").status == 200


def test_what_cannot_be_carried_out_leaves_the_proposal_as_it_was(author: Browser, officer: Browser) -> None:
    public_id = proposed(AUTHOR, ZOE)
    change(ZOE, disabled_at=clock.now())

    page = answer(officer, public_id, "second", "D’accord.")

    assert page.status == 409
    assert "Le changement n’a pas pu être fait, et rien n’a changé : cet accès est fermé." in page.text
    assert page.form(with_field="answer").find("textarea").get_text().strip() == "D’accord."
    approval = approval_now(public_id)
    assert (approval.state, approval.decided_at, approval.words) == (ApprovalState.PROPOSED, None, "")
    assert found(ZOE).role == Role.SUPPORT, "carry_out wrote this before it gave up"
    assert events("staff:approval:seconded") == []
    change(ZOE, disabled_at=None)
    assert answer(officer, public_id, "second").status == 200


def test_a_fault_of_the_kind_leaves_the_proposal_as_it_was(author: Browser, officer: Browser) -> None:
    public_id = proposed(AUTHOR, ZOE, {"role": "no such role"})
    page = answer(officer, public_id, "second")
    assert page.status == 500
    assert approval_now(public_id).state is ApprovalState.PROPOSED


@pytest.mark.parametrize("has_job_run", [True, False])
def test_after_fourteen_days_it_ends_and_a_late_answer_does_nothing(
    people: People, author: Browser, officer: Browser, has_job_run: bool
) -> None:
    made_at = datetime(2026, 3, 2, 9, 30, tzinfo=clock.PARIS)
    with clock.stopped_at(made_at):
        public_id = proposed(AUTHOR, ZOE)
    with clock.stopped_at(made_at + timedelta(days=14, seconds=-1)):
        run_due_jobs()
        in_time = people.signed_in_staff(Role.OFFICER, "in-time@example.org")
        page = page_of(in_time, public_id)
        assert page.form(with_field="answer")
    with clock.stopped_at(made_at + timedelta(days=14)):
        if has_job_run:
            run_due_jobs()
        page = page.submit({"answer": "second", "words": "D’accord."}, with_field="answer")
        assert page.status == 409
        assert "Elle a expiré le 16 mars 2026 à 9 h 30" in page.text
        assert "D’accord." in page.text
        assert "Propositions à valider" not in in_time.get("/staff/desk").text
        run_due_jobs()
        (line,) = rows(in_time.get("/staff/approvals"), "Décidées ou expirées")
        assert "Expirée Personne 16 mars 2026" in line
    approval = approval_now(public_id)
    assert (approval.state, approval.decided_at) == (ApprovalState.ENDED, made_at + timedelta(days=14))
    assert found(ZOE).role == Role.SUPPORT


def test_the_job_leaves_what_was_decided(author: Browser, officer: Browser) -> None:
    public_id = proposed(AUTHOR, ZOE)
    answer(officer, public_id, "second")
    with clock.stopped_at(clock.now() + timedelta(days=15)):
        run_due_jobs()
    assert approval_now(public_id).state is ApprovalState.SECONDED
    assert events("staff:approval:ended") == []


def test_those_that_end_first_stand_first(author: Browser, officer: Browser) -> None:
    with clock.stopped_at(clock.now() - timedelta(days=13)):
        proposed(AUTHOR, ZOE)
    proposed(AUTHOR, AUTHOR)
    lines = rows(officer.get("/staff/approvals"), "En attente de votre réponse")
    assert ["dans 1 jour" in line for line in lines] == [True, False]


def test_decided_ones_come_page_by_page(author: Browser, officer: Browser) -> None:
    now, by, of = clock.now(), found("officer@example.org").id, found(AUTHOR).id
    with transaction() as session:
        session.add_all(
            Approval(
                what="role_change", target=f"member:{place}", before={}, after={}, reason="-", author_id=of, made_at=now,
                ends_at=now, state=ApprovalState.DECLINED, decided_by_id=by, decided_at=now - timedelta(hours=place),
            )
            for place in range(60)
        )  # fmt: skip
    first = officer.get("/staff/approvals")
    second = first.click("Suivant")
    seen = [line.split()[3] for page in (first, second) for line in rows(page, "Décidées ou expirées")]
    assert seen == [f"member:{place}" for place in range(60)]
    assert second.click("Précédent").text == first.text
    assert officer.get("/staff/approvals?cursor=forged").status == 400


def test_a_proposal_of_a_kind_that_nobody_registers_is_shown_to_nobody(
    app: Flask, author: Browser, officer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    public_id = proposed(AUTHOR, ZOE)
    monkeypatch.setattr("portal.staff.approvals.kinds._kinds", {})
    for browser in (author, officer):
        assert browser.get("/staff/approvals").status == 403
        assert page_of(browser, public_id).status == 404


def test_both_languages(people: People, author: Browser) -> None:
    public_id = proposed(AUTHOR, ZOE)
    browser = people.signed_in_staff(Role.OFFICER, language="en")
    assert "Change a role" in browser.get("/staff/approvals").text
    page = page_of(browser, public_id)
    assert (page.h1, page.tree.html["lang"]) == ("Change a role", "en")
    assert "Customer service" in page.text
    assert "Seconded: it is carried out." in answer(browser, public_id, "second").text


def test_an_answer_asks_for_a_fresh_proof_and_reading_does_not(author: Browser, officer: Browser) -> None:
    public_id = proposed(AUTHOR, ZOE)
    page = page_of(officer, public_id)
    with clock.stopped_at(clock.now() + timedelta(minutes=11)):
        assert page.submit({"answer": "second"}, with_field="answer").url == "/staff/account/confirm-password"
        assert found(ZOE).role == Role.SUPPORT
        page = page_of(officer, public_id)
        assert REASON in page.text
        assert not page.tree.select("main form")
        page = page.click("Confirmez que c’est bien vous").submit({"password": PASSWORD}, with_field="password")
        assert page.url == f"/staff/approvals/{public_id}"
        assert page.submit({"answer": "second"}, with_field="answer").status == 200
    assert found(ZOE).role == Role.REVIEWER
