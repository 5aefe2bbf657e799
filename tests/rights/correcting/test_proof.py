"""What proves a value is sent with its correction, seen by the team at the case alone, and destroyed by its end."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.identity_checks.models import VALUE_PROOF, CheckResult, DocumentStatus, IdentityCheck
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.rights.lifecycle import Outcome, Status
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.cases import decide, open_case
from tests.support.documents import specimens
from tests.support.erasing.pages import team
from tests.support.filing import CAMILLE, OF, all_documents, link_to_correct, only_request, send_sides, trust_device
from tests.support.packages import take_in
from tests.support.records import record

SIRET, OTHER = "73282932000074", "35600000000048"


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    values = {
        "title": "mrs",
        "given_name": "Camille",
        "family_name": "Lefèvre",
        "company": "Atelier Nord",
        "siret": SIRET,
    }
    take_in(record("civil_identity", "I-1", values, OF))
    return browser


def asked_for_proof(browser: Browser) -> Page:
    """Type another SIRET, and return the page that asks what proves it."""
    form = browser.get(link_to_correct(browser, "identity", "Corriger (SIRET)"))
    page = form.submit({"value_siret": OTHER}, with_field="value_siret")
    assert "extrait Kbis" in page.text
    return page


def filed_with_proof(browser: Browser) -> Page:
    check = send_sides(asked_for_proof(browser), proof=specimens.front())
    assert "Justificatif reçu le" in check.text
    return check.submit(action="/send")


def proof_check() -> IdentityCheck:
    db.session.rollback()
    return db.session.execute(select(IdentityCheck).where(IdentityCheck.method == VALUE_PROOF)).scalar_one()


def picture(staff: Browser) -> int:
    return staff.client.get(f"/staff/documents/{all_documents()[0].public_id}/1", headers=staff.headers).status_code


def test_the_team_sees_the_proof_at_the_case_and_its_decision_destroys_it(camille: Browser, people: People) -> None:
    page = filed_with_proof(camille)
    assert "La pièce qui justifie la valeur" in page.text
    assert "elle l’est dès la vérification" in page.text
    [document] = all_documents()
    assert (document.status, document.preview_key, document.draft_id) == (DocumentStatus.READY, None, None)
    staff, reference = team(people)[0], only_request().reference
    assert picture(staff) == 403, "nobody looks who has not said why"
    case = open_case(staff, reference)
    assert "Justificatif de la valeur" in case.text
    case = case.submit({"proof-reason": "value_check"}, with_field="proof-reason")
    assert picture(staff) == 200
    assert decide(case, "granted").status == 200
    assert (only_request().outcome, proof_check().result) == (Outcome.GRANTED, CheckResult.CONFIRMED)
    assert all_documents()[0].sealed_key is None
    assert picture(staff) == 403
    stored = document.storage_key
    run_due_jobs()
    assert all_documents() == []
    assert stored not in {each.key for each in installed.storage().list("identity")}
    assert proof_check().destroyed_at is not None
    page = camille.get(f"/requests/{reference}")
    assert "détruite le" in page.text
    assert "Le justificatif de votre correction" in camille.get("/access-log").text
    assert "Justificatif examiné" in open_case(staff, reference).text


def test_nobody_has_to_send_a_proof(camille: Browser) -> None:
    page = asked_for_proof(camille)
    check = page.browser.get(next(a["href"] for a in page.tree.select("main a") if "sans document" in a.get_text()))
    assert "nous vérifions par nos propres moyens" in check.text
    assert check.submit(action="/send").status == 200
    assert (only_request().status, all_documents()) == (Status.RECEIVED, [])


def test_what_no_value_asks_for_any_more_is_not_kept(camille: Browser) -> None:
    send_sides(asked_for_proof(camille), proof=specimens.front())
    form = camille.get(link_to_correct(camille, "identity", "Corriger (Entreprise)"))
    page = form.submit({"value_company": "Atelier Sud", "value_siret": ""}, with_field="value_company")
    page.submit(action="/send")
    assert all_documents()[0].status is DocumentStatus.SHREDDING


def test_a_proof_never_stands_for_who_asks(camille: Browser) -> None:
    """An address that names the paper of a value sends nothing for an identity, and the other way round."""
    page = asked_for_proof(camille)
    assert page.browser.get(page.url.replace("-proof", "")).url.endswith("/check"), "no doubt, no identity page"
    answer = page.browser.client.post(
        f"{page.url}/../uploads".replace("/document/../uploads", "/uploads"),
        data={"paper": "passport", "side": "page", "size": 9, "digest": "a" * 64,
              "csrf_token": page.form(with_field="proof").find(attrs={"name": "csrf_token"})["value"]},
        headers=page.browser.headers,
    )  # fmt: skip
    assert answer.status_code == 400


def test_a_proof_goes_with_a_withdrawn_request(camille: Browser) -> None:
    filed_with_proof(camille)
    reference = only_request().reference
    camille.get(f"/requests/{reference}/withdraw").submit(action="/withdraw")
    assert (proof_check().result, all_documents()[0].sealed_key) == (CheckResult.ABANDONED, None)


def test_a_proof_that_nobody_looks_at_ends_with_its_limit(camille: Browser) -> None:
    filed_with_proof(camille)
    limit = all_documents()[0].shred_after
    assert limit <= clock.now() + timedelta(days=32)
    with clock.stopped_at(limit + timedelta(hours=2)):
        run_due_jobs()
        run_due_jobs()
        assert all_documents() == []
        assert proof_check().destroyed_at is not None
    assert only_request().status is Status.RECEIVED, "the request goes on"
