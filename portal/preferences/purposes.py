"""What people choose: topics by channels, uses of their data, cookies. Codes, and the exact wording shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from portal.bilingual import Label
from portal.personal_data.uses.cookie_purposes import COOKIE_PURPOSES, COOKIE_WORDING_VERSION, CookiePurpose

WORDING_VERSION: Final = "2026-11-22"
"""Version of every wording below, stored with each choice. Change it whenever a word of a wording changes."""


class Topic(StrEnum):
    """What a message is about."""

    PRODUCT_NEWS = "product_news"
    "News of the company's own products and services."
    OFFERS = "offers"
    "The company's own offers."
    PARTNER_OFFERS = "partner_offers"
    "Offers of partners and of other companies of the group, which no other consent covers."
    SURVEYS = "surveys"
    "Questions on what people think."

    def label(self, language: object) -> str:
        return _TOPICS[self].text(language)

    def explanation(self, language: object) -> str:
        return _TOPIC_EXPLANATIONS[self].text(language)


class Channel(StrEnum):
    """How a message reaches the person."""

    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    "A call by a person; opt-in for consumers since 11 August 2026 (C. conso. art. L223-1)."
    POST = "post"
    SOCIAL = "social"
    "A message on a social network."

    def label(self, language: object) -> str:
        return _CHANNELS[self].text(language)


class Processing(StrEnum):
    """A use of data that depends on the person's choice."""

    PERSONALISATION = "personalisation"
    "Adapt the services to the person."
    AUDIENCE_STATISTICS = "audience_statistics"
    "Count the person's activity in statistics of use."
    MARKETING_PROFILING = "marketing_profiling"
    "Choose what to offer from what the person does."
    EMAIL_OPEN_TRACKING = "email_open_tracking"
    "Know whether an e-mail was opened; apart from the consent to the e-mail itself (CNIL 2026-042)."

    def label(self, language: object) -> str:
        return _PROCESSINGS[self].text(language)

    def explanation(self, language: object) -> str:
        return _PROCESSING_EXPLANATIONS[self].text(language)


class Section(StrEnum):
    """One part of the preferences page, which may be refused or accepted at once."""

    MESSAGES = "messages"
    USES = "uses"
    COOKIES = "cookies"


class UnknownFlag(ValueError):
    """No choice has this code."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One choice: a topic by a channel, a processing, or a purpose of cookies."""

    code: str
    topic: Topic | None = None
    channel: Channel | None = None
    processing: Processing | None = None
    cookie: CookiePurpose | None = None

    @property
    def wording_version(self) -> str:
        return WORDING_VERSION if self.cookie is None else COOKIE_WORDING_VERSION

    @property
    def section(self) -> Section:
        """The part of the page where the choice stands."""
        if self.topic is not None:
            return Section.MESSAGES
        return Section.USES if self.cookie is None else Section.COOKIES

    @property
    def may_be_accepted_at_once(self) -> bool:
        """Whether one click may accept it together with the others of its section.

        A consent is specific (GDPR art. 4(11)). Calls, text messages, social networks and other senders each have a
        consent of their own in law (C. conso. art. L223-1, CPCE art. L34-5), and so have profiling and the images that
        tell who reads (CNIL 2026-042): each of these is chosen by itself, and so is every other use of data. Cookies
        may be accepted at once where refusing is as near (CNIL 2020-092).
        """
        if self.topic is not None:
            return self.topic is not Topic.PARTNER_OFFERS and self.channel in {Channel.EMAIL, Channel.POST}
        return self.cookie is not None

    @property
    def is_marketing(self) -> bool:
        """Whether an objection to marketing clears it: messages and the profiling behind them (art. 21)."""
        return (
            self.topic is not None
            or self.processing in {Processing.MARKETING_PROFILING, Processing.EMAIL_OPEN_TRACKING}
            or self.cookie is CookiePurpose.ADVERTISING
        )

    def label(self, language: object) -> str:
        """Return a short name for tables and histories: « Offres, par e-mail »."""
        if self.topic is not None and self.channel is not None:
            how = _BY[self.channel].text(language)
            return f"{self.topic.label(language)}, {how}"
        if self.cookie is not None:
            return _COOKIES.filled(language, purpose=self.cookie.label(language))
        return self._use.label(language)

    def wording(self, language: object, company: str) -> str:
        """Return the exact sentence that the person accepts, to show and to store as proof."""
        if self.topic is not None and self.channel is not None:
            about = _TOPIC_PHRASES[self.topic].text(language)
            return _WORDINGS[self.channel].filled(language, company=company, about=about)
        if self.cookie is not None:
            return self.cookie.wording(language, company)
        return _PROCESSING_WORDINGS[self._use].filled(language, company=company)

    @property
    def _use(self) -> Processing:
        if self.processing is None:
            raise UnknownFlag(f"“{self.code}” is neither a message nor a processing")
        return self.processing


