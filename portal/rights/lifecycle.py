"""The one table of allowed steps of a rights request, and the words for its right, status and outcome.

Late, paused and extended are facts of the clock (`portal.legal_time.deadlines`), not statuses.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from portal.bilingual import Label


class Right(StrEnum):
    """The seven rights a person may call on."""

    ACCESS = "access"
    "Know whether data are held, which and why, and receive a copy (GDPR art. 15)."
    RECTIFICATION = "rectification"
    "Have what is wrong corrected and what is missing completed (art. 16)."
    ERASURE = "erasure"
    "Have data erased, item by item, unless an exception applies to the item (art. 17)."
    RESTRICTION = "restriction"
    "Have data kept but not used while a question is open (art. 18)."
    PORTABILITY = "portability"
    "Receive what one provided in a format a machine reads, or have it sent on (art. 20)."
    OBJECTION = "objection"
    "Stop a use; for direct marketing without any reason or condition (art. 21)."
    DIRECTIVES = "directives"
    "Say what becomes of the data after death (loi 78-17, art. 85)."

    @property
    def articles(self) -> str:
        """The article that gives the right, as it is cited to staff."""
        return _ARTICLES[self]

    def label(self, language: object) -> str:
        """Return the name of the right in law, for lists and headings: « Accès »."""
        return _RIGHT_NAMES[self].text(language)

    def customer_label(self, language: object) -> str:
        """Return what the person asks for in plain words, the legal word once in brackets."""
        return _RIGHT_PLAIN[self].text(language)


class Status(StrEnum):
    """Where a request stands. A code is the same in the database, the addresses and the interfaces."""

    RECEIVED = "received"
    "It has arrived and its clock runs; nobody has started on it."
    IDENTITY_PENDING = "identity_pending"
    "We asked who is asking, and wait for the person."
    CLARIFICATION_PENDING = "clarification_pending"
    "We asked what exactly is wanted, and wait for the person."
    IN_REVIEW = "in_review"
    "A staff member can work on it: everything needed is there."
    SECOND_OPINION = "second_opinion"
    "A decision is drafted and waits for another person's agreement."
    ANSWERED = "answered"
    "The answer is given. It stays here while a system or recipient that was told has not followed."
    CLOSED = "closed"
    "Answered, and nothing is owed any more."
    WITHDRAWN = "withdrawn"
    "The person took the request back before the answer."

    @property
    def is_open(self) -> bool:
        return self in OPEN_STATUSES

    def label(self, language: object) -> str:
        """Return the word staff see in the queue."""
        return _STATUS_STAFF[self].text(language)

    def customer_label(self, language: object) -> str:
        """Return the words the person sees, said from their side."""
        return _STATUS_CUSTOMER[self].text(language)

    def sentence(self, language: object) -> str:
        """Return what the status means for the person and what comes next."""
        return _STATUS_SENTENCES[self].text(language)


class Outcome(StrEnum):
    """How a request was decided, apart from where it stands."""

    GRANTED = "granted"
    "All that was asked for is done."
    PARTIAL = "partial"
    "Some of it is done; the refused part has its grounds in the letter."
    REFUSED = "refused"
    "None of it is done; the letter holds the grounds and the remedies."

    def label(self, language: object) -> str:
        """Return the word staff see."""
        return _OUTCOME_STAFF[self].text(language)

    def customer_label(self, language: object) -> str:
        """Return the words the person sees."""
        return _OUTCOME_CUSTOMER[self].text(language)


class ExtensionReason(StrEnum):
    """The only two reasons for two months more, each with its facts in words (GDPR art. 12(3))."""

    COMPLEXITY = "complexity"
    "Much data, scattered storage, parts to withhold, or work to make it intelligible."
    NUMBER_OF_REQUESTS = "number_of_requests"
    "An exceptional number of requests from this person, or a temporary peak that is a fact."

    def label(self, language: object) -> str:
        """Return the reason in a few words, for the staff member who chooses it."""
        return _EXTENSION_REASONS[self].text(language)

    def sentence(self, language: object) -> str:
        """Return the reason in a sentence, for the person who waits longer."""
        return _EXTENSION_SENTENCES[self].text(language)


class Step(StrEnum):
    """What may happen to a request. Claiming, extending and writing to each other do not move its status."""

    FILE = "file"
    "The request reaches us, by the portal or another channel."
    ASK_IDENTITY = "ask_identity"
    "Staff, or the identity policy at filing, ask for proof of identity."
    RECEIVE_IDENTITY = "receive_identity"
    "The person proves who they are, or sends the document to check."
    ASK_CLARIFICATION = "ask_clarification"
    "Staff ask what the request is about."
    RECEIVE_CLARIFICATION = "receive_clarification"
    "The person answers that question."
    START_REVIEW = "start_review"
    "A staff member takes it up, or stops waiting and decides with what is there."
    ASK_SECOND_OPINION = "ask_second_opinion"
    "The decision needs another person: refusals and erasures always do."
    RETURN_TO_REVIEW = "return_to_review"
    "The other person has given an opinion; after a yes, the answer leaves at once."
    ANSWER = "answer"
    "The answer leaves."
    CLOSE = "close"
    "Nothing is owed any more."
    WITHDRAW = "withdraw"
    "The person takes the request back."
    FOLLOW_UP = "follow_up"
    "What the answer left for later goes now, and systems of the company have to follow."
    REOPEN = "reopen"
    "It had been closed by mistake: what it granted was never carried out."


class SecondOpinion(StrEnum):
    """What the other person says of a decision."""

    AGREES = "agrees"
    "The answer leaves."
    DISAGREES = "disagrees"
    "The request goes back to review."


class CaseMoved(Exception):
    """The case is no longer as the acting person's page showed it; nothing was done. Each subclass says what moved."""


