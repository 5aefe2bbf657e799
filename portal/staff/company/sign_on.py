"""Company sign-on: whoever the company's provider vouches for comes in, if they are a member here.

The first time they are matched by an address that the provider says is theirs; from then on by issuer and subject
alone (ASVS 6.8.1, 10.5.2). The provider makes nobody a member, and its password alone opens nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, delete, select, update

from portal import clock
from portal.access.one_time_codes import keep_totp_secret
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.addresses import AddressRefused, normalise_address
from portal.infrastructure.database import db
from portal.staff.company.provider import CLOCK_SKEW_SECONDS, CompanyIdentity
from portal.staff.entry.sign_in import BY_COMPANY, CODE_WITHIN, PROVEN, SignInOver, end_pending, note_denied
from portal.staff.members.invitation import ACTIVATED
from portal.staff.members.invitation import PURPOSE as INVITATION
from portal.staff.models import StaffMember, StaffSession, StaffToken
from portal.staff.own_account.password_and_sessions import note_proven_again
from portal.staff.own_account.second_factor import factors_of

PROVEN_AGAIN = "company_again"
PINNED = declare("staff:company_identity:pinned")


class Outcome(StrEnum):
    """What became of an attempt; each has its page."""

    RECOGNISED = "recognised"
    """A member may go on: into the portal, or to their own second factor."""
    UNKNOWN = "unknown"
    """Nobody here, or somebody disabled."""
    UNVERIFIED = "unverified"
    """The provider gives no address, or does not say that it is theirs."""
    NO_FACTOR = "no_factor"
    """The provider asked for a password alone, and they have no second factor here."""
    SOMEBODY_ELSE = "somebody_else"
    """A member was to prove themselves again, and another person came back."""
    NOT_ASKED = "not_asked"
    """A member was to prove themselves again, and the provider does not say that it asked them."""
    CANCELLED = "cancelled"
    """The person said no at the provider."""
    REFUSED = "refused"
    """The provider said no."""
    OVER = "over"
    """The attempt was not begun in this browser, is too old, or was used."""
    UNTRUSTED = "untrusted"
    """What the provider signed does not prove who came."""
    DOWN = "down"
    """The provider does not answer in time."""
    MISCONFIGURED = "misconfigured"
    """The provider is not the one of the settings, or does not know our client."""


@dataclass(frozen=True)
class Arrival:
    """An outcome, and of a member recognised the name and what waits for their next step."""

    outcome: Outcome
    name: str = ""
    pending: str = ""


def recognise(identity: CompanyIdentity, language: str) -> Arrival:
    """Find the member whom the provider vouches for, in the current transaction.

    Args:
        language: the one that an invited member comes in with.
    """
    member = _pinned(identity) or _first_match(identity)
    if member is None or member.disabled_at:
        note_denied(member, "company")
        is_nameless = member is None and identity.email is None
        return Arrival(Outcome.UNVERIFIED if is_nameless else Outcome.UNKNOWN)
    if not identity.has_second_factor and not _has_factor(member):
        note_denied(member, "company_factor")
        return Arrival(Outcome.NO_FACTOR)
    _pin(member, identity)
    if not member.activated_at:
        _activate(member, language)
    token = _new_token(member, PROVEN if identity.has_second_factor else BY_COMPANY)
    return Arrival(Outcome.RECOGNISED, member.name, token.public_id)


def recognise_again(identity: CompanyIdentity, member_id: str, begun_at: datetime) -> Arrival:
    """Find in the current transaction whether the provider asked a member again since an attempt began.

    Only the company account that the member is known by counts, never an address, and nothing is pinned here.

    Args:
        member_id: the public id of the member who began it.
    """
    member = _pinned(identity)
    if member is None or member.disabled_at or member.public_id != member_id:
        note_denied(member, "company_again")
        return Arrival(Outcome.SOMEBODY_ELSE)
    if not _was_asked_since(identity, begun_at):
        note_denied(member, "company_again")
        return Arrival(Outcome.NOT_ASKED)
    return Arrival(Outcome.RECOGNISED, member.name, _new_token(member, PROVEN_AGAIN).public_id)


def _was_asked_since(identity: CompanyIdentity, begun_at: datetime) -> bool:
    """Tell by the provider's own word: one that overlooks `max_age` answers at once with a sign-in of the morning."""
    if identity.authenticated_at is None:
        return False
    earliest = begun_at.timestamp() - CLOCK_SKEW_SECONDS
    return earliest <= identity.authenticated_at <= clock.now().timestamp() + CLOCK_SKEW_SECONDS


