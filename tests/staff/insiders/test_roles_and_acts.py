"""Roles × acts: who proposes, who seconds; with one administrator, with two, and with nobody but the shell."""

import re
from datetime import timedelta

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.cli import token as token_commands
from portal.infrastructure.database import db, transaction
from portal.staff.approvals.models import ApprovalState
from portal.staff.commands import staff as staff_commands
from portal.staff.desk.models import OfficerNotice
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, link_in, text_of
from tests.support.acting.people import People
from tests.support.approvals import approval_now, found
from tests.support.insiders import ACTS, NEW, WHY, ZOE, answer, hire_subjects
from tests.support.looking.audit_trail import events

FIRST, OTHER, OFFICER = "first@example.org", "other@example.org", "officer@example.org"
ORGANISATION = "support@netkin.fr"
LINK = re.compile(r"^http://localhost:8000(/staff/invitation/\S+)$")


@pytest.fixture(autouse=True)
def _subjects(people: People) -> None:
    hire_subjects(people)


def author_of(act: str, people: People) -> Browser:
    return people.signed_in_staff(Role.MARKETING if act == "export" else Role.ADMINISTRATOR, FIRST, name="Ada Une")


def run(app: Flask, group: object, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(group, list(arguments))


def told(mailbox: Mailbox, address: str) -> list[str]:
    return [text_of(mail) for mail in mailbox.to(address) if mail["Subject"].startswith("À vérifier")]


def notices() -> list[OfficerNotice]:
    db.session.rollback()
    return list(db.session.execute(select(OfficerNotice).order_by(OfficerNotice.id)).scalars())


def test_who_proposes_and_nothing_is_done_by_it(people: People, mailbox: Mailbox) -> None:
    for role in Role:
        browser = people.signed_in_staff(role)
        for name, act in ACTS.items():
            sent = act.send(browser)
            assert sent.status == (303 if role in act.roles else 403), (role, name)
            if role in act.roles:
                page = browser.get(sent.response.headers["Location"])
                assert WHY in page.text
                assert "C’est votre proposition" in page.text
    assert not any(act.is_done() for act in ACTS.values())
    assert notices() == []
    assert [mail for mail in mailbox.all() if "nouveau navigateur" not in mail["Subject"]] == []


def test_who_seconds(people: People) -> None:
    administrator = people.signed_in_staff(Role.ADMINISTRATOR, FIRST)
    marketing = people.signed_in_staff(Role.MARKETING, OTHER)
    wanted = {name: act.proposed(marketing if name == "export" else administrator) for name, act in ACTS.items()}
    browsers = {role: people.signed_in_staff(role) for role in Role}
    for role, browser in browsers.items():
        for name, public_id in wanted.items():
            if role not in ACTS[name].roles:
                assert browser.get(f"/staff/approvals/{public_id}").status == 403, (role, name)
                assert answer(browser, public_id).status == 403, (role, name)
    assert not any(act.is_done() for act in ACTS.values())
    for name in ("invitation", "reopening", "token", "export", "role"):
        by = browsers[Role.OFFICER if name == "export" else Role.ADMINISTRATOR]
        assert answer(by, wanted[name]).status == 200, name
        assert ACTS[name].is_done(), name
    changed = answer(browsers[Role.ADMINISTRATOR], wanted["way_in"])
    assert (changed.status, ACTS["way_in"].is_done()) == (409, False), "the role has changed since it was proposed"


@pytest.mark.parametrize("name", ACTS)
def test_with_two_the_other_one_seconds_and_the_officers_are_told(
    app: Flask, people: People, mailbox: Mailbox, name: str
) -> None:
    act, author = ACTS[name], author_of(name, people)
    officer = people.signed_in_staff(Role.OFFICER)
    other = officer if name == "export" else people.signed_in_staff(Role.ADMINISTRATOR, OTHER, name="Léa Deux")
    public_id = act.proposed(author)
    assert "flask staff second" not in author.get(f"/staff/approvals/{public_id}").text
    done = run(app, staff_commands, "second", public_id, "--because", "Pressé.")
    assert (done.exit_code, act.is_done()) == (1, False)
    assert answer(author, public_id).status == 403

    assert answer(other, public_id).status == 200

    assert act.is_done()
    (mail,) = told(mailbox, OFFICER)
    assert "Ada Une" in mail
    (notice,) = notices()
    assert (notice.author, notice.by) == (found(FIRST), found(OFFICER if name == "export" else OTHER))
    line = officer.get("/staff/desk").click("Accès, rôles et jetons à relire")
    assert "Ada Une" in line.text
    line.submit(action="/notices")
    assert "Accès, rôles et jetons à relire" not in officer.get("/staff/desk").text
    assert events("staff:officer_notices:read")[0].facts == {"notices": 1}


@pytest.mark.parametrize("name", ACTS)
def test_with_one_the_shell_seconds_as_its_page_says_and_the_officer_is_told(
    app: Flask, people: People, mailbox: Mailbox, name: str
) -> None:
    act, author = ACTS[name], author_of(name, people)
    public_id = act.proposed(author)
    page = author.get(f"/staff/approvals/{public_id}")
    command = page.tree.select_one("code.secret").get_text()
    assert command == f'flask staff second {public_id} --because "…"'
    if name != "export":
        people.staff(Role.OFFICER, OFFICER)

    done = run(app, staff_commands, *command.split()[2:4], "--because", "Seule administratrice.")

    assert (done.exit_code, act.is_done()) == (0, True), done.output
    assert approval_now(public_id).state is ApprovalState.SECONDED
    assert events("staff:approval:seconded")[0].actor == "command"
    (mail,) = told(mailbox, ORGANISATION if name == "export" else OFFICER)
    assert "une commande sur le serveur" in mail
    assert notices()[0].by is None


@pytest.mark.parametrize("name", ["invitation", "way_in"])
def test_the_link_goes_to_the_member_alone(app: Flask, people: People, mailbox: Mailbox, name: str) -> None:
    first, other = (people.signed_in_staff(Role.ADMINISTRATOR, email) for email in (FIRST, OTHER))
    public_id = ACTS[name].proposed(first)
    pages = [answer(other, public_id), first.get(f"/staff/approvals/{public_id}"), first.get("/staff/members")]
    pages.append(first.get(f"/staff/members/{found(NEW if name == 'invitation' else ZOE).public_id}"))
    assert all("/staff/invitation/" not in page.response.get_data(as_text=True) for page in pages)
    links = {mail["To"]: link_in(mail) for mail in mailbox.all() if "/staff/invitation/" in text_of(mail)}
    address = NEW if name == "invitation" else ZOE
    assert set(links) == {address}
    assert Browser(app).get(links[address]).status == 200


def test_a_seconded_token_is_shown_once_to_whoever_takes_it(app: Flask, people: People) -> None:
    first, other = (people.signed_in_staff(Role.ADMINISTRATOR, email) for email in (FIRST, OTHER))
    page = answer(other, ACTS["token"].proposed(first))
    assert "nkp_live_" not in page.text
    page = first.get("/staff/tokens").submit(action="/show")
    text = page.tree.select_one("code.secret").get_text()
    feed = app.test_client().get("/feed/v1/preferences", headers={"Authorization": f"Bearer {text}"})
    assert feed.status_code == 200
    assert "nkp_live_" not in first.get("/staff/tokens").text
    assert not other.get("/staff/tokens").tree.select('form[action$="/show"]')
    assert [event.actor for event in events("staff:token:handed_out")] == [f"staff:{found(FIRST).public_id}"]


def test_a_seconded_export_may_be_had_for_a_day_by_its_author_alone(people: People) -> None:
    marketing, officer = people.signed_in_staff(Role.MARKETING), people.signed_in_staff(Role.OFFICER)
    path = "/staff/marketing/preferences.csv"
    assert marketing.client.get(path).status_code == 303
    answer(officer, ACTS["export"].proposed(marketing))
    assert marketing.client.get(path).mimetype == "text/csv"
    assert officer.client.get(path).status_code == 303, "who seconds has not asked for it"
    with clock.stopped_at(clock.now() + timedelta(hours=25)):
        late = people.signed_in_staff(Role.MARKETING, "late@example.org")
        assert late.client.get(path).status_code == 303
        assert len(events("staff:preferences:exported")) == 1


def empty_the_staff() -> None:
    with transaction() as session:
        for member in session.execute(select(StaffMember)).scalars():
            session.delete(member)


def test_none_but_the_shell_the_first_administrator_gets_a_link_there(app: Flask, mailbox: Mailbox) -> None:
    empty_the_staff()
    done = run(app, staff_commands, "create", FIRST, "--name", "Ada Une", "--role", "administrator")
    assert Browser(app).get(LINK.fullmatch(done.stdout.strip()).group(1)).status == 200
    (mail,) = told(mailbox, ORGANISATION)
    assert FIRST in mail
    assert "Administration" in mail
    assert events("staff:member:invited")[0].actor == "command"


@pytest.mark.parametrize("state", ["only others", "all closed", "all lost"])
def test_none_but_the_shell_a_company_without_administrator_recovers_by_mail(
    app: Flask, people: People, mailbox: Mailbox, state: str
) -> None:
    if state == "all closed":
        people.staff(Role.ADMINISTRATOR, FIRST, disabled_at=clock.now())
    if state == "all lost":
        people.staff(Role.ADMINISTRATOR, FIRST)
        assert run(app, staff_commands, "renew", FIRST).exit_code == 0
    done = run(app, staff_commands, "create", OTHER, "--name", "Léa Deux", "--role", "administrator")
    assert done.exit_code == 0
    assert "/staff/invitation/" not in done.output
    assert Browser(app).get(link_in(mailbox.to(OTHER)[0])).status == 200
    assert any(OTHER in mail for mail in told(mailbox, ORGANISATION))


def test_none_but_the_shell_nobody_takes_over_somebody_who_came_in_once(app: Flask, people: People) -> None:
    people.staff(Role.OFFICER, OFFICER)
    assert run(app, staff_commands, "renew", OFFICER).exit_code == 0
    done = run(app, staff_commands, "create", OFFICER, "--name", "Moi", "--role", "administrator")
    assert (done.exit_code, found(OFFICER).role) == (1, Role.OFFICER)


def test_what_the_shell_makes_is_audited_and_told(app: Flask, people: People, mailbox: Mailbox) -> None:
    people.staff(Role.OFFICER, OFFICER)
    assert run(app, staff_commands, "create", NEW, "--name", "Nora", "--role", "officer").exit_code == 0
    assert run(app, staff_commands, "renew", ZOE).exit_code == 0
    made = run(app, token_commands, "create", "outil", "--scope", "preferences:list")
    assert made.stdout.startswith("nkp_live_")
    mails = told(mailbox, OFFICER)
    assert [any(word in mail for mail in mails) for word in (NEW, ZOE, "preferences:list")] == [True] * 3
    tags = ("staff:member:invited", "staff:way_in:renewed", "staff:token:created")
    assert [events(tag)[0].actor for tag in tags] == ["command"] * 3
    assert [notice.by for notice in notices()] == [None] * 3
