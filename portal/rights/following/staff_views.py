"""The receipt of a request for staff: to be printed for whoever asked by post or by telephone."""

from flask_babel import get_locale
from flask_login import current_user

from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.lookups.access_log import CASE_WORK, REQUEST
from portal.lookups.drawing import Look, draw_customer_page
from portal.rights.deciding.case_staff_views import find_case
from portal.rights.following.receipts import receipt_of
from portal.rights.staff_blueprint import blueprint


@blueprint.get("/requests/<reference>/receipt")
@requires(staff(Permission.SEE_REQUEST))
def receipt(reference: str) -> str:
    """Show what the person's own receipt says; a look, for it names them."""
    found = find_case(reference)
    look = Look(found.customer_id, REQUEST, CASE_WORK, found.reference)
    return draw_customer_page(
        "rights/staff/papers/receipt.html", current_user, [look],
        lambda: {"receipt": receipt_of(find_case(reference), str(get_locale()))},
    )  # fmt: skip
