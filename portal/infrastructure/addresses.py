"""E-mail addresses as people paste them, and which texts are addresses.

Real addresses are wider than the strict grammar: Japanese operators gave out local parts that end with a dot, quoted
local parts exist (RFC 5321, 4.1.2), and so do letters beyond ASCII (RFC 6531).
"""

import re
import unicodedata
from html import unescape
from typing import Final
from urllib.parse import unquote

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

# RFC 5321, 4.5.3.1.3: a path is 256 octets with its angle brackets.
MAX_ADDRESS_LENGTH: Final = 254
_LONGEST_PASTED: Final = 1000
"""What is longer holds no address alone, and is not looked through."""
# Nearly every one: nothing stands around it.
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+'-]*@[A-Za-z0-9.-]*[A-Za-z0-9]")
_IN_BRACKETS: Final = re.compile(r"[^<>]*<([^<>]*)>[\s.,;]*")
# Brackets and quotes of every script, and what ends a sentence or begins a line of a list.
_OPENING: Final = r"\s(\[<{«“‘'‹„‚「『【、，→•"
_CLOSING: Final = r"\s)\]>}»”’'›“‘」』】.,;:!?…。、，،؟।॥·"
_AROUND: Final = re.compile(rf"(?:[-*✉📧]\ufe0f?\s)?[{_OPENING}]*(.*?)[{_CLOSING}]*", re.DOTALL)
# Marks of chats and plain mails for bold, slanted or quoted words. Alone each may begin an address.
_MARKED: Final = re.compile(r"([`*_|]+)(.+)\1", re.DOTALL)
_AT: Final = re.compile(r"\s*(?:@|[(\[{]\s*(?:at|arobase)\s*[)\]}])\s*", re.IGNORECASE)
_SCHEME: Final = re.compile(r"mailto:(?://)?", re.IGNORECASE)
# “E-mail :”, “Courriel :”, “SMTP:”: no more words, or the text is a sentence.
_LABEL: Final = re.compile(r"[^\W\d_][\w.’'-]*(?:\s+[\w.’'-]+){0,2}\s*:\s*(?=[^:]+$)")
# An address in a bracket after words, or with a remark in one after it; no other @, or nobody knows which is meant.
_ONE: Final = r"([^\s@()\[\]<>]+@[^\s@()\[\]<>]+?)"
_BESIDE: Final = re.compile(
    rf"[^@]*?[(\[]\s*(?:mailto:)?{_ONE}\s*[)\]]\s*|<?{_ONE}>?\s*[(\[][^@]*[)\]]\s*", re.IGNORECASE
)
# What a keyboard for Chinese or Japanese types until somebody switches it: each letter as wide as a square.
_HALF_WIDTH: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_DOTS: Final = re.compile(r"[^\s\"\\@<>()\[\],;:]+")


def as_pasted(typed: str) -> str:
    """Return the address in a pasted text: without `mailto:`, angle brackets, a name, invisible signs, a final dot.

    A link's signs may be written by number (RFC 6068), and a telephone puts blanks around the @.
    """
    if len(typed) > _LONGEST_PASTED or _PLAIN.fullmatch(typed):
        return typed
    text = "".join(sign for sign in unicodedata.normalize("NFC", typed) if unicodedata.category(sign) != "Cf")
    text = text.translate(_HALF_WIDTH)
    if "&" in text and ";" in text:  # copied out of the source of a page
        text = unescape(text)
    bracketed = _IN_BRACKETS.fullmatch(text) or _BESIDE.fullmatch(text)
    text = _bare(next(filter(None, bracketed.groups()), "") if bracketed else text)
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
    """Return an address without what stands around it: marks, punctuation, a label, the scheme of a link."""
    while (bare := _without_one(text)) != text:
        text = bare
    return text


def _without_one(text: str) -> str:
    around, marked = _AROUND.fullmatch(text), _MARKED.fullmatch(text)
    text = marked[2] if marked else around[1] if around else text
    if scheme := _SCHEME.match(text):
        return unquote(text[scheme.end() :].partition("?")[0])
    return text if text.startswith('"') else _LABEL.sub("", text, count=1)


def _validated(text: str) -> ValidatedEmail:
    return validate_email(text, check_deliverability=False, allow_quoted_local=True)
