"""One normalised form of an e-mail address, used by every comparison: sign-in, registration, import, lookup."""

from portal.infrastructure.addresses import parse_address


class AddressRefused(ValueError):
    """The text is not an e-mail address that a message could reach."""


def normalise_address(typed: str) -> str:
    """Return the form under which an address is compared.

    It is in composed Unicode and lower case, with the domain in its ASCII form. Dots and `+tags` in the local part
    stay, though some providers ignore them: two such addresses are two people until proven otherwise.

    Raises:
        AddressRefused: the text is not an address.
    """
    try:
        local, domain = parse_address(typed)
    except ValueError as error:
        raise AddressRefused(str(error)) from None
    return f"{local.lower()}@{domain.lower()}"


def mask_address(address: str) -> str:
    """Return an address as it may be shown to somebody who should only recognise it: c•••e@example.org."""
    local, _, domain = address.rpartition("@")
    shown = local[0] + "•••" + (local[-1] if len(local) > 2 else "") if local else "•••"
    return f"{shown}@{domain}"
