"""A mail lives as long as the file that it belongs to: domains above say which file that is."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, false, or_

Belonging = Callable[[], ColumnElement[bool]]
_belongings: list[Belonging] = []


def mail_of_file(belonging: Belonging) -> Belonging:
    """Register the condition that a row of `mails` belongs to a file which is still there."""
    _belongings.append(belonging)
    return belonging


def belongs_to_a_file() -> ColumnElement[bool]:
    """Return the condition that the file of a mail is still there."""
    return or_(false(), *(belonging() for belonging in _belongings))
