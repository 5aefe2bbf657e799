"""The purposes of cookies and other trackers that need consent. Choices and the feed use the same codes."""

from enum import StrEnum
from typing import Final

from portal.bilingual import Label


class CookiePurpose(StrEnum):
    """A purpose that needs consent (loi 78-17 art. 82). It is off until the person agrees: silence is a refusal."""

    AUDIENCE_MEASUREMENT = "audience_measurement"
    "Count visits and pages."
    PERSONALISATION = "personalisation"
    "Adapt pages to what the person does."
    ADVERTISING = "advertising"
    "Show and measure adverts."
    SOCIAL_MEDIA = "social_media"
    "Sharing buttons and content of social networks."

    @property
    def flag_code(self) -> str:
        """The code of this purpose among all choices and in the preference feed."""
        return f"cookies.{self}"

    def label(self, language: object) -> str:
        return _LABELS[self].text(language)

    def explanation(self, language: object) -> str:
        """Return what accepting does, and what refusing changes."""
        return _EXPLANATIONS[self].text(language)

    def wording(self, language: object, company: str) -> str:
        """Return the exact sentence that is accepted or refused, to store as proof."""
        return _WORDINGS[self].filled(language, company=company)


COOKIE_WORDING_VERSION: Final = "2026-11-30"
"""Version of the sentences below, stored with each choice. Change it whenever a word of them changes."""
CHOICE_MONTHS: Final = 6
"""How long a choice holds, yes or no, before the question may be asked again (CNIL 2020-092)."""
COOKIE_PURPOSES: Final = tuple(CookiePurpose)
COOKIE_FLAG_CODES: Final = tuple(purpose.flag_code for purpose in CookiePurpose)

_LABELS: Final = {
    CookiePurpose.AUDIENCE_MEASUREMENT: Label(fr="Mesure d'audience", en="Audience measurement"),
    CookiePurpose.PERSONALISATION: Label(fr="Personnalisation", en="Personalisation"),
    CookiePurpose.ADVERTISING: Label(fr="Publicité", en="Advertising"),
    CookiePurpose.SOCIAL_MEDIA: Label(fr="Réseaux sociaux", en="Social media"),
}
_EXPLANATIONS: Final = {
    CookiePurpose.AUDIENCE_MEASUREMENT: Label(
        fr="Compter les visites et voir quelles pages servent. Si vous refusez, rien ne change pour vous.",
        en="Count visits and see which pages are useful. If you refuse, nothing changes for you.",
    ),
    CookiePurpose.PERSONALISATION: Label(
        fr="Adapter les pages à ce que vous regardez. Si vous refusez, vous voyez celles de tout le monde.",
        en="Adapt pages to what you look at. If you refuse, you see the same pages as everybody.",
    ),
    CookiePurpose.ADVERTISING: Label(
        fr="Choisir et mesurer les publicités, ici et ailleurs. Si vous refusez, elles sont générales.",
        en="Choose and measure adverts, here and elsewhere. If you refuse, they are general ones.",
    ),
    CookiePurpose.SOCIAL_MEDIA: Label(
        fr="Afficher leurs contenus et leurs boutons de partage. Ils savent alors que vous ouvrez la page.",
        en="Show content and sharing buttons. Those networks then know that you opened the page.",
    ),
}
_WORDINGS: Final = {
    CookiePurpose.AUDIENCE_MEASUREMENT: Label(
        fr="J'accepte que {company} dépose et lise des traceurs sur mes appareils pour mesurer l'audience de ses sites."
        " Mon choix vaut six mois et je peux en changer à tout moment.",
        en="I agree that {company} sets and reads trackers on my devices to measure the audience of its sites."
        " My choice holds for six months and I can change it at any time.",
    ),
    CookiePurpose.PERSONALISATION: Label(
        fr="J'accepte que {company} dépose et lise des traceurs sur mes appareils pour adapter ses pages à ce que je"
        " regarde. Mon choix vaut six mois et je peux en changer à tout moment.",
        en="I agree that {company} sets and reads trackers on my devices to adapt its pages to what I look at."
        " My choice holds for six months and I can change it at any time.",
    ),
    CookiePurpose.ADVERTISING: Label(
        fr="J'accepte que {company} dépose et lise des traceurs sur mes appareils pour choisir et mesurer les"
        " publicités que je vois, ici et ailleurs. Mon choix vaut six mois et je peux en changer à tout moment.",
        en="I agree that {company} sets and reads trackers on my devices to choose and measure the adverts that I see,"
        " here and elsewhere. My choice holds for six months and I can change it at any time.",
    ),
    CookiePurpose.SOCIAL_MEDIA: Label(
        fr="J'accepte que {company} laisse des réseaux sociaux déposer et lire des traceurs sur mes appareils, pour"
        " afficher leurs contenus et leurs boutons. Mon choix vaut six mois et je peux en changer à tout moment.",
        en="I agree that {company} lets social networks set and read trackers on my devices, to show their content and"
        " their buttons. My choice holds for six months and I can change it at any time.",
    ),
}
