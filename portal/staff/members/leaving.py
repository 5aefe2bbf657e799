"""A member leaves or loses permissions: each part of the portal hands on, or ends, what they had begun."""

from collections.abc import Callable, Set

from portal.access.permissions import PERMISSIONS, Permission
from portal.staff.models import StaffMember

Listener = Callable[[StaffMember, Set[Permission], str], None]
_listeners: list[Listener] = []


def when_leaving(listener: Listener) -> Listener:
    """Register what is done in the transaction in which a member leaves, or loses permissions by another role.

    It gets the member as they are from now on, the permissions that they lose, and who the audit trail names.
    """
    _listeners.append(listener)
    return listener


def leave(member: StaffMember, lost: Set[Permission] | None, actor: str) -> None:
    """Hand on or end what a member had begun, in the current transaction.

    Args:
        lost: the permissions that they lose; None for all of their role's, when they leave.
    """
    for listener in _listeners:
        listener(member, PERMISSIONS[member.role] if lost is None else lost, actor)
