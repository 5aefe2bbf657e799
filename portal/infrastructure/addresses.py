"""E-mail addresses as people paste them, and which texts are addresses.

Real addresses are wider than the strict grammar: Japanese operators gave out local parts that end with a dot, quoted
local parts exist (RFC 5321, 4.1.2), and so do letters beyond ASCII (RFC 6531).
"""

import re
import unicodedata
from typing import Final
from urllib.parse import unquote

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

# RFC 5321, 4.5.3.1.3: a path is 256 octets with its angle brackets.
MAX_ADDRESS_LENGTH: Final = 254
_IN_BRACKETS: Final = re.compile(r"[^<>]*<([^<>]*)>[\s.,;]*")
_AROUND: Final = re.compile(r"[\s(\[«“‘']*(.*?)[\s)\]»”’'.,;:!?…。]*", re.DOTALL)
_AT: Final = re.compile(r"\s*@\s*")
# What a keyboard for Chinese or Japanese types until somebody switches it: each letter as wide as a square.
_HALF_WIDTH: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_DOTS: Final = re.compile(r"[^\s\"\\@<>()\[\],;:]+")


def as_pasted(typed: str) -> str:
    """Return the address in a pasted text: without `mailto:`, angle brackets, a name, invisible signs, a final dot.

    A link's signs may be written by number (RFC 6068), and a telephone puts blanks around the @.
    """
    text = "".join(sign for sign in unicodedata.normalize("NFC", typed) if unicodedata.category(sign) != "Cf")
    text = text.translate(_HALF_WIDTH)
    bracketed = _IN_BRACKETS.fullmatch(text)
    text = _bare(bracketed[1] if bracketed else text)
    if text[:7].lower() == "mailto:":
        text = _bare(unquote(text[7:].partition("?")[0]))
    is_quoted_whole = len(text) > 1 and text[0] == text[-1] == '"'
    text = text[1:-1].strip() if is_quoted_whole else text
    return text if text.startswith('"') else _AT.sub("@", text)


def parse_address(text: str) -> tuple[str, str]:
    """Return the local part of an address, as written, and its domain in ASCII.

    Raises:
        ValueError: the text is not an address.
    """
    text = unicodedata.normalize("NFC", text.strip())
    if len(text) > MAX_ADDRESS_LENGTH:  # parsing a very long text would take seconds
        raise ValueError("too long for an address")
    local, _, domain = text.rpartition("@")
    try:
        return local, _validated(text).ascii_domain
    except EmailNotValidError as fault:
        if "." not in local or not _DOTS.fullmatch(local):
            raise ValueError(str(fault)) from None
    try:  # dots where the grammar wants none: the same mailbox, quoted, fits the grammar
        return local, _validated(f'"{local}"@{domain}').ascii_domain
    except EmailNotValidError as fault:
        raise ValueError(str(fault)) from None


def _bare(text: str) -> str:
    around = _AROUND.fullmatch(text)
    return around[1] if around else text


def _validated(text: str) -> ValidatedEmail:
    return validate_email(text, check_deliverability=False, allow_quoted_local=True)
