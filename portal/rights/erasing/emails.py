"""The mails of an erasure: a way to cancel to every address, its return to review, and where its answer is read."""

from typing import Any

from portal import clock
from portal.customers.addresses import AddressRefused, normalise_address
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.mail.models import Mail
from portal.infrastructure.mail.outbox import queue_mail
from portal.personal_data.erasure.contact import contact_of
from portal.personal_data.erasure.listeners import addresses_of, reference_of
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.erasure.scheduling import CANCEL, STATUS, issue_cancel, status_token_id
from portal.rights.models import RightsRequest


def queue_cooling(erasure: Erasure) -> None:
    """Tell every address that is held, or was left in the last 72 hours, each with a link of its own that cancels.

    Whoever took an account over may have put an address of theirs in the place of the owner's. The mail names nobody.
    """
    customer = db.session.get_one(Customer, erasure.customer_id)
    begins = None if erasure.state is ErasureState.WAITING else erasure.runs_at.isoformat()
    for address in _each_once(addresses_of(customer.id)):
        queue_mail(
            "rights/erasure_cooling", address, customer.language, customer_id=customer.id,
            reference=reference_of(erasure), runs_at=begins, token_purpose=CANCEL, token_id=issue_cancel(erasure),
        )  # fmt: skip


def queue_returned(request: RightsRequest) -> None:
    """Tell that the erasure does not begin, because it has to be looked at once more."""
    _queue(request, "erasure_returned")


def queue_held(erasure: Erasure, *, is_all: bool) -> None:
    """Tell that a legal hold keeps what the person asked to erase, and what becomes of it then.

    Args:
        is_all: whether it keeps everything.
    """
    customer = db.session.get_one(Customer, erasure.customer_id)
    if customer.email:
        queue_mail(
            "rights/erasing/held", customer.email, customer.language, customer_id=customer.id,
            first_name=customer.given_name, reference=reference_of(erasure), is_all=is_all,
            is_answered=erasure.state is ErasureState.DONE, has_page=erasure.request_id is not None,
        )  # fmt: skip


def queue_certificate(erasure: Erasure) -> Mail | None:
    """Tell where the answer is read, to the address that was sealed before the file was emptied; return the mail.

    It names nobody: the person's name is gone by then. Without an address, the answer goes on paper.
    """
    contact, customer = contact_of(erasure), db.session.get_one(Customer, erasure.customer_id)
    address = contact.address if contact else customer.email
    if not address:
        return None
    return queue_mail(
        "rights/erasure_done", address, contact.language if contact else customer.language,
        customer_id=customer.id, reference=reference_of(erasure), until=clock.written(erasure.token_until),
        token_purpose=STATUS, token_id=status_token_id(erasure),
    )  # fmt: skip


def _each_once(addresses: list[str]) -> list[str]:
    found: dict[str, str] = {}
    for address in addresses:
        try:
            found.setdefault(normalise_address(address), address)
        except AddressRefused:
            continue
    return list(found.values())


def _queue(request: RightsRequest, template: str, **context: Any) -> None:
    customer = request.customer
    if customer.email:
        queue_mail(
            f"rights/{template}", customer.email, customer.language, customer_id=customer.id,
            first_name=customer.given_name, reference=request.reference, **context,
        )  # fmt: skip
