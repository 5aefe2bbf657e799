"""A side sent in parts, as the page's script does: resumed, sent twice, from two windows, swapped, cut, forgotten."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import clock
from portal.audit.models import AuditEvent
from portal.config import Settings
from portal.identity_checks.documents import intake, uploading
from portal.identity_checks.documents.refusals import REFUSED
from portal.identity_checks.models import IdentityUpload
from portal.infrastructure.database import db, transaction
from portal.infrastructure.storage.local import LocalStorage, StorageFull
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.documents import specimens
from tests.support.filing import all_documents, describe_copy, file_with_document_later, only_request, send_sides
from tests.support.keeping import end_now

SIZE = uploading.PART_SIZE
LONG = specimens.front() + b"\xff\xd8\xff" + bytes(range(256)) * 5000
"""A front with another picture's bytes after it, as phones make them: three parts."""


@dataclass
class Sender:
    """What the script of the page does, call by call."""

    page: Page
    paper: str

    def call(self, tail: str, body: Any = None) -> TestResponse:
        form = self.page.form(with_field="csrf_token", action="/document")
        url = tail if tail.startswith("/") else f"{form['data-uploads']}{tail}"
        token = str(form.find(attrs={"name": "csrf_token"})["value"])
        kind = "application/octet-stream" if isinstance(body, bytes) else None
        return self.page.browser.client.post(url, data=body, headers={"X-CSRFToken": token}, content_type=kind)

    def begin(self, of_side: str, content: bytes, **changes: str) -> TestResponse:
        facts = {
            "paper": self.paper,
            "side": of_side,
            "size": str(len(content)),
            "digest": hashlib.sha256(content).hexdigest(),
        }
        return self.call("", facts | changes)

    def part(self, url: str, content: bytes, offset: int) -> TestResponse:
        return self.call(f"{url}/{offset}", content[offset : offset + SIZE])

    def send(self, side: str, content: bytes) -> TestResponse:
        begun = self.begin(side, content).json
        assert begun
        for offset in range(begun["offset"], len(content), begun["part"]):
            assert self.part(begun["url"], content, offset).status_code == 200
        return self.call(f"{begun['url']}/finish")


@pytest.fixture
def sender(people: People) -> Sender:
    return card_sender(people.signed_in())


def card_sender(browser: Browser) -> Sender:
    return Sender(describe_copy(browser).submit({"paper": "identity_card"}, with_field="paper"), "identity_card")


@pytest.fixture
def parts(settings: Settings) -> Path:
    return settings.instance / "storage" / "uploads"


