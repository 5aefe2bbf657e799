"""The queue of the staff, through its pages: order, filters, pages, and cases that two people never get at once."""

import threading
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.access.permissions import Role
from portal.customers.addresses import normalise_address
from portal.customers.creation import create_customer
from portal.infrastructure.database import db, transaction
from portal.rights.channels import Channel
from portal.rights.filing.other_ways import take_in
from portal.rights.lifecycle import ExtensionReason, Right, Status
from portal.rights.models import RightsRequest
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.cases import (
    case,
    column,
    decide,
    open_case,
    references,
    staff_browser,
    take,
    taken_in,
)
from tests.support.looking.audit_trail import events

HELD = "Pris par"


@pytest.fixture
def reviewer(people: People) -> Browser:
    return people.signed_in_staff(Role.REVIEWER)


def queue(browser: Browser, **filters: str) -> Page:
    return browser.get("/staff/queue", query_string=filters)


def chips(page: Page) -> list[str]:
    """Return the words of the applied filters, without what only a screen reader says and the cross."""
    found = [
        " ".join(chip.get_text(" ").replace("\u00a0", " ").split())
        for chip in page.tree.select("ul[aria-label='Filtres appliqués'] a")
    ]
    assert all(words.startswith("Retirer le filtre ") for words in found)
    return [words.removeprefix("Retirer le filtre ").removesuffix(" ×") for words in found]


def test_the_queue_goes_by_due_date(reviewer: Browser, people: People) -> None:
    newest = taken_in(people, email="a@example.org", days_ago=1)
    oldest = taken_in(people, email="b@example.org", days_ago=40)
    middle = taken_in(people, email="c@example.org", days_ago=20)
    page = queue(reviewer)
    assert references(page) == [oldest, middle, newest]
    due_dates = [case(reference).sort_on for reference in references(page)]
    assert due_dates == sorted(due_dates)
    assert "de retard" in column(page, "Échéance")[0]
    assert "3 dossiers" in page.text


def test_an_empty_queue_says_so(reviewer: Browser) -> None:
    page = queue(reviewer)
    assert "La file est vide : toutes les demandes ont leur réponse." in page.text
    assert references(page) == []
    assert chips(page) == []


def test_filters_that_leave_nothing_can_be_removed(reviewer: Browser, people: People) -> None:
    reference = taken_in(people)
    page = queue(reviewer, right="erasure", text="personne")
    assert "Aucun dossier ne correspond à ces filtres." in page.text
    assert references(page.click("Retirer les filtres")) == [reference]


def cases_of_every_kind(people: People) -> dict[str, str]:
    """Take in one case that answers each filter alone, and return them by name."""
    made = {
        "late": taken_in(people, Right.ACCESS, email="late@example.org", days_ago=45),
        "soon": taken_in(people, Right.OBJECTION, email="soon@example.org", days_ago=28),
        "phone": taken_in(people, Right.ERASURE, email="phone@example.org", channel=Channel.PHONE),
        "paused": taken_in(people, Right.RESTRICTION, email="paused@example.org"),
        "extended": taken_in(people, Right.PORTABILITY, email="extended@example.org"),
        "closed": taken_in(people, Right.RECTIFICATION, email="closed@example.org"),
        "mine": taken_in(people, Right.DIRECTIVES, email="mine@example.org"),
        "others": taken_in(people, Right.ACCESS, email="others@example.org"),
    }
    officer = people.signed_in_staff(Role.OFFICER, name="Hélène Aubry")
    open_case(officer, made["paused"]).submit({"question-text": "Laquelle ?"}, action="/question")
    extension = {"extension-reason": str(ExtensionReason.COMPLEXITY), "extension-text": "Dix ans d’échanges."}
    open_case(officer, made["extended"]).submit(extension, action="/extension")
    decide(open_case(officer, made["closed"]), "granted")
    for held in ("paused", "extended"):
        open_case(officer, made[held]).submit(action="/release")
    take(officer, made["others"])
    return made


NARROWED = [
    ({"right": "erasure"}, ["phone"], ["Effacement"]),
    ({"right": "access"}, ["late", "others"], ["Accès"]),
    ({"status": "clarification_pending"}, ["paused"], ["En attente du client"]),
    ({"channel": "phone"}, ["phone"], ["Téléphone"]),
    ({"when": "late"}, ["late"], ["En retard"]),
    ({"when": "soon"}, ["soon"], ["4 jours ou moins"]),
    ({"when": "paused"}, ["paused"], ["En pause"]),
    ({"when": "extended"}, ["extended"], ["Prolongée"]),
    ({"holder": "me"}, ["mine"], ["Pris par : Moi"]),
    ({"holder": "others"}, ["others"], ["Pris par : Collègues"]),
    ({"closed": "yes"}, ["closed"], ["Dossiers clos"]),
    ({"right": "access", "when": "late"}, ["late"], ["Accès", "En retard"]),
]