def _all_flags() -> dict[str, Flag]:
    messages = [Flag(f"{topic}.{channel}", topic, channel) for topic in Topic for channel in Channel]
    uses = [Flag(str(processing), processing=processing) for processing in Processing]
    cookies = [Flag(purpose.flag_code, cookie=purpose) for purpose in COOKIE_PURPOSES]
    return {flag.code: flag for flag in (*messages, *uses, *cookies)}


FLAGS: Final[Mapping[str, Flag]] = MappingProxyType(_all_flags())
FLAG_CODES: Final = tuple(FLAGS)
"""Every code in its fixed order: topic by topic and channel by channel, processings, cookies."""
PREFERENCE_FLAG_CODES: Final = tuple(code for code, flag in FLAGS.items() if flag.cookie is None)
MESSAGE_FLAG_CODES: Final = tuple(code for code, flag in FLAGS.items() if flag.topic is not None)
MARKETING_FLAG_CODES: Final = tuple(code for code, flag in FLAGS.items() if flag.is_marketing)
"""What an objection to marketing clears."""
AT_ONCE: Final = {
    section: tuple(code for code, flag in FLAGS.items() if flag.section is section and flag.may_be_accepted_at_once)
    for section in Section
}
"""What accepting a section covers; nothing where each choice is made by itself."""
ADVERTISING_PROFILING_FLAG_CODES: Final = tuple(
    code for code, flag in FLAGS.items() if flag.is_marketing and flag.topic is None
)
"""What an objection to profiling for advertising clears: what is known of the person, and not the messages."""
PROFILING_FLAG_CODES: Final = ("personalisation", "marketing_profiling")
"""What an objection to profiling clears."""
STATISTICS_FLAG_CODES: Final = ("audience_statistics", "cookies.audience_measurement")
"""What an objection to audience measurement clears."""


def no_flags() -> dict[str, bool]:
    """Return every choice at its default: off until given."""
    return dict.fromkeys(FLAG_CODES, False)


