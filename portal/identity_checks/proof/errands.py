"""The errand of a document: the request that it is for, which is being filed or waits for the proof.

The domain of requests is in a layer above this one, so it plugs itself in here instead of being imported.
"""

from dataclasses import dataclass
from typing import Protocol

from portal.accounts.models import Account, AccountSession
from portal.identity_checks.models import IdentityCheck
from portal.identity_checks.proof.known_address import KnownAddress
from portal.identity_checks.proof.papers import OF_IDENTITY, Paper
from portal.staff.models import StaffMember


@dataclass(frozen=True)
class Errand:
    """Why a customer sends a document, and where they go on afterwards.

    Attributes:
        code: names the errand in a page's address: a draft's public id, or a request's reference.
        title: what is asked for, in the customer's language.
        reasons: why we ask this person, one sentence each, in the customer's language.
        draft_id: id of the draft, while the request is not sent.
        check_id: id of the open check, once the request is sent.
        address: where a code would lift every doubt that remains; None where none would.
        takes_document: whether a document would be compared with what is held.
        papers: which papers it takes.
        next_url: the page after the document.
        back_url: the page before.
        steps: how many steps the draft has; 0 for a request that was sent.
    """

    code: str
    title: str
    customer_id: int
    reasons: tuple[str, ...]
    next_url: str
    back_url: str
    draft_id: int | None = None
    check_id: int | None = None
    address: KnownAddress | None = None
    takes_document: bool = True
    papers: tuple[Paper, ...] = OF_IDENTITY
    steps: int = 0

    @property
    def is_of_value(self) -> bool:
        """Whether it proves a value to correct, and not who asks."""
        return Paper.VALUE_PROOF in self.papers


class Errands(Protocol):
    """What this domain asks of the domain of requests. Methods that write run in the caller's transaction."""

    def find(self, account: Account, session: AccountSession, code: str) -> Errand | None:
        """Return the account's own draft or waiting request of this code that needs a proof, else None."""

    def home(self, account: Account, code: str) -> str | None:
        """Return the page of the account's own draft or request of this code, proof needed or not, else None."""

    def hold(self, errand: Errand) -> bool:
        """Lock what the errand is for; return whether it still waits for a proof."""

    def lock(self, check: IdentityCheck) -> None:
        """Lock the request of a check until the commit.

        Call it before locking documents: a decision locks in the same order, so the two cannot deadlock.
        """

    def complete(self, errand: Errand) -> None:
        """Take note that every side of the document has arrived."""

    def clear(self, errand: Errand, account: Account, session: AccountSession) -> None:
        """Take note of a fresh password, or Facebook, and a code to the errand's address."""

    def put_off(self, errand: Errand) -> None:
        """Take note that the customer sends the document later."""

    def may_open(self, member: StaffMember, check: IdentityCheck) -> str | None:
        """Return the reference of a check's request when this member holds it, else None."""

    def references(self, request_ids: list[int]) -> dict[int, str]:
        """Return the reference of each request."""

    def lose_document(self, check: IdentityCheck, reason: str) -> None:
        """Take note that a document was destroyed before any decision: `infected` or `limit`."""


_plugged: list[Errands] = []


def plug_in(errands: Errands) -> Errands:
    """Register the domain of requests. A second call replaces the first."""
    _plugged[:] = [errands]
    return errands


def errands() -> Errands:
    """Return what was plugged in."""
    return _plugged[0]
