"""A preference, from the toggle to marketing and back: readable top to bottom."""

from flask import Flask

from portal.audit.verification import verify_chain
from portal.preferences.models import Origin
from portal.preferences.purposes import FLAGS
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.looking.audit_trail import events
from tests.support.preferences import FeedClient, press, proofs

FLAG = "offers.email"


def answers(page: Page, choice: str) -> list[str]:
    """Return what the history says of a choice, in the order of the page."""
    lines = page.tree.select("details.record > summary")
    return [
        line.select_one(".sum").get_text(strip=True) for line in lines if line.strong.get_text(strip=True) == choice
    ]


def test_a_preference_from_the_toggle_to_marketing_and_back(app: Flask, people: People, mailbox: Mailbox) -> None:
    # Nothing was ever chosen: marketing reads no, and so does everybody whom we do not know.
    camille, feed = people.signed_in(), FeedClient(app)
    assert not any(feed.item("C-camille")["flags"].values())
    before = feed.get("/feed/v1/preferences").get_json()["next"]

    # Camille accepts offers by e-mail. The sentence that she saw is kept as the proof.
    page = camille.get("/preferences").submit({FLAG: "accept"}, with_field=FLAG)
    assert "Vos choix sont enregistrés. Ils s’appliquent tout de suite." in page.text
    (proof,) = proofs()
    assert (proof.flag, proof.is_given, proof.origin) == (FLAG, True, Origin.PORTAL)
    assert proof.wording == FLAGS[FLAG].wording("fr", "Netkin")
    assert proof.wording.replace("\u00a0", " ") in page.text

    # Marketing reads yes at once: for one customer, and as the next change after the last one it saw.
    item = feed.item("C-camille")
    assert [flag for flag, is_on in item["flags"].items() if is_on] == [FLAG]
    changes = feed.get(f"/feed/v1/preferences?after={before}").get_json()
    assert [change["customer"] for change in changes["items"]] == ["C-camille"]
    assert changes["items"][0] == item
    assert changes["next"] != before

    # She finds the choice in her history, with the same sentence.
    page = camille.get("/preferences/history")
    assert answers(page, "Offres, par e-mail") == ["Accepté"]
    assert page.tree.select_one("details .words").get_text() == proof.wording

    # A campaign carries her unsubscribe link. She opens it elsewhere, signed out, and presses the one button.
    link = feed.get("/feed/v1/unsubscribe-links/C-camille").get_json()["url"].removeprefix("http://localhost:8000")
    elsewhere = Browser(app)
    page = elsewhere.get(link)
    assert "Offres, par e-mail" in page.text
    assert feed.item("C-camille") == item, "opening it changes nothing"
    page = press(page, "Arrêter ces e-mails")
    assert page.h1 == "Nos e-mails sont arrêtés"

    # Marketing reads no from that moment, under a higher number.
    after = feed.item("C-camille")
    assert not any(after["flags"].values())
    assert after["sequence"] > item["sequence"]
    (change,) = feed.get(f"/feed/v1/preferences?after={changes['next']}").get_json()["items"]
    assert change == after

    # Both choices stay as proof, newest first in her history, which says by which way each came.
    page = camille.get("/preferences/history")
    assert answers(page, "Offres, par e-mail") == ["Refusé", "Accepté"]
    given = [(proof.is_given, proof.origin) for proof in proofs(flag=FLAG)]
    assert given == [(True, Origin.PORTAL), (False, Origin.MAIL_LINK)]
    assert [event.facts["origin"] for event in events("customer:preferences:chosen")] == ["portal", "mail_link"]
    assert "Vous ne recevez plus" in mailbox.last_to("camille@example.org")["Subject"]
    assert verify_chain().fault is None
