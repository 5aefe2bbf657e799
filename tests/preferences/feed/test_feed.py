"""What marketing reads: one customer, lookups and changes, by token and scope, never older than the truth."""

from typing import Any

import pytest
from flask import Flask

from portal.access.models import ApiToken
from portal.customers.models import CustomerStatus
from portal.infrastructure.database import db, transaction
from portal.preferences.choices.consent import give, object_to_marketing, suppress, withdraw
from portal.preferences.feed import limits
from portal.preferences.models import Origin
from portal.preferences.purposes import FLAG_CODES
from tests.support.acting.people import People
from tests.support.preferences import FeedClient, customer_of

ITEM_KEYS = {"customer", "flags", "suppressed", "reason", "stops", "sequence", "updated_at"}


@pytest.fixture
def feed(app: Flask) -> FeedClient:
    return FeedClient(app)


def say(email: str, flag: str, given: bool = True) -> None:
    with transaction():
        act = give if given else withdraw
        act(customer_of(email), flag, origin=Origin.PORTAL, wording="w", wording_version="1", language="fr")


def everything_off(item: dict[str, Any]) -> bool:
    return item["flags"] == dict.fromkeys(FLAG_CODES, False)


def test_an_item_says_what_may_be_done_now(people: People, feed: FeedClient) -> None:
    people.customer()
    say("camille@example.org", "offers.email")
    say("camille@example.org", "cookies.advertising")
    item = feed.item("C-camille")
    assert set(item) == ITEM_KEYS
    assert item["customer"] == "C-camille"
    assert {flag for flag, is_on in item["flags"].items() if is_on} == {"offers.email", "cookies.advertising"}
    assert set(item["flags"]) == set(FLAG_CODES)
    assert (item["suppressed"], item["reason"]) == (False, None)
    assert item["updated_at"].endswith("Z")
    say("camille@example.org", "offers.email", given=False)
    later = feed.item("C-camille")
    assert later["flags"]["offers.email"] is False
    assert later["sequence"] > item["sequence"]


def test_a_customer_without_a_number_goes_by_our_reference(people: People, feed: FeedClient) -> None:
    public_id = people.customer("new@example.org", external_id=None).public_id
    assert feed.item(public_id)["customer"] == public_id
    assert feed.item(public_id)["reason"] is None


@pytest.mark.parametrize("reference", ["C-404", "lookup", "a/b", "é", "%00", "'; drop table customers; --"])
def test_an_unknown_reference_answers_no(feed: FeedClient, reference: str) -> None:
    item = feed.item(reference)
    assert everything_off(item)
    assert (item["reason"], item["suppressed"], item["sequence"], item["updated_at"]) == ("unknown", False, None, None)


def test_a_reference_may_hold_a_slash(people: People, feed: FeedClient) -> None:
    people.customer(external_id="FR/2026/7")
    assert feed.item("FR/2026/7")["reason"] is None
    assert feed.item("FR%2F2026%2F7")["customer"] == "FR/2026/7"


def test_the_version_is_the_sequence(people: People, feed: FeedClient) -> None:
    people.customer()
    first = feed.get("/feed/v1/preferences/C-camille")
    etag = first.headers["ETag"]
    assert not etag.startswith("W/")
    assert first.headers["Cache-Control"] == "private, max-age=0, must-revalidate"
    again = feed.get("/feed/v1/preferences/C-camille", If_None_Match=etag)
    assert (again.status_code, again.data) == (304, b"")
    say("camille@example.org", "offers.sms")
    changed = feed.get("/feed/v1/preferences/C-camille", If_None_Match=etag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_restriction_objection_and_erasure_clear_the_flags_at_once(people: People, feed: FeedClient) -> None:
    people.customer()
    for flag in ("offers.email", "personalisation"):
        say("camille@example.org", flag)
    with transaction():
        object_to_marketing(customer_of("camille@example.org"), Origin.REQUEST)
    assert feed.item("C-camille")["flags"]["offers.email"] is False
    assert feed.item("C-camille")["flags"]["personalisation"] is True
    with transaction():
        suppress(customer_of("camille@example.org"), "restricted")
    item = feed.item("C-camille")
    assert everything_off(item)
    assert (item["suppressed"], item["reason"]) == (True, "restricted")
    with transaction():
        customer = customer_of("camille@example.org")
        suppress(customer, "erased")
        customer.status, customer.email, customer.email_normalised = CustomerStatus.ERASED, None, None
    item = feed.item("C-camille")
    assert (item["suppressed"], item["reason"]) == (True, "erased")


def test_a_lookup_answers_in_the_order_asked(people: People, feed: FeedClient) -> None:
    people.customer()
    people.customer("jean@example.org")
    say("jean@example.org", "surveys.post")
    body = {
        "references": ["C-jean", "C-404", "C-camille", "C-jean"],
        "emails": ["nobody@example.org", " Camille@EXAMPLE.org ", "not an address", "camille@example.org"],
    }
    response = feed.post("/feed/v1/preferences/lookup", body)
    assert response.status_code == 200
    items = response.get_json()["items"]
    assert [item["customer"] for item in items] == [
        "C-jean", "C-404", "C-camille", "C-jean", "nobody@example.org", "C-camille", "not an address", "C-camille",
    ]  # fmt: skip
    assert [item["reason"] for item in items] == [None, "unknown", None, None, "unknown", None, "unknown", None]
    assert items[0]["flags"]["surveys.post"] is items[3]["flags"]["surveys.post"] is True
    assert everything_off(items[1])


def test_ten_thousand_are_looked_up_in_one_call(people: People, feed: FeedClient) -> None:
    people.customer()
    references = [f"C-{number}" for number in range(9_999)] + ["C-camille"]
    items = feed.post("/feed/v1/preferences/lookup", {"references": references}).get_json()["items"]
    assert len(items) == 10_000
    assert items[-1]["reason"] is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"references": ["x"] * 10_001}, ""),
        ({"references": ["x"] * 6_000, "emails": ["y"] * 6_000}, ""),
        ({"references": ["ok", 7]}, "/references/1"),
        ({"references": [""]}, "/references/0"),
        ({"emails": ["x" * 255]}, "/emails/0"),
        ({"references": "C-1"}, "/references"),
        ({"customers/all": []}, "/customers~1all"),
        ({}, ""),
        ([], ""),
    ],
)
def test_a_faulty_lookup_names_its_fault(feed: FeedClient, body: Any, pointer: str) -> None:
    response = feed.post("/feed/v1/preferences/lookup", body)
    assert response.status_code == 422
    assert response.mimetype == "application/problem+json"
    assert response.get_json()["errors"][0]["pointer"] == pointer