def test_each_filter_narrows_the_queue_and_its_chip_widens_it_again(reviewer: Browser, people: People) -> None:
    made = cases_of_every_kind(people)
    take(reviewer, made["mine"])
    whole = references(queue(reviewer))
    for filters, names, words in NARROWED:
        page = queue(reviewer).submit(filters, with_field="text")
        assert page.url == "/staff/queue"
        assert set(references(page)) == {made[name] for name in names}, filters
        assert chips(page) == words
        for name, value in filters.items():
            chosen = page.form(with_field="text").select_one(f"select[name={name}] option[selected]")
            assert chosen is not None
            assert chosen["value"] == value
        wider = page.click(f"Retirer le filtre {words[0]}")
        assert chips(wider) == words[1:]
        if len(filters) == 1:
            assert references(wider) == whole
        assert references(page.click("Retirer les filtres")) == whole


def test_free_cases_are_those_that_nobody_holds(reviewer: Browser, people: People) -> None:
    free, held = taken_in(people, email="a@example.org"), taken_in(people, email="b@example.org")
    take(reviewer, held)
    assert references(queue(reviewer, holder="free")) == [free]
    assert column(queue(reviewer), HELD) == ["Libre", "Vous"]


def test_a_filter_that_does_not_exist_narrows_nothing(reviewer: Browser, people: People) -> None:
    reference = taken_in(people)
    for name, value in (
        ("right", "everything"),
        ("status", "x"),
        ("when", "never"),
        ("holder", "'"),
        ("channel", "telex"),
    ):
        page = queue(reviewer, **{name: value})
        assert page.status == 200
        assert references(page) == [reference]
        assert chips(page) == []


def test_the_search_finds_reference_name_address_and_number(reviewer: Browser, people: People) -> None:
    reference = taken_in(people)
    accented = taken_in(people, email="paul@example.org", given_name="Paul", family_name="Éluard")
    year, number = reference.split("-")[1], int(reference.rpartition("-")[2])
    for typed in (
        reference, f" {reference} ", reference.lower(), reference.replace("-", ""), f"dr {year} {number:05}",
        f"DR-{year}-{number}", f"DR‑{year}‑{number:05}", "LEFÈVRE", "lefè", "Lefèvre", "Camille Lef",
        "camille@example.org", "CAMILLE@EXAMPLE.ORG ", "C-camille",
    ):  # fmt: skip
        assert references(queue(reviewer, text=typed)) == [reference], typed
    for typed in ("éluard", "ÉLUARD", "Éluard", "éLU", "paul éluard"):
        assert references(queue(reviewer, text=typed)) == [accented], typed


def test_the_search_folds_names(reviewer: Browser, people: People) -> None:
    found = {
        "Lecœur": ["lecoeur", "LECŒUR"],
        "de la Croix": ["Delacroix", "de La croix", "delac"],
        "Saint-Exupéry": ["st exup", "Saint Exupery"],
        "Stefański": ["stef", "stefanski"],
        "O’Brien": ["o'brien", "OBRIEN", "zoé o`b"],
        "Sørensen": ["sorensen", "zoe SØR"],
        "MacDonald": ["Mc Donald", "macdo"],
        "Oʻzbekov": ["O′zbekov", "o‛zbek", "OꞌZBEKOV", "ozbekov"],
        "Ǥovvaș": ["govvas", "ǥovva"],
        "Ọ̀kẹ́": ["oke", "Ọ̀kẹ́"],
        "Sto. Domingo": ["Santo Domingo", "sto domi"],
        "Anne\u2212Marie (Petit)": ["anne marie", "Anne\uff0dMarie (Petit)"],
        "राजीव": ["राजीव"],
    }
    for number, (name, typed) in enumerate(found.items()):
        reference = taken_in(people, email=f"z{number}@example.org", given_name="Zoé", family_name=name)
        for text in typed:
            assert references(queue(reviewer, text=text)) == [reference], text
    assert references(queue(reviewer, text="%%%")) == references(queue(reviewer, text="-'-")) == []


