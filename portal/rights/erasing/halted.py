"""An erasure that stands still, or whose rows may lie in SQLite's log, is on the officer's desk until that is over."""

from sqlalchemy import func, select

from portal.access.permissions import Permission
from portal.bilingual import Label
from portal.personal_data.erasure.models import JOURNAL, Erasure, ErasureState
from portal.staff.desk.lines import Rank, Waiting, count_waiting, on_desk
from portal.staff.models import StaffMember


@on_desk(
    Label(fr="Effacements arrêtés", en="Erasures that stand still"),
    rank=Rank.CLOCK, endpoint="staff.rights.queue", status="in_review",
)  # fmt: skip
def halted_erasures(member: StaffMember) -> Waiting | None:
    """Return how many erasures stand still, since the oldest began; None for who does not keep the desk."""
    if not member.may(Permission.SEE_DESK):
        return None
    begun = func.coalesce(Erasure.started_at, Erasure.decided_at)
    return count_waiting(select(begun).where(Erasure.state == ErasureState.HALTED))


@on_desk(
    Label(
        fr="Effacements dont le journal de la base n'est pas vidé : prévenir l'administrateur",
        en="Erasures whose database log is not emptied: tell the administrator",
    ),
    rank=Rank.CARE, endpoint="staff.rights.queue",
)  # fmt: skip
def journals_not_emptied(member: StaffMember) -> Waiting | None:
    """Return how many ended while a reader kept SQLite's log, where their rows may still lie; None without the desk."""
    if not member.may(Permission.SEE_DESK):
        return None
    return count_waiting(select(Erasure.finished_at).where(Erasure.cause == JOURNAL))
