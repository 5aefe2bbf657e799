"""A registered letter to an address of record, with a code that the person gives back: printed, posted, given back.

The code is never stored: it is derived from the letter's row and the portal's key (docs/adr/0003). Staff read it while
they print the letter, and no longer once it is posted. Like every act of staff it is one person's word: whoever posted
the letter hands out no copy alone (`portal.rights.deciding.decisions`).
"""

import hashlib
import hmac
from typing import Final

from sqlalchemy import select

from portal import clock
from portal.audit.tags import declare
from portal.identity_checks.proof.ladder import Means
from portal.identity_checks.proof.places import Place
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.one_time_tokens import write_token
from portal.letters.models import Dispatch, DispatchChannel, DispatchState
from portal.letters.sealing import seal_address
from portal.rights import acting
from portal.rights.acting import Act
from portal.rights.identity.letter_text import paragraphs
from portal.rights.identity.lifting import NothingDoubted, lift, liftable
from portal.rights.lifecycle import CaseMoved
from portal.rights.models import EventKind, RightsRequest
from portal.staff.models import StaffMember

PREPARED = declare("staff:identity_letter:prepared", "reference", "letter", "place")
POSTED = declare("staff:identity_letter:posted", "reference", "letter")
ANSWERED = declare("customer:identity_letter:answered", "reference", "letter")
RETURNED = declare("staff:identity_letter:returned", "reference", "letter")

LETTER: Final = "identity_code"
VERSION: Final = "1"
SUBJECT: Final = "request"
TRIES: Final = "5 per hour"
_DIGITS: Final = 8
_OPEN: Final = (DispatchState.QUEUED, DispatchState.POSTED)


class NoOpenLetter(CaseMoved):
    """No registered letter of this case is printed, or on its way."""


class WrongCode(Exception):
    """What was typed is not the code of the letter."""


def open_letter(request: RightsRequest) -> Dispatch | None:
    """Return the registered letter of a case that is printed or on its way, or None."""
    of_case = (Dispatch.subject_kind == SUBJECT, Dispatch.subject_id == request.id, Dispatch.letter_code == LETTER)
    statement = select(Dispatch).where(*of_case, Dispatch.state.in_(_OPEN)).order_by(Dispatch.id.desc()).limit(1)
    return db.session.execute(statement).scalar_one_or_none()


def posted_letter(request: RightsRequest) -> Dispatch | None:
    """Return the registered letter of a case that is on its way, or None."""
    letter = open_letter(request)
    return letter if letter and letter.state is DispatchState.POSTED else None


def prepare(request: RightsRequest, member: StaffMember, place: Place, *, version: int) -> Dispatch:
    """Make a letter to an address of record, in the current transaction. One that was printed and not posted ends.

    Raises:
        CaseMoved, OwnCase: see `acting.hold`; also where a letter is on its way, or no doubt is left.
    """
    act = acting.hold(request, member, version)
    before = open_letter(request)
    if not liftable(request, Means.REGISTERED_LETTER) or (before and before.state is DispatchState.POSTED):
        raise NothingDoubted
    if before:
        before.state = DispatchState.RETURNED
    letter = Dispatch(
        letter_code=LETTER, template_version=VERSION, customer_id=request.customer_id, subject_kind=SUBJECT,
        subject_id=request.id, channel=DispatchChannel.REGISTERED, language=request.language, sha256="", by=member.id,
        proof=place.masked,
    )  # fmt: skip
    db.session.add(letter)
    db.session.flush()
    seal_address(letter, place.words)
    letter.sha256 = hashlib.sha256("\n\n".join([place.words, *text_of(letter, request)]).encode()).hexdigest()
    act.record(PREPARED, letter=letter.public_id, place=place.code)
    return letter


def post(request: RightsRequest, member: StaffMember, deposit_number: str, *, version: int) -> None:
    """Note in the current transaction that the letter left, with the number that the post gave it.

    Raises:
        NoOpenLetter: none is printed.
        CaseMoved, OwnCase: see `acting.hold`.
    """
    act = acting.hold(request, member, version)
    letter = open_letter(request)
    if letter is None or letter.state is not DispatchState.QUEUED:
        raise NoOpenLetter
    masked = letter.proof
    letter.state, letter.at, letter.by = DispatchState.POSTED, clock.now(), member.id
    letter.proof = f"{masked} · {deposit_number}"
    act.note(EventKind.LETTER_SENT, letter.proof)
    act.record(POSTED, letter=letter.public_id)


def give_back(act: Act, typed: str) -> None:
    """Lift what a registered letter lifts by its code, in the current transaction. Count the try before.

    Args:
        act: of the customer who typed it in, or of the member to whom they said it.

    Raises:
        WrongCode: it is not the code of the letter.
        NoOpenLetter: no letter is on its way.
    """
    letter = posted_letter(act.request)
    if letter is None:
        raise NoOpenLetter
    digits = "".join(sign for sign in typed if sign.isdecimal())
    if not hmac.compare_digest(digits.encode(), code_of(letter).encode()):
        raise WrongCode
    letter.state = DispatchState.HANDED
    lift(act, Means.REGISTERED_LETTER, place=letter.proof)
    act.note(EventKind.LETTER_CONFIRMED)
    act.record(ANSWERED, letter=letter.public_id)


def come_back(request: RightsRequest, member: StaffMember, *, version: int) -> None:
    """Note in the current transaction that the post brought the letter back.

    Raises:
        NoOpenLetter, CaseMoved, OwnCase.
    """
    act = acting.hold(request, member, version)
    letter = open_letter(request)
    if letter is None:
        raise NoOpenLetter
    letter.state = DispatchState.RETURNED
    act.note(EventKind.LETTER_RETURNED)
    act.record(RETURNED, letter=letter.public_id)


def code_of(letter: Dispatch) -> str:
    """Return the eight digits of a letter."""
    text = write_token(installed.settings().secret_key, LETTER, letter.public_id)
    return f"{int(text[-14:], 16) % 10**_DIGITS:0{_DIGITS}}"


def text_of(letter: Dispatch, request: RightsRequest) -> list[str]:
    """Return the paragraphs of a letter, with its code."""
    email = installed.organisation().officer_email
    return paragraphs(letter.language, reference=request.reference, code=code_of(letter), email=email)
