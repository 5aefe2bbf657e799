"""The networks that a caller belongs to, for limits on tries."""

import ipaddress

from flask import request

from portal.web.incoming.proxies import read_address

# How many times as much as a /64, which is a home's network, a wider one may try. Providers give a /56 or a /48 to one
# customer; behind some /48 of a mobile network are hundreds.
TIMES_AS_MUCH = {64: 1, 56: 3, 48: 10}


def caller_network() -> str:
    """Return the network of the caller: a whole /64 counts as one in IPv6, where a home has billions of addresses."""
    return next(iter(caller_networks()))


def caller_networks() -> dict[str, int]:
    """Return the networks of the caller, the narrowest first, and how many times as much each may try."""
    address = read_address(request.remote_addr or "")
    if isinstance(address, ipaddress.IPv6Address):
        return {
            str(ipaddress.ip_network((address, bits), strict=False)): times for bits, times in TIMES_AS_MUCH.items()
        }
    return {str(address or "unknown"): 1}


def by_network(most: int, time: str, key: str) -> list[tuple[str, str]]:
    """Return the limits, with their keys, on what the networks of the caller may try.

    Args:
        most: for an IPv4 address or a /64 of IPv6; wider networks have a multiple.
        time: such as `5 minutes`.
        key: what is tried, such as `sign-in:network`.
    """
    return [(f"{most * times} per {time}", f"{key}:{network}") for network, times in caller_networks().items()]
