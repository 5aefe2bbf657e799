"""Customers' pages on their requests: each module imported here adds its routes to the blueprint."""

from portal.rights.correcting import customer_views as correcting_views
from portal.rights.customer_blueprint import blueprint
from portal.rights.erasing import customer_views as erasing_views
from portal.rights.filing import customer_views as filing_views
from portal.rights.following import customer_views as following_views
from portal.rights.restricting import customer_views as restricting_views

__all__ = [
    "blueprint", "correcting_views", "erasing_views", "filing_views", "following_views", "restricting_views",
]  # fmt: skip
