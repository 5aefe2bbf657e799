"""Pages of corrections, holds, objections, instructions and receipts, in states that the demonstration is not in.

A state is brought about by the portal's own pages and jobs, in this process; Chromium then looks at it.
"""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from portal.access.permissions import Role
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.one_time_tokens import write_token
from portal.instructions.acknowledging import Result, answer
from portal.instructions.models import CLOSED_STATES, Instruction
from portal.instructions.sending.mails import PURPOSE
from portal.personal_data.restrictions.models import Restriction
from portal.web.sessions import hash_token
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.acting.visitor import Visitor
from tests.support.cases import decide, item_links, open_case, second, take
from tests.support.erasing.pages import team
from tests.support.filing import trust_device
from tests.support.looking.pages.page_checks import check_page, refuse
from tests.support.packages import take_in
from tests.support.records import record, visit

OF = "C-camille"
FACTS = "Nous avons relu le dossier du 3 mars : la ville y est la bonne."
FORM = "/data/contact/A-1/correct?kind=postal_address"
TEXTS = {
    "use-interest": "Éviter les fraudes.", "use-necessity": "Sans score, chaque commande attendrait.",
    "use-grounds": "Trois impayés en un an.", "use-safeguards": "Une personne relit.",
    "use-summary": "Chaque paiement est relu par une personne.",
}  # fmt: skip
Look = Callable[..., Visitor]
Staff = tuple[Browser, Browser]


@pytest.fixture
def staff(people: People) -> Staff:
    return team(people)


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in("camille@example.org")
    trust_device()
    take_in(
        record("postal_address", "A-1", {"use": "billing", "line1": "1 rue Haute", "city": "Lille"}, OF, source="platform"),
        record("fraud_score", "S-1", {"score": 12, "level": "low"}, OF, source="payments"), visit(1, of=OF),
    )  # fmt: skip
    return browser


def send(page: Page) -> str:
    return page.submit(action="/send").url.rpartition("/")[2]


def ask(camille: Browser, **more: str) -> str:
    return send(camille.get(FORM).submit({"value_city": "Lyon"} | more, with_field="value_city"))


def told() -> list[Instruction]:
    db.session.rollback()
    rows = select(Instruction).where(Instruction.state.not_in(list(CLOSED_STATES))).order_by(Instruction.id)
    return list(db.session.execute(rows).scalars())


def test_a_correction_from_its_form_to_its_receipt(camille: Browser, staff: Staff, look: Look) -> None:
    visitor = look(camille, "/data/identity/customer_file/correct?kind=customer_file", FORM)
    refuse(visitor)
    visitor = look(camille, f"{FORM}&field=city", width=390)
    visitor.send({"value_city": "Lyon"}, "form:has([name=value_city])")
    visitor.page.wait_for_url("**/check")
    check_page(visitor.page)
    reference = ask(camille, value_line1="2 rue Basse", statement="Je vis à Lyon depuis mai.")
    look(camille, f"/requests/{reference}", f"/requests/{reference}/receipt")
    items = item_links(open_case(staff[0], reference))
    look(staff[0], f"/staff/requests/{reference}", *items)
    page = (
        staff[0]
        .get(items[0])
        .submit({"item-outcome": "statement", "item-ground": "data_are_accurate"}, with_field="item-outcome")
    )
    assert decide(page, "granted", FACTS, evidence="Facture du 3 mars.").status == 200
    look(staff[1], f"/staff/requests/{reference}")
    assert second(staff[1], reference).status == 200
    look(camille, f"/requests/{reference}", f"/requests/{reference}/receipt", "/data/contact")
    look(staff[0], f"/staff/requests/{reference}", f"/staff/requests/{reference}/receipt")
    look(camille, "/data/profile/S-1/correct?kind=fraud_score", width=390)


