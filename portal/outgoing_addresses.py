"""Which addresses of others the portal may call: https, port 443, on the public internet, unless the operator says so.

Nothing here looks a name up. Whoever calls asks once more for the address that the name led to.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Address = IPv4Address | IPv6Address
HTTPS: Final = 443
_PORTS: Final = {"https": HTTPS, "http": 80}
_NAT64: Final = IPv6Network("64:ff9b::/96")
"""Addresses of IPv4 within IPv6, for hosts that have no IPv4 (RFC 6052)."""
_NOBODYS: Final = tuple(
    ip_network(each)
    for each in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "fec0::/10", "3fff::/20", "5f00::/16")
)
"""Not on the public internet either, though not every Python knows: by IANA's registries of special addresses (RFC
6890), site-local ones (RFC 3879), and the one by which the machines of a large cloud reach what hosts them."""


def _network(value: str) -> str:
    ip_network(value)
    return value


class AllowedEndpoint(BaseModel):
    """A host and port that may be called although it is private, plain or on another port; and where it must lie."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Annotated[str, Field(min_length=1, max_length=253)]
    port: Annotated[int, Field(ge=1, le=65535)]
    network: Annotated[str, AfterValidator(_network)]

    def covers(self, address: Address) -> bool:
        """Tell whether an address lies where the endpoint must lie."""
        return address in ip_network(self.network)


class AddressRefused(ValueError):
    """The portal may not call this address; the message says why, for whoever wrote it."""


def check_address(url: str, allowed: tuple[AllowedEndpoint, ...] = ()) -> tuple[str, int, AllowedEndpoint | None]:
    """Return host and port of an address that may be called, with the entry that allows it where it needs one.

    Raises:
        AddressRefused: it may not be called.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise AddressRefused("is no address") from None
    if parts.scheme not in _PORTS or not host or parts.username is not None or parts.fragment:
        raise AddressRefused("must be an https address without a name, a password or a fragment")
    entry = next((each for each in allowed if (each.host, each.port) == (host, port)), None)
    if entry is None and (parts.scheme, port) != ("https", HTTPS):
        raise AddressRefused("must be https on port 443, unless [webhooks] allowed names its host and port")
    literal = _literal(host)
    if literal is None and host.rstrip(".").rpartition(".")[2][:1].isdecimal():
        raise AddressRefused("must be a name or a plain address: some read 2130706433, 0x7f.1 and 127.1 as one")
    if literal is not None:
        check_resolved(literal, entry)
    return host, port, entry


def check_resolved(address: Address, entry: AllowedEndpoint | None) -> None:
    """Check the very address that is about to be called.

    Raises:
        AddressRefused: it is not on the public internet, nor where the entry says that it must lie.
    """
    if entry.covers(address) if entry else is_public(address):
        return
    raise AddressRefused("leads to a private address, unless [webhooks] allowed names its host, port and network")


def is_public(address: Address) -> bool:
    """Tell whether an address is on the public internet, also what is wrapped in one of IPv6."""
    if isinstance(address, IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            wrapped = IPv4Address(int(address) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(wrapped)
    is_special = address.is_multicast or address.is_reserved or any(address in network for network in _NOBODYS)
    return address.is_global and not is_special


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
