"""A name that somebody else controls: looked up once, and only the address that was checked is connected to."""

import pytest
from requests import RequestException

from portal.infrastructure.connections import pinned_calls
from portal.outgoing_addresses import AddressRefused, AllowedEndpoint
from tests.support.acting.systems import FakeSystem
from tests.support.servers.loopback import Loopback

NAME = "hooks.example.test"


def test_a_name_that_leads_elsewhere_the_second_time_is_looked_up_once() -> None:
    system, asked = FakeSystem(), []
    server = Loopback(system)
    port = int(server.url.rpartition(":")[2])

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    allowed = (AllowedEndpoint(host=NAME, port=port, network="127.0.0.0/8"),)
    answer = pinned_calls.post(f"http://{NAME}:{port}/x", b"{}", {}, allowed, lookup=rebinding)
    server.close()
    assert (answer.status_code, asked) == (204, [NAME])
    ((headers, _body),) = system.calls
    assert headers["Host"] == f"{NAME}:{port}"


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["::1"], ["fe80::1%eth0"], []])
def test_no_private_address_behind_a_public_name(found: list[str]) -> None:
    with pytest.raises(AddressRefused):
        pinned_calls.post(f"https://{NAME}/x", b"{}", {}, lookup=lambda *_: found)


def test_a_redirect_is_not_followed() -> None:
    private = FakeSystem()
    inside = Loopback(private)
    outside = Loopback(FakeSystem(302, headers={"Location": inside.url}))
    port = int(outside.url.rpartition(":")[2])
    allowed = (AllowedEndpoint(host="127.0.0.1", port=port, network="127.0.0.0/8"),)
    with pytest.raises(RequestException):
        pinned_calls.post(outside.url, b"{}", {}, allowed)
    inside.close()
    outside.close()
    assert private.calls == []


def test_a_flood_is_cut() -> None:
    server = Loopback(FakeSystem(200, body=b"x" * 200_000))
    port = int(server.url.rpartition(":")[2])
    allowed = (AllowedEndpoint(host="127.0.0.1", port=port, network="127.0.0.0/8"),)
    with pytest.raises(RequestException):
        pinned_calls.post(server.url, b"{}", {}, allowed)
    server.close()
