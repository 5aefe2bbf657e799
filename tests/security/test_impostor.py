"""Somebody asks for another person's data with everything right but the mailbox (Pavur, "GDPArrrrr", 2019).

A proof of identity raises the control of an account and never replaces it: what is handed over is what the asking
account holds, whoever staff take them for.
"""

import io
import zipfile

from flask import Flask
from sqlalchemy import update

from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.rights.models import RightsRequest
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.acting.visitors import mailed_link, register
from tests.support.cases import decide, form_token, take
from tests.support.filing import file_copy, only_request
from tests.support.packages import lines, take_in

VICTIM, OWN = "camille@example.org", "camille.lefevre@elsewhere.example"
INVOICE = "F-2026-100101"


def test_a_granted_copy_holds_nothing_of_a_namesake(app: Flask, people: People, mailbox: Mailbox) -> None:
    victim = people.signed_in(VICTIM, external_id="C-1001")
    take_in(*lines())
    assert INVOICE in victim.get("/data/transaction").text

    impostor = Browser(app)
    register(impostor, OWN, given_name="Camille", family_name="Lefèvre")
    impostor.get(mailed_link(mailbox, OWN, "/confirm/")).submit()
    assert file_copy(impostor).status == 200
    reference = only_request().reference
    case = take(people.signed_in_staff(Role.REVIEWER), reference)
    refused = decide(case, "granted")
    assert refused.status == 422, "a doubt stands"
    with transaction():  # even where the team was deceived
        db.session.execute(update(RightsRequest).values(identity_signals=[]))
    assert decide(case.browser.get(case.url), "granted").status == 200
    run_due_jobs()

    (answer,) = impostor.get(f"/requests/{reference}").tree.select("main a[href^='/answers/']")
    token = form_token(impostor.get("/account"))
    packed = impostor.client.post(str(answer["href"]), data={"csrf_token": token}, follow_redirects=True).data
    with zipfile.ZipFile(io.BytesIO(packed)) as package:
        given = b"".join(package.read(name) for name in package.namelist())
    assert OWN.encode() in given
    assert not [theirs for theirs in (VICTIM, "C-1001", INVOICE) if theirs.encode() in given]
    assert mailbox.to(VICTIM) == []
