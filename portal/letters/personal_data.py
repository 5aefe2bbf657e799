"""What this domain holds about a customer: which letters left, when and how."""

from portal.bilingual import Label
from portal.letters.ends import PARTS
from portal.letters.models import Dispatch as Dispatch
from portal.personal_data.registry import Holding, register

_KEPT = Label(
    fr="Les envois de lettres sont notés aussi longtemps que le dossier de la demande.",
    en="What was sent, when and how is kept as long as the file of the request.",
)


def retention(language: str) -> str:
    """Return how long it is kept, in words."""
    return _KEPT.text(language)


register(Holding(code="letters", parts=PARTS, retention=retention))
