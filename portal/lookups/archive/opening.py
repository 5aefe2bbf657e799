"""Open what lies in the archive about one customer, for half an hour, on one of five grounds and in words.

The archive is out of use: nobody works with it. Who opens it says why, the customer reads that, and the trail keeps it.
"""

from typing import Final

from portal.audit.recording import record
from portal.audit.tags import declare
from portal.bilingual import Label
from portal.lookups.access_log import ARCHIVE
from portal.lookups.drawing import Look, note_looks
from portal.lookups.grounds import ArchiveGround
from portal.lookups.models import CustomerLookup
from portal.lookups.opening import NotOpened, add_lookup, is_kept_shut, look_of, look_under, named_customer
from portal.personal_data.restrictions.grounds import UseReason
from portal.staff.models import StaffMember

OPENED = declare("staff:archive:opened", "lookup", "ground", "category", "request")

_REASON: Final = Label(fr="{ground} : {words}", en="{ground}: {words}")


def open_archive(
    member: StaffMember,
    identifier: str,
    ground: ArchiveGround,
    words: str,
    request_reference: str | None = None,
    *,
    use_reason: UseReason | None = None,
) -> CustomerLookup | NotOpened:
    """Open the archive of whom an identifier names, in the current transaction, which records why where it is not.

    Each opening stands in the customer's log, also a second one on the same day.

    Args:
        words: why, as the customer will read it, with the ground before it in their language.
        use_reason: why restricted data are used (GDPR art. 18(2)), needed where something of theirs is restricted.

    Raises:
        UnknownCase: the case is not one of this customer's.
        ReadingBraked: the member looked at too many people in this hour.
    """
    customer = named_customer(member, identifier)
    if isinstance(customer, NotOpened):
        return customer
    if is_kept_shut(member, customer, ARCHIVE, use_reason):
        return NotOpened.RESTRICTED
    reason = _REASON.filled(customer.language, ground=ground.label(customer.language), words=words)
    opened = add_lookup(member, customer, reason, request_reference, ground, use_reason)
    actor, subject = f"staff:{member.public_id}", f"customer:{customer.public_id}"
    record(
        OPENED, actor=actor, subject=subject, lookup=opened.public_id, ground=ground, category=ARCHIVE,
        request=request_reference,
    )  # fmt: skip
    note_looks(member, [look_of(opened, ARCHIVE)], each_time=True)
    return opened


def look_into(opened: CustomerLookup, member: StaffMember) -> Look:
    """Return the look that an open archive allows. Raises `LookupOver`, `OwnFile`, `Locked`, as a file does."""
    return look_under(opened, member, ARCHIVE)
