"""The staff domain's pages: each module imported here adds its routes to the blueprint."""

from portal.staff.approvals import staff_views as approval_views
from portal.staff.company import staff_views as company_views
from portal.staff.desk import staff_views as desk_views
from portal.staff.entry import staff_views as entry_views
from portal.staff.members import invitation_staff_views as invitation_views
from portal.staff.members import staff_views as member_views
from portal.staff.members import token_staff_views as token_views
from portal.staff.own_account import factor_staff_views as factor_views
from portal.staff.own_account import staff_views as own_account_views
from portal.staff.staff_blueprint import blueprint

__all__ = [
    "approval_views",
    "blueprint",
    "company_views",
    "desk_views",
    "entry_views",
    "factor_views",
    "invitation_views",
    "member_views",
    "own_account_views",
    "token_views",
]
