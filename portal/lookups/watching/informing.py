"""A member of staff is told that looks are counted, and confirms once that they were; nothing is counted before."""

from typing import Final

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.staff.models import StaffMember

CONFIRMED = declare("staff:reading_notice:confirmed", "version")

VERSION: Final = "2026-11-30"
"""The version of the words of `templates/lookups/staff/notice.html`."""


def confirm_notice(member: StaffMember) -> None:
    """Note in the current transaction that a member was told; a second time changes nothing."""
    if member.informed_at is None:
        member.informed_at = clock.now()
        subject = f"staff:{member.public_id}"
        record(CONFIRMED, actor=subject, subject=subject, version=VERSION)
