"""What an identity check is for: a request being filed, or one that waits. The domain of requests plugs itself in here.

Requests stand above this domain, so it asks them by these functions instead of importing them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from portal.accounts.models import Account
from portal.identity_checks.models import IdentityCheck
from portal.identity_checks.policy import DoubtSignal
from portal.staff.models import StaffMember


@dataclass(frozen=True)
class Errand:
    """Why a customer proves who they are, and where they go on afterwards.

    Attributes:
        code: what stands in the address: a draft's public id, or a request's reference.
        title: what is asked for, in the customer's language.
        signals: the doubts that are still open.
        draft_id: the draft, while the request is not sent.
        check_id: the open check, once it is.
        may_be_light: whether a password and a code can still clear the doubts.
        next_url: the page after the document.
        back_url: the page before.
        step: number of the step and number of all, on a draft.
    """

    code: str
    title: str
    customer_id: int
    signals: tuple[DoubtSignal, ...]
    next_url: str
    back_url: str
    draft_id: int | None = None
    check_id: int | None = None
    may_be_light: bool = False
    step: tuple[int, int] | None = field(default=None)


class Errands(Protocol):
    """What the domain of requests answers. Writing ones run inside the caller's transaction."""

    def find(self, account: Account, session_id: int, code: str) -> Errand | None:
        """Return the account's own draft or waiting request of this code that needs a proof, else None."""

    def hold(self, errand: Errand) -> bool:
        """Lock what the errand is for; return whether it still waits for a proof."""

    def complete(self, errand: Errand) -> None:
        """Take note that every side of the document has arrived."""

    def clear(self, errand: Errand, session_id: int) -> None:
        """Take note that a fresh password and a code to a known address cleared what they can."""

    def put_off(self, errand: Errand) -> None:
        """Take note that the customer sends the document later."""

    def may_open(self, member: StaffMember, check: IdentityCheck) -> str | None:
        """Return the reference of the request when this person holds it, else None."""

    def lose_document(self, check: IdentityCheck, reason: str) -> None:
        """Take note that a document was destroyed before any decision: `infected` or `limit`."""


_plugged: list[Errands] = []


def plug_in(errands: Errands) -> Errands:
    """Register the domain of requests; the last one counts."""
    _plugged[:] = [errands]
    return errands


def errands() -> Errands:
    """Return what was plugged in."""
    return _plugged[0]
