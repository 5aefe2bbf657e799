"""The ways by which a request may reach the company."""

from enum import StrEnum
from typing import Final

from portal.bilingual import Label


class Channel(StrEnum):
    """How a request came."""

    PORTAL = "portal"
    "Filed here, by the person who is signed in."
    EMAIL = "email"
    PHONE = "phone"
    POST = "post"
    SOCIAL_NETWORK = "social_network"
    FACEBOOK = "facebook"
    "Asked for by Facebook itself, under its signature."

    @property
    def tells_the_hour(self) -> bool:
        """Whether it is known at what time a request came: of those that staff enter, only the day is."""
        return self in {Channel.PORTAL, Channel.FACEBOOK}

    def label(self, language: object) -> str:
        """Return the word staff see."""
        return _LABELS[self].text(language)


_LABELS: Final = {
    Channel.PORTAL: Label(fr="Portail", en="Portal"),
    Channel.EMAIL: Label(fr="E-mail", en="E-mail"),
    Channel.PHONE: Label(fr="Téléphone", en="Telephone"),
    Channel.POST: Label(fr="Courrier", en="Post"),
    Channel.SOCIAL_NETWORK: Label(fr="Réseau social", en="Social network"),
    Channel.FACEBOOK: Label(fr="Facebook", en="Facebook"),
}
