"""Says who may call each view.

Each view declares its access, one guard enforces it, and the app refuses to start while a view declares none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, abort, current_app, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.access.permissions import Permission, may
from portal.access.reauthentication import is_fresh
from portal.access.tokens import find_api_token
from portal.web.audiences import Audience, current_audience
from portal.web.sessions import SessionOver
from portal.web.typed_forms.resuming import page_to_return_to

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """What a view asks of its caller.

    Attributes:
        audience: who may call it at all.
        permission: for staff, what their role must carry; None for any signed-in staff member.
        scope: for machines, what their token must carry.
        is_open: whether the view may be called without signing in.
        needs_fresh: whether the password or a factor must have been given in the last ten minutes.
        before_notice: whether staff may call it before they confirmed the notice that their looks are counted.
        while_shut: whether it is served before the ledger was replayed into a restored database: it only stops things.
    """

    audience: Audience
    permission: Permission | None = None
    scope: str | None = None
    is_open: bool = False
    needs_fresh: bool = False
    before_notice: bool = False
    while_shut: bool = False


PUBLIC = Access(Audience.PUBLIC, is_open=True)
PUBLIC_ALWAYS = Access(Audience.PUBLIC, is_open=True, while_shut=True)
CUSTOMER = Access(Audience.CUSTOMER)
CUSTOMER_FRESH = Access(Audience.CUSTOMER, needs_fresh=True)
STAFF = Access(Audience.STAFF)
STAFF_FRESH = Access(Audience.STAFF, needs_fresh=True)
STAFF_UNINFORMED = Access(Audience.STAFF, before_notice=True)
STAFF_UNINFORMED_FRESH = Access(Audience.STAFF, needs_fresh=True, before_notice=True)
STAFF_OPEN = Access(Audience.STAFF, is_open=True)
FEED_OPEN = Access(Audience.FEED, is_open=True)


def staff(permission: Permission, *, needs_fresh: bool = False) -> Access:
    """Return the access of a view for staff members whose role carries a permission."""
    return Access(Audience.STAFF, permission=permission, needs_fresh=needs_fresh)


def token(scope: str) -> Access:
    """Return the access of a view for machines whose token carries a scope."""
    return Access(Audience.FEED, scope=scope)


def requires(access: Access) -> Callable[[View], View]:
    """Declare who may call a view. Place it directly under the route decorators."""

    def declare(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return declare


def declared_access(app: Flask, endpoint: str) -> Access | None:
    """Return what the view of an endpoint declares, or None."""
    return getattr(app.view_functions[endpoint], "access", None)


class UndeclaredAccess(Exception):
    """A route says nothing of who may call it, or contradicts its blueprint."""


def check_declarations(app: Flask) -> None:
    """Check that every route declares an access, and for the audience of its blueprint.

    Raises:
        UndeclaredAccess: names every faulty route and what to write there.
    """
    faults = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        access = declared_access(app, rule.endpoint)
        if access is None:
            faults.append(f"{rule.rule}: add @requires(...) under the route of {rule.endpoint}")
        elif access.audience != rule.endpoint.split(".")[0]:
            faults.append(f"{rule.rule}: {rule.endpoint} declares the audience {access.audience}")
    if faults:
        raise UndeclaredAccess("\n".join(faults))


def guard() -> Response | None:
    """Enforce the declared access of the current view, before every request.

    Returns:
        None lets the view answer; a redirect to sign in, to the notice for staff, or to give the password again answers
        instead of it.
    """
    if request.endpoint is None or request.endpoint == "static" or request.method == "OPTIONS":
        return None  # Flask itself answers OPTIONS, with the methods alone; no view runs
    access = declared_access(current_app, request.endpoint)
    if access is None or access.is_open:
        return None
    if access.audience is Audience.FEED:
        _check_token(access)
        return None
    if not current_user.is_authenticated:
        return to_sign_in()
    if access.audience is Audience.STAFF and not access.before_notice and current_user.informed_at is None:
        return redirect(url_for("staff.watching.notice", next=page_to_return_to()), 303)
    if access.permission and not may(current_user.role, access.permission):
        abort(403)
    return to_fresh_proof() if access.needs_fresh and not is_fresh() else None


def to_fresh_proof() -> Response:
    """Return a redirect to where the person proves themselves again, which then leads on to the page asked for."""
    audience = current_audience()
    domain = "staff" if audience is Audience.STAFF else "accounts"
    return redirect(url_for(f"{audience}.{domain}.confirm_password", next=page_to_return_to()), 303)


def _check_token(access: Access) -> None:
    bearer = find_api_token(request.headers.get("Authorization", ""))
    if bearer is None:
        abort(401)
    if access.scope not in bearer.scopes:
        abort(403)


def to_sign_in(_over: SessionOver | None = None) -> Response:
    """Return a redirect to the sign-in page, which then leads on to the page that was asked for."""
    endpoint = "staff.staff.sign_in" if current_audience() is Audience.STAFF else "public.accounts.sign_in"
    return redirect(url_for(endpoint, next=page_to_return_to()), 303)
