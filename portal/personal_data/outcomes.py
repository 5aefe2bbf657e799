"""What becomes of one item of a request, for every right. The outcome of the whole is computed from these."""

from enum import StrEnum


class ItemOutcome(StrEnum):
    ERASED = "erased"
    "It is destroyed here (GDPR art. 17)."
    ARCHIVED = "archived"
    "The law keeps it: it leaves active use, and goes on its last day (art. 17(3)(b))."
    KEPT = "kept"
    "It stays in use until a day or an event, which is said (art. 17(1)(a), 17(3)(e))."
    REFUSED = "refused"
    CORRECTED = "corrected"
    STATEMENT = "statement"
    "It stays as it is; the person's own words stand beside it (art. 16)."
    RESTRICTED = "restricted"
    STOPPED = "stopped"
    OVERRIDDEN = "overridden"
    "Compelling grounds go before the objection (art. 21(1))."
    HANDED = "handed"
    WITHHELD = "withheld"
    "It would harm others (art. 15(4))."
    MISSING = "missing"
    "A system of the company has not answered yet."
    LEFT_OUT = "left_out"
    "Portability does not cover it; the copy says why (art. 20(1))."

    RECORDED = "recorded"
    "It is written down and kept with the request: directives (loi 78-17 art. 85)."
    REVIEWED = "reviewed"
    "A person looked at it again (art. 22(3))."

    @property
    def is_negative(self) -> bool:
        """Whether the letter owes its reasons (art. 12(4)): not all that was asked for is done."""
        return self in _NEGATIVE


_NEGATIVE = frozenset(
    {
        ItemOutcome.ARCHIVED,
        ItemOutcome.KEPT,
        ItemOutcome.REFUSED,
        ItemOutcome.STATEMENT,
        ItemOutcome.OVERRIDDEN,
        ItemOutcome.WITHHELD,
        ItemOutcome.MISSING,
    }
)
