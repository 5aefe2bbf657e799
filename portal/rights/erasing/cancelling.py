"""Cancel an erasure by the link of a mail: whoever reads an address of the person may stop it, and do nothing else."""

from portal import clock
from portal.personal_data.erasure.listeners import hold
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.erasure.scheduling import cancel, find_cancel
from portal.rights import acting
from portal.rights.acting import Act
from portal.rights.filing.withdrawal import take_back


class LinkUnknown(Exception):
    """It is no link of ours, or its erasure is no longer kept."""


def named_by(token: str) -> Erasure:
    """Return the erasure that a link cancels, whether or not it is too late; reads only. Raises `LinkUnknown`."""
    found = find_cancel(token)
    if found is None:
        raise LinkUnknown
    return found[0]


def cancel_by_link(token: str) -> None:
    """Cancel an erasure, in the current transaction: its request is withdrawn. A second press changes nothing.

    Raises:
        LinkUnknown: it is no link of ours.
        TooLate: the erasure has begun, or is over.
    """
    found = find_cancel(token)
    erasure = hold(found[0].id) if found else None
    if found is None or erasure is None:
        raise LinkUnknown
    if erasure.state is ErasureState.CANCELLED:
        return
    found[1].used_at = clock.now()
    if erasure.request_id is None:
        cancel(erasure)
        return
    request = acting.of_portal(erasure.request_id).request
    if not request.is_open:  # what was left for later: the answer to the request stands
        cancel(erasure)
        return
    take_back(Act(request, f"customer:{request.customer.public_id}"))