def use_proof(public_id: str | None, session: StaffSession) -> None:
    """Use up what `recognise_again` found and note it on the session of the same member, in the current transaction.

    Raises `SignInOver`.
    """
    token = _find_token(public_id, PROVEN_AGAIN)
    if token is None or token.staff_id != session.staff_id:
        raise SignInOver
    end_pending(token)
    note_proven_again(session, "company")


def note_untrusted() -> None:
    """Record in the current transaction that what the provider signed proved nothing."""
    note_denied(None, "company_token")


def is_proven(public_id: str | None) -> bool:
    """Tell whether somebody recognised needs nothing more to come in."""
    return _find_token(public_id, PROVEN) is not None


def come_in(public_id: str | None) -> StaffMember:
    """Use a recognition up in the current transaction and return whose it is. Raises `SignInOver`."""
    token = _find_token(public_id, PROVEN)
    if token is None:
        raise SignInOver
    end_pending(token)
    return token.staff


def _find_token(public_id: str | None, purpose: str) -> StaffToken | None:
    statement = select(StaffToken).where(StaffToken.public_id == (public_id or ""), StaffToken.purpose == purpose)
    token = db.session.execute(statement).scalar_one_or_none()
    return token if token and token.is_usable and token.staff.may_sign_in else None


def _pinned(identity: CompanyIdentity) -> StaffMember | None:
    return _locked(
        select(StaffMember).where(
            StaffMember.company_issuer == identity.issuer, StaffMember.company_subject == identity.subject
        )
    )


def _first_match(identity: CompanyIdentity) -> StaffMember | None:
    """Return the member with the address, unless somebody else of the company is known to be them."""
    try:
        address = normalise_address(identity.email or "")
    except AddressRefused:
        return None
    return _locked(
        select(StaffMember).where(StaffMember.email_normalised == address, StaffMember.company_subject.is_(None))
    )


def _locked(statement: Select[StaffMember]) -> StaffMember | None:
    return db.session.execute(statement.with_for_update()).scalar_one_or_none()


def _has_factor(member: StaffMember) -> bool:
    factors = factors_of(member)
    return member.activated_at is not None and (factors.has_app or bool(factors.passkeys))


def _pin(member: StaffMember, identity: CompanyIdentity) -> None:
    if member.company_subject is None:
        member.company_issuer, member.company_subject = identity.issuer, identity.subject
        record(PINNED, actor=_who(member), subject=_who(member))


def _activate(member: StaffMember, language: str) -> None:
    instant = clock.now()
    links = update(StaffToken).where(StaffToken.staff_id == member.id, StaffToken.purpose == INVITATION)
    db.session.execute(links.where(StaffToken.ended_at.is_(None)).values(ended_at=instant))
    # What somebody began by the link, and never finished, was proven by nobody.
    member.password_hash = None
    keep_totp_secret(member, None)
    member.activated_at, member.language = instant, language
    record(ACTIVATED, actor=_who(member), subject=_who(member))


def _new_token(member: StaffMember, purpose: str) -> StaffToken:
    instant = clock.now()
    db.session.execute(delete(StaffToken).where(StaffToken.staff_id == member.id, StaffToken.purpose == purpose))
    token = StaffToken(staff_id=member.id, purpose=purpose, created_at=instant, expires_at=instant + CODE_WITHIN)
    db.session.add(token)
    db.session.flush()
    return token


def _who(member: StaffMember) -> str:
    return f"staff:{member.public_id}"
