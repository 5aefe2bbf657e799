"""Sending a document: only where there is a doubt, each side on its own, every fault with its own words."""

from io import BytesIO
from threading import BoundedSemaphore

import pytest
from PIL import Image, ImageFilter
from sqlalchemy import func, select, update
from werkzeug import formparser

from portal.accounts.models import Account
from portal.audit.models import AuditEvent
from portal.identity_checks.documents import intake
from portal.identity_checks.documents.refusals import REFUSED
from portal.identity_checks.models import DocumentStatus, IdentityCheck, IdentityDocument
from portal.infrastructure.database import db, transaction
from portal.infrastructure.scanner import Verdict
from portal.rights.lifecycle import Status
from portal.rights.models import RequestDraft
from portal.web.incoming.kept_counts import RateCount
from portal.web.incoming.uploads import LARGEST_FILE
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.documents import specimens
from tests.support.filing import (
    all_documents,
    describe_copy,
    file_with_document_later,
    only_request,
    post_files,
    send_card,
    send_sides,
    trust_device,
)


@pytest.fixture
def doubted(people: People) -> Browser:
    """Camille, on a device seen for the first time."""
    return people.signed_in()


def card_page(browser: Browser) -> Page:
    return describe_copy(browser).submit({"paper": "identity_card"}, with_field="paper")


def passport_page(browser: Browser) -> Page:
    return describe_copy(browser).submit({"paper": "passport"}, with_field="paper")


def refusals() -> list[tuple[str, str]]:
    """The refused sides in the audit trail: side and reason. Nothing else is kept of such a file, not even its name."""
    db.session.rollback()
    events = db.session.execute(
        select(AuditEvent).where(AuditEvent.tag == REFUSED).order_by(AuditEvent.sequence)
    ).scalars()
    found = [event.facts for event in events]
    assert all(set(values) == {"paper", "side", "reason"} for values in found)
    return [(values["side"], values["reason"]) for values in found]


def count_documents() -> int:
    return db.session.execute(select(func.count(IdentityDocument.id))).scalar_one()


def test_the_proof_that_reveals_least_comes_first_and_says_why(doubted: Browser) -> None:
    first, *others = describe_copy(doubted).tree.select("form[method=get] [name=paper]")
    assert first["value"] == "france_identite"
    hint = first.find_parent(class_="choice").select_one(f"#{first['aria-describedby']}")
    assert "nous préférons" in hint.text
    assert "ne sert qu’une fois" in hint.text
    assert not any(other.get("aria-describedby") for other in others)


def test_nobody_is_asked_without_a_doubt(people: People) -> None:
    browser = people.signed_in()
    trust_device()
    assert describe_copy(browser).h1 == "Vérifiez votre demande"
    draft_id = db.session.execute(select(RequestDraft.public_id)).scalar_one()
    for tail in ("", "/document?paper=passport", "/code"):
        assert browser.get(f"/requests/identity/{draft_id}{tail}").h1 == "Vérifiez votre demande"
    token = browser.get("/requests").form(action="/discard").find(attrs={"name": "csrf_token"})["value"]
    sent = {"csrf_token": token, "page": (specimens.passport(), "p.jpg", "image/jpeg")}
    browser.post(f"/requests/identity/{draft_id}/document?paper=passport", sent, is_upload=True)
    assert count_documents() == 0


@pytest.mark.parametrize("right", ["restriction", "objection"])
def test_some_rights_never_ask(doubted: Browser, right: str) -> None:
    page = doubted.get(f"/requests/new/{right}")
    values = {"use": "statistics"} if right == "objection" else {"case": "accuracy"}
    assert page.submit(dict(values), with_field="details").h1 == "Vérifiez votre demande"


def test_correcting_a_name_asks_and_correcting_an_address_does_not(doubted: Browser) -> None:
    page = doubted.get("/requests/new/rectification")
    page = page.submit({"category": "identity", "wrong": "Mon nom"}, with_field="wrong")
    assert page.h1 == "Montrez que c’est bien vous"
    page = doubted.get("/requests/new/rectification").submit({"category": "contact"}, with_field="wrong")
    assert page.h1 == "Vérifiez votre demande"


