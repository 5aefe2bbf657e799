"""Company sign-on: somebody whom the company's provider vouches for comes in, if they are a member here.

The first time, they are matched by an address that the provider has verified; from then on by issuer and subject alone
(ASVS 6.8.1, 10.5.2). The provider cannot make anybody a member, and a password given there opens nothing by itself.
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
    """The provider gives no address, or does not say that it verified the address."""
    NO_FACTOR = "no_factor"
    """The provider asked for a password only, and the member has no second factor here."""
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
    """An outcome. For a recognised member, also the name, and the public id of the token for their next step."""

    outcome: Outcome
    name: str = ""
    pending: str = ""


def recognise(identity: CompanyIdentity, language: str) -> Arrival:
    """Find the member whom the provider vouches for, in the current transaction.

    Args:
        language: `fr` or `en`; it becomes the language of a member who comes in for the first time.
    """
    member = _pinned(identity) or _first_match(identity)
    if member is None or member.disabled_at or member.proposed_at:
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
    """Find out whether the provider asked a member again since an attempt began, in the current transaction.

    Only the issuer and subject that the member is known by count, never an address. Nothing is pinned here.

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
    """Tell from `auth_time`: a provider that ignores `max_age` answers at once, with a sign-in of hours ago."""
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
    """Tell whether a recognised member may come in without a second factor here."""
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
    """Return the member with the address, unless another company account is already pinned to that member."""
    try:
        address = normalise_address(identity.email or "")
    except AddressRefused:
        return None
    return _locked(
        select(StaffMember).where(StaffMember.email_normalised == address, StaffMember.company_subject.is_(None))
    )


def _locked(statement: Select[StaffMember]) -> StaffMember | None:
    return db.session.execute(statement.with_for_update(key_share=True)).scalar_one_or_none()


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
    # Whoever held the invitation's link may have set these without finishing, so nobody has proven them.
    member.password_hash = None
    keep_totp_secret(member, None)
    member.activated_at = member.access_given_at = instant
    member.language = language
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
