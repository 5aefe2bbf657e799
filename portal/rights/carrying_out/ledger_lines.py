"""What the ledger is told of decisions that a restored backup must not undo."""

from portal.personal_data.ledger.entries import note
from portal.personal_data.ledger.models import EntryKind
from portal.rights.models import RightsRequest

USE = "use"
"""What a restriction is of, as the line's `what` says: every use of the person's data (art. 18)."""


def note_restricted(request: RightsRequest) -> None:
    """Note in the current transaction that a person's data are only stored from now on."""
    body = {"what": USE, "customer": request.customer.public_id, "request": request.reference}
    note(EntryKind.RESTRICTED, body)


def note_corrected(request: RightsRequest) -> None:
    """Note in the current transaction that a rectification was granted: a backup holds the value that was wrong."""
    note(EntryKind.CORRECTED, {"customer": request.customer.public_id, "request": request.reference})
