"""An erasure that stands still, or whose rows may lie in SQLite's log, is on the officer's desk until that is over."""

from sqlalchemy import func, or_, select

from portal.access.permissions import Permission
from portal.bilingual import Label
from portal.personal_data.erasure.models import JOURNAL, Erasure, ErasureState
from portal.staff.desk.lines import Counted, Rank, count_waiting, on_desk
from portal.staff.models import StaffMember


@on_desk(
    Label(
        fr="Effacements arrêtés, ou dont le journal de la base reste à vider",
        en="Erasures that stand still, or whose database log is still to be emptied",
    ),
    rank=Rank.CLOCK, endpoint="staff.rights.queue", status="in_review",
)  # fmt: skip
def halted_erasures(member: StaffMember) -> Counted | None:
    """Return how many erasures stand still, or ended while a reader kept SQLite's log, in which their rows may lie.

    None for who does not keep the desk. The log is the administrator's matter; doctor tells it apart.
    """
    if not member.may(Permission.SEE_DESK):
        return None
    begun = func.coalesce(Erasure.started_at, Erasure.decided_at)
    return count_waiting(select(begun).where(or_(Erasure.state == ErasureState.HALTED, Erasure.cause == JOURNAL)))
