"""Calls to an address that somebody else names: looked up once, checked, and called at that very address.

A name that leads elsewhere the second time would else pass the check and be called within our own network.
"""

import socket
from collections.abc import Callable
from ipaddress import ip_address

from requests import Response, Session

from portal.infrastructure.connections.bounded_calls import bound
from portal.outgoing_addresses import AddressRefused, AllowedEndpoint, check_address, check_resolved

SECONDS = 10.0

Lookup = Callable[[str, int], list[str]]


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises `OSError` where it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def post(
    url: str,
    body: bytes,
    headers: dict[str, str],
    allowed: tuple[AllowedEndpoint, ...] = (),
    *,
    lookup: Lookup | None = None,
    seconds: float = SECONDS,
) -> Response:
    """Post a body to an address and return the answer: 10 seconds in all, 64 kB, no redirect, no proxy.

    Raises:
        AddressRefused: it may not be called.
        RequestException: it does not answer within the bounds.
        OSError: its name leads nowhere.
    """
    host, port, entry = check_address(url, allowed)
    addresses = [ip_address(each.partition("%")[0]) for each in (lookup or look_up)(host, port)]
    for address in addresses:
        check_resolved(address, entry)  # all of them: a name of which one is private is not to be trusted
    if not addresses:
        raise AddressRefused("leads nowhere")
    with Session() as session:
        session.trust_env = False  # neither a proxy nor a password of this machine's own
        bound(session, seconds, address=str(addresses[0]))
        return session.post(url, data=body, headers=headers, allow_redirects=False)
