"""The client's address: believed from trusted proxies only, whatever the client writes into the header."""

from typing import Any

import pytest

from portal.web.incoming.proxies import trust_proxies

TRUSTED = ("10.0.0.0/8", "192.0.2.1/32", "2001:db8:ffff::/48")


def seen(remote: str, forwarded: str | None = None, proto: str | None = None) -> tuple[str, str]:
    """Return the address and scheme that an application sees."""
    found: list[tuple[str, str]] = []

    def application(environ: dict[str, Any], _start_response: Any) -> list[bytes]:
        found.append((environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]))
        return []

    environ = {"REMOTE_ADDR": remote, "wsgi.url_scheme": "http", "HTTP_HOST": "localhost"}
    environ |= {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded is not None else {}
    environ |= {"HTTP_X_FORWARDED_PROTO": proto} if proto else {}
    trust_proxies(application, TRUSTED)(environ, None)
    return found[0]


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("10.1.2.3", "203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "6.6.6.6, 203.0.113.9, 10.4.4.4, 192.0.2.1", "203.0.113.9"),
        ("10.1.2.3", "10.9.9.9, 10.4.4.4", "10.9.9.9"),
        ("10.1.2.3", "203.0.113.9:51234", "203.0.113.9"),
        ("10.1.2.3", "[2001:db8::1]:443", "2001:db8::1"),
        ("10.1.2.3", "::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:10.1.2.3", "203.0.113.9", "203.0.113.9"),
        ("2001:db8:ffff::5", "2001:db8:1::9", "2001:db8:1::9"),
        ("10.1.2.3", "unknown", "10.1.2.3"),
        ("10.1.2.3", "6.6.6.6, ", "10.1.2.3"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("10.1.2.3", None, "10.1.2.3"),
        ("fe80::1%eth0", "6.6.6.6", "fe80::1%eth0"),
        ("", "6.6.6.6", ""),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxy(remote: str, forwarded: str | None, address: str) -> None:
    assert seen(remote, forwarded)[0] == address


def test_the_scheme_is_believed_from_a_proxy_only() -> None:
    assert seen("10.1.2.3", "203.0.113.9", "https")[1] == "https"
    assert seen("198.51.100.7", "203.0.113.9", "https")[1] == "http"
