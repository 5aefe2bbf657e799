"""What a case waits for, in a word or two: what the queue says first."""

from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, exists

from portal.bilingual import Label
from portal.exports.models import AnswerPackage, PackageStatus
from portal.identity_checks.models import CheckResult, DocumentStatus, IdentityCheck, IdentityDocument
from portal.rights.lifecycle import Status
from portal.rights.models import RightsRequest


class ToDo(StrEnum):
    CHECK_DOCUMENT = "check_document"
    ANSWER = "answer"
    GIVE_OPINION = "give_opinion"
    MAKE_COPY_AGAIN = "make_copy_again"
    COPY_UNDER_WAY = "copy_under_way"
    IDENTITY_AWAITED = "identity_awaited"
    CUSTOMER_AWAITED = "customer_awaited"

    def label(self, language: object) -> str:
        """Return the words of the queue."""
        return _LABELS[self].text(language)

    @property
    def is_ours(self) -> bool:
        """Whether somebody of the team has to do it; otherwise the case waits for its customer or for the portal."""
        return self not in {ToDo.COPY_UNDER_WAY, ToDo.IDENTITY_AWAITED, ToDo.CUSTOMER_AWAITED}


# Conditions of one row, so that a page of the queue is still one statement.
DOCUMENT_WAITS: Final[ColumnElement[bool]] = (
    exists()
    .where(
        IdentityCheck.request_id == RightsRequest.id,
        IdentityCheck.result == CheckResult.PENDING,
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


def to_do(request: RightsRequest) -> ToDo | None:
    """Return what an open case waits for, None for a closed one.

    Args:
        request: read with `has_document` (`DOCUMENT_WAITS`) and `has_failed_copy` (`COPY_FAILED`).
    """
    if not request.is_open:
        return None
    if request.status in _BY_STATUS:
        return _BY_STATUS[request.status]
    if request.outcome is not None:
        return ToDo.MAKE_COPY_AGAIN if request.has_failed_copy else ToDo.COPY_UNDER_WAY
    return ToDo.CHECK_DOCUMENT if request.has_document else ToDo.ANSWER


_BY_STATUS: Final = {
    Status.IDENTITY_PENDING: ToDo.IDENTITY_AWAITED,
    Status.CLARIFICATION_PENDING: ToDo.CUSTOMER_AWAITED,
    Status.SECOND_OPINION: ToDo.GIVE_OPINION,
}

_LABELS: Final = {
    ToDo.CHECK_DOCUMENT: Label(fr="Vérifier la pièce", en="Check the document"),
    ToDo.ANSWER: Label(fr="Répondre", en="Answer"),
    ToDo.GIVE_OPINION: Label(fr="Donner un second avis", en="Give a second opinion"),
    ToDo.MAKE_COPY_AGAIN: Label(fr="Refaire la copie", en="Make the copy again"),
    ToDo.COPY_UNDER_WAY: Label(fr="La copie se prépare", en="Copy under way"),
    ToDo.IDENTITY_AWAITED: Label(fr="Attend la preuve d’identité", en="Waits for proof of identity"),
    ToDo.CUSTOMER_AWAITED: Label(fr="Attend le client", en="Waits for the customer"),
}
