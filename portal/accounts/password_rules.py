"""What a customer's password must be: long, not known to everybody, not made of the address.

Lengths count characters after Unicode composition, as the hash does (NIST SP 800-63B, ASVS 6.2).
"""

import unicodedata
from enum import StrEnum
from functools import cache
from pathlib import Path

SHORTEST = 12
LONGEST = 128
# What must be left of a password once the parts of the address are taken away.
OWN_PART = 8
# A shorter word stands by chance in many a phrase.
TELLING_WORD = 4

COMMON_FILE = Path(__file__).parent / "common_passwords.txt"


class PasswordFault(StrEnum):
    TOO_SHORT = "too_short"
    """Under twelve characters."""
    TOO_LONG = "too_long"
    """Over 128 characters: hashing it would cost more than it protects."""
    HOLDS_ADDRESS = "holds_address"
    """The e-mail address, or little beside a part of it."""
    TOO_COMMON = "too_common"
    """On the list of passwords that everybody tries first, or one short piece repeated."""


def password_fault(password: str, address: str, company: str = "") -> PasswordFault | None:
    """Return what is wrong with a new password, or None.

    Args:
        password: as typed; spaces count, nothing is cut off.
        address: the person's e-mail address.
        company: the name of the organisation, which a guesser tries too.
    """
    if is_too_long(password):
        return PasswordFault.TOO_LONG
    folded = unicodedata.normalize("NFC", password).casefold()
    if len(folded) < SHORTEST:
        return PasswordFault.TOO_SHORT
    if _is_made_of_address(folded, address.casefold()):
        return PasswordFault.HOLDS_ADDRESS
    if _is_common(folded, company.casefold()):
        return PasswordFault.TOO_COMMON
    return None


def is_too_long(password: str) -> bool:
    """Tell whether a password is longer than any that we accept, so that nothing need be computed for it."""
    return len(unicodedata.normalize("NFC", password)) > LONGEST


def _is_made_of_address(folded: str, address: str) -> bool:
    if address and address in folded:
        return True
    local, _, domain = address.rpartition("@")
    rest = folded
    for word in (local, domain, domain.partition(".")[0]):
        if len(word) >= TELLING_WORD:
            rest = rest.replace(word, "")
    return len(rest) < OWN_PART


def _is_common(folded: str, company: str) -> bool:
    # Digits and signs hung on to a listed word, or spaces put into it, are the first things a guesser adds.
    bare = "".join(folded.split())
    core = bare.rstrip("0123456789!?.*$#@+-_")
    known = _common_passwords()
    if {folded, bare, core} & known or (company and core in {company, company * 2}):
        return True
    return any(folded == (folded[:size] * len(folded))[: len(folded)] for size in range(1, 5))


@cache
def _common_passwords() -> frozenset[str]:
    lines = COMMON_FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(line.casefold() for line in lines if line and not line.startswith("#"))
