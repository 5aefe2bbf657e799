"""Tell by its name whether a kind or a field holds what the portal never takes.

That is: special categories (GDPR art. 9), criminal data (art. 10), and the secrets of a payment card.
"""

import re
from typing import Final

from portal.infrastructure.plain_letters import without_accents

_SPECIAL: Final = """
    race racial ethnicity ethnic ethnie ethnique religion religious religieux religieuse belief beliefs
    croyance croyances philosophical philosophique sexuality sexualite orientation_sexuelle sexual_orientation
    sex_life vie_sexuelle political_opinion political_opinions opinion_politique opinions_politiques
    political_party syndicat syndical syndicale trade_union union_membership health medical medicale sante
    disease maladie disability handicap diagnosis diagnostic_medical genetic genetique dna adn biometric
    biometrique faceprint criminal conviction convictions offence offences infraction infractions
    casier_judiciaire condamnation_penale condamnations_penales
"""
_SECRETS: Final = """
    cvv cvv2 cvc cvc2 cav2 csc cryptogramme cryptogram security_code card_security_code pin card_pin
    card_number full_card_number pan primary_account_number numero_carte numero_de_carte magnetic_stripe
    track1 track2
"""
_SPECIAL_WORDS: Final = frozenset(_SPECIAL.split())
_CARD_SECRETS: Final = frozenset(_SECRETS.split())


def is_special_category(name: str) -> bool:
    """Whether a code or a label names race, beliefs, opinions, health, sex life, biometrics or offences."""
    return _speaks_of(name, _SPECIAL_WORDS)


def is_card_secret(name: str) -> bool:
    """Whether a name is that of a full card number, a security code or a PIN."""
    return _speaks_of(name, _CARD_SECRETS)


def _speaks_of(name: str, words: frozenset[str]) -> bool:
    parts = _words(name)
    pairs = ("_".join(parts[start : start + size]) for size in (1, 2, 3, 4) for start in range(len(parts)))
    return any(pair in words for pair in pairs)


def _words(name: str) -> list[str]:
    plain = without_accents(name)
    # Codes come as snake_case and camelCase alike.
    return re.findall(r"[a-z]+[0-9]*", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower())