def test_the_page_says_why_this_person_and_offers_the_lighter_way_first(doubted: Browser) -> None:
    page = describe_copy(doubted)
    assert "Vous utilisez un appareil que nous voyons depuis peu." in page.text
    assert "Étape 2 sur 3" in page.text
    assert page.text.index("Un code par e-mail suffit") < page.text.index("pièce d’identité")
    assert "c•••e@example.org" in page.text
    assert "Par la poste" in page.text


def test_nobody_held_to_compare_with_means_no_document(people: People) -> None:
    browser = people.signed_in(imported_at=None)
    page = describe_copy(browser)
    assert "Un code par e-mail suffit" in page.text
    with pytest.raises(AssertionError):
        page.form(with_field="paper")


def test_the_request_is_received_while_the_document_follows(doubted: Browser) -> None:
    page = file_with_document_later(doubted)
    request = only_request()
    assert (request.status, request.due_on) == (Status.IDENTITY_PENDING, None)
    assert request.is_document_needed
    assert request.identity_signals == ["new_device"]
    assert "Le délai est en pause depuis" in page.text
    page = send_card(page.follow_to("/requests/identity/"))
    request = only_request()
    assert (request.status, request.paused_on) == (Status.IN_REVIEW, None)
    assert request.due_on == request.due_on_unpaused
    assert page.url == f"/requests/{request.reference}"
    assert "Recto reçu le" in page.text
    assert "Verso reçu le" in page.text
    assert doubted.get(f"/requests/identity/{request.reference}").url == page.url


def test_a_document_given_while_filing_goes_with_the_request(doubted: Browser) -> None:
    page = send_card(describe_copy(doubted))
    assert page.h1 == "Vérifiez votre demande"
    assert [document.status for document in all_documents()] == [DocumentStatus.STAGED] * 2
    page.submit(action="/send")
    request = only_request()
    assert (request.status, request.paused_on) == (Status.RECEIVED, None)
    check_id = db.session.execute(select(IdentityCheck.id)).scalar_one()
    for document in all_documents():
        assert (document.status, document.draft_id, document.check_id) == (DocumentStatus.READY, None, check_id)
        assert document.sealed_key


def test_each_side_may_come_on_its_own(doubted: Browser) -> None:
    page = send_sides(card_page(doubted), front=specimens.front())
    assert "Il en manque une." in page.text
    assert "Recto reçu le" in page.text
    page = send_sides(page, back=specimens.back())
    assert page.h1 == "Vérifiez votre demande"


def test_the_good_side_survives_the_bad_one(doubted: Browser) -> None:
    page = send_sides(card_page(doubted), front=specimens.front(), back=b"%not a picture at all")
    assert page.status == 422
    assert page.errors == ["Ce fichier n’est ni une image JPEG, PNG, WebP ou HEIC, ni un PDF. Choisissez-en un autre."]
    assert "Recto reçu le" in page.text
    page = send_sides(page, back=specimens.back())
    assert page.h1 == "Vérifiez votre demande"
    assert count_documents() == 2


def test_nothing_chosen_names_each_side(doubted: Browser) -> None:
    page = card_page(doubted).submit({}, with_field="front")
    assert page.status == 422
    assert page.errors == ["Ajoutez le recto de votre pièce.", "Ajoutez le verso de votre pièce."]


def test_no_paper_chosen_is_said(doubted: Browser) -> None:
    page = describe_copy(doubted).submit({}, with_field="paper")
    assert page.errors == ["Choisissez la pièce que vous envoyez."]


def test_a_side_can_be_replaced_and_removed(doubted: Browser) -> None:
    page = send_sides(card_page(doubted), front=specimens.back())
    first = all_documents()[0]
    page = send_sides(page, front=specimens.front())
    documents = all_documents()
    assert [document.status for document in documents] == [DocumentStatus.SHREDDING, DocumentStatus.STAGED]
    assert documents[0].id == first.id
    assert documents[0].sealed_key is None
    page = page.submit(action="/remove")
    assert "Cette face est détruite." in page.text
    assert "Recto reçu" not in page.text
    assert all(document.sealed_key is None for document in all_documents())