class InvalidStep(CaseMoved):
    """The step is not allowed from where the request stands."""

    def __init__(self, status: Status | None, step: Step) -> None:
        super().__init__(f"“{step}” is not allowed from “{status or 'nothing'}”")
        self.status = status
        self.step = step


OPEN_STATUSES: Final = frozenset(
    {
        Status.RECEIVED,
        Status.IDENTITY_PENDING,
        Status.CLARIFICATION_PENDING,
        Status.IN_REVIEW,
        Status.SECOND_OPINION,
    }
)
WAITING_STATUSES: Final = frozenset({Status.IDENTITY_PENDING, Status.CLARIFICATION_PENDING})

# FILE makes a request, so its key has no status. RECEIVED → ANSWERED is for an objection to marketing, which is
# granted at once. There is no WITHDRAW after the answer: nothing is left to take back.
ALLOWED: Final[Mapping[tuple[Status | None, Step], Status]] = MappingProxyType(
    {
        (None, Step.FILE): Status.RECEIVED,
        (Status.RECEIVED, Step.ASK_IDENTITY): Status.IDENTITY_PENDING,
        (Status.RECEIVED, Step.ASK_CLARIFICATION): Status.CLARIFICATION_PENDING,
        (Status.RECEIVED, Step.START_REVIEW): Status.IN_REVIEW,
        (Status.RECEIVED, Step.ANSWER): Status.ANSWERED,
        (Status.RECEIVED, Step.WITHDRAW): Status.WITHDRAWN,
        (Status.IDENTITY_PENDING, Step.ASK_IDENTITY): Status.IDENTITY_PENDING,
        (Status.IDENTITY_PENDING, Step.RECEIVE_IDENTITY): Status.IN_REVIEW,
        (Status.IDENTITY_PENDING, Step.START_REVIEW): Status.IN_REVIEW,
        (Status.IDENTITY_PENDING, Step.WITHDRAW): Status.WITHDRAWN,
        (Status.CLARIFICATION_PENDING, Step.ASK_IDENTITY): Status.IDENTITY_PENDING,
        (Status.CLARIFICATION_PENDING, Step.ASK_CLARIFICATION): Status.CLARIFICATION_PENDING,
        (Status.CLARIFICATION_PENDING, Step.RECEIVE_CLARIFICATION): Status.IN_REVIEW,
        (Status.CLARIFICATION_PENDING, Step.START_REVIEW): Status.IN_REVIEW,
        (Status.CLARIFICATION_PENDING, Step.WITHDRAW): Status.WITHDRAWN,
        (Status.IN_REVIEW, Step.ASK_IDENTITY): Status.IDENTITY_PENDING,
        (Status.IN_REVIEW, Step.ASK_CLARIFICATION): Status.CLARIFICATION_PENDING,
        (Status.IN_REVIEW, Step.ASK_SECOND_OPINION): Status.SECOND_OPINION,
        (Status.IN_REVIEW, Step.ANSWER): Status.ANSWERED,
        (Status.IN_REVIEW, Step.WITHDRAW): Status.WITHDRAWN,
        (Status.SECOND_OPINION, Step.RETURN_TO_REVIEW): Status.IN_REVIEW,
        (Status.SECOND_OPINION, Step.ANSWER): Status.ANSWERED,
        (Status.SECOND_OPINION, Step.WITHDRAW): Status.WITHDRAWN,
        (Status.ANSWERED, Step.CLOSE): Status.CLOSED,
        (Status.CLOSED, Step.FOLLOW_UP): Status.ANSWERED,
        (Status.CLOSED, Step.REOPEN): Status.IN_REVIEW,
    }
)


