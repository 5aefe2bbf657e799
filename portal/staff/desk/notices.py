"""Tell the officers who came in and who got what: by mail at once, and on the desk until one of them has read it."""

from dataclasses import dataclass

from sqlalchemy import Select, select, update
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access.permissions import Permission, Role, roles_with
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.bilingual import Label
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.mail.outbox import queue_mail
from portal.staff.desk.lines import Counted, Rank, count_waiting, on_desk
from portal.staff.desk.models import Act, OfficerNotice
from portal.staff.models import StaffMember

READ = declare("staff:officer_notices:read", "notices")


@dataclass(frozen=True)
class Told:
    """What officers are told: the act, whom or what it is about in words, and the role that somebody has from it."""

    act: Act
    about: str
    role: Role | None = None


def tell_officers(
    told: Told, *, author: StaffMember | None = None, by: StaffMember | None = None, is_mailed: bool = True
) -> None:
    """Put an act on the desk in the current transaction, and write to the officers.

    Call it before the act takes an officer's own way in away, so that they are written to as well. While no officer may
    come in, the address of the organisation file is written to: no member can change it.

    Args:
        author: who proposed it, if it was proposed.
        by: who did it; None for a command on the server.
        is_mailed: whether a mail leaves; not where another one tells the same.
    """
    ids = {"author_id": author.id if author else None, "by_id": by.id if by else None}
    db.session.add(OfficerNotice(act=told.act, about=told.about, role=told.role, **ids))
    if is_mailed:
        for address, language in _addresses():
            queue_mail(
                "staff/officer_told", address, language,
                act=told.act.label(language), about=told.about, at=clock.now().isoformat(),
                role=told.role.label_in(language) if told.role else None,
                author=author.name if author else None, by=by.name if by else None,
            )  # fmt: skip


def officers() -> list[StaffMember]:
    """Return the members who keep the desk and may come in."""
    keep_the_desk = StaffMember.role.in_(roles_with(Permission.SEE_DESK))
    may_come_in = (StaffMember.activated_at.is_not(None), StaffMember.disabled_at.is_(None))
    found = select(StaffMember).where(keep_the_desk, *may_come_in).order_by(StaffMember.id)
    return list(db.session.execute(found).scalars())


def _addresses() -> list[tuple[str, str]]:
    organisation = installed.organisation()
    found = [(officer.email, officer.language) for officer in officers()]
    return found or [(organisation.officer_email, organisation.languages[0])]


@on_desk(
    Label(fr="Accès, rôles et jetons à relire", en="Ways in, roles and tokens to read"),
    rank=Rank.CARE,
    endpoint="staff.staff.notices",
)
def count_unread(member: StaffMember) -> Counted | None:
    """Return how many acts no officer has read of; None for members who do not keep the desk."""
    unread = select(OfficerNotice.at).where(OfficerNotice.read_at.is_(None))
    return count_waiting(unread) if member.may(Permission.SEE_DESK) else None


def all_notices() -> Select[OfficerNotice]:
    """Return a select of every notice with its people, without order."""
    return select(OfficerNotice).options(joinedload(OfficerNotice.author), joinedload(OfficerNotice.by))


def note_read(reader: StaffMember, up_to: int) -> int:
    """Note in the current transaction that an officer read all notices up to an id, and return how many were unread."""
    unread = update(OfficerNotice).where(OfficerNotice.id <= up_to, OfficerNotice.read_at.is_(None))
    read = unread.values(read_at=clock.now(), read_by_id=reader.id).returning(OfficerNotice.id)
    count = len(db.session.execute(read).all())
    if count:
        record(READ, actor=f"staff:{reader.public_id}", subject="portal", notices=count)
    return count
