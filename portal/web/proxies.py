"""Believe a proxy's word on client address and scheme only when the proxy itself is one that we trust."""

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

WsgiApp = Callable[..., Iterable[bytes]]


def trust_proxies(application: WsgiApp, networks: tuple[str, ...]) -> WsgiApp:
    """Wrap a WSGI application so that X-Forwarded-For and -Proto count only from the given networks."""
    trusted = [ipaddress.ip_network(network, strict=False) for network in networks]
    fixed = ProxyFix(application, x_for=1, x_proto=1)

    def choose(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            hop = ipaddress.ip_address(environ.get("REMOTE_ADDR", ""))
        except ValueError:
            return application(environ, start_response)
        is_trusted = any(hop.version == network.version and hop in network for network in trusted)
        return fixed(environ, start_response) if is_trusted else application(environ, start_response)

    return choose
