"""The staff member's own account: password and sessions. Second factors are in `factor_staff_views.py`."""

from typing import Any

from flask import abort, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portal.access.declare import STAFF, requires
from portal.access.forms import wrong_password
from portal.infrastructure.database import transaction
from portal.infrastructure.passwords.hashing import hash_password, is_password
from portal.infrastructure.passwords.rules import is_too_long
from portal.staff.approvals.listing import count_for, has_approvals
from portal.staff.forms import ChangePasswordForm
from portal.staff.own_account.password_and_sessions import (
    PasswordMoved,
    change_password,
    end_other_sessions,
    end_session,
    live_sessions,
)
from portal.staff.own_account.second_factor import factors_of
from portal.staff.staff_blueprint import blueprint
from portal.web.forms import form_page
from portal.web.incoming.rate_limits import count_try
from portal.web.typed_forms.stale import is_stale


@blueprint.get("/account")
@requires(STAFF)
def account() -> str:
    return render_template(
        "staff/staff/account.html",
        factors=factors_of(current_user),
        sessions=live_sessions(current_user.id),
        current=g.portal_session,
        approvals=count_for(current_user),
        has_approvals=has_approvals(current_user),
    )


@blueprint.route("/account/password", methods=["GET", "POST"])
@requires(STAFF)
def account_password() -> Any:
    if current_user.password_hash is None:
        abort(404)
    form = ChangePasswordForm([current_user.name, current_user.email])
    is_valid = form.validate_on_submit()
    # A wrong current password is told together with what is wrong with the new one.
    if form.is_submitted() and not form.current.errors and not is_stale():
        count_try([("5 per 5 minutes", f"staff-own-password:{current_user.id}")])
        seen_hash = _checked_hash(form.current.data)
        if is_valid and seen_hash and _change_password(seen_hash, form.password.data):
            return _done(_("Your password is changed. Your other sessions are closed."))
        if is_valid or not seen_hash:
            form.current.errors = [wrong_password()]
    return form_page("staff/staff/account_password.html", form)


def _checked_hash(password: str) -> str | None:
    """Return the member's hash if the password fits it, else None."""
    seen_hash: str | None = current_user.password_hash
    return seen_hash if not is_too_long(password) and is_password(seen_hash, password) else None


def _change_password(seen_hash: str, wanted: str) -> bool:
    password_hash = hash_password(wanted)
    try:
        with transaction():
            change_password(g.portal_session, seen_hash, password_hash)
    except PasswordMoved:
        return False
    return True


@blueprint.post("/account/sessions")
@requires(STAFF)
def account_sessions() -> AnyResponse:
    with transaction():
        ended = end_other_sessions(current_user, session_id=g.portal_session.id)
    return _done(ngettext("%(num)s session is ended.", "%(num)s sessions are ended.", ended))


@blueprint.post("/account/sessions/<public_id>/end")
@requires(STAFF)
def account_session_end(public_id: str) -> AnyResponse:
    with transaction():
        if not end_session(current_user, public_id, own_id=g.portal_session.id):
            abort(404)
    return _done(_("This session is closed."))


def _done(message: str) -> AnyResponse:
    flash(message, "success")
    return redirect(url_for("staff.staff.account"), 303)