def advance(status: Status | None, step: Step) -> Status:
    """Return where a step leads from a status (None before filing). Raises `InvalidStep`."""
    try:
        return ALLOWED[status, step]
    except KeyError:
        raise InvalidStep(status, step) from None


STAGES: Final = (
    Label(fr="Demande reçue", en="Request received"),
    Label(fr="Vérification", en="Checks"),
    Label(fr="Traitement", en="Work in progress"),
    Label(fr="Réponse", en="Answer"),
)
"""The four steps that the person follows."""


def stage(status: Status) -> int:
    """Return the number, 1 to 4, of the stage in `STAGES` that a status belongs to."""
    return _STAGE_OF[status]


_STAGE_OF: Final = {
    Status.RECEIVED: 1,
    Status.IDENTITY_PENDING: 2,
    Status.CLARIFICATION_PENDING: 2,
    Status.IN_REVIEW: 3,
    Status.SECOND_OPINION: 3,
    Status.ANSWERED: 4,
    Status.CLOSED: 4,
    Status.WITHDRAWN: 4,
}

_ARTICLES: Final = {
    Right.ACCESS: "GDPR art. 15",
    Right.RECTIFICATION: "GDPR art. 16",
    Right.ERASURE: "GDPR art. 17",
    Right.RESTRICTION: "GDPR art. 18",
    Right.PORTABILITY: "GDPR art. 20",
    Right.OBJECTION: "GDPR art. 21",
    Right.DIRECTIVES: "loi 78-17 art. 85",
}

_RIGHT_NAMES: Final = {
    Right.ACCESS: Label(fr="Accès", en="Access"),
    Right.RECTIFICATION: Label(fr="Rectification", en="Rectification"),
    Right.ERASURE: Label(fr="Effacement", en="Erasure"),
    Right.RESTRICTION: Label(fr="Limitation", en="Restriction"),
    Right.PORTABILITY: Label(fr="Portabilité", en="Portability"),
    Right.OBJECTION: Label(fr="Opposition", en="Objection"),
    Right.DIRECTIVES: Label(fr="Directives après la mort", en="Directives after death"),
}

_RIGHT_PLAIN: Final = {
    Right.ACCESS: Label(
        fr="Recevoir une copie de vos données (droit d'accès)", en="Get a copy of your data (right of access)"
    ),
    Right.RECTIFICATION: Label(
        fr="Corriger vos données (droit de rectification)", en="Correct your data (right to rectification)"
    ),
    Right.ERASURE: Label(fr="Effacer vos données (droit à l'effacement)", en="Erase your data (right to erasure)"),
    Right.RESTRICTION: Label(
        fr="Mettre vos données en pause (droit à la limitation)",
        en="Put your data on hold (right to restriction)",
    ),
    Right.PORTABILITY: Label(
        fr="Emporter vos données ailleurs (droit à la portabilité)",
        en="Take your data elsewhere (right to portability)",
    ),
    Right.OBJECTION: Label(
        fr="Ne plus utiliser vos données (droit d'opposition)",
        en="Stop the use of your data (right to object)",
    ),
    Right.DIRECTIVES: Label(
        fr="Dire ce que deviennent vos données après votre mort (directives)",
        en="Say what becomes of your data after your death (directives)",
    ),
}