def test_the_search_takes_patterns_and_pieces_as_plain_text(reviewer: Browser, people: People) -> None:
    reference = taken_in(people)
    for typed in (
        ".*(a+)+$",
        "%%%",
        "%",
        "___",
        "Lef_vre",
        "Lef%",
        "' OR 1=1 --",
        "evre",
        "Le",
        "example.org",
        "camille@",
    ):
        page = queue(reviewer, text=typed)
        assert page.status == 200
        assert references(page) == [], typed
    assert references(queue(reviewer, text="\x00\x01")) == [reference], "nothing that can be typed is no filter"
    assert references(queue(reviewer, text="Lef\x00èvre" * 1000)) == []


def test_what_else_stands_in_the_address_does_no_harm(reviewer: Browser, people: People) -> None:
    _fill(people, 55)
    page = reviewer.get("/staff/queue?endpoint=x&_scheme=javascript&_external=1&_anchor=a&values=1&right=")
    assert page.status == 200
    following = page.link("Dossiers suivants")
    assert following.startswith("/staff/queue?cursor=")
    assert "javascript" not in following
    assert reviewer.get("/staff/queue?cursor=forged").status == 400


def _fill(people: People, number: int) -> list[str]:
    """Take in that many cases in one transaction, four each day, and return them the most urgent first."""
    operator_id = people.staff(Role.SUPPORT, "accueil@example.org").id
    with transaction() as session:
        operator = session.get_one(StaffMember, operator_id)
        made = []
        for place in range(number):
            address = f"person{place}@example.org"
            customer = create_customer(
                email=address,
                email_normalised=normalise_address(address),
                given_name="Jean",
                family_name=f"Nom {place}",
            )
            received_at = clock.now() - timedelta(days=60 - place // 4)
            made.append(take_in(customer, Right.ACCESS, Channel.POST, received_at, "copie", operator))
        session.flush()
        return [row.reference for row in sorted(made, key=lambda row: (row.sort_on, row.id))]


def test_pages_lead_forth_and_back_over_every_case_once(reviewer: Browser, people: People) -> None:
    wanted = _fill(people, 120)
    page = queue(reviewer, right="access")
    assert "120 dossiers" in page.text
    with pytest.raises(AssertionError):
        page.link("Dossiers précédents")
    forth = [references(page)]
    for _ in range(2):
        page = page.click("Dossiers suivants")
        assert chips(page) == ["Accès"], "the filter goes along"
        forth.append(references(page))
    assert [len(part) for part in forth] == [50, 50, 20]
    assert [reference for part in forth for reference in part] == wanted
    with pytest.raises(AssertionError):
        page.link("Dossiers suivants")
    back = [references(page)]
    for _ in range(2):
        page = page.click("Dossiers précédents")
        back.append(references(page))
    assert back == forth[::-1]


def test_a_case_that_goes_meanwhile_shifts_nothing(reviewer: Browser, people: People) -> None:
    wanted = _fill(people, 60)
    page = queue(reviewer)
    with transaction() as session:
        session.execute(update(RightsRequest).where(RightsRequest.reference.in_(wanted[:5])).values(is_open=False))
    assert references(page.click("Dossiers suivants")) == wanted[50:]


def test_the_bar_says_what_the_table_holds_and_filters_it(reviewer: Browser, people: People) -> None:
    made = cases_of_every_kind(people)
    taken_in(people, email="middle@example.org", days_ago=20)
    page = queue(reviewer)
    links = page.tree.select("figure.chart li a")
    bar = {" ".join(link.get_text(" ").split()[1:]): int(link.get_text(" ").split()[0]) for link in links}
    assert bar.keys() == {"en retard", "sous 4 jours", "sous 14 jours", "plus tard", "en pause"}
    assert sum(bar.values()) == len(references(page)) == len(made)
    assert f"{len(made)} dossiers ouverts" in page.text
    for link, number in zip(links, bar.values(), strict=True):
        narrowed = reviewer.get(str(link["href"]))
        assert len(references(narrowed)) == number, link
        (shown,) = narrowed.tree.select("figure.chart li a[aria-current]")
        assert shown["href"] == link["href"]
    days = [(case(reference).due_on or date.max) - clock.today() for reference in references(page)]
    assert bar["sous 14 jours"] == sum(timedelta(5) <= left <= timedelta(14) for left in days) == 1
    drawn = page.tree.select("figure.chart > svg rect")
    assert len(drawn) == sum(number > 0 for number in bar.values())


def test_the_views_count_what_they_show(reviewer: Browser, people: People) -> None:
    made = cases_of_every_kind(people)
    take(reviewer, made["mine"])
    decide(open_case(reviewer, made["phone"]), "granted")
    views = queue(reviewer).tree.select("ul[aria-label=Vues] a")
    counted = {link.get_text(" ").split()[0]: link for link in views}
    assert list(counted) == ["Tous", "Libres", "À", "Second", "Clos"]
    for link in views:
        page = reviewer.get(str(link["href"]))
        (shown,) = page.tree.select("ul[aria-label=Vues] a[aria-current]")
        assert shown["href"] == link["href"]
        if link.span:
            assert len(references(page)) == int(link.span.get_text()), link
    assert references(reviewer.get(str(counted["Second"]["href"]))) == [made["phone"]]
    assert not queue(reviewer, right="access").tree.select("ul[aria-label=Vues] a[aria-current]")


def test_each_row_says_what_to_do(reviewer: Browser, people: People) -> None:
    made = cases_of_every_kind(people)
    officer = people.signed_in_staff(Role.OFFICER, "second@example.org")
    for name in ("phone", "late"):
        decide(open_case(officer, made[name]), "granted")
    page = queue(reviewer)
    to_do = dict(zip(references(page), column(page, "À faire"), strict=True))
    words = {"soon": "Répondre", "paused": "Attend le client", "phone": "Donner un second avis"}
    for name, said in (words | {"late": "La copie se prépare"}).items():
        assert to_do[made[name]] == said
    loud = {cell.get_text() for cell in page.tree.select("td.to-do strong")}
    assert loud == {"Répondre", "Donner un second avis"}, "what waits for others is quiet"
    assert column(queue(reviewer, closed="yes"), "À faire") == ["Close"]


def test_a_row_shows_given_name_and_initial(reviewer: Browser, people: People) -> None:
    reference = taken_in(people)
    (row,) = queue(reviewer).tree.select("table.queue tbody tr")
    assert row.th is not None
    assert " ".join(row.th.get_text(" ").split()) == f"Camille L. {reference}"
    assert "Lefèvre" not in row.get_text()


def test_the_most_urgent_case_is_taken(reviewer: Browser, people: People) -> None:
    taken_in(people, email="a@example.org")
    urgent = taken_in(people, email="b@example.org", days_ago=20)
    page = queue(reviewer).submit(action="/queue/next")
    assert page.url == f"/staff/requests/{urgent}"
    assert "Pris par vous" in page.text
    (claimed,) = events("staff:request:claimed")
    assert claimed.facts == {"reference": urgent, "was_held": False}


def test_the_most_urgent_case_is_never_one_that_cannot_be_worked_on(reviewer: Browser, people: People) -> None:
    own = taken_in(people, email="reviewer@example.org", days_ago=50)
    asked = taken_in(people, email="asked@example.org", days_ago=20)
    decided = taken_in(people, Right.ERASURE, email="decided@example.org", days_ago=19)
    held = taken_in(people, email="held@example.org", days_ago=18)
    packaged = taken_in(people, Right.ACCESS, email="packaged@example.org", days_ago=17)
    officer = people.signed_in_staff(Role.OFFICER)
    open_case(officer, asked).submit({"question-text": "Laquelle ?"}, action="/question")
    decide(open_case(reviewer, decided), "granted")
    decide(open_case(officer, packaged), "granted")
    take(officer, held)
    page = queue(reviewer).submit(action="/queue/next")
    assert page.url == "/staff/queue"
    assert "Aucun dossier n’est libre pour le moment." in page.text
    assert all(case(reference).holder_id != _id("reviewer@example.org") for reference in (own, asked, decided, held))
    # The reviewer decided the erasure, so it waits for somebody else.
    open_case(officer, held).submit(action="/release")
    for reference in (own, decided, held):
        assert queue(officer).submit(action="/queue/next").url == f"/staff/requests/{reference}"
    assert "Aucun dossier n’est libre" in queue(officer).submit(action="/queue/next").text


def _id(email: str) -> int:
    return db.session.execute(select(StaffMember.id).where(StaffMember.email == email)).scalar_one()


def test_a_case_is_taken_given_back_and_taken_over(reviewer: Browser, people: People) -> None:
    reference = taken_in(people)
    colleague = people.signed_in_staff(Role.REVIEWER, "colleague@example.org", name="Yann Le Goff")
    page = take(reviewer, reference)
    assert "Pris par vous jusqu’à" in page.text
    page = open_case(colleague, reference)
    assert "Pris par Nora P." in page.text
    assert column(queue(colleague), HELD) == ["Nora P."]
    page = page.submit(action="/claim")
    assert "Pris par vous" in page.text
    assert [event.facts["was_held"] for event in events("staff:request:claimed")] == [False, True]
    page = open_case(reviewer, reference)
    assert "Pris par Yann" in page.text
    assert open_case(colleague, reference).submit(action="/release").url == "/staff/queue"
    assert case(reference).holder_id is None
    assert len(events("staff:request:released")) == 1


def test_only_the_holder_gives_a_case_back(reviewer: Browser, people: People) -> None:
    reference = taken_in(people)
    colleague = people.signed_in_staff(Role.REVIEWER, "colleague@example.org")
    page = take(colleague, reference)
    token = page.form(action="/release").find(attrs={"name": "csrf_token"})
    assert token is not None
    own_token = open_case(reviewer, reference).form(action="/claim").find(attrs={"name": "csrf_token"})
    assert own_token is not None
    reviewer.post(f"/staff/requests/{reference}/release", {"csrf_token": own_token["value"]})
    assert case(reference).holder_id == _id("colleague@example.org")
    assert events("staff:request:released") == []


def test_a_colleague_who_holds_the_case_keeps_it(reviewer: Browser, people: People) -> None:
    reference = taken_in(people)
    colleague = people.signed_in_staff(Role.REVIEWER, "colleague@example.org", name="Yann Le Goff")
    page = open_case(reviewer, reference)
    take(colleague, reference)
    page = decide(page, "granted", "Votre adresse est corrigée.")
    assert page.status == 409
    assert page.h1 == "Ce dossier est déjà pris"
    assert "Yann" in page.text
    assert "Votre adresse est corrigée." in page.text, "what was typed is not lost"
    assert case(reference).status is Status.RECEIVED


def test_a_hold_ends_after_twenty_minutes_and_every_act_renews_it(app: Flask, people: People) -> None:
    reference = taken_in(people)
    start = datetime.combine(clock.today(), time(10), clock.PARIS)
    people.staff(Role.REVIEWER)
    people.staff(Role.REVIEWER, "colleague@example.org")
    with clock.stopped_at(start):
        reviewer = staff_browser(app, "reviewer@example.org")
        take(reviewer, reference)
    with clock.stopped_at(start + timedelta(minutes=10)):
        open_case(reviewer, reference).submit({"note-text": "Appelé, sans réponse."}, action="/note")
        open_case(reviewer, reference)
    with clock.stopped_at(start + timedelta(minutes=19, seconds=59)):
        colleague = staff_browser(app, "colleague@example.org")
        assert "Pris par Nora" in open_case(colleague, reference).text
    with clock.stopped_at(start + timedelta(minutes=20)):
        assert "Pris par Nora" in open_case(colleague, reference).text, "the note renewed the hold"
    with clock.stopped_at(start + timedelta(minutes=30)):
        page = open_case(colleague, reference)
        assert "Pris par" not in page.text
        assert column(queue(colleague), HELD) == ["Libre"]
        assert queue(colleague).submit(action="/queue/next").url == f"/staff/requests/{reference}"
    assert [event.facts["was_held"] for event in events("staff:request:claimed")] == [False, False]


def at_once(app: Flask, *acts: Callable[[], Page]) -> list[Page]:
    """Run acts in threads that start together, and return their pages."""
    barrier, pages = threading.Barrier(len(acts)), list[Page | None]([None] * len(acts))

    def run(place: int, act: Callable[[], Page]) -> None:
        barrier.wait()
        pages[place] = act()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(pages)
    return [page for page in pages if page]


def test_two_people_who_take_the_most_urgent_case_at_once_get_two_cases(app: Flask, people: People) -> None:
    wanted = {taken_in(people, email=f"p{place}@example.org") for place in range(4)}
    browsers = [people.signed_in_staff(Role.REVIEWER, f"reviewer{place}@example.org") for place in range(4)]
    pages = [queue(browser) for browser in browsers]
    taken = at_once(app, *(lambda page=page: page.submit(action="/queue/next") for page in pages))
    assert {page.url.rpartition("/")[2] for page in taken} == wanted
    assert len({case(reference).holder_id for reference in wanted}) == 4


def test_of_two_people_who_take_one_case_at_once_one_gets_it(app: Flask, people: People) -> None:
    reference = taken_in(people)
    browsers = [people.signed_in_staff(Role.REVIEWER, f"reviewer{place}@example.org") for place in range(2)]
    pages = [open_case(browser, reference) for browser in browsers]
    taken = at_once(app, *(lambda page=page: page.submit(action="/claim") for page in pages))
    assert sorted(page.status for page in taken) == [200, 409]
    assert len(events("staff:request:claimed")) == 1


def test_my_cases_are_those_that_i_hold(reviewer: Browser, people: People) -> None:
    mine = taken_in(people, email="a@example.org")
    taken_in(people, email="b@example.org")
    assert "Vous n’avez pris aucun dossier." in reviewer.get("/staff/my-cases").text
    take(reviewer, mine)
    assert references(reviewer.get("/staff/my-cases")) == [mine]
