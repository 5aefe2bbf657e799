"""The queue, one's own cases, and taking or giving back a case."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.infrastructure.database import transaction
from portal.infrastructure.typed_texts import name_of
from portal.lookups.access_log import FINDING, SEARCH
from portal.lookups.drawing import Look, draw_customer_page
from portal.rights.channels import Channel
from portal.rights.deciding.case_staff_views import acted, find_case
from portal.rights.lifecycle import Right, Status
from portal.rights.queue.claims import claim, release, take_most_urgent
from portal.rights.queue.listing import HOLDERS, WHEN, Filters, count_matching, count_open, queue_page
from portal.rights.staff_blueprint import blueprint

# What somebody comes for most often, each one press away.
VIEWS = {
    "all": Filters(),
    "free": Filters(holder="free"),
    "mine": Filters(holder="me"),
    "second": Filters(status=Status.SECOND_OPINION),
    "closed": Filters(closed=True),
}


@blueprint.get("/queue")
@requires(staff(Permission.SEE_QUEUE))
def queue() -> str:
    return _queue_page(_filters(), "rights/staff/queue.html")


@blueprint.get("/my-cases")
@requires(staff(Permission.SEE_QUEUE))
def my_cases() -> str:
    return _queue_page(Filters(holder="me"), "rights/staff/my_cases.html")


def _queue_page(filters: Filters, template: str) -> str:
    page = queue_page(filters, current_user, request.args.get("cursor"))
    found = page.rows if filters.searches_people else ()
    looks = [Look(row.customer_id, SEARCH, FINDING, row.reference) for row in found]
    return draw_customer_page(template, current_user, looks, lambda: {"page": page} | _around(filters))


def _around(filters: Filters) -> dict[str, Any]:
    """Return what the page shows around the rows."""
    arguments = _arguments(filters)
    return {
        "filters": filters, "view": next((name for name, view in VIEWS.items() if view == filters), ""),
        "counts": count_open(current_user), "total": count_matching(filters, current_user), "today": clock.today(),
        "rights": list(Right),
        "statuses": [status for status in Status if status.is_open], "whens": WHEN, "holders": HOLDERS,
        "channels": [(item, item.label(get_locale())) for item in Channel], "arguments": arguments,
        "removals": {name: url_for(".queue", **_without(arguments, name)) for name in arguments},
    }  # fmt: skip


def _without(arguments: dict[str, str], name: str) -> dict[str, Any]:
    return {other: value for other, value in arguments.items() if other != name}


def _arguments(filters: Filters) -> dict[str, str]:
    """Return the filters as arguments of an address: none that is empty, and nothing else that the caller sent."""
    values = {name: str(value) for name, value in vars(filters).items() if value and name != "closed"}
    return values | ({"closed": "yes"} if filters.closed else {})


def _filters() -> Filters:
    """Return the filters that the address names. A value that does not exist is ignored."""

    def known(name: str, codes: Callable[[str], Any]) -> Any:
        try:
            return codes(request.args.get(name, ""))
        except ValueError:
            return None

    when, holder = request.args.get("when", ""), request.args.get("holder", "")
    return Filters(
        text=name_of(request.args.get("text", ""))[:200],
        right=known("right", Right),
        status=known("status", Status),
        channel=known("channel", Channel),
        when=when if when in WHEN else "",
        holder=holder if holder in HOLDERS else "",
        closed=request.args.get("closed") == "yes",
    )


@blueprint.post("/queue/next")
@requires(staff(Permission.CLAIM_REQUEST))
def take_next() -> Response:
    with transaction():
        taken = take_most_urgent(current_user)
        reference = taken.reference if taken else None
    if reference is None:
        flash(_("No case is free to work on now."), "info")
        return redirect(url_for(".queue"), 303)
    return redirect(url_for(".case", reference=reference), 303)


@blueprint.post("/requests/<reference>/claim")
@requires(staff(Permission.CLAIM_REQUEST))
def claim_case(reference: str) -> Response:
    with transaction():
        claim(find_case(reference), current_user, take_over=request.form.get("take_over") == "yes")
    return acted(reference)


@blueprint.post("/requests/<reference>/release")
@requires(staff(Permission.CLAIM_REQUEST))
def release_case(reference: str) -> Response:
    with transaction():
        release(find_case(reference), current_user)
    flash(_("You have given the case back."), "success")
    return redirect(url_for(".queue"), 303)
