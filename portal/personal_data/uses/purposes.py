"""What data are used for: a purpose has one lawful basis, wherever it is told.

The company's purposes stand in its data map. Those of the portal itself stand here, for it keeps accounts, requests and
choices whatever the company sends. The data map may put other words to them, and no other basis.
"""

from typing import Final, Self

from pydantic import BaseModel, ConfigDict, model_validator

from portal.bilingual import Label
from portal.personal_data.uses.lawful_bases import LawfulBasis


class Purpose(BaseModel):
    """What data are used for, on exactly one lawful basis; with legitimate interest, which interest.

    With consent, `choices` are those of the portal that ask for it. None is known for consents asked elsewhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    label: Label
    lawful_basis: LawfulBasis
    interest: Label | None = None
    choices: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _basis_is_complete(self) -> Self:
        if (self.lawful_basis is LawfulBasis.LEGITIMATE_INTEREST) != (self.interest is not None):
            raise ValueError("interest goes with the basis legitimate_interest, and with no other")
        if self.choices and self.lawful_basis is not LawfulBasis.CONSENT:
            raise ValueError("choices go with the basis consent, and with no other")
        return self


ACCOUNT: Final = Purpose(
    code="account", label=Label(fr="Gérer votre compte", en="Run your account"), lawful_basis=LawfulBasis.CONTRACT
)
SECURITY: Final = Purpose(
    code="security",
    label=Label(fr="Protéger votre compte et nos systèmes", en="Protect your account and our systems"),
    lawful_basis=LawfulBasis.LEGITIMATE_INTEREST,
    interest=Label(
        fr="empêcher les intrusions et améliorer nos systèmes", en="prevent intrusions and improve our systems"
    ),
)
SOCIAL_SIGN_IN: Final = Purpose(
    code="social_sign_in",
    label=Label(fr="Vous connecter par un réseau social", en="Sign you in through a social network"),
    lawful_basis=LawfulBasis.CONSENT,
    choices=("sign_in.facebook",),
)
CHOICES: Final = Purpose(
    code="choices",
    label=Label(fr="Appliquer vos choix", en="Apply your choices"),
    lawful_basis=LawfulBasis.LEGAL_OBLIGATION,
)
CONSENT_PROOF: Final = Purpose(
    code="consent_proof",
    label=Label(fr="Garder la preuve de vos choix", en="Keep proof of your choices"),
    lawful_basis=LawfulBasis.LEGAL_OBLIGATION,
)
REQUESTS: Final = Purpose(
    code="requests",
    label=Label(
        fr="Répondre à vos demandes sur vos données, et pouvoir le prouver",
        en="Answer your requests about your data, and be able to prove it",
    ),
    lawful_basis=LawfulBasis.LEGAL_OBLIGATION,
)
"""GDPR art. 12 to 22, and 5(2) for the proof."""
LOOKS: Final = Purpose(
    code="looks",
    label=Label(fr="Vous montrer qui a consulté vos données", en="Show you who looked at your data"),
    lawful_basis=LawfulBasis.LEGAL_OBLIGATION,
)
"""GDPR art. 5(2), 15 and 32; CJEU C-579/21."""

OWN_PURPOSES: Final = {
    purpose.code: purpose for purpose in (ACCOUNT, SECURITY, SOCIAL_SIGN_IN, CHOICES, CONSENT_PROOF, REQUESTS, LOOKS)
}
