"""The one door to data that may be restricted: who reads, and for restricted data also why (GDPR art. 18(2))."""

from collections.abc import Iterable
from enum import StrEnum

from portal.personal_data.restrictions.grounds import UseReason
from portal.personal_data.restrictions.standing import locked_categories


class Reader(StrEnum):
    """Who reads. The first three pass: art. 18 protects the person from uses, not from their own rights."""

    PERSON = "person"
    "The person themselves."
    PACKAGE = "package"
    "The copy made for them."
    CASE = "case"
    "The team that works on a request of theirs."
    LOOKUP = "lookup"
    "Staff who open a file."
    MARKETING = "marketing"
    SCORING = "scoring"
    "Whatever infers something about the person."


PASSING = frozenset({Reader.PERSON, Reader.PACKAGE, Reader.CASE})


class Locked(Exception):
    """The data are restricted, and none of the four reasons was given."""


def check(customer_id: int, categories: Iterable[str], reader: Reader, because: UseReason | None = None) -> None:
    """Let a reader pass, or not. Whoever gives a reason logs it with the look: the person reads it.

    Args:
        categories: the codes of what is read.
        because: one of the four reasons of art. 18(2).

    Raises:
        Locked: something of it is restricted, and the reader neither passes nor gives a reason.
    """
    if reader in PASSING or because is not None:
        return
    if not locked_categories(customer_id).isdisjoint(categories):
        raise Locked
