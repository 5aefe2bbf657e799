"""The description is valid OpenAPI 3.1, names every address of the feed, and every answer is as it says."""

import json
import re
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from portal.app import create_app
from portal.config import Settings
from portal.preferences.feed.openapi import PROBLEMS, describe
from tests.support.acting.people import People
from tests.support.preferences import FeedClient

DESCRIPTION = describe("http://localhost:8000")


@pytest.fixture
def feed(app: Flask) -> FeedClient:
    return FeedClient(app)


def test_the_description_is_valid(feed: FeedClient) -> None:
    served = feed.client.get("/feed/v1/openapi.json")
    assert served.status_code == 200
    assert served.get_json() == DESCRIPTION
    validate(DESCRIPTION)


def test_every_route_of_the_feed_is_described(app: Flask) -> None:
    rules = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("feed.preferences.")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, methods in DESCRIPTION["paths"].items() for method in methods}
    assert rules == described


CALLS = [
    ("/feed/v1/preferences/{customer}", "get", "/feed/v1/preferences/C-camille", None, "200"),
    ("/feed/v1/preferences/{customer}", "get", "/feed/v1/preferences/C-404", None, "200"),
    ("/feed/v1/preferences/lookup", "post", None, {"references": ["C-camille"], "emails": ["x@example.org"]}, "200"),
    ("/feed/v1/preferences/lookup", "post", None, {"references": [1]}, "422"),
    ("/feed/v1/preferences", "get", "/feed/v1/preferences?limit=1", None, "200"),
    ("/feed/v1/preferences", "get", "/feed/v1/preferences?limit=x", None, "422"),
    ("/feed/v1/preferences.ndjson", "get", None, None, "200"),
    ("/feed/v1/preferences.csv", "get", None, None, "200"),
    ("/feed/v1/unsubscribe-links/{customer}", "get", "/feed/v1/unsubscribe-links/C-camille", None, "200"),
    ("/feed/v1/unsubscribe-links/{customer}", "get", "/feed/v1/unsubscribe-links/C-404", None, "404"),
    ("/feed/v1/unsubscribe-links/lookup", "post", None, {"references": ["C-camille"]}, "200"),
    ("/feed/v1/openapi.json", "get", None, None, "200"),
    ("/feed/v1/problems/{code}", "get", "/feed/v1/problems/429", None, "200"),
    ("/feed/v1/problems/{code}", "get", "/feed/v1/problems/999", None, "404"),
]


@pytest.mark.parametrize(("path", "method", "url", "body", "code"), CALLS)
def test_answers_are_as_described(
    people: People, feed: FeedClient, path: str, method: str, url: str | None, body: Any, code: str
) -> None:
    people.customer()
    response = feed.post(path, body) if method == "post" else feed.get(url or path, Accept="application/json")
    assert str(response.status_code) == code, response.text
    described = DESCRIPTION["paths"][path][method]["responses"][code]
    if "$ref" in described:
        described = DESCRIPTION["components"]["responses"][described["$ref"].split("/")[-1]]
    assert response.mimetype in described["content"]
    for name in described.get("headers", {}):
        assert name in response.headers or name == "Link", name
    schema = described["content"][response.mimetype]["schema"]
    if response.mimetype == "application/x-ndjson":
        assert_fits(schema, json.loads(response.get_data(as_text=True).splitlines()[0]))
    elif response.is_json:
        assert_fits(schema, response.get_json())


def test_every_operation_is_tried_above() -> None:
    tried = {(path, method) for path, method, *_rest in CALLS}
    assert tried == {(path, method) for path, methods in DESCRIPTION["paths"].items() for method in methods}


def test_an_unauthorised_answer_is_as_described(feed: FeedClient) -> None:
    for path, methods in DESCRIPTION["paths"].items():
        for method, operation in methods.items():
            response = feed.client.open(path.replace("{customer}", "x").replace("{code}", "400"), method=method.upper())
            if operation.get("security") == []:
                assert response.status_code == 200
            else:
                assert response.status_code == 401
                assert_fits({"$ref": "#/components/schemas/Problem"}, response.get_json())


@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_every_problem_has_its_page(feed: FeedClient, code: int) -> None:
    as_json = feed.client.get(f"/feed/v1/problems/{code}", headers={"Accept": "application/json"})
    assert as_json.get_json()["status"] == code
    as_page = feed.client.get(f"/feed/v1/problems/{code}", headers={"Accept": "text/html,*/*;q=0.8"})
    assert as_page.mimetype == "text/html"
    assert as_json.get_json()["title"] in as_page.get_data(as_text=True)


def test_the_description_can_be_kept_by_its_version(feed: FeedClient) -> None:
    first = feed.client.get("/feed/v1/openapi.json")
    again = feed.client.get("/feed/v1/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def assert_fits(schema: dict[str, Any], value: Any) -> None:
    """Check a value against a schema of the description, its references resolved."""
    whole = schema | {"components": DESCRIPTION["components"]}
    faults = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(whole).iter_errors(value)]
    assert not faults, faults


def test_a_process_that_serves_machines_only_still_explains_its_problems(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"audiences": ("feed",), "opening_keys": None}))
    page = app.test_client().get("/feed/v1/problems/401", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "A valid bearer token is needed" in page.get_data(as_text=True)
