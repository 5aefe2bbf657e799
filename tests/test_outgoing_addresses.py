"""Which addresses may be called: https, 443, public; others only where an entry names host, port and network."""

from ipaddress import ip_address

import pytest

from portal.outgoing_addresses import AddressRefused, AllowedEndpoint, check_address, check_resolved, is_public

HERE = AllowedEndpoint(host="127.0.0.1", port=8099, network="127.0.0.0/8")
INSIDE = AllowedEndpoint(host="crm.internal.example", port=8443, network="10.1.0.0/16")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "https://example.org:8443/", "https://user:secret@example.org/", "ftp://example.org/",
        "https://", "https:///hook", "file:///etc/passwd", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/",
        "https://169.254.169.254/latest/", "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/", "https://0.0.0.0/", "https://224.0.0.1/", "https://100.64.0.1/",
        "https://192.168.1.1/", "https://[fe80::1]/", "https://[fd00::1]/", "https://example.org/#part",
        "https://example.org:99999/", "http://127.0.0.1:8098/", "https://[fec0::1]/", "https://[fd00:ec2::254]/",
        "https://[::127.0.0.1]/", "https://[64:ff9b:1::7f00:1]/", "https://[::ffff:169.254.169.254]/",
        "https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/", "https://168.63.129.16/", "https://100.100.100.200/",
        "https://192.0.0.8/", "https://192.88.99.1/", "https://255.255.255.255/", "https://[3fff::1]/",
        "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/", "https://127.0.0.1./",
    ],
)  # fmt: skip
def test_what_may_not_be_called(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_address(url, (HERE, INSIDE))


@pytest.mark.parametrize("url", ["https://example.org/hook", "https://93.184.215.14/", "http://127.0.0.1:8099/x"])
def test_what_may(url: str) -> None:
    check_address(url, (HERE, INSIDE))


def test_an_entry_holds_for_its_network_alone() -> None:
    *_rest, entry = check_address("https://crm.internal.example:8443/x", (INSIDE,))
    check_resolved(ip_address("10.1.2.3"), entry)
    for elsewhere in ("10.2.0.1", "127.0.0.1", "169.254.169.254", "93.184.215.14"):
        with pytest.raises(AddressRefused):
            check_resolved(ip_address(elsewhere), entry)


def test_public() -> None:
    assert is_public(ip_address("93.184.215.14"))
    assert is_public(ip_address("64:ff9b::5db8:d70e")), "a public address of IPv4 within IPv6"
    assert is_public(ip_address("2606:2800:21f:cb07:6820:80da:af6b:8b2c"))