_TOPICS: Final = {
    Topic.PRODUCT_NEWS: Label(fr="Nouveautés", en="Product news"),
    Topic.OFFERS: Label(fr="Offres", en="Offers"),
    Topic.PARTNER_OFFERS: Label(fr="Offres de partenaires", en="Partner offers"),
    Topic.SURVEYS: Label(fr="Sondages", en="Surveys"),
}
_TOPIC_EXPLANATIONS: Final = {
    Topic.PRODUCT_NEWS: Label(
        fr="Ce qui change dans nos produits et nos services.", en="What changes in our products and services."
    ),
    Topic.OFFERS: Label(fr="Nos promotions et nos offres.", en="Our promotions and offers."),
    Topic.PARTNER_OFFERS: Label(
        fr="Les offres de nos partenaires et des autres sociétés de notre groupe, envoyées par nous.",
        en="Offers of our partners and of the other companies of our group, sent by us.",
    ),
    Topic.SURVEYS: Label(fr="Des questions pour connaître votre avis.", en="Questions to learn what you think."),
}
_TOPIC_PHRASES: Final = {
    Topic.PRODUCT_NEWS: Label(fr="ses nouveautés", en="its product news"),
    Topic.OFFERS: Label(fr="ses offres", en="its offers"),
    Topic.PARTNER_OFFERS: Label(
        fr="les offres de ses partenaires et des sociétés de son groupe",
        en="the offers of its partners and of the companies of its group",
    ),
    Topic.SURVEYS: Label(fr="ses sondages", en="its surveys"),
}
_CHANNELS: Final = {
    Channel.EMAIL: Label(fr="E-mail", en="E-mail"),
    Channel.SMS: Label(fr="SMS", en="Text message"),
    Channel.PHONE: Label(fr="Téléphone", en="Phone"),
    Channel.POST: Label(fr="Courrier", en="Post"),
    Channel.SOCIAL: Label(fr="Réseaux sociaux", en="Social networks"),
}
_BY: Final = {
    Channel.EMAIL: Label(fr="par e-mail", en="by e-mail"),
    Channel.SMS: Label(fr="par SMS", en="by text message"),
    Channel.PHONE: Label(fr="par téléphone", en="by phone"),
    Channel.POST: Label(fr="par courrier", en="by post"),
    Channel.SOCIAL: Label(fr="sur les réseaux sociaux", en="on social networks"),
}
_WORDINGS: Final = {
    Channel.EMAIL: Label(
        fr="J'accepte que {company} m'envoie {about} par e-mail. Je peux changer d'avis à tout moment.",
        en="I agree that {company} sends me {about} by e-mail. I can change my mind at any time.",
    ),
    Channel.SMS: Label(
        fr="J'accepte que {company} m'envoie {about} par SMS. Je peux changer d'avis à tout moment.",
        en="I agree that {company} sends me {about} by text message. I can change my mind at any time.",
    ),
    Channel.PHONE: Label(
        fr="J'accepte que {company} m'appelle au sujet de : {about}. Je peux changer d'avis à tout moment.",
        en="I agree that {company} calls me about {about}. I can change my mind at any time.",
    ),
    Channel.POST: Label(
        fr="J'accepte que {company} m'envoie {about} par courrier. Je peux changer d'avis à tout moment.",
        en="I agree that {company} sends me {about} by post. I can change my mind at any time.",
    ),
    Channel.SOCIAL: Label(
        fr="J'accepte que {company} m'envoie {about} sur les réseaux sociaux. Je peux changer d'avis à tout moment.",
        en="I agree that {company} sends me {about} on social networks. I can change my mind at any time.",
    ),
}
_COOKIES: Final = Label(fr="Cookies : {purpose}", en="Cookies: {purpose}")
_PROCESSINGS: Final = {
    Processing.PERSONALISATION: Label(fr="Services adaptés à vos goûts", en="Services adapted to you"),
    Processing.AUDIENCE_STATISTICS: Label(fr="Statistiques d'utilisation", en="Statistics of use"),
    Processing.MARKETING_PROFILING: Label(fr="Offres choisies pour vous", en="Offers chosen for you"),
    Processing.EMAIL_OPEN_TRACKING: Label(fr="Suivi de l'ouverture des e-mails", en="E-mail open tracking"),
}
_PROCESSING_EXPLANATIONS: Final = {
    Processing.PERSONALISATION: Label(
        fr="Nous adaptons nos services à ce que vous aimez et utilisez.",
        en="We adapt our services to what you like and use.",
    ),
    Processing.AUDIENCE_STATISTICS: Label(
        fr="Nous comptons votre activité dans nos statistiques, sans votre nom.",
        en="We count your activity in our statistics, without your name.",
    ),
    Processing.MARKETING_PROFILING: Label(
        fr="Nous choisissons les offres à vous envoyer d'après vos achats et votre utilisation.",
        en="We choose which offers to send you from what you buy and use.",
    ),
    Processing.EMAIL_OPEN_TRACKING: Label(
        fr="Une image invisible nous dit si vous ouvrez nos e-mails.",
        en="An invisible image tells us whether you open our e-mails.",
    ),
}
_PROCESSING_WORDINGS: Final = {
    Processing.PERSONALISATION: Label(
        fr="J'accepte que {company} adapte ses services à mes achats et à mon utilisation."
        " Je peux changer d'avis à tout moment.",
        en="I agree that {company} adapts its services to what I buy and use. I can change my mind at any time.",
    ),
    Processing.AUDIENCE_STATISTICS: Label(
        fr="J'accepte que {company} compte mon activité dans ses statistiques d'utilisation."
        " Je peux changer d'avis à tout moment.",
        en="I agree that {company} counts my activity in its statistics of use. I can change my mind at any time.",
    ),
    Processing.MARKETING_PROFILING: Label(
        fr="J'accepte que {company} analyse mes achats et mon utilisation pour choisir ses offres."
        " Je peux changer d'avis à tout moment.",
        en="I agree that {company} analyses what I buy and use to choose its offers. I can change my mind at any time.",
    ),
    Processing.EMAIL_OPEN_TRACKING: Label(
        fr="J'accepte que {company} sache si j'ouvre ses e-mails, grâce à une image invisible."
        " Je peux changer d'avis à tout moment.",
        en="I agree that {company} knows whether I open its e-mails, by an invisible image."
        " I can change my mind at any time.",
    ),
}
