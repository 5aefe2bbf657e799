"""The staff's own pages; each module named here adds its routes."""

from portal.staff import (
    staff_account_views,
    staff_administration_views,
    staff_company_views,
    staff_customer_views,
    staff_entry_views,
    staff_factor_views,
    staff_invitation_views,
)
from portal.staff.staff_blueprint import blueprint

__all__ = [
    "blueprint",
    "staff_account_views",
    "staff_administration_views",
    "staff_company_views",
    "staff_customer_views",
    "staff_entry_views",
    "staff_factor_views",
    "staff_invitation_views",
]
