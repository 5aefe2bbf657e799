"""Why data are restricted, and why they may be used all the same: the closed lists of article 18."""

from enum import StrEnum


class Ground18(StrEnum):
    """Why data are restricted, by the points of article 18(1)."""

    ACCURACY = "accuracy"
    "a: the person contests that they are accurate, until that is verified."
    UNLAWFUL = "unlawful"
    "b: the processing is unlawful, and the person prefers this to an erasure."
    CLAIMS = "claims"
    "c: the company needs them no longer, the person does for legal claims."
    OBJECTION = "objection"
    "d: an objection under article 21(1) is being weighed."


class UseReason(StrEnum):
    """Why restricted data may be used all the same (art. 18(2))."""

    CONSENT = "consent"
    CLAIMS = "claims"
    OTHER_PERSON = "other_person"
    PUBLIC_INTEREST = "public_interest"
