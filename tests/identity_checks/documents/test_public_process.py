"""A process that serves customers without the opening key: uploads work to the end, and no code in it can open one."""

import http.cookiejar
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from sqlalchemy import update

from portal.accounts.models import AccountDevice
from portal.config import Settings
from portal.identity_checks.documents.uploading import PART_SIZE
from portal.infrastructure.database import transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from tests.support.acting.people import PASSWORD, People
from tests.support.cases import take
from tests.support.documents import specimens
from tests.support.filing import all_documents, only_request
from tests.support.servers.databases import IS_POSTGRESQL
from tests.support.servers.ports import free_port
from tests.support.servers.served import until

ROOT = Path(__file__).parents[3]
LONG = specimens.front() + b"\xff\xd8\xff" + bytes(range(256)) * 3000


def environment(settings: Settings, **changes: str) -> dict[str, str]:
    """Return the environment of a process for customers: everything but the opening keys."""
    facts = {name.upper(): str(value) for name, value in settings.model_dump(exclude_defaults=True).items()}
    facts |= {"AUDIENCES": "customer,public"} | changes
    facts.pop("OPENING_KEYS")
    return os.environ | {f"PORTAL_{name}": value for name, value in facts.items()}


@contextmanager
def serving(settings: Settings, port: int) -> Iterator[str]:
    own = environment(settings, PUBLIC_URL=f"http://localhost:{port}")
    with (settings.instance / "public.log").open("wb") as log:
        command = [sys.executable, "-m", "flask", "serve", "--port", str(port)]
        server = subprocess.Popen(command, cwd=ROOT, env=own, start_new_session=True, stdout=log, stderr=log)
        try:
            yield f"http://localhost:{port}"
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)


class Caller:
    """A browser without script, over the wire."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.at = url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def call(self, path: str, body: bytes | dict[str, str] | None = None, **headers: str) -> tuple[int, bytes]:
        data = urllib.parse.urlencode(body).encode() if isinstance(body, dict) else body
        request = urllib.request.Request(
            urllib.parse.urljoin(self.url, path), data, {"Accept-Language": "fr", **headers}
        )
        try:
            with self.opener.open(request, timeout=60) as answer:
                self.at = answer.url
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def is_up(self) -> bool | None:
        try:
            return self.call("/healthz")[0] == 200 or None
        except OSError:
            return None

    def send(self, page: bytes, field: str, **values: str) -> bytes:
        form = form_with(page, field)
        own = {str(item["name"]): str(item.get("value", "")) for item in form.select("input[type=hidden], textarea")}
        target = urllib.parse.urljoin(self.at, str(form.get("action") or self.at))
        if form.get("method") == "get":
            return self.call(f"{target}?{urllib.parse.urlencode(own | values)}")[1]
        return self.call(target, own | values)[1]


def form_with(page: bytes, field: str) -> Tag:
    found = BeautifulSoup(page, "lxml").select_one(f"main form:has([name={field}])")
    assert found is not None, page[-3000:]
    return found


def send_in_parts(caller: Caller, page: bytes, side: str, content: bytes) -> None:
    form = form_with(page, side)
    token = str(form.select("[name=csrf_token]")[0]["value"])
    facts = {"paper": "identity_card", "side": side, "size": str(len(content)), "digest": sha256(content).hexdigest()}
    begun = json.loads(caller.call(str(form["data-uploads"]), facts, **{"X-CSRFToken": token})[1])
    binary = {"X-CSRFToken": token, "Content-Type": "application/octet-stream"}
    for offset in range(0, len(content), PART_SIZE):
        status, answer = caller.call(f"{begun['url']}/{offset}", content[offset : offset + PART_SIZE], **binary)
        assert status == 200, answer
    assert caller.call(f"{begun['url']}/finish", {}, **{"X-CSRFToken": token}) == (200, b'{"arrived":true}\n')


def rob(settings: Settings, **changes: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.support.looking.thief"]
    own = environment(settings) | {f"PORTAL_{name}": value for name, value in changes.items()}
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.trial
@pytest.mark.skipif(IS_POSTGRESQL, reason="what is shown does not depend on the database")
def test_a_public_process_takes_documents_and_opens_none(people: People, settings: Settings) -> None:
    people.account()
    with serving(settings, free_port()) as url:
        caller = Caller(url)
        until(caller.is_up, "the public process", 60)
        assert caller.call("/staff/sign-in")[0] == 404
        caller.send(caller.call("/sign-in")[1], "password", email="camille@example.org", password=PASSWORD)
        with transaction() as session:  # a first browser raises no doubt
            session.execute(update(AccountDevice).values(is_first=False))
        page = caller.send(caller.call("/requests/new/access")[1], "details", scope="all", details="Tout.")
        page = caller.send(page, "paper", paper="identity_card")
        document = caller.at
        send_in_parts(caller, page, "front", LONG)
        send_in_parts(caller, page, "back", specimens.back())
        shown = caller.call(document)[1]
        images = BeautifulSoup(shown, "lxml").select(".previews img")
        assert [caller.call(str(image["src"]))[1][:3] for image in images] == [b"\xff\xd8\xff"] * 2
        # Broken into while the draft stands, previews and all, and again once the request is sent.
        assert_nothing_opens(settings)
        check = caller.send(shown, "front")
        assert "Vérifiez votre demande" in BeautifulSoup(check, "lxml").get_text()
        send = BeautifulSoup(check, "lxml").select_one("form[action$='/send']")
        assert send is not None
        caller.call(str(send["action"]), {"csrf_token": str(send.select("[name=csrf_token]")[0]["value"])})
        assert caller.at.startswith(f"{url}/requests/DR-")
        assert_nothing_opens(settings)
    run_due_jobs()
    reviewer = people.signed_in_staff("reviewer")
    take(reviewer, only_request().reference)
    for document in all_documents():
        assert reviewer.client.get(f"/staff/documents/{document.public_id}/1").data[:3] == b"\xff\xd8\xff"


def assert_nothing_opens(settings: Settings) -> None:
    found = rob(settings)
    assert found["documents"] == 2
    assert found["keys"] > 100
    assert found["opened"] == []
    # With the key of the staff side the same thief opens both: it knows its trade.
    assert settings.opening_keys
    with_key = rob(settings, OPENING_KEYS=settings.opening_keys)
    assert sorted(with_key["opened"]) == ["back as an opening key", "front as an opening key"]
