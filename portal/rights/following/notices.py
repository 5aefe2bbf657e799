"""The notice on a customer's first page about their most urgent open request, with its date."""

from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from portal.customers.models import Customer
from portal.personal_data.notices import Notice, on_notice
from portal.rights.clock.running import is_late
from portal.rights.filing.open_requests import open_requests
from portal.web.filters import long_date


@on_notice
def open_request(customer: Customer) -> Notice | None:
    """Return the state of the customer's most urgent open request, or None."""
    requests = open_requests(customer.id)
    if not requests:
        return None
    request, language = requests[0], str(get_locale())
    if request.due_on is None:
        text = _("The clock is on hold since %(date)s: we are waiting for you.", date=long_date(request.paused_on))
    elif is_late(request):
        text = _("Our answer was due by %(date)s. Your request now comes first.", date=long_date(request.due_on))
    else:
        text = _("We will answer by %(date)s.", date=long_date(request.due_on))
    return Notice(
        title=_("Your request is open: %(request)s", request=request.right.customer_label(language)),
        text=text,
        url=url_for("customer.rights.follow", reference=request.reference),
        link_text=_("Follow this request"),
        reference=request.reference,
    )
