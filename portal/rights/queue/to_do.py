"""What a case waits for, in a word or two: what the queue says first."""

from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, exists, select

from portal.bilingual import Label
from portal.exports.models import AnswerPackage, PackageStatus
from portal.identity_checks.models import VALUE_PROOF, CheckResult, DocumentStatus, IdentityCheck, IdentityDocument
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.erasure.scheduling import UNDER_WAY
from portal.rights.lifecycle import Status
from portal.rights.models import RightsRequest


class ToDo(StrEnum):
    CHECK_DOCUMENT = "check_document"
    ANSWER = "answer"
    GIVE_OPINION = "give_opinion"
    MAKE_COPY_AGAIN = "make_copy_again"
    COPY_UNDER_WAY = "copy_under_way"
    ERASURE_COOLS_OFF = "erasure_cools_off"
    ERASURE_UNDER_WAY = "erasure_under_way"
    LOOK_AT_ERASURE = "look_at_erasure"
    IDENTITY_AWAITED = "identity_awaited"
    CUSTOMER_AWAITED = "customer_awaited"

    def label(self, language: object) -> str:
        """Return the words of the queue."""
        return _LABELS[self].text(language)

    @property
    def is_ours(self) -> bool:
        """Whether somebody of the team has to do it; otherwise the case waits for its customer or for the portal."""
        return self not in _GO_ON_BY_THEMSELVES


# Conditions of one row, so that a page of the queue is still one statement.
DOCUMENT_WAITS: Final[ColumnElement[bool]] = (
    exists()
    .where(
        IdentityCheck.request_id == RightsRequest.id,
        IdentityCheck.result == CheckResult.PENDING,
        IdentityCheck.method != VALUE_PROOF,
        IdentityDocument.check_id == IdentityCheck.id,
        IdentityDocument.status != DocumentStatus.SHREDDING,
    )
    .correlate(RightsRequest)
)
COPY_FAILED: Final[ColumnElement[bool]] = (
    exists()
    .where(AnswerPackage.request_id == RightsRequest.id, AnswerPackage.status == PackageStatus.FAILED)
    .correlate(RightsRequest)
)
ERASURE_STATE: Final = (
    select(Erasure.state)
    .where(Erasure.request_id == RightsRequest.id, Erasure.state.in_((*UNDER_WAY, ErasureState.WAITING)))
    .correlate(RightsRequest)
    .scalar_subquery()
)


def to_do(request: RightsRequest) -> ToDo | None:
    """Return what an open case waits for, None for a closed one.

    Args:
        request: read with `has_document` (`DOCUMENT_WAITS`), `has_failed_copy` (`COPY_FAILED`) and `erasure_state`
            (`ERASURE_STATE`).
    """
    if not request.is_open:
        return None
    if request.status in _BY_STATUS:
        return _BY_STATUS[request.status]
    if request.erasure_state is not None:
        return _OF_ERASURE[ErasureState(request.erasure_state)]
    if request.outcome is not None:
        return ToDo.MAKE_COPY_AGAIN if request.has_failed_copy else ToDo.COPY_UNDER_WAY
    return ToDo.CHECK_DOCUMENT if request.has_document else ToDo.ANSWER


_BY_STATUS: Final = {
    Status.IDENTITY_PENDING: ToDo.IDENTITY_AWAITED,
    Status.CLARIFICATION_PENDING: ToDo.CUSTOMER_AWAITED,
    Status.SECOND_OPINION: ToDo.GIVE_OPINION,
}

_OF_ERASURE: Final = {
    ErasureState.WAITING: ToDo.ERASURE_COOLS_OFF,
    ErasureState.COOLING: ToDo.ERASURE_COOLS_OFF,
    ErasureState.RUNNING: ToDo.ERASURE_UNDER_WAY,
    ErasureState.HALTED: ToDo.LOOK_AT_ERASURE,
}
_GO_ON_BY_THEMSELVES: Final = {
    ToDo.COPY_UNDER_WAY,
    ToDo.ERASURE_COOLS_OFF,
    ToDo.ERASURE_UNDER_WAY,
    ToDo.IDENTITY_AWAITED,
    ToDo.CUSTOMER_AWAITED,
}

_LABELS: Final = {
    ToDo.CHECK_DOCUMENT: Label(fr="Vérifier la pièce", en="Check the document"),
    ToDo.ANSWER: Label(fr="Répondre", en="Answer"),
    ToDo.GIVE_OPINION: Label(fr="Donner un second avis", en="Give a second opinion"),
    ToDo.MAKE_COPY_AGAIN: Label(fr="Refaire la copie", en="Make the copy again"),
    ToDo.COPY_UNDER_WAY: Label(fr="La copie se prépare", en="Copy under way"),
    ToDo.ERASURE_COOLS_OFF: Label(fr="Effacement décidé, annulable", en="Erasure decided, can be cancelled"),
    ToDo.ERASURE_UNDER_WAY: Label(fr="Effacement en cours", en="Erasure under way"),
    ToDo.LOOK_AT_ERASURE: Label(fr="Effacement arrêté : à regarder", en="Erasure halted: to be looked at"),
    ToDo.IDENTITY_AWAITED: Label(fr="Attend la preuve d’identité", en="Waits for proof of identity"),
    ToDo.CUSTOMER_AWAITED: Label(fr="Attend le client", en="Waits for the customer"),
}
