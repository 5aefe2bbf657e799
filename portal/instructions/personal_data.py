"""What this domain holds about a customer: who was told of what, and to whom data went."""

from portal.bilingual import Label
from portal.instructions.ends import PARTS
from portal.personal_data.registry import Holding, register

_KEPT = Label(
    fr="Qui a été prévenu, et à qui des données sont allées : aussi longtemps que le dossier de la demande.",
    en="Who was told, and to whom data went, is kept as long as the file of the request.",
)


def retention(language: str) -> str:
    """Return how long it is kept, in words."""
    return _KEPT.text(language)


register(Holding(code="instructions", parts=PARTS, retention=retention))
