"""The staff's own pages: coming in, administration, and a customer's file. Each module adds its routes."""

from portal.staff import staff_administration_views, staff_customer_views, staff_entry_views
from portal.staff.staff_blueprint import blueprint

__all__ = ["blueprint", "staff_administration_views", "staff_customer_views", "staff_entry_views"]
