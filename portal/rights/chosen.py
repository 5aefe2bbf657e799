"""What a person may choose while asking, as codes with their words: a use, a case, a wish, how far Facebook goes."""

from enum import StrEnum
from typing import Final

from portal.bilingual import Label


class Use(StrEnum):
    """The use of data that a person objects to (GDPR art. 21)."""

    MARKETING = "marketing"
    "Advertising in every form: stops at once, without any reason."
    ADVERTISING_PROFILING = "advertising_profiling"
    "Choosing advertising by what is known of the person: stops at once too (GDPR art. 21(2))."
    PROFILING = "profiling"
    "Guessing tastes or sorting people into groups."
    STATISTICS = "statistics"
    "Measuring how the sites are used."
    OTHER = "other"
    "Any other use, in the person's words."

    def label(self, language: object) -> str:
        return _USES[self].text(language)


class RestrictionCase(StrEnum):
    """The four cases of art. 18(1)."""

    ACCURACY = "accuracy"
    "The data are contested, until they are verified."
    UNLAWFUL = "unlawful"
    "The use is unlawful, and the person prefers a stop to an erasure."
    CLAIMS = "claims"
    "The person needs the data for a legal claim when the company no longer does."
    OBJECTION = "objection"
    "An objection is being looked at."

    def label(self, language: object) -> str:
        return _CASES[self].text(language)


class Wish(StrEnum):
    """What becomes of a category after death (loi 78-17 art. 85)."""

    KEEP = "keep"
    "Keep it as the law and the rules on retention say."
    ERASE = "erase"
    "Erase it."
    DISCLOSE = "disclose"
    "Hand it to the person designated."

    def label(self, language: object) -> str:
        return _WISHES[self].text(language)


class Limit(StrEnum):
    """How far an erasure that Facebook asks for goes: what came through it, and nothing else."""

    LINK = "facebook_link"
    "The link was added to an account that existed: a number, and nothing else."
    ACCOUNT = "facebook_account"
    "The account was made by it: names and address came with the number."

    def label(self, language: object) -> str:
        return _LIMITS[self].text(language)


_LIMITS: Final = {
    Limit.LINK: Label(
        fr="Ce qui est venu de Facebook : un numéro",
        en="What came from Facebook: a number",
    ),
    Limit.ACCOUNT: Label(
        fr="Ce qui est venu de Facebook : un numéro, le nom et l'adresse e-mail du compte",
        en="What came from Facebook: a number, the name and e-mail address of the account",
    ),
}

_USES: Final = {
    Use.MARKETING: Label(fr="Toute publicité", en="All advertising"),
    Use.ADVERTISING_PROFILING: Label(
        fr="Choisir mes publicités d'après ce que vous savez de moi",
        en="Choosing my advertising by what you know of me",
    ),
    Use.PROFILING: Label(
        fr="Deviner mes goûts ou me classer dans des groupes",
        en="Guessing my tastes or sorting me into groups",
    ),
    Use.STATISTICS: Label(fr="Mesurer ma façon d'utiliser les sites", en="Measuring how I use the sites"),
    Use.OTHER: Label(fr="Une autre utilisation", en="Another use"),
}

_CASES: Final = {
    RestrictionCase.ACCURACY: Label(
        fr="Je conteste l'exactitude de certaines données, le temps que vous les vérifiiez",
        en="I dispute that some data are right, until you have checked them",
    ),
    RestrictionCase.UNLAWFUL: Label(
        fr="Vous utilisez mes données sans en avoir le droit, mais je ne veux pas qu'elles soient effacées",
        en="You use my data without any right to, but I do not want them erased",
    ),
    RestrictionCase.CLAIMS: Label(
        fr="J'ai besoin de mes données pour défendre mes droits en justice",
        en="I need my data to defend my rights in court",
    ),
    RestrictionCase.OBJECTION: Label(
        fr="J'ai demandé l'arrêt d'une utilisation, le temps de votre réponse",
        en="I have objected to a use, until you have answered",
    ),
}

_WISHES: Final = {
    Wish.KEEP: Label(fr="Garder le temps prévu", en="Keep for the usual time"),
    Wish.ERASE: Label(fr="Effacer", en="Erase"),
    Wish.DISCLOSE: Label(fr="Remettre à la personne désignée", en="Hand to the person designated"),
}