_STATUS_STAFF: Final = {
    Status.RECEIVED: Label(fr="Reçue", en="Received"),
    Status.IDENTITY_PENDING: Label(fr="Identité à vérifier", en="Identity to check"),
    Status.CLARIFICATION_PENDING: Label(fr="En attente du client", en="Waiting for the customer"),
    Status.IN_REVIEW: Label(fr="À traiter", en="To do"),
    Status.SECOND_OPINION: Label(fr="Second avis", en="Second opinion"),
    Status.ANSWERED: Label(fr="Répondue", en="Answered"),
    Status.CLOSED: Label(fr="Close", en="Closed"),
    Status.WITHDRAWN: Label(fr="Annulée par le client", en="Cancelled by the customer"),
}

_STATUS_CUSTOMER: Final = {
    Status.RECEIVED: Label(fr="Reçue", en="Received"),
    Status.IDENTITY_PENDING: Label(fr="À vous : prouver votre identité", en="Your turn: prove who you are"),
    Status.CLARIFICATION_PENDING: Label(fr="À vous : répondre à notre question", en="Your turn: answer us"),
    Status.IN_REVIEW: Label(fr="En cours", en="In progress"),
    Status.SECOND_OPINION: Label(fr="En cours", en="In progress"),
    Status.ANSWERED: Label(fr="Réponse prête", en="Answer ready"),
    Status.CLOSED: Label(fr="Réponse prête", en="Answer ready"),
    Status.WITHDRAWN: Label(fr="Annulée", en="Cancelled"),
}

_STATUS_SENTENCES: Final = {
    Status.RECEIVED: Label(
        fr="Votre demande est arrivée. Une personne de notre équipe va la lire.",
        en="Your request has arrived. Someone in our team will read it.",
    ),
    Status.IDENTITY_PENDING: Label(
        fr="Nous attendons une preuve de votre identité. Le délai reprend dès que nous l'avons.",
        en="We are waiting for proof of who you are. The deadline restarts when we have it.",
    ),
    Status.CLARIFICATION_PENDING: Label(
        fr="Nous vous avons posé une question. Le délai reprend dès votre réponse.",
        en="We have asked you a question. The deadline restarts with your answer.",
    ),
    Status.IN_REVIEW: Label(
        fr="Nous traitons votre demande. Vous n'avez rien à faire.",
        en="We are working on your request. You do not need to do anything.",
    ),
    Status.SECOND_OPINION: Label(
        fr="Une seconde personne relit notre réponse. Vous n'avez rien à faire.",
        en="A second person is checking our answer. You do not need to do anything.",
    ),
    Status.ANSWERED: Label(
        fr="Notre réponse est prête.",
        en="Our answer is ready.",
    ),
    Status.CLOSED: Label(
        fr="Notre réponse est prête. Elle dit ce qui est fait, ce qui reste à faire et par qui.",
        en="Our answer is ready. It says what is done, what remains and who does it.",
    ),
    Status.WITHDRAWN: Label(
        fr="Vous avez annulé cette demande. Vous pouvez en faire une autre à tout moment.",
        en="You cancelled this request. You can make another one at any time.",
    ),
}

_EXTENSION_REASONS: Final = {
    ExtensionReason.COMPLEXITY: Label(fr="Demande complexe", en="Complex request"),
    ExtensionReason.NUMBER_OF_REQUESTS: Label(fr="Nombre de demandes", en="Number of requests"),
}
_EXTENSION_SENTENCES: Final = {
    ExtensionReason.COMPLEXITY: Label(
        fr="Votre demande est complexe : c'est pourquoi il nous faut plus de temps.",
        en="Your request is complex: that is why we need more time.",
    ),
    ExtensionReason.NUMBER_OF_REQUESTS: Label(
        fr="Le nombre de demandes reçues est élevé : c'est pourquoi il nous faut plus de temps.",
        en="We have received a large number of requests: that is why we need more time.",
    ),
}

_OUTCOME_STAFF: Final = {
    Outcome.GRANTED: Label(fr="Accordée", en="Granted"),
    Outcome.PARTIAL: Label(fr="Accordée en partie", en="Granted in part"),
    Outcome.REFUSED: Label(fr="Refusée", en="Refused"),
}

_OUTCOME_CUSTOMER: Final = {
    Outcome.GRANTED: Label(fr="Nous avons accepté votre demande", en="We have accepted your request"),
    Outcome.PARTIAL: Label(
        fr="Nous avons accepté une partie de votre demande", en="We have accepted part of your request"
    ),
    Outcome.REFUSED: Label(fr="Nous avons refusé votre demande", en="We have refused your request"),
}
