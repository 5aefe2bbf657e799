"""What both ways of counting tries, in the database and in Redis, take and return.

A count runs over a fixed window, from the first try to the end of its time. Of the tries that it holds, some are still
under way: nobody knows yet whether they are right or wrong.
"""

from limits import RateLimitItem

Limits = list[tuple[RateLimitItem, str]]
"""Limits, each with the key that it is counted by."""

Windows = dict[str, str | float]
"""The window of each count that holds a try. A try is taken back from this very window or not at all: a later one holds
other tries, which nobody may take off by coming in."""


class UsedUp(Exception):
    """A limit leaves no room for a try. Nothing was counted.

    Attributes:
        wait: seconds until its window ends.
        is_crowd: whether there may be room sooner, because tries that are under way may prove right.
    """

    def __init__(self, wait: float, *, is_crowd: bool) -> None:
        self.wait, self.is_crowd = wait, is_crowd


def name_of(limit: RateLimitItem, key: str) -> str:
    """Return the name of a limit's count. It holds the limit too, so that two limits may share a key."""
    return str(limit.key_for(key))