def test_what_is_no_json_is_said_to_be_none(feed: FeedClient) -> None:
    headers = {"Authorization": f"Bearer {feed.token}"}
    path = "/feed/v1/preferences/lookup"
    broken = feed.client.post(path, data=b'{"references": [', content_type="application/json", headers=headers)
    assert broken.status_code == 400
    form = feed.client.post(path, data={"references": "C-1"}, headers=headers)
    assert form.status_code == 415
    huge = feed.client.post(path, data=b" " * 5_000_000, content_type="application/json", headers=headers)
    assert huge.status_code == 413
    for response in (broken, form, huge):
        problem = response.get_json()
        assert response.mimetype == "application/problem+json"
        assert problem["status"] == response.status_code
        assert feed.get(problem["type"].removeprefix("http://localhost:8000")).status_code == 200


def test_an_empty_list_is_an_empty_answer(feed: FeedClient) -> None:
    assert feed.post("/feed/v1/preferences/lookup", {"references": []}).get_json() == {"items": []}


def read_all(feed: FeedClient, after: str | None = None, limit: int = 4) -> tuple[list[dict[str, Any]], str]:
    """Follow the change feed to its end, as a program would."""
    items: list[dict[str, Any]] = []
    while True:
        query = f"?limit={limit}" + (f"&after={after}" if after else "")
        response = feed.get(f"/feed/v1/preferences{query}")
        assert response.status_code == 200, response.text
        page = response.get_json()
        assert set(page) == {"items", "next"}
        items += page["items"]
        after = page["next"]
        assert ("next" in response.headers.get("Link", "")) is (
            len(page["items"]) == limit and bool(read_after(feed, after))
        )
        if not page["items"]:
            return items, str(after)


