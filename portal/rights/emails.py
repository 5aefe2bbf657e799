"""Every mail about a request to its customer. A mail carries the first name, the reference and dates: nothing more.

Each is queued in the transaction of the fact that it tells. A customer without an address gets none.
"""

from typing import Any

from portal.exports.models import AnswerPackage
from portal.infrastructure.mail.models import Mail
from portal.infrastructure.mail.outbox import queue_mail
from portal.rights.clock.running import is_late
from portal.rights.lifecycle import Outcome
from portal.rights.models import RightsRequest


def queue_received(request: RightsRequest) -> None:
    """Acknowledge a request with its due date (EDPB 01/2022 §57)."""
    _queue(request, "received", due_on=request.sort_on.isoformat(), is_late=is_late(request))


def queue_document_awaited(request: RightsRequest) -> None:
    """Acknowledge a request whose clock stands still until the document comes."""
    _queue(request, "identity_awaited", paused_on=_paused_on(request))


def queue_document_asked(request: RightsRequest) -> None:
    """Ask for a document, because of a doubt that a reviewer wrote down."""
    _queue(request, "identity_asked")


def queue_document_asked_again(request: RightsRequest) -> None:
    """Ask for another document: the one sent will not do."""
    _queue(request, "identity_asked_again")


def queue_document_received(request: RightsRequest) -> None:
    """Say that the document came and by when the answer will."""
    _queue(request, "document_received", due_on=request.sort_on.isoformat(), is_late=is_late(request))


def queue_document_lost(request: RightsRequest) -> None:
    """Ask for the document once more, because a virus scanner recognised something in it."""
    _queue(request, "identity_infected")


def queue_identity_confirmed(request: RightsRequest) -> None:
    """Say that we know who asks, and that the document is destroyed."""
    _queue(request, "identity_confirmed")


def queue_question(request: RightsRequest) -> None:
    """Ask the customer what exactly is wanted."""
    _queue(request, "clarification_asked", paused_on=_paused_on(request))


def queue_extended(request: RightsRequest) -> None:
    """Give notice of two further months (GDPR art. 12(3))."""
    _queue(request, "extended", due_on=request.sort_on.isoformat())


def queue_withdrawn(request: RightsRequest) -> None:
    """Confirm that the customer took the request back."""
    _queue(request, "withdrawn")


def queue_answered(request: RightsRequest) -> Mail | None:
    """Say that the answer is there: granted, or refused in part or whole. Return the mail; None without an address."""
    return _queue(request, "answered" if request.outcome is Outcome.GRANTED else "refused")


def queue_package_ready(request: RightsRequest, package: AnswerPackage) -> Mail | None:
    """Say that the copy of the data is there, and until when. Return the mail; None without an address."""
    assert package.expires_at
    is_partial = request.outcome is Outcome.PARTIAL
    return _queue(request, "package_ready", expires_at=package.expires_at.isoformat(), is_partial=is_partial)


def queue_copy_completed(request: RightsRequest, package: AnswerPackage) -> Mail | None:
    """Say that a copy was made again with what was missing in it. Return the mail; None without an address."""
    assert package.expires_at
    return _queue(request, "copy_completed", expires_at=package.expires_at.isoformat())


def _paused_on(request: RightsRequest) -> str | None:
    return request.paused_on.isoformat() if request.paused_on else None


def _queue(request: RightsRequest, template: str, **context: Any) -> Mail | None:
    customer = request.customer
    if not customer.email:
        return None
    return queue_mail(
        f"rights/{template}",
        customer.email,
        customer.language,
        customer_id=customer.id,
        first_name=customer.given_name,
        reference=request.reference,
        **context,
    )
