"""Send pressed many times at once: from many threads, with a real database, one request."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from flask import Flask
from sqlalchemy import func, select

from portal.infrastructure.database import db
from portal.infrastructure.mail.models import Mail
from portal.rights.models import RequestEvent, RightsRequest
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.filing import describe_copy, trust_device

AT_ONCE = 6


def send_at_once(app: Flask, browsers: list[Browser], paths: list[str], tokens: list[str]) -> list[tuple[int, str]]:
    """Post from every browser at the same moment; return status and place of each answer."""
    barrier = Barrier(len(browsers))

    def send(number: int) -> tuple[int, str]:
        barrier.wait(timeout=30)
        answer = browsers[number].client.post(paths[number], data={"csrf_token": tokens[number]})
        return answer.status_code, answer.location or ""

    with ThreadPoolExecutor(len(browsers)) as pool:
        return list(pool.map(send, range(len(browsers))))


def sessions(people: People, app: Flask) -> list[Browser]:
    first = people.signed_in()
    others = [people.sign_in("camille@example.org") for _number in range(AT_ONCE - 1)]
    trust_device()
    return [first, *others]


def token_of(browser: Browser, path: str) -> str:
    return str(browser.get(path).form(action="/send").find(attrs={"name": "csrf_token"})["value"])


def test_one_draft_sent_at_once_is_one_request(app: Flask, people: People) -> None:
    browsers = sessions(people, app)
    path = describe_copy(browsers[0]).url
    tokens = [token_of(browser, path) for browser in browsers]
    db.session.remove()
    answers = send_at_once(app, browsers, [path.replace("/check", "/send")] * AT_ONCE, tokens)
    requests = list(db.session.execute(select(RightsRequest)).scalars())
    assert len(requests) == 1, answers
    assert answers == [(303, f"/requests/{requests[0].reference}")] * AT_ONCE
    assert db.session.execute(select(func.count(RequestEvent.id))).scalar() == 1
    received = select(func.count(Mail.id)).where(Mail.template == "rights/received")
    assert db.session.execute(received).scalar() == 1


def test_withdrawing_at_once_is_withdrawing_once(app: Flask, people: People) -> None:
    browsers = sessions(people, app)
    path = describe_copy(browsers[0]).submit(action="/send").url + "/withdraw"
    tokens = [
        str(browser.get(path).form(action="/withdraw").find(attrs={"name": "csrf_token"})["value"])
        for browser in browsers
    ]
    db.session.remove()
    answers = send_at_once(app, browsers, [path] * AT_ONCE, tokens)
    assert {status for status, _place in answers} == {303}
    events = list(db.session.execute(select(RequestEvent.kind).order_by(RequestEvent.id)).scalars())
    assert events == ["filed", "withdrawn"]
    withdrawn = select(func.count(Mail.id)).where(Mail.template == "rights/withdrawn")
    assert db.session.execute(withdrawn).scalar() == 1
