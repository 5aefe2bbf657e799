"""Send a letter, and know what became of it: the table `dispatches` is the only ground on which it is said to be sent.

A dispatch is written in the transaction of its fact, with its mail. It moves forward only: accepted when the mail
server took the mail, handed when the person opened the letter in their account.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import Select, select, update

from portal import clock
from portal.infrastructure.database import db
from portal.infrastructure.mail.models import Mail
from portal.infrastructure.mail.outbox import on_accepted
from portal.letters.models import Dispatch, DispatchChannel, DispatchState

FORWARD: Final[Mapping[DispatchState, frozenset[DispatchState]]] = MappingProxyType(
    {
        DispatchState.QUEUED: frozenset(
            {DispatchState.ACCEPTED, DispatchState.POSTED, DispatchState.HANDED, DispatchState.READ_OUT}
        ),
        DispatchState.ACCEPTED: frozenset({DispatchState.BOUNCED, DispatchState.HANDED}),
        DispatchState.POSTED: frozenset({DispatchState.HANDED, DispatchState.RETURNED}),
        DispatchState.HANDED: frozenset(),
        DispatchState.READ_OUT: frozenset(),
        DispatchState.BOUNCED: frozenset(),
        DispatchState.RETURNED: frozenset(),
    }
)
"""Where each state may go. What bounced or came back is sent again by another dispatch."""
SENT: Final = frozenset({DispatchState.ACCEPTED, DispatchState.POSTED, DispatchState.HANDED, DispatchState.READ_OUT})
"""The states in which a letter has left the company."""


class NotForward(Exception):
    """A dispatch may not go back, nor leave a state that is its last."""


def dispatch(
    letter_code: str,
    template_version: str,
    *,
    subject_kind: str,
    subject_id: int,
    customer_id: int | None,
    language: str,
    sha256: str,
    mail: Mail | None = None,
) -> Dispatch:
    """Note in the current transaction that a letter is on its way, and return the note.

    Args:
        letter_code: which letter, in which `template_version` of its text.
        subject_kind: what it is about, such as `request`, with `subject_id`.
        sha256: of the letter, by which the same bytes are known again.
        mail: the mail by which it leaves or is announced, queued in the same transaction; without one the letter waits
            in the account until the person opens it.
    """
    sent = Dispatch(
        letter_code=letter_code, template_version=template_version, customer_id=customer_id, subject_kind=subject_kind,
        subject_id=subject_id, language=language, sha256=sha256,
        channel=DispatchChannel.EMAIL if mail else DispatchChannel.ACCOUNT,
        message_id=mail.public_id if mail else None,
    )  # fmt: skip
    db.session.add(sent)
    db.session.flush()
    return sent


def move_on(dispatch_id: int, to: DispatchState, *, relay_answer: str = "") -> None:
    """Move a dispatch forward, in the current transaction. To be where it is already is no step.

    Raises:
        NotForward: it may not go there from where it is.
    """
    may_come_from = [state for state, next_ones in FORWARD.items() if to in next_ones]
    values = {"state": to, "at": clock.now(), "relay_answer": relay_answer}
    here = update(Dispatch).where(Dispatch.id == dispatch_id, Dispatch.state.in_(may_come_from))
    if db.session.execute(here.values(**values)).rowcount:  # type: ignore[attr-defined]
        return
    state = db.session.execute(select(Dispatch.state).where(Dispatch.id == dispatch_id)).scalar_one()
    if state is not to:
        raise NotForward(f"{state} does not lead to {to}")


@on_accepted
def note_accepted(mail: Mail) -> None:
    """Note that the mail server took the mail of a letter."""
    theirs = select(Dispatch.id).where(Dispatch.message_id == mail.public_id, Dispatch.state == DispatchState.QUEUED)
    for dispatch_id in db.session.execute(theirs).scalars():
        move_on(dispatch_id, DispatchState.ACCEPTED)


def note_opened(subject_kind: str, subject_id: int) -> None:
    """Note in the current transaction that the person opened a letter that waited in their account."""
    for sent in waiting_in_account(subject_kind, subject_id):
        move_on(sent.id, DispatchState.HANDED)


def waiting_in_account(subject_kind: str, subject_id: int) -> list[Dispatch]:
    """Return the letters about something that only their account holds, and that nobody has opened yet."""
    is_there = (Dispatch.channel == DispatchChannel.ACCOUNT, Dispatch.state == DispatchState.QUEUED)
    return list(db.session.execute(_about(subject_kind, subject_id).where(*is_there)).scalars())


def latest(subject_kind: str, subject_id: int, letter_code: str) -> Dispatch | None:
    """Return the newest sending of a letter about something, or None."""
    theirs = _about(subject_kind, subject_id).where(Dispatch.letter_code == letter_code)
    return db.session.execute(theirs.order_by(Dispatch.id.desc()).limit(1)).scalar_one_or_none()


def _about(subject_kind: str, subject_id: int) -> Select[Dispatch]:
    return select(Dispatch).where(Dispatch.subject_kind == subject_kind, Dispatch.subject_id == subject_id)
