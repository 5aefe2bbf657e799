"""What the served portal logs of a request: a JSON line with the route and the reference, and nothing of its values."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.support.servers.served import Served, until


def logged(served: Served, **wanted: Any) -> dict[str, Any]:
    """Wait for the newest line of the server's log that says this."""

    def look() -> dict[str, Any] | None:
        lines = (served.instance / "server.log").read_text("utf-8").splitlines()
        told = [json.loads(line) for line in lines if line.startswith("{")]
        found = [line for line in told if wanted.items() <= line.items()]
        return found[-1] if found else None

    return until(look, f"a log line with {wanted}")


def test_a_request_is_logged_without_its_values(served: Served) -> None:
    with urllib.request.urlopen(f"{served.url}/policy?email=secret@example.org", timeout=60) as answer:
        assert answer.status == 200
    line = logged(served, event="request", route="/policy", status=200)
    assert line["method"] == "GET"
    assert "secret" not in (served.instance / "server.log").read_text("utf-8")


def test_the_reference_of_an_error_page_stands_in_the_log(served: Served) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{served.url}/data/no-such/page", timeout=60)
    reference = logged(served, event="request", route=None, status=404)["reference"]
    assert reference in refused.value.read().decode()
