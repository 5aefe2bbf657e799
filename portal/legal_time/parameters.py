"""Numbers that the law gives and may change, each version with the day from which it applies."""

from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True)
class LegalParameters:
    """One version of the numbers. A change of the law is a new version, never a changed number."""

    version: str
    applies_from: date
    answer_months: int
    extension_months: int
    breach_hours: int
    prompt_pause_working_days: int


# The months and hours are GDPR art. 12(3) and 33(1). The three working days are our own reading of
# "without undue delay" (EDPB 01/2022, paragraph 159): no text puts a figure on it.
LEGAL_PARAMETERS: Final = LegalParameters(
    version="2018-05-25",
    applies_from=date(2018, 5, 25),
    answer_months=1,
    extension_months=2,
    breach_hours=72,
    prompt_pause_working_days=3,
)
