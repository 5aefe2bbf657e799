"""The nine categories of data, in their fixed order, and the five questions answered for each."""

from enum import StrEnum
from typing import Final

from portal.bilingual import Label


class Category(StrEnum):
    """What kind of data a record is. The order is the order on every screen and in every file."""

    IDENTITY = "identity"
    "Who the person is."
    CONTACT = "contact"
    "How to reach the person."
    FINANCIAL = "financial"
    "How the person pays."
    USAGE = "usage"
    "How the person uses the sites, products and services."
    TRACKING = "tracking"
    "What cookies and similar techniques collect."
    TRANSACTION = "transaction"
    "What the person bought, paid and was refunded."
    PROFILE = "profile"
    "Preferences, exchanges, answers, and what the company added."
    TECHNICAL = "technical"
    "Connections and devices."
    MARKETING = "marketing"
    "Choices on advertising and communication, and what was sent."

    def label(self, language: object) -> str:
        """Return the name of the category, as on its tile."""
        return _LABELS[self].text(language)

    def explanation(self, language: object) -> str:
        """Return what the category holds, in one sentence."""
        return _EXPLANATIONS[self].text(language)


CATEGORIES: Final = tuple(Category)


class Question(StrEnum):
    """The five questions that are answered for every category and every record."""

    SOURCE = "source"
    "Where the data come from (GDPR art. 14(2)(f), 15(1)(g))."
    PURPOSE = "purpose"
    "What they are used for, and on what lawful basis (art. 15(1)(a))."
    RECIPIENTS = "recipients"
    "Who receives them, by name (art. 15(1)(c))."
    RETENTION = "retention"
    "How long they are kept, by rule and by date (art. 15(1)(d))."
    RIGHTS = "rights"
    "What the person can do about them (art. 15(1)(e))."

    def heading(self, language: object) -> str:
        """Return the question as the heading of a section."""
        return _HEADINGS[self].text(language)


QUESTIONS: Final = tuple(Question)

_LABELS: Final = {
    Category.IDENTITY: Label(fr="Identité", en="Identity"),
    Category.CONTACT: Label(fr="Coordonnées", en="Contact details"),
    Category.FINANCIAL: Label(fr="Moyens de paiement", en="Means of payment"),
    Category.USAGE: Label(fr="Utilisation", en="Usage"),
    Category.TRACKING: Label(fr="Suivi", en="Tracking"),
    Category.TRANSACTION: Label(fr="Achats et paiements", en="Purchases and payments"),
    Category.PROFILE: Label(fr="Profil et échanges", en="Profile and exchanges"),
    Category.TECHNICAL: Label(fr="Données techniques", en="Technical data"),
    Category.MARKETING: Label(fr="Publicité et communication", en="Advertising and communication"),
}

_EXPLANATIONS: Final = {
    Category.IDENTITY: Label(
        fr="Vos noms, votre civilité si vous l'avez donnée, votre identifiant et votre nom sur les réseaux sociaux.",
        en="Your names, your title if you gave one, your username and your name on social networks.",
    ),
    Category.CONTACT: Label(
        fr="Vos adresses de facturation et de livraison, vos adresses e-mail et vos téléphones.",
        en="Your billing and delivery addresses, your e-mail addresses and your phone numbers.",
    ),
    Category.FINANCIAL: Label(
        fr="Vos cartes de paiement : la marque, les quatre derniers chiffres et l'échéance.",
        en="Your payment cards: the brand, the last four digits and the expiry date.",
    ),
    Category.USAGE: Label(
        fr="La façon dont vous utilisez nos sites, nos produits et nos services.",
        en="How you use our sites, our products and our services.",
    ),
    Category.TRACKING: Label(
        fr="Ce que recueillent les cookies, les balises, les pixels et les identifiants mobiles.",
        en="What cookies, beacons, pixels and mobile identifiers collect.",
    ),
    Category.TRANSACTION: Label(
        fr="Vos commandes, vos abonnements, vos factures, vos paiements et vos remboursements.",
        en="Your orders, your subscriptions, your invoices, your payments and your refunds.",
    ),
    Category.PROFILE: Label(
        fr="Vos préférences, nos échanges, vos réponses aux sondages et ce que nous en avons déduit.",
        en="Your preferences, our exchanges, your survey answers and what we worked out from them.",
    ),
    Category.TECHNICAL: Label(
        fr="Vos connexions et vos appareils : adresse IP, navigateur, système, fuseau horaire, lieu.",
        en="Your connections and your devices: IP address, browser, system, time zone, place.",
    ),
    Category.MARKETING: Label(
        fr="Vos choix sur la publicité et les moyens de vous écrire, et les messages envoyés.",
        en="Your choices on advertising and on how we write to you, and the messages sent.",
    ),
}

_HEADINGS: Final = {
    Question.SOURCE: Label(fr="D'où viennent ces données ?", en="Where does it come from?"),
    Question.PURPOSE: Label(fr="À quoi servent-elles ?", en="What is it used for?"),
    Question.RECIPIENTS: Label(fr="Qui les reçoit ?", en="Who receives it?"),
    Question.RETENTION: Label(fr="Combien de temps les gardons-nous ?", en="How long do we keep it?"),
    Question.RIGHTS: Label(fr="Que pouvez-vous faire ?", en="What can you do?"),
}
