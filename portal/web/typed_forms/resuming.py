"""Lead somebody who had to sign in again back to the form that they had sent, with what they typed.

The address of a kept form is its own, with `kept`. Opened, it answers as the form does when it is sent with a fault.
"""

from urllib.parse import urlencode

from flask import current_app, g, redirect, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from portal.infrastructure.database import shut_writing
from portal.web.form_tokens import opener_of_form
from portal.web.typed_forms import keeping
from portal.web.typed_forms.owners import owner_mark
from portal.web.typed_forms.stale import OtherAccount, is_stale, take_as_stale

KEPT = "kept"


def page_to_return_to() -> str:
    """Return the address to come back to after signing in; of a sent form, keep what was typed."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    opener = opener_of_form()
    public_id = keeping.keep(opener) if opener else None
    if public_id is None:
        return _nearest_page()
    others = [pair for pair in request.args.items(multi=True) if pair[0] != KEPT]
    return f"{request.path}?{urlencode([*others, (KEPT, public_id)])}"


def find_form() -> None:
    """Take the view that answers the form, where an address names a kept one; register it before the guard.

    Raises:
        OtherAccount: a form is sent that another account opened. It is kept for that account.
    """
    if g.get("is_anothers"):
        raise OtherAccount(page_to_return_to())
    if request.method != "GET" or KEPT not in request.args:
        return
    routes = current_app.create_url_adapter(request)
    try:
        rule, values = routes.match(method="POST", return_rule=True) if routes else (None, None)
    except HTTPException:
        return
    request.url_rule, request.view_args, request.routing_exception = rule, dict(values or {}), None
    g.is_resumed = True


def show_again() -> Response | None:
    """Have a form that is stale or kept do nothing but show itself; register it after the guard.

    Returns:
        A redirect to the page without `kept` where nothing is kept for this person.
    """
    if g.get("is_resumed"):
        typed = keeping.find(request.args[KEPT], owner_mark())
        if typed is None:
            return redirect(_nearest_page(), 303)
        request.method = "POST"
        request.form, request.files = ImmutableMultiDict(typed.fields), ImmutableMultiDict()
        take_as_stale(typed.files)
    if is_stale():
        shut_writing()
    return None


def _nearest_page() -> str:
    """Return the path of the request, or the nearest one above it that answers GET."""
    routes, path = current_app.url_map.bind(""), request.path
    while "GET" not in routes.allowed_methods(path) and path.count("/") > 1:
        path = path.rpartition("/")[0]
    return path
