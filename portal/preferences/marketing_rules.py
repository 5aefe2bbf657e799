"""Whether a message may be sent to a person: one decision table, with the reason and the text of law.

CPCE art. L34-5 (e-mail, SMS, automated calls), C. conso. art. L223-1 (calls), GDPR art. 6, 8 and 21. It decides what
marketing reads of messages, imported choices included (`choices/deciding.py`).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from portal.bilingual import Label
from portal.preferences.purposes import Channel

PHONE_OPT_IN_FROM: Final = date(2026, 8, 11)
"""Day from which calls to consumers need consent (loi 2025-594 art. 13); before, Bloctel was an opt-out."""


class Audience(StrEnum):
    """In what capacity the person is written to."""

    CONSUMER = "consumer"
    BUSINESS = "business"


class Reason(StrEnum):
    """Why a message may or may not be sent."""

    SERVICE_MESSAGE = "service_message"
    CONSENT = "consent"
    SIMILAR_PRODUCTS = "similar_products"
    RELATED_TO_WORK = "related_to_work"
    GENERIC_ADDRESS = "generic_address"
    CONTRACT_IN_PROGRESS = "contract_in_progress"
    NOT_ON_BLOCTEL = "not_on_bloctel"
    INFORMED = "informed"
    SUPPRESSED = "suppressed"
    OBJECTED = "objected"
    TOO_YOUNG = "too_young"
    NO_PROOF = "no_proof"
    NO_CONSENT = "no_consent"
    ON_BLOCTEL = "on_bloctel"
    NOT_INFORMED = "not_informed"

    def label(self, language: object) -> str:
        return _REASONS[self].text(language)


@dataclass(frozen=True, slots=True)
class Message:
    """A message someone wants to send, and what is known of the person. A fact in its favour is false until known.

    `is_own` is false when another company, even a parent or a sister, sends the message or is advertised in it.
    `has_consent` is for this topic, channel and sender; `has_proof` says that its record exists. `was_told` says that
    the person was told when the data were collected, with a free way to refuse then and since.
    """

    channel: Channel
    on: date
    audience: Audience = Audience.CONSUMER
    is_customer: bool = False
    is_own: bool = True
    is_service: bool = False
    has_promotion: bool = False
    is_suppressed: bool = False
    is_too_young: bool = False
    has_objected: bool = False
    has_consent: bool = False
    has_proof: bool = False
    is_similar: bool = False
    was_told: bool = False
    address_from_sale: bool = False
    is_related_to_work: bool = False
    is_generic_address: bool = False
    has_contract_in_progress: bool = False
    is_related_to_contract: bool = False
    is_on_bloctel: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, and why."""

    may_send: bool
    reason: Reason


def decide(message: Message) -> Decision:
    """Return whether a message may be sent. Nothing leaves for people whose data are restricted or erased."""
    if message.is_suppressed:
        return _no(Reason.SUPPRESSED)
    if message.is_service and not message.has_promotion:
        return _yes(Reason.SERVICE_MESSAGE)
    if message.has_objected:
        return _no(Reason.OBJECTED)
    if message.is_too_young:
        return _no(Reason.TOO_YOUNG)
    if message.has_consent and message.has_proof:
        return _yes(Reason.CONSENT)
    if message.channel is Channel.PHONE:
        return _call(message)
    if message.channel is Channel.POST:
        return _yes(Reason.INFORMED) if message.was_told and message.is_own else _no(Reason.NOT_INFORMED)
    return _electronic(message)


def _electronic(message: Message) -> Decision:
    if message.audience is Audience.BUSINESS:
        if message.is_generic_address:
            return _yes(Reason.GENERIC_ADDRESS)
        if message.is_related_to_work and message.was_told:
            return _yes(Reason.RELATED_TO_WORK)
        return _without_consent(message)
    is_soft_opt_in = (
        message.is_customer and message.address_from_sale and message.is_similar and message.was_told and message.is_own
    )
    return _yes(Reason.SIMILAR_PRODUCTS) if is_soft_opt_in else _without_consent(message)


def _call(message: Message) -> Decision:
    if message.audience is Audience.BUSINESS:
        return _yes(Reason.INFORMED) if message.was_told else _no(Reason.NOT_INFORMED)
    if message.has_contract_in_progress and message.is_related_to_contract and message.is_own:
        return _yes(Reason.CONTRACT_IN_PROGRESS)
    if message.on < PHONE_OPT_IN_FROM:
        return _no(Reason.ON_BLOCTEL) if message.is_on_bloctel else _yes(Reason.NOT_ON_BLOCTEL)
    return _without_consent(message)


def _without_consent(message: Message) -> Decision:
    return _no(Reason.NO_PROOF if message.has_consent else Reason.NO_CONSENT)


def _yes(reason: Reason) -> Decision:
    return Decision(True, reason)


def _no(reason: Reason) -> Decision:
    return Decision(False, reason)


_REASONS: Final = {
    Reason.SERVICE_MESSAGE: Label(fr="Message de service, sans publicité", en="Service message, without promotion"),
    Reason.CONSENT: Label(fr="Accord donné et prouvé", en="Consent given and proven"),
    Reason.SIMILAR_PRODUCTS: Label(
        fr="Produits semblables, après un achat (art. L34-5 CPCE)",
        en="Similar products, after a purchase (CPCE art. L34-5)",
    ),
    Reason.RELATED_TO_WORK: Label(fr="En rapport avec la profession", en="Related to the person's work"),
    Reason.GENERIC_ADDRESS: Label(fr="Adresse générique d'entreprise", en="Generic company address"),
    Reason.CONTRACT_IN_PROGRESS: Label(
        fr="En rapport avec le contrat en cours (art. L223-1 C. conso.)",
        en="Related to the contract in progress (C. conso. art. L223-1)",
    ),
    Reason.NOT_ON_BLOCTEL: Label(
        fr="Hors liste Bloctel, avant le 11 août 2026", en="Not on Bloctel, before 11 August 2026"
    ),
    Reason.INFORMED: Label(fr="Personne informée, sans opposition", en="Person informed, no objection"),
    Reason.SUPPRESSED: Label(fr="Données effacées ou en pause", en="Data erased or on hold"),
    Reason.OBJECTED: Label(fr="Opposition de la personne", en="The person objected"),
    Reason.TOO_YOUNG: Label(fr="Moins de 15 ans (loi 78-17, art. 45)", en="Under 15 (loi 78-17 art. 45)"),
    Reason.NO_PROOF: Label(fr="Accord sans preuve", en="Consent without proof"),
    Reason.NO_CONSENT: Label(fr="Pas d'accord", en="No consent"),
    Reason.ON_BLOCTEL: Label(fr="Inscrit sur Bloctel", en="On the Bloctel list"),
    Reason.NOT_INFORMED: Label(fr="Personne non informée", en="Person not informed"),
}
