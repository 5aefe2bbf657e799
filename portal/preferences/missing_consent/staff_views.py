"""What the officer sees of records collected on consent without a trace of it: a line of the desk, and a page."""

from flask import Blueprint, render_template

from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.bilingual import Label
from portal.preferences.missing_consent.looking import figures
from portal.records.data_map.kinds import installed_data_map
from portal.staff.desk.lines import Rank, Waiting, on_desk
from portal.staff.models import StaffMember

blueprint = Blueprint("missing_consent", __name__)


@on_desk(
    Label(fr="Données gardées sans trace d'accord", en="Data held without a record of consent"),
    rank=Rank.CARE, endpoint="staff.missing_consent.page",
)  # fmt: skip
def count_missing(member: StaffMember) -> Waiting | None:
    """Return how many records the last look found, and the day of the oldest."""
    if not member.may(Permission.SEE_DESK):
        return None
    found = figures()
    oldest = [figure.oldest_at for figure in found if figure.oldest_at]
    return Waiting(sum(figure.records for figure in found), min(oldest, default=None))


@blueprint.get("/missing-consent")
@requires(staff(Permission.SEE_DESK))
def page() -> str:
    found = figures()
    return render_template(
        "preferences/staff/missing_consent.html",
        missing=[figure for figure in found if figure.records],
        looked_at=min((figure.looked_at for figure in found), default=None),
        kinds=installed_data_map().kinds,
    )
