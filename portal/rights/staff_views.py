"""Staff pages on requests: each module imported here adds its routes to the blueprint."""

from portal.rights.deciding import case_staff_views
from portal.rights.deciding import staff_views as deciding_views
from portal.rights.erasing import staff_views as erasing_views
from portal.rights.filing import staff_views as filing_views
from portal.rights.following import staff_views as following_views
from portal.rights.identity import lifting_staff_views
from portal.rights.identity import staff_views as identity_views
from portal.rights.items import staff_views as item_views
from portal.rights.queue import staff_views as queue_views
from portal.rights.restricting import staff_views as restricting_views
from portal.rights.staff_blueprint import blueprint
from portal.rights.weighing import staff_views as weighing_views

__all__ = [
    "blueprint",
    "case_staff_views",
    "deciding_views",
    "erasing_views",
    "filing_views",
    "following_views",
    "identity_views",
    "item_views",
    "lifting_staff_views",
    "queue_views",
    "restricting_views",
    "weighing_views",
]