def test_what_systems_have_to_do_until_nothing_is_open(app: Flask, camille: Browser, staff: Staff, look: Look) -> None:
    look(staff[0], "/staff/instructions")
    reference = ask(camille)
    decide(open_case(staff[0], reference), "granted")
    first, refuses, *rest = told()
    path = "/staff/instructions/{}".format
    look(staff[0], "/staff/instructions", path(first.public_id))
    visitor = look(staff[1], path(first.public_id), width=390)
    visitor.send({}, "form[action$='/exempt']")
    check_page(visitor.page)
    link = write_token(installed.settings().secret_key, PURPOSE, first.public_id)
    with transaction() as session:
        session.get_one(Instruction, first.id).token_hash = hash_token(link)
        answer(refuses.public_id, Result.NOT_HELD, "Rien de tel n’y est détenu.")
    reader = Browser(app)
    visitor = look(reader, "/instruction/unknown", f"/instruction/{link}", width=390)
    visitor.send({}, "main form[method=post]")
    check_page(visitor.page)
    look(staff[1], path(refuses.public_id), "/staff/desk")
    look(camille, f"/requests/{reference}")
    with transaction():
        answer(first.public_id, Result.DONE, "")
    look(reader, f"/instruction/{link}")
    why = {"cause": "not_held", "words": "Rien de tel n’y est détenu, nous l’avons vu."}
    staff[1].get(path(refuses.public_id)).submit(why, with_field="cause")
    for row in rest:
        staff[0].get(path(row.public_id)).submit(action="/acknowledge")
    look(staff[1], path(first.public_id), path(refuses.public_id), "/staff/instructions")
    look(camille, f"/requests/{reference}", f"/requests/{reference}/receipt")


def test_data_on_hold_until_they_are_in_use_again(camille: Browser, staff: Staff, look: Look) -> None:
    look(camille, "/data/on-hold", "/requests/new/restriction")
    page = camille.get("/requests/new/restriction").submit({"case": "claims", "scope": "all"}, with_field="case")
    reference = send(page)
    decide(open_case(staff[0], reference), "granted")
    row = db.session.execute(select(Restriction)).scalar_one()
    path = f"/staff/restrictions/{row.public_id}"
    look(camille, "/data/on-hold", f"/requests/{reference}", "/data", "/data/usage", "/account/on-hold")
    look(staff[1], "/staff/restrictions", path, f"/staff/requests/{reference}")
    staff[1].get(path).submit(action="/announce")
    look(staff[1], path, "/staff/restrictions")
    visitor = look(camille, "/data/on-hold", width=390)
    refuse(visitor)
    visitor.send({"reply": "Le procès n’est pas fini."}, "form:has([name=reply])")
    check_page(visitor.page)
    look(staff[1], path, "/staff/desk", "/staff/restrictions")
    staff[1].get(path).submit(action="/keep")
    look(staff[1], path)
    look(camille, "/data/on-hold")


def test_an_objection_that_is_weighed(people: People, camille: Browser, staff: Staff, look: Look) -> None:
    visitor = look(camille, "/requests/new/objection", width=390)
    refuse(visitor)
    typed = {
        "purposes": ["fraud_prevention", "security"],
        "details": "Je suis passée pour une fraudeuse.",
        "on_hold": "y",
    }
    reference = send(camille.get("/requests/new/objection").submit(typed, with_field="use"))
    look(camille, f"/requests/{reference}", "/preferences", "/data/on-hold")
    uses = [link for link in item_links(take(staff[0], reference)) if "/uses/" in link]
    visitor = look(staff[0], f"/staff/requests/{reference}", uses[0])
    refuse(visitor, "form:has([name=use-result])")
    for link, result in zip(uses, ("stopped", "overridden"), strict=True):
        staff[0].get(link).submit(TEXTS | {"use-result": result}, with_field="use-result")
    look(staff[0], *uses, f"/staff/requests/{reference}")
    decide(open_case(staff[0], reference), "granted", "L’un s’arrête, l’autre continue.")
    look(staff[1], f"/staff/requests/{reference}")
    second(staff[1], reference)
    look(camille, f"/requests/{reference}", "/preferences", f"/requests/{reference}/receipt")
    look(people.signed_in_staff(Role.REVIEWER, "other@example.org"), f"/staff/requests/{reference}")


def test_a_copy_to_take_elsewhere(camille: Browser, look: Look) -> None:
    look(camille, "/requests/new/portability")
    reference = send(camille.get("/requests/new/portability").submit({"scope": "all"}, with_field="scope"))
    look(camille, f"/requests/{reference}", f"/requests/{reference}/receipt", "/requests")