def stored(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def uploads() -> list[IdentityUpload]:
    db.session.rollback()
    return list(db.session.execute(select(IdentityUpload)).scalars())


def test_a_side_comes_in_parts_and_leaves_none(sender: Sender, parts: Path) -> None:
    begun = sender.begin("front", LONG).json
    assert begun
    assert sender.part(begun["url"], LONG, 0).json == {"offset": SIZE}
    # Sealed on arrival: nothing of the picture lies on the disk, and no key that opens it without the cookie.
    (part,) = stored(parts)
    assert LONG[1000:1032] not in part.read_bytes()
    assert part.stat().st_size > SIZE
    assert sender.send("front", LONG).json == {"arrived": True}
    assert (stored(parts), uploads()) == ([], [])
    assert sender.send("back", specimens.back()).json == {"arrived": True}
    assert [(document.side, document.pages) for document in all_documents()] == [("front", 1), ("back", 1)]
    assert sender.page.submit({}, with_field="front").h1 == "Vérifiez votre demande"


def test_a_broken_upload_goes_on_where_it_stood(sender: Sender) -> None:
    begun = sender.begin("front", LONG).json
    assert begun
    sender.part(begun["url"], LONG, 0)
    short = sender.call(f"{begun['url']}/{SIZE}", LONG[SIZE : SIZE + 1000])
    assert (short.status_code, short.json) == (400, {"incomplete": True})
    again = sender.begin("front", LONG).json
    assert again == {**begun, "offset": SIZE}
    twice = sender.part(begun["url"], LONG, 0)
    assert (twice.status_code, twice.json) == (409, {"offset": SIZE})
    early = sender.call(f"{begun['url']}/finish")
    assert (early.status_code, early.json) == (409, {"offset": SIZE})
    page = sender.page.browser.get(sender.page.url + "?paper=identity_card")
    assert f"{100 * SIZE // len(LONG)} % du fichier était arrivé" in page.text
    assert sender.send("front", LONG).json == {"arrived": True}
    # The answer was lost on the way: asked again, the portal knows the file.
    assert sender.begin("front", LONG).json == {"arrived": True}
    assert len(all_documents()) == 1


def test_two_windows_share_a_file_and_another_file_takes_over(sender: Sender, parts: Path) -> None:
    first = sender.begin("front", LONG).json
    second = sender.begin("front", LONG).json
    assert first
    assert second
    assert first["url"] == second["url"]
    sender.part(first["url"], LONG, 0)
    other = sender.begin("front", specimens.front()).json
    assert other
    gone = sender.part(first["url"], LONG, SIZE)
    assert gone.status_code == 404
    assert "autre fenêtre" in (gone.json or {})["error"]
    assert stored(parts) == []
    assert len(uploads()) == 1


def test_each_fault_has_its_words_and_the_other_side_stays(sender: Sender, parts: Path) -> None:
    assert sender.send("front", specimens.front()).status_code == 200
    for content, words in ((specimens.back()[:-5000], "est coupé"), (specimens.front(), "deux fois le même fichier")):
        answer = sender.send("back", content)
        assert answer.status_code == 422
        assert words in (answer.json or {})["error"]
    large = sender.begin("back", b"x", size=str(11_000_000))
    assert (large.status_code, (large.json or {})["error"]) == (
        422,
        "Ce fichier pèse 11\xa0Mo. Choisissez-en un de 10\xa0Mo au plus.",
    )
    assert "est vide" in (sender.begin("back", b"").json or {})["error"]
    assert [document.side for document in all_documents()] == ["front"]
    assert (stored(parts), uploads()) == ([], [])
    refused = db.session.execute(
        select(AuditEvent).where(AuditEvent.tag == REFUSED).order_by(AuditEvent.sequence)
    ).scalars()
    assert [(event.facts["side"], event.facts["reason"]) for event in refused] == [
        ("back", reason) for reason in ("truncated", "sent_twice", "too_big", "empty")
    ]


@pytest.mark.parametrize(
    "changes",
    [{"side": "page"}, {"paper": "library_card"}, {"size": "-1"}, {"size": "1" * 13}, {"digest": "AB"}, {"digest": ""}],
)
def test_what_no_script_of_ours_asks_is_refused(sender: Sender, changes: dict[str, str]) -> None:
    assert sender.begin("front", LONG, **changes).status_code == 400
    assert uploads() == []


def test_a_part_without_its_form_token_or_too_large_is_refused(sender: Sender, parts: Path) -> None:
    begun = sender.begin("front", LONG).json
    assert begun
    client = sender.page.browser.client
    assert (
        client.post(f"{begun['url']}/0", data=LONG[:SIZE], content_type="application/octet-stream").status_code == 419
    )
    assert sender.call(f"{begun['url']}/0", LONG[: SIZE + 1]).status_code == 413
    assert sender.call(f"{begun['url']}/{SIZE}", LONG[SIZE : 2 * SIZE]).json == {"offset": 0}
    assert stored(parts) == []


def test_nobody_else_reaches_an_upload(sender: Sender, people: People) -> None:
    begun = sender.begin("front", LONG).json
    assert begun
    other = card_sender(people.signed_in("noah@example.org", given_name="Noah"))
    for tail in ("/0", "/finish", "/cancel"):
        assert other.call(begun["url"] + tail, LONG[:SIZE]).status_code == 404
    own = str(other.begin("front", LONG).json["url"]).rpartition("/")[0]
    assert other.call(f"{own}/{begun['url'].rpartition('/')[2]}/0", LONG[:SIZE]).status_code == 404
    assert uploads()[0].received == 0


def test_a_new_session_begins_anew(people: People, parts: Path) -> None:
    browser = people.signed_in()
    sender = card_sender(browser)
    begun = sender.begin("front", LONG).json
    assert begun
    sender.part(begun["url"], LONG, 0)
    browser.post("/sign-out", {"csrf_token": sender.page.form(with_field="front").find(id="csrf_token")["value"]})
    ended = sender.part(begun["url"], LONG, SIZE)
    assert ended.status_code in (303, 419)
    later = card_sender(people.sign_in("camille@example.org"))
    assert later.part(begun["url"], LONG, SIZE).status_code == 404
    assert later.begin("front", LONG).json["offset"] == 0
    assert later.send("front", LONG).json == {"arrived": True}
    assert stored(parts) == []


def test_parts_cannot_be_swapped_or_altered(sender: Sender, parts: Path) -> None:
    begun = sender.begin("front", LONG).json
    assert begun
    for offset in range(0, len(LONG), SIZE):
        sender.part(begun["url"], LONG, offset)
    (row,) = uploads()
    first, second = (parts.parent / key for key in row.parts[:2])
    swapped = first.read_bytes(), second.read_bytes()
    second.write_bytes(swapped[0])
    first.write_bytes(swapped[1])
    answer = sender.call(f"{begun['url']}/finish")
    assert (answer.status_code, all_documents()) == (422, [])
    assert "est coupé" in (answer.json or {})["error"]
    tags = [event.tag for event in db.session.execute(select(AuditEvent)).scalars()]
    assert "portal:identity_upload:found_damaged" in tags
    assert (stored(parts), uploads()) == ([], [])


def test_a_file_that_is_not_what_was_announced_is_refused(sender: Sender) -> None:
    begun = sender.begin("front", specimens.front(), size=str(len(specimens.back()))).json
    assert begun
    sender.part(begun["url"], specimens.back(), 0)
    assert sender.call(f"{begun['url']}/finish").status_code == 422
    assert all_documents() == []


def test_a_full_store_says_so_and_the_upload_stays(
    sender: Sender, parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = sender.begin("front", LONG).json
    assert begun

    def refuse(*arguments: Any) -> None:
        raise StorageFull("no room")

    with monkeypatch.context() as full:
        full.setattr(LocalStorage, "put", refuse)
        answer = sender.part(begun["url"], LONG, 0)
    assert (answer.status_code, (answer.json or {})["again"]) == (503, True)
    assert sender.send("front", LONG).json == {"arrived": True}


def test_cancelling_destroys_what_came(sender: Sender, parts: Path) -> None:
    begun = sender.begin("front", LONG).json
    assert begun
    sender.part(begun["url"], LONG, 0)
    assert sender.call(f"{begun['url']}/cancel").status_code == 200
    assert (stored(parts), uploads()) == ([], [])
    assert sender.call(f"{begun['url']}/cancel").status_code == 200


def meanwhile(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, act: Callable[[], object]) -> list[object]:
    """Have another window act once, just before a step of the portal; return what it was answered."""
    real, answers = getattr(place, name), list[object]()

    def act_first(*arguments: Any, **options: Any) -> Any:
        if not answers:
            answers.append(None)
            window = Thread(target=lambda: answers.append(act()))
            window.start()
            window.join()
        return real(*arguments, **options)

    monkeypatch.setattr(place, name, act_first)
    return answers


def waiting_for_a_passport(people: People) -> Sender:
    """Return a sender whose request was sent, so that its one side goes to the reviewer as soon as it is there."""
    page = file_with_document_later(people.signed_in()).follow_to("/requests/identity/")
    return Sender(page.submit({"paper": "passport"}, with_field="paper"), "passport")


@pytest.mark.parametrize("step", [(LocalStorage, "open"), (intake, "render")], ids=["read", "looked at"])
def test_what_is_cancelled_while_it_is_checked_is_not_kept(
    people: People, settings: Settings, parts: Path, monkeypatch: pytest.MonkeyPatch, step: tuple[Any, str]
) -> None:
    sender = waiting_for_a_passport(people)
    begun = sender.begin("page", LONG).json
    assert begun
    for offset in range(0, len(LONG), SIZE):
        sender.part(begun["url"], LONG, offset)
    answers = meanwhile(monkeypatch, *step, lambda: sender.call(f"{begun['url']}/cancel").status_code)
    assert sender.call(f"{begun['url']}/finish").status_code == 404
    assert answers == [None, 200]
    assert (all_documents(), stored(parts.parent), uploads()) == ([], [], [])
    tags = {event.tag for event in db.session.execute(select(AuditEvent)).scalars()}
    assert not tags & {"portal:identity_upload:found_damaged", "customer:identity_document:received"}


def test_a_side_finished_twice_at_once_is_kept_once(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    sender = waiting_for_a_passport(people)
    begun = sender.begin("page", LONG).json
    assert begun
    for offset in range(0, len(LONG), SIZE):
        sender.part(begun["url"], LONG, offset)
    answers = meanwhile(monkeypatch, intake, "render", lambda: sender.call(f"{begun['url']}/finish").json)
    assert sender.call(f"{begun['url']}/finish").json == {"arrived": True}
    assert answers == [None, {"arrived": True}]
    assert [document.side for document in all_documents()] == ["page"]


def test_one_file_sent_for_both_sides_at_once_is_taken_for_one(
    sender: Sender, parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = []
    for side in ("front", "back"):
        begun = sender.begin(side, LONG).json
        assert begun
        urls.append(begun["url"])
        for offset in range(0, len(LONG), SIZE):
            sender.part(begun["url"], LONG, offset)
    answers = meanwhile(monkeypatch, intake, "render", lambda: sender.call(f"{urls[0]}/finish").json)
    refused = sender.call(f"{urls[1]}/finish")
    assert answers == [None, {"arrived": True}]
    assert refused.status_code == 422
    assert "deux fois le même fichier" in (refused.json or {})["error"]
    assert [document.side for document in all_documents()] == ["front"]
    assert (uploads(), len(stored(parts.parent))) == ([], 2)


def test_a_half_upload_is_forgotten_after_two_hours_and_with_its_draft(
    sender: Sender, parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = sender.begin("front", LONG).json
    assert begun
    sender.part(begun["url"], LONG, 0)
    late = clock.now() + timedelta(hours=2, seconds=1)
    with monkeypatch.context() as later:
        later.setattr(clock, "now", lambda: late)
        end_now("uploads")
        assert (stored(parts), uploads()) == ([], [])
    sender.part(sender.begin("front", LONG).json["url"], LONG, 0)
    sender.page.browser.get("/requests").submit(action="/discard")
    assert (stored(parts), uploads()) == ([], [])


def test_the_sweep_removes_what_a_kill_left(sender: Sender, parts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sender.part(sender.begin("front", LONG).json["url"], LONG, 0)
    with transaction() as session:
        session.delete(session.execute(select(IdentityUpload)).scalar_one())
    end_now("upload_leftovers")
    assert len(stored(parts)) == 1
    late = clock.now() + timedelta(hours=3)
    monkeypatch.setattr(clock, "now", lambda: late)
    end_now("upload_leftovers")
    assert stored(parts) == []


def test_one_person_has_four_under_way_at_most(people: People) -> None:
    browser = people.signed_in()
    senders = [card_sender(browser)]
    for right in ("portability", "erasure"):
        values = {"scope": "all"} | ({"destination": "Autre"} if right == "portability" else {})
        page = browser.get(f"/requests/new/{right}").submit(dict(values), with_field="scope")
        senders.append(Sender(page.submit({"paper": "identity_card"}, with_field="paper"), "identity_card"))
    for sender in senders:
        for side in ("front", "back"):
            assert sender.begin(side, LONG + side.encode()).status_code == 200
    assert len(uploads()) == 4


def test_the_sixty_first_beginning_of_an_hour_is_refused(sender: Sender) -> None:
    statuses = [sender.begin("front", b"%d" % number).status_code for number in range(61)]
    assert statuses == [200] * 60 + [429]


def test_a_request_that_was_withdrawn_meanwhile_takes_nothing(people: People, parts: Path) -> None:
    browser = people.signed_in()
    page = (
        file_with_document_later(browser)
        .follow_to("/requests/identity/")
        .submit({"paper": "passport"}, with_field="paper")
    )
    sender = Sender(page, "passport")
    begun = sender.begin("page", LONG).json
    assert begun
    sender.part(begun["url"], LONG, 0)
    assert len(stored(parts)) == 1
    reference = only_request().reference
    browser.get(f"/requests/{reference}/withdraw").submit(action="/withdraw")
    assert (stored(parts), uploads()) == ([], []), "half a document outlived its request"
    assert sender.part(begun["url"], LONG, SIZE).headers["Location"] == f"/requests/{reference}"
    assert all_documents() == []


def test_half_a_file_ends_when_the_document_arrives_by_another_window(people: People, parts: Path) -> None:
    page = (
        file_with_document_later(people.signed_in())
        .follow_to("/requests/identity/")
        .submit({"paper": "passport"}, with_field="paper")
    )
    sender = Sender(page, "passport")
    begun = sender.begin("page", LONG).json
    assert begun
    sender.part(begun["url"], LONG, 0)
    assert "Page reçue le" in send_sides(page, page=specimens.passport()).text
    assert (stored(parts), uploads()) == ([], [])
