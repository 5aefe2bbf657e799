"""Advertising and its profiling end by every way that exists, each in its own transaction, and nobody can refuse it."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job
from portal.preferences.choices.consent import Choice, record_choices
from portal.preferences.choices.unsubscribing import EMAIL_FLAGS
from portal.preferences.feed.reading import unsubscribe_links
from portal.preferences.models import Origin, PreferenceState
from portal.preferences.purposes import ADVERTISING_PROFILING_FLAG_CODES, FLAG_CODES, MARKETING_FLAG_CODES
from portal.rights.lifecycle import Outcome, Status
from portal.rights.models import RequestDraft
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.cases import decide, form_token, item_links, open_case, take, taken_in
from tests.support.filing import only_request, trust_device
from tests.support.packages import take_in
from tests.support.preferences import customer_of

CAMILLE, OF = "camille@example.org", "C-camille"
OF_USE = {"marketing": MARKETING_FLAG_CODES, "advertising_profiling": ADVERTISING_PROFILING_FLAG_CODES}


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    with transaction():
        choices = [Choice(flag, True, "Oui", "1") for flag in FLAG_CODES]
        record_choices(customer_of(CAMILLE), choices, origin=Origin.PORTAL, language="fr")
    return browser


def by_the_form(people: People, camille: Browser, use: str) -> None:
    camille.get("/requests/new/objection").submit({"use": use}, with_field="use")


def by_a_draft_of_before(people: People, camille: Browser, use: str) -> None:
    """Kept for later, then sent from the page that checks it, which the draft's own address leads to."""
    camille.get("/requests/new/objection").submit({"use": use}, with_field="use", button="yes")
    draft = db.session.execute(select(RequestDraft.public_id)).scalar_one()
    camille.get(f"/requests/drafts/{draft}/check").submit(action="/send")


def by_telephone(people: People, camille: Browser, use: str) -> None:
    today = clock.today()
    values = {
        "email": CAMILLE, "channel": "phone", "right": "objection", "words": "Plus de publicité.", "use": use,
        "received_on-day": str(today.day), "received_on-month": str(today.month), "received_on-year": str(today.year),
    }  # fmt: skip
    people.signed_in_staff(Role.SUPPORT).get("/staff/requests/take-in").submit(values, with_field="words")


WAYS: list[Callable[[People, Browser, str], None]] = [by_the_form, by_a_draft_of_before, by_telephone]


@pytest.mark.parametrize("use", OF_USE)
@pytest.mark.parametrize("way", WAYS)
def test_a_request_to_stop_advertising_has_acted_when_it_is_there(
    people: People, camille: Browser, way: Callable[[People, Browser, str], None], use: str
) -> None:
    way(people, camille, use)
    found = only_request()
    assert not any(flags()[flag] for flag in OF_USE[use])
    assert (found.status, found.outcome, found.is_open) == (Status.CLOSED, Outcome.GRANTED, False)
    assert found.answered_at is not None
    reviewer = people.signed_in_staff(Role.REVIEWER, "second@example.org")
    page = reviewer.get(f"/staff/requests/{found.reference}")
    assert not page.tree.select("[name=way], [name=ground]"), "there is nothing to decide, and no ground to select"


def by_one_press(camille: Browser) -> None:
    camille.get("/requests/new").click("Ne plus utiliser pour").submit(action="/objection/marketing")


def by_refusing_everything(camille: Browser) -> None:
    page = camille.get("/preferences")
    form = next(form for form in page.tree.select("form") if form.select("[value=refuse_everything]"))
    values = {str(field["name"]): str(field["value"]) for field in form.select("input[name]")}
    camille.post("/preferences", values)


@pytest.mark.parametrize("way", [by_one_press, by_refusing_everything])
def test_one_press_ends_all_of_it(camille: Browser, way: Callable[[Browser], None]) -> None:
    way(camille)
    assert not any(flags()[flag] for flag in MARKETING_FLAG_CODES)


def test_the_link_of_a_mail_ends_all_mails(camille: Browser) -> None:
    token = unsubscribe_links([OF], installed.settings().secret_key)[OF]
    camille.post(f"/unsubscribe/{token}", {"List-Unsubscribe": "One-Click"})
    assert not any(flags()[flag] for flag in EMAIL_FLAGS)


def test_a_no_that_another_system_sends_ends_what_it_is_about(camille: Browser) -> None:
    said = {"type": "consent", "customer": OF, "given": False, "at": clock.now().isoformat(), "language": "fr",
            "source": "netkin.fr"}  # fmt: skip
    take_in(*(said | {"flag": flag, "wording": "Non."} for flag in MARKETING_FLAG_CODES))
    assert not any(flags()[flag] for flag in MARKETING_FLAG_CODES)
    assert flags()["personalisation"], "and nothing else"


def test_what_acts_is_of_the_transaction_of_the_request(
    app: Flask, camille: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the answer cannot be written, nothing of it stays: neither the request nor the choices that went off."""
    monkeypatch.setattr("portal.rights.emails.queue_answered", lambda _request: 1 / 0)
    jobs = len(db.session.execute(select(Job)).scalars().all())
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.testing = False
    page = camille.get("/requests/new/objection").submit(action="/objection/marketing")
    assert page.status == 500
    assert all(flags()[flag] for flag in MARKETING_FLAG_CODES)
    assert len(db.session.execute(select(Job)).scalars().all()) == jobs


def test_one_that_waits_since_before_offers_no_ground(people: People) -> None:
    """An earlier version received it and did not answer it: a person sees to it, and can do nothing but stop it."""
    reference = taken_in(people)
    with transaction() as session:
        found = session.merge(only_request())
        found.right, found.intent, found.answers = "objection", "stop_use", {"use": "marketing"}
    page = take(people.signed_in_staff(Role.REVIEWER), reference)
    assert not page.tree.select("[name=ground]")
    assert [field["value"] for field in page.tree.select("[name=way]")] == ["proposed"]
    for link in item_links(page):
        assert not page.browser.get(link).tree.select("[value=refused], [value=overridden]")
    version = {"version": str(only_request().version), "csrf_token": form_token(page)}
    forged = {"way": "refused", "ground": "manifestly_unfounded", "evidence": "Dossier.", "message": "Non."} | version
    assert page.browser.post(f"/staff/requests/{reference}/decision", forged).status == 422
    refused = {
        "item-outcome": "refused",
        "item-ground": "manifestly_unfounded",
        "item-version": version["version"],
        "csrf_token": version["csrf_token"],
    }
    for link in item_links(page):
        assert page.browser.post(link, refused).status == 422
    assert only_request().outcome is None
    assert decide(open_case(page.browser, reference), "granted").status == 200


def flags() -> dict[str, bool]:
    db.session.rollback()
    return db.session.execute(select(PreferenceState.flags)).scalar_one()
