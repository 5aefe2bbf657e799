"""Random identifiers that others see: 128 bits, so that nobody can guess one from another."""

import secrets


def new_public_id() -> str:
    """Return 32 lower-case hexadecimal characters."""
    return secrets.token_hex(16)


def new_token() -> str:
    """Return a 256-bit URL-safe secret."""
    return secrets.token_urlsafe(32)
