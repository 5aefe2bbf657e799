"""The mails that tell a customer what became of what they sent. First name and reference, nothing more."""

from portal.rights.carrying_out.answering import write_to_customer
from portal.rights.models import RightsRequest


def queue_received(request: RightsRequest) -> None:
    """Acknowledge a request with its due date (EDPB 01/2022 §57)."""
    write_to_customer(request, "rights/received", due_on=request.sort_on.isoformat())


def queue_document_awaited(request: RightsRequest) -> None:
    """Acknowledge a request whose clock stands still until the document comes."""
    paused_on = request.paused_on.isoformat() if request.paused_on else None
    write_to_customer(request, "rights/identity_awaited", paused_on=paused_on)


def queue_document_received(request: RightsRequest) -> None:
    """Say that the document came and by when the answer will."""
    write_to_customer(request, "rights/document_received", due_on=request.sort_on.isoformat())


def queue_document_lost(request: RightsRequest) -> None:
    """Ask for the document once more, because a virus scanner recognised something in it."""
    write_to_customer(request, "rights/identity_infected")


def queue_withdrawn(request: RightsRequest) -> None:
    """Confirm that the customer took the request back."""
    write_to_customer(request, "rights/withdrawn")
