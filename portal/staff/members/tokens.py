"""The bearer tokens of machines, as administrators see them: made, shown once, revoked."""

from datetime import timedelta

from sqlalchemy import Select, select, update

from portal import clock
from portal.access.models import ApiToken
from portal.access.tokens import create_token
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.database import db
from portal.staff.models import StaffMember

CREATED = declare("staff:token:created", "token", "scopes", "expires_on")
REVOKED = declare("staff:token:revoked", "token")


def all_tokens() -> Select[ApiToken]:
    """Return a select of every token, live or not, without order."""
    return select(ApiToken)


def add_token(member: StaffMember, name: str, scopes: list[str], days: int) -> str:
    """Add a token to the current transaction and return its text, to be shown once."""
    row, text = create_token(name, scopes, timedelta(days=days))
    record(
        CREATED,
        actor=f"staff:{member.public_id}",
        subject="portal",
        token=row.public_id,
        scopes=row.scopes,
        expires_on=clock.local_date(row.expires_at).isoformat(),
    )
    return text


def revoke_token(member: StaffMember, public_id: str) -> ApiToken | None:
    """Revoke a token in the current transaction, from its next call on; None when there is no such token."""
    row = db.session.execute(select(ApiToken).where(ApiToken.public_id == public_id)).scalar_one_or_none()
    if row is None:
        return None
    revoke = update(ApiToken).where(ApiToken.id == row.id, ApiToken.revoked_at.is_(None))
    revoked = db.session.execute(revoke.values(revoked_at=clock.now()).returning(ApiToken.id))
    if revoked.scalar_one_or_none() is not None:
        record(REVOKED, actor=f"staff:{member.public_id}", subject="portal", token=row.public_id)
    return row