def read_after(feed: FeedClient, after: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = feed.get(f"/feed/v1/preferences?after={after}&limit=1").get_json()["items"]
    return items


def test_the_changes_come_in_order_each_customer_once(people: People, feed: FeedClient) -> None:
    for number in range(10):
        people.customer(f"p{number}@example.org")
    for number in (3, 7, 3):
        say(f"p{number}@example.org", "offers.email", given=True)
        say(f"p{number}@example.org", "offers.email", given=False)
    items, cursor = read_all(feed)
    sequences = [item["sequence"] for item in items]
    assert sequences == sorted(sequences)
    assert len({item["customer"] for item in items}) == len(items) == 10
    assert [item["customer"] for item in items][-2:] == ["C-p7", "C-p3"]
    assert read_all(feed, cursor) == ([], cursor), "the end can be asked again"
    say("p5@example.org", "surveys.sms")
    items, _cursor = read_all(feed, cursor)
    assert [(item["customer"], item["flags"]["surveys.sms"]) for item in items] == [("C-p5", True)]


def test_the_erased_and_the_restricted_appear_as_suppressed(people: People, feed: FeedClient) -> None:
    people.customer()
    say("camille@example.org", "offers.email")
    _items, cursor = read_all(feed)
    with transaction():
        suppress(customer_of("camille@example.org"), "erased")
    (item,) = read_all(feed, cursor)[0]
    assert (item["customer"], item["suppressed"], item["reason"]) == ("C-camille", True, "erased")
    assert everything_off(item)


@pytest.mark.parametrize(
    "query",
    [
        "after=abc",
        "after=-1",
        "after=99999999999999999999",
        "after=%C2%B2",
        "limit=0",
        "limit=5001",
        "limit=x",
        "limit=",
    ],
)
def test_a_made_up_page_is_refused(feed: FeedClient, query: str) -> None:
    response = feed.get(f"/feed/v1/preferences?{query}")
    assert response.status_code == 422
    assert response.get_json()["detail"].startswith(query.split("=")[0])


ROUTES = [
    ("GET", "/feed/v1/preferences/C-1", "preferences:read"),
    ("POST", "/feed/v1/preferences/lookup", "preferences:read"),
    ("GET", "/feed/v1/unsubscribe-links/C-1", "preferences:read"),
    ("POST", "/feed/v1/unsubscribe-links/lookup", "preferences:read"),
    ("GET", "/feed/v1/preferences", "preferences:list"),
    ("GET", "/feed/v1/preferences.ndjson", "preferences:list"),
    ("GET", "/feed/v1/preferences.csv", "preferences:list"),
]


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
def test_each_call_needs_its_scope(app: Flask, method: str, path: str, scope: str) -> None:
    other = {"preferences:read": "preferences:list", "preferences:list": "preferences:read"}[scope]
    client = FeedClient(app, (other,))
    body = {"json": {"references": ["C-1"]}} if method == "POST" else {}
    denied = client.client.open(path, method=method, headers={"Authorization": f"Bearer {client.token}"}, **body)
    assert denied.status_code == 403
    assert denied.mimetype == "application/problem+json"
    for authorization in ("", "Bearer", "Bearer nkp_live_no", f"Basic {client.token}"):
        nobody = client.client.open(path, method=method, headers={"Authorization": authorization}, **body)
        assert nobody.status_code == 401
        assert nobody.headers["WWW-Authenticate"] == "Bearer"
        assert nobody.mimetype == "application/problem+json"


def test_a_revoked_token_is_dead_at_once(people: People, feed: FeedClient) -> None:
    people.customer()
    assert feed.item("C-camille")
    with transaction() as session:
        row = session.execute(db.select(ApiToken).where(ApiToken.public_id == feed.token_id)).scalar_one()
        row.revoked_at = row.created_at
    assert feed.get("/feed/v1/preferences/C-camille").status_code == 401


def test_a_token_has_so_many_calls(app: Flask, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    people.customer()
    monkeypatch.setattr(limits, "CALLS", "20 per 5 minutes")
    first, second = FeedClient(app), FeedClient(app)
    codes = [first.get("/feed/v1/preferences/C-camille").status_code for _call in range(30)]
    assert codes[:20] == [200] * 20
    assert codes[-1] == 429
    refused = first.get("/feed/v1/preferences")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 300
    assert refused.mimetype == "application/problem+json"
    assert second.get("/feed/v1/preferences/C-camille").status_code == 200, "another token has its own"


def test_a_token_asks_about_so_many_people(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PEOPLE", "1000 per 5 minutes")
    client = FeedClient(app)
    body = {"references": [f"C-{number}" for number in range(600)]}
    assert client.post("/feed/v1/preferences/lookup", body).status_code == 200
    assert client.post("/feed/v1/preferences/lookup", body).status_code == 429


def test_unsubscribe_links_are_given_to_marketing(people: People, feed: FeedClient) -> None:
    people.customer()
    people.customer("jean@example.org")
    link = feed.get("/feed/v1/unsubscribe-links/C-camille").get_json()
    assert link["customer"] == "C-camille"
    assert link["url"].startswith("http://localhost:8000/unsubscribe/")
    body = {"references": ["C-jean", "C-404", "C-camille", "C-jean"]}
    items = feed.post("/feed/v1/unsubscribe-links/lookup", body).get_json()["items"]
    assert [item["customer"] for item in items] == ["C-jean", "C-camille"]
    assert items[1] == link
    assert feed.get("/feed/v1/unsubscribe-links/C-404").status_code == 404
    emails = feed.post("/feed/v1/unsubscribe-links/lookup", {"emails": ["camille@example.org"]})
    assert emails.status_code == 422


def test_the_feed_needs_no_form_token_and_leaves_no_cookie(people: People, feed: FeedClient) -> None:
    people.customer()
    for response in (
        feed.post("/feed/v1/preferences/lookup", {"references": ["C-camille"]}),
        feed.get("/feed/v1/preferences/C-camille"),
        feed.get("/feed/v1/openapi.json"),
        feed.get("/feed/v1/nothing"),
    ):
        assert "Set-Cookie" not in response.headers


def test_other_methods_and_addresses_are_problems(feed: FeedClient) -> None:
    for path, method, code in (
        ("/feed/v1/preferences/C-1", "DELETE", 405), ("/feed/v1/preferences", "POST", 405), ("/feed/v1/nothing", "GET", 404),
    ):  # fmt: skip
        response = feed.client.open(path, method=method, headers={"Authorization": f"Bearer {feed.token}"})
        assert response.status_code == code
        assert response.mimetype == "application/problem+json"
