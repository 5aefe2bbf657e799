"""Take the client's address and scheme from a proxy's headers, but only when we trust the proxy."""

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

WsgiApp = Callable[..., Iterable[bytes]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def trust_proxies(application: WsgiApp, networks: tuple[str, ...]) -> WsgiApp:
    """Wrap a WSGI application so that X-Forwarded-For and -Proto count only from the given networks.

    The client is the last address of the list that is not a trusted proxy. Anything before it is ignored, because the
    client may have written it.
    """
    trusted = [ipaddress.ip_network(network, strict=False) for network in networks]
    fixed = ProxyFix(application, x_for=0, x_proto=1)

    def is_trusted(address: Address) -> bool:
        return any(address.version == network.version and address in network for network in trusted)

    def choose(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        hop = read_address(environ.get("REMOTE_ADDR", ""))
        if hop is None or not is_trusted(hop):
            return application(environ, start_response)
        for text in reversed(environ.get("HTTP_X_FORWARDED_FOR", "").split(",")):
            address = read_address(text)
            if address is None:
                break
            hop = address
            if not is_trusted(hop):
                break
        environ["REMOTE_ADDR"] = str(hop)
        return fixed(environ, start_response)

    return choose


def read_address(text: str) -> Address | None:
    """Return a network address as proxies and sockets write it, or None.

    A port and a zone are left out. An IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`) is returned as IPv4:
    otherwise all IPv4 clients of a socket open to both would share one /64, and its limits on tries.
    """
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address
