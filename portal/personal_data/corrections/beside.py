"""The person's own words as they stand beside a value, wherever it is shown (GDPR art. 16)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal import clock


@dataclass(frozen=True, slots=True)
class Beside:
    """A statement as it stands beside a value: `label` says on what, in the reader's language."""

    public_id: str
    field: str
    label: str
    text: str
    made_at: datetime

    def stored(self) -> dict[str, Any]:
        """Return it as the person's own copy holds it."""
        return {"field": self.field, "text": self.text, "made_at": clock.written(self.made_at)}
