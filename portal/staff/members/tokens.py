"""The bearer tokens of machines: proposed by one administrator, seconded by another, then shown, once."""

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import Select, select, update

from portal import clock
from portal.access.models import ApiToken
from portal.access.permissions import Permission
from portal.access.tokens import create_token, hand_out, prepare_token
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.bilingual import Label
from portal.infrastructure.database import db
from portal.infrastructure.identifiers import new_public_id
from portal.staff.approvals.kinds import ApprovalKind, CannotCarryOut, Facts, register
from portal.staff.approvals.models import Approval
from portal.staff.approvals.proposing import propose
from portal.staff.desk.models import Act
from portal.staff.desk.notices import Told, tell_officers
from portal.staff.members.after_restore import note_token_revoked
from portal.staff.models import StaffMember

CREATED = declare("staff:token:created", "token", "scopes", "expires_on")
HANDED_OUT = declare("staff:token:handed_out", "token")
REVOKED = declare("staff:token:revoked", "token")
TARGET = "token:"


def all_tokens() -> Select[ApiToken]:
    """Return a select of every token, live or not, without order."""
    return select(ApiToken)


def propose_token(
    author: StaffMember, name: str, scopes: list[str], days: int, reason: str, system: str = ""
) -> Approval:
    """Add the proposal of a token to the current transaction."""
    after = {"name": name, "scopes": scopes, "days": days} | ({"system": system} if system else {})
    return propose(TOKEN, f"{TARGET}{new_public_id()}", after, reason, author)


def add_token_by_command(name: str, scopes: list[str], system: str | None = None) -> str:
    """Add a token from the shell of the machine, in the current transaction, and return its text, to be shown once.

    The officers are told.
    """
    row, text = create_token(name, scopes, system=system)
    _note_created(row, "command")
    tell_officers(_told_of(name, scopes))
    return text


def show_token(member: StaffMember, public_id: str) -> tuple[str, str] | None:
    """Return name and text of a token that nobody has seen yet, in the current transaction; None for any other."""
    row = db.session.execute(select(ApiToken).where(ApiToken.public_id == public_id)).scalar_one_or_none()
    text = hand_out(row) if row else None
    if row is None or text is None:
        return None
    record(HANDED_OUT, actor=f"staff:{member.public_id}", subject="portal", token=public_id)
    return row.name, text


def revoke_token(member: StaffMember, public_id: str) -> ApiToken | None:
    """Revoke a token in the current transaction, from its next call on; None when there is no such token."""
    row = db.session.execute(select(ApiToken).where(ApiToken.public_id == public_id)).scalar_one_or_none()
    if row is None:
        return None
    revoke = update(ApiToken).where(ApiToken.id == row.id, ApiToken.revoked_at.is_(None))
    revoked = db.session.execute(revoke.values(revoked_at=clock.now()).returning(ApiToken.id))
    if revoked.scalar_one_or_none() is not None:
        record(REVOKED, actor=f"staff:{member.public_id}", subject="portal", token=row.public_id)
        note_token_revoked(row.public_id)
    return row


def _facts_of(target: str) -> Facts:
    row = db.session.execute(select(ApiToken).where(ApiToken.public_id == target.removeprefix(TARGET)))
    return {"exists": True} if row.first() else {}


def _describe(facts: Facts, _language: str) -> list[tuple[str, str]]:
    if "scopes" not in facts:
        return []
    days = _("%(days)s days", days=facts["days"])
    of_system = [(_("Instructions of"), facts["system"])] if facts.get("system") else []
    return [
        (_("Name"), facts["name"]),
        (_("What it may do"), ", ".join(facts["scopes"])),
        *of_system,
        (_("How long it works"), days),
    ]


def _carry_out(approval: Approval) -> None:
    if not approval.author.may(Permission.MANAGE_TOKENS):
        raise CannotCarryOut(_("whoever proposed it is no administrator any more; propose it anew."))
    wanted = approval.after
    life = timedelta(days=wanted["days"])
    public_id, system = approval.target.removeprefix(TARGET), wanted.get("system")
    row = prepare_token(public_id, wanted["name"], wanted["scopes"], life, system=system)
    _note_created(row, f"staff:{approval.decided_by.public_id}" if approval.decided_by else "command")


def _note_created(row: ApiToken, actor: str) -> None:
    expires_on = clock.local_date(row.expires_at).isoformat()
    record(CREATED, actor=actor, subject="portal", token=row.public_id, scopes=row.scopes, expires_on=expires_on)


def _told_of(name: str, scopes: list[str]) -> Told:
    return Told(Act.MACHINE, f"{name} ({', '.join(scopes)})")


TOKEN = register(
    ApprovalKind(
        code="token",
        label=Label(fr="Créer un jeton", en="Create a token"),
        permission=Permission.MANAGE_TOKENS,
        facts_of=_facts_of,
        carry_out=_carry_out,
        describe=_describe,
        told=lambda approval: _told_of(approval.after["name"], approval.after["scopes"]),
    )
)
