"""Who could be the second person, and from when on.

A member counts as new for 48 hours after a way in, a role or an opened door that others gave them: whoever lets in an
accomplice cannot have them second anything at once. And a member whose way in was closed counts for as long: whoever
closes the only colleague out gains nothing by it before the officers, who are told at once, have had the time to ask.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select

from portal import clock
from portal.access.permissions import Permission, roles_with
from portal.infrastructure.database import db
from portal.staff.models import StaffMember

NEW_WAY_IN = timedelta(hours=48)


def how_many_could(permission: Permission, *conditions: ColumnElement[bool]) -> int:
    """Return how many members could second what takes a permission, or could until less than 48 hours ago."""
    statement = select(func.count()).select_from(StaffMember).where(*_could(permission), *conditions)
    return int(db.session.execute(statement).scalar_one())


def waits_until(member: StaffMember, permission: Permission, *conditions: ColumnElement[bool]) -> datetime | None:
    """Return until when a new member leaves a second opinion to others; None when they may give it now.

    Args:
        conditions: which others count besides those who have the permission for longer, such as not the author.
    """
    given = [instant for instant in (member.activated_at, member.access_given_at) if instant]
    until = max(given) + NEW_WAY_IN if given else None
    if until is None or until <= clock.now():
        return None
    before = clock.now() - NEW_WAY_IN
    is_older = or_(StaffMember.access_given_at.is_(None), StaffMember.access_given_at <= before)
    older = (StaffMember.activated_at <= before, is_older, StaffMember.id != member.id)
    return until if how_many_could(permission, *older, *conditions) else None


def _could(permission: Permission) -> tuple[ColumnElement[bool], ...]:
    lately = clock.now() - NEW_WAY_IN
    return (
        StaffMember.role.in_(roles_with(permission)),
        StaffMember.activated_at.is_not(None),
        or_(StaffMember.disabled_at.is_(None), StaffMember.disabled_at > lately),
    )