def test_another_paper_replaces_the_first_with_the_same_file_too(doubted: Browser) -> None:
    send_sides(card_page(doubted), front=specimens.passport())
    page = doubted.get("/requests/new/access").submit({}, with_field="details")
    page = page.submit({"paper": "passport"}, with_field="paper")
    assert "Vous avez commencé avec une autre pièce" in page.text
    page = send_sides(page, page=specimens.passport())
    assert page.h1 == "Vérifiez votre demande"
    kept = [document for document in all_documents() if document.sealed_key]
    assert [(document.kind, document.side) for document in kept] == [("passport", "page")]


def test_the_same_file_for_both_sides_is_refused(doubted: Browser) -> None:
    page = send_sides(card_page(doubted), front=specimens.front(), back=specimens.front())
    assert page.errors == ["Vous avez envoyé deux fois le même fichier. Choisissez l’autre face."]
    page = send_sides(page, back=specimens.front())
    assert page.errors == ["Vous avez envoyé deux fois le même fichier. Choisissez l’autre face."]
    assert refusals() == [("back", "sent_twice")] * 2


def test_a_dark_or_blurred_picture_is_said_and_taken(doubted: Browser) -> None:
    sharp = specimens.picture_of(specimens.front())
    blurred = specimens.jpeg(sharp.filter(ImageFilter.GaussianBlur(9)))
    dark = specimens.jpeg(sharp.point(lambda value: value // 5))
    page = send_sides(card_page(doubted), front=blurred)
    address = page.url
    assert (
        "Recto de la pièce\N{NO-BREAK SPACE}: cette image est floue. Le nom et les dates se lisent-ils\N{NO-BREAK SPACE}?"
        " Sinon, envoyez-en une autre."
    ) in [notice.get_text(strip=True) for notice in page.tree.select(".notice.warn")]
    page = send_sides(page, back=dark)
    assert page.h1 == "Vérifiez votre demande"
    assert "Verso de la pièce\N{NO-BREAK SPACE}: cette image est sombre." in page.tree.select(".banner.warning")[0].text
    page = send_sides(doubted.get(address), front=specimens.front(), back=specimens.back())
    assert page.tree.select(".banner.warning") == []
    assert doubted.get(address).tree.select(".notice.warn") == []


HOSTILE = {
    "empty": (lambda: b"", "Ce fichier est vide", "empty"),
    "renamed text": (lambda: b"<html><script>alert(1)</script>", "ni une image JPEG", "wrong_type"),
    "archive": (lambda: specimens.archive(), "ni une image JPEG", "wrong_type"),
    "archive behind a picture": (lambda: specimens.front() + specimens.archive(), "cache autre chose", "polyglot"),
    "page inside a picture": (
        lambda: specimens.front()[:-2] + b"<script>alert(1)</script>\xff\xd9",
        "cache autre chose",
        "polyglot",
    ),
    "cut off": (lambda: specimens.front()[: len(specimens.front()) // 2], "est coupé", "truncated"),
    "password": (lambda: specimens.protected_pdf(), "Un mot de passe protège", "encrypted_pdf"),
    "pages": (lambda: specimens.pdf_of_pages([specimens.RED] * 5), "5 pages", "too_many_pages"),
    "moving": (lambda: specimens.animated_png(), "est animée", "animated"),
    "pixel flood": (lambda: specimens.flooded_jpeg(), "est trop grande", "too_many_pixels"),
    "HEIC flood": (lambda: specimens.flooded_heic(), "est trop grande", "too_many_pixels"),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_file_is_refused_with_its_own_words(doubted: Browser, name: str) -> None:
    make, words, reason = HOSTILE[name]
    page = send_sides(passport_page(doubted), page=make())
    assert page.status == 422
    assert words in page.errors[0], page.errors
    assert count_documents() == 0
    assert refusals() == [("page", reason)]


def test_a_large_file_is_refused_with_its_size_and_never_kept_in_memory(doubted: Browser) -> None:
    page = post_files(passport_page(doubted), page=b"\xff\xd8\xff" + bytes(LARGEST_FILE))
    assert page.status == 422
    assert page.errors == ["Ce fichier pèse 10,5 Mo. Choisissez-en un de 10 Mo au plus."]
    assert count_documents() == 0
    assert refusals() == [("page", "too_big")]


def test_a_body_over_the_limit_is_stopped_and_the_draft_stays(doubted: Browser) -> None:
    page = card_page(doubted)
    too_much = bytes(13 * 1024 * 1024)
    page = post_files(page, front=too_much, back=too_much)
    assert page.status == 413
    assert "trop lourd" in page.text or "trop" in page.h1.lower()
    assert "Pas encore envoyées" in doubted.get("/requests").text


def test_honest_files_of_every_kind_pass(doubted: Browser) -> None:
    page = passport_page(doubted)
    for content in (specimens.phone_jpeg(), specimens.chatty_png(), specimens.turned_heic(), specimens.scanned_pdf()):
        done = send_sides(page, page=content)
        assert done.h1 == "Vérifiez votre demande", done.text
    newest = all_documents()[-1]
    assert newest.pages == 2


def test_words_in_the_place_of_a_file_are_no_file(doubted: Browser) -> None:
    form = passport_page(doubted).form(with_field="page")
    fields = {"csrf_token": form.find(id="csrf_token")["value"], "page": "not a file"}
    page = doubted.post(str(form["action"]), fields, is_upload=True)
    assert (page.status, page.errors) == (422, ["Ajoutez la page qui porte votre nom."])


def test_the_forty_first_upload_of_a_day_is_refused(doubted: Browser) -> None:
    page = passport_page(doubted)
    statuses = [send_sides(page, page=b"x").status for _try in range(41)]
    assert statuses == [422] * 40 + [429]


def test_uploads_never_touch_the_disk_in_clear(doubted: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("an upload was about to be spooled to a temporary file")

    noise = Image.effect_noise((1600, 1000), 90)
    buffer = BytesIO()
    noise.save(buffer, "JPEG", quality=95)
    assert buffer.tell() > 700_000
    page = passport_page(doubted)
    monkeypatch.setattr(formparser, "SpooledTemporaryFile", refuse)
    monkeypatch.setattr(formparser, "TemporaryFile", refuse, raising=False)
    assert post_files(page, page=buffer.getvalue()).h1 == "Vérifiez votre demande"
    assert count_documents() == 1


def test_a_process_takes_in_so_many_documents_at_once_and_tells_the_next_to_come_back(
    doubted: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = passport_page(doubted)
    places = BoundedSemaphore(1)
    monkeypatch.setattr(intake, "_places", places)
    with places:
        refused = send_sides(page, page=specimens.front())
    assert (refused.status, count_documents()) == (503, 0)
    assert refused.errors == [
        "Nous ne pouvons pas recevoir votre pièce pour le moment. Envoyez-la à nouveau dans une minute."
    ]
    send_sides(refused, page=specimens.archive())
    assert send_sides(refused, page=specimens.front()).h1 == "Vérifiez votre demande", "a place was not given back"


def test_one_person_has_two_files_looked_at_and_keeps_the_tries_that_found_no_room(
    people: People, doubted: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, scan = passport_page(doubted), intake._scan
    other = passport_page(people.signed_in("noah@example.org", given_name="Noah"))
    answers: list[Page] = []

    def send_another(content: bytes) -> Verdict:
        """While the scanner looks at a file, have the same person's next window send one."""
        if not answers:
            answers.append(page)
            answers.append(send_sides(page, page=specimens.passport()))
        elif len(answers) == 1:
            answers.append(send_sides(page, page=specimens.back()))
            answers.append(send_sides(other, page=specimens.front()))
        return scan(content)

    monkeypatch.setattr(intake, "_scan", send_another)
    send_sides(page, page=specimens.front())
    (third, of_another, second) = answers[1:]
    assert (third.status, third.errors) == (
        503, ["Nous regardons encore vos autres fichiers. Envoyez celui-ci à nouveau dans une minute."],
    )  # fmt: skip
    assert (second.h1, of_another.h1) == ("Vérifiez votre demande", "Vérifiez votre demande")
    counts = [row.count for row in db.session.execute(select(RateCount)).scalars() if "identity-upload:" in row.key]
    assert sorted(counts) == [1, 2], "the file that found no room was counted as a try of the day"
    assert not intake._taken


def test_another_customer_cannot_send_or_remove(people: People, doubted: Browser) -> None:
    send_sides(card_page(doubted), front=specimens.front())
    draft_id = db.session.execute(select(RequestDraft.public_id)).scalar_one()
    document = all_documents()[0]
    other = people.signed_in("noah@example.org", given_name="Noah")
    token = other.get("/requests/new/access").form(with_field="details").find(id="csrf_token")["value"]
    base = f"/requests/identity/{draft_id}"
    assert other.post(f"{base}/document/{document.public_id}/remove", {"csrf_token": token}).status == 404
    assert other.post(f"{base}/document?paper=passport", {"csrf_token": token}, is_upload=True).status == 404
    assert other.post(f"{base}/later", {"csrf_token": token}).status == 404
    own = describe_copy(other)
    own_base = own.url
    assert other.post(f"{own_base}/document/{document.public_id}/remove", {"csrf_token": token}).status == 404
    assert all_documents()[0].sealed_key


def test_a_document_cannot_be_sent_once_the_request_is_withdrawn(doubted: Browser) -> None:
    page = file_with_document_later(doubted).follow_to("/requests/identity/")
    page = page.submit({"paper": "passport"}, with_field="paper")
    reference = only_request().reference
    doubted.get(f"/requests/{reference}/withdraw").submit(action="/withdraw")
    assert send_sides(page, page=specimens.passport()).url == f"/requests/{reference}"
    assert count_documents() == 0


def test_a_doubt_that_went_away_destroys_what_was_given_for_it(doubted: Browser) -> None:
    page = send_card(describe_copy(doubted))
    trust_device()
    page.submit(action="/send")
    assert only_request().status is Status.RECEIVED
    assert all(document.sealed_key is None for document in all_documents())


def test_a_name_that_differs_is_not_cleared_by_a_code(people: People) -> None:
    browser = people.signed_in()
    with transaction() as session:
        session.execute(update(Account).values(family_name="Autre", given_name="Zoé"))
    page = describe_copy(browser)
    assert "Le nom de votre compte diffère" in page.text
    assert "un code par e-mail" not in page.text


def test_the_single_use_proof_is_taken_as_the_pdf_that_it_is(doubted: Browser) -> None:
    page = describe_copy(doubted).submit({"paper": "france_identite"}, with_field="paper")
    refused = send_sides(page, page=specimens.passport())
    assert refused.status == 422
    assert "Envoyez le PDF lui-même" in refused.text
    assert count_documents() == 0
    assert send_sides(refused, page=specimens.scanned_pdf()).status == 200
    assert count_documents() == 1


@pytest.mark.parametrize("fields", [("front",), ("back",), ("front", "back")])
def test_one_pdf_with_both_sides_completes_them(doubted: Browser, fields: tuple[str, ...]) -> None:
    file = (specimens.scanned_pdf(), "carte.pdf", "application/pdf")
    page = card_page(doubted).submit(dict.fromkeys(fields, file), with_field="front")
    assert not page.errors
    rows = db.session.execute(select(IdentityDocument).order_by(IdentityDocument.id)).scalars()
    kept = [(row.side, row.pages) for row in rows if row.status is not DocumentStatus.SHREDDING]
    assert sorted(kept) == [("back", 1), ("front", 1)]


def test_a_webp_picture_is_taken(doubted: Browser) -> None:
    buffer = BytesIO()
    specimens.picture_of(specimens.front()).save(buffer, "WEBP")
    page = card_page(doubted).submit({"front": (buffer.getvalue(), "a.webp", "image/webp")}, with_field="front")
    assert not page.errors and count_documents() == 1
