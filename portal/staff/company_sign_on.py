"""Company sign-on: whoever the company's provider vouches for comes in, if they are a member here.

The first time they are matched by an address that the provider says is theirs; from then on by issuer and subject
alone (ASVS 6.8.1, 10.5.2). The provider makes nobody a member, and its password alone opens nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Select, delete, select, update

from portal import clock
from portal.access.one_time_codes import keep_totp_secret
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.addresses import AddressRefused, normalise_address
from portal.infrastructure.database import db
from portal.staff.company_provider import CompanyIdentity
from portal.staff.invitation import ACTIVATED
from portal.staff.invitation import PURPOSE as INVITATION
from portal.staff.models import StaffMember, StaffToken
from portal.staff.second_factor import factors_of
from portal.staff.sign_in import BY_COMPANY, CODE_WITHIN, PROVEN, SignInOver, end_pending, note_denied

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


def note_untrusted() -> None:
    """Record in the current transaction that what the provider signed proved nothing."""
    note_denied(None, "company_token")


def is_proven(public_id: str | None) -> bool:
    """Tell whether somebody recognised needs nothing more to come in."""
    return _find_proven(public_id) is not None


def come_in(public_id: str | None) -> StaffMember:
    """Use a recognition up in the current transaction and return whose it is. Raises `SignInOver`."""
    token = _find_proven(public_id)
    if token is None:
        raise SignInOver
    end_pending(token)
    return token.staff


def _find_proven(public_id: str | None) -> StaffToken | None:
    statement = select(StaffToken).where(StaffToken.public_id == (public_id or ""), StaffToken.purpose == PROVEN)
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
