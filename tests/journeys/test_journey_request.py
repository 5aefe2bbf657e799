"""A rights request, from its form to its closed file: readable top to bottom, through the pages of all who take part."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta

from flask import Flask

from portal import clock
from portal.access.permissions import Role
from portal.audit.verification import verify_chain
from portal.personal_data.erasure.models import ErasureState
from portal.preferences.purposes import FLAG_CODES
from portal.rights.lifecycle import Status
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, link_in, text_of
from tests.support.acting.people import PASSWORD, People
from tests.support.cases import case, form_token, take_most_urgent
from tests.support.erasing.pages import carry_out, newest_erasure
from tests.support.filing import trust_device
from tests.support.looking.audit_trail import all_events
from tests.support.preferences import FeedClient

CAMILLE = "camille@example.org"


def test_an_erasure_from_its_form_to_its_certificate(app: Flask, people: People, mailbox: Mailbox) -> None:
    # Camille, known for long, once said yes to everything.
    camille, feed = people.signed_in(CAMILLE), FeedClient(app)
    trust_device()
    camille.get("/preferences").submit(dict.fromkeys(FLAG_CODES, "accept"), with_field="offers.email")
    assert all(feed.item("C-camille")["flags"].values())

    # She asks to have everything erased, reads it once more, and sends it.
    page = camille.get("/requests/new").click("Effacer")
    words = "Effacez ce que vous savez de mes goûts."
    page = page.submit({"scope": "all", "details": words}, with_field="scope")
    assert page.h1 == "Vérifiez votre demande"
    page = page.submit(action="/send")
    reference = page.url.rpartition("/")[2]
    assert "Votre demande est envoyée." in page.text
    assert case(reference).status is Status.RECEIVED

    # The acknowledgement says by when she will have an answer.
    mail = mailbox.last_to(CAMILLE)
    assert mail["Subject"] == f"{reference} : nous avons votre demande"
    due_on = case(reference).due_on
    assert due_on is not None
    assert str(due_on.year) in text_of(mail)

    # A reviewer takes the most urgent case, which is hers, and decides. An erasure needs a second person.
    reviewer = people.signed_in_staff(Role.REVIEWER, name="Nora Petit")
    page = take_most_urgent(reviewer)
    assert page.url == f"/staff/requests/{reference}"
    assert words in page.text
    answer = "Nous acceptons d’effacer toutes vos données."
    page = page.submit({"way": "proposed", "message": answer}, with_field="way")
    assert case(reference).status is Status.SECOND_OPINION
    assert answer not in camille.get(f"/requests/{reference}").text
    assert all(feed.item("C-camille")["flags"].values())

    # The privacy officer agrees: it cools off, and marketing reads "no" from that moment.
    officer = people.signed_in_staff(Role.OFFICER, name="Hélène Aubry")
    page = take_most_urgent(officer)
    assert page.url == f"/staff/requests/{reference}"
    page = page.submit({"agrees": "yes"}, with_field="agrees")
    assert page.status == 200
    item = feed.item("C-camille")
    assert (item["suppressed"], item["reason"], any(item["flags"].values())) == (True, "restricted", False)

    # Camille is told by when she can cancel, on her first page too, and sees who looked at her data meanwhile.
    mail = mailbox.last_to(CAMILLE)
    assert mail["Subject"] == f"{reference} : l’effacement est décidé, et vous pouvez l’annuler"
    assert answer not in text_of(mail)
    assert "Il commence le" in camille.get("/data").text
    page = camille.get(f"/requests/{reference}")
    assert "L’effacement est décidé" in page.text
    assert "ont été effacées" not in page.text
    log = camille.get("/access-log").text
    assert "Vérification d’identité et demandes" in log
    assert "Protection des données" in log
    assert reference in log

    # Three days later the worker carries it out, and her account is no more.
    assert carry_out(newest_erasure()).state is ErasureState.DONE
    assert feed.item("C-camille")["reason"] == "erased"
    assert camille.get("/data").url.startswith("/sign-in")

    # The answer is a page that needs no account: what went, what stays, who must still be told.
    mail = mailbox.last_to(CAMILLE)
    assert mail["Subject"] == f"{reference} : notre réponse à votre demande d’effacement"
    page = Browser(app).get(link_in(mail))
    assert "Certificat d’effacement" in page.text
    assert "Ces données ont été effacées de ce portail le" in page.text
    assert "Lefèvre" not in page.text

    # Nobody works on it any more, and every step stands in the trail, once and in order. It is closed, for no system
    # of the company held anything of hers: else it would stay answered until they confirm.
    assert case(reference).status is Status.CLOSED
    assert "La file est vide" in reviewer.get("/staff/queue").text
    steps = [event.tag for event in all_events() if event.facts.get("reference") == reference]
    assert steps == [
        "customer:request:filed", "staff:request:claimed", "customer:items:decided", "staff:request:decided",
        "staff:request:claimed", "staff:request:seconded", "customer:erasure:scheduled", "customer:erasure:sealed",
        "customer:erasure:carried_out", "customer:request:answered",
    ]  # fmt: skip
    assert verify_chain().fault is None


def test_a_copy_from_its_form_to_its_download(people: People, mailbox: Mailbox) -> None:
    # Camille, known for long, asks for all her data. No doubt, nothing to read: the portal answers by itself.
    camille = people.signed_in(CAMILLE)
    trust_device()
    page = camille.get("/data").click("Télécharger mes données")
    page = page.submit({"scope": "all"}, with_field="scope").submit(action="/send")
    reference = page.url.rpartition("/")[2]
    assert "Nous préparons votre fichier." in page.text

    # The worker makes the copy; the mail says that it is ready and shows nothing of it.
    mail = mailbox.last_to(CAMILLE)
    assert mail["Subject"] == f"{reference} : votre copie est prête"
    assert "Lefèvre" not in text_of(mail)
    assert case(reference).status is Status.CLOSED

    # She opens it from her request. Ten minutes after signing in, the password is asked for again.
    page = camille.get(f"/requests/{reference}").click("Ouvrir votre fichier")
    address = page.url
    with clock.stopped_at(clock.now() + timedelta(minutes=10, seconds=5)):
        page = camille.get(address).submit(action=address)
        assert page.h1 == "Est-ce bien vous ?"
        page = page.submit({"password": PASSWORD}, with_field="password")
        assert page.url == address
        answer = camille.client.post(address, data={"csrf_token": form_token(page)}, follow_redirects=True)
    assert answer.status_code == 200
    assert hashlib.sha256(answer.data).hexdigest() in page.text

    # The file opens, every part of it is what its manifest says, and it speaks of her.
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    manifest = json.loads(archive.read("manifest.json"))
    for file in manifest["files"]:
        assert hashlib.sha256(archive.read(file["name"])).hexdigest() == file["sha256"]
    assert manifest["customer"] == "C-camille"
    index = archive.read("index.html").decode()
    assert "Camille Lefèvre" in index
    assert '<html lang="fr">' in index

    # The request says what became of it, and the trail holds filing, answer and download.
    page = camille.get(f"/requests/{reference}")
    assert "Nous avons accepté votre demande" in page.text
    tags = [event.tag for event in all_events()]
    wanted = [
        "customer:request:filed",
        "portal:package:built",
        "customer:request:answered",
        "customer:package:downloaded",
    ]
    assert [tag for tag in tags if tag in wanted] == wanted
    assert verify_chain().fault is None
