"""The customer's own second step: an app, passkeys, recovery codes. Every change asks for a fresh proof."""

from typing import Any

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portal.access.declare import CUSTOMER, CUSTOMER_FRESH, requires
from portal.access.forms import AppCodeForm, NewPasskeyForm
from portal.access.one_time_codes import secret_in_groups
from portal.access.passkeys import PasskeyRefused, read_new
from portal.access.recovery_codes import NewRecoveryCodes, make_recovery_codes
from portal.access.second_factor_pages import (
    app_picture,
    forget_app_secret,
    made_app_secret,
    make_app_secret,
    refuse_app_code,
    to_make_passkey,
)
from portal.accounts.entry.limits import count_challenge, count_factor_change
from portal.accounts.second_step import factors
from portal.accounts.second_step.factors import TO_ADD, second_step_of
from portal.accounts.sessions.visitor_sessions import keep_challenge, take_challenge
from portal.infrastructure.database import transaction
from portal.web.browsers import device_label
from portal.web.forms import form_page
from portal.web.shown_once import forget_shown, keep_to_show, kept_to_show

blueprint = Blueprint("second_step", __name__)

CODES = "second_step_codes"
Answer = str | tuple[str, int] | AnyResponse


@blueprint.get("/account/second-step")
@requires(CUSTOMER_FRESH)
def overview() -> str:
    return render_template("accounts/customer/second_step.html", second_step=second_step_of(current_user))


@blueprint.route("/account/second-step/app", methods=["GET", "POST"])
@requires(CUSTOMER_FRESH)
def app() -> Answer:
    secret, form = made_app_secret(), AppCodeForm()
    if secret is None:
        return _to_overview()
    if form.validate_on_submit():
        count_factor_change(current_user.id)
        codes = _first_codes()
        with transaction():
            is_set_up = factors.set_up_app(g.portal_session, secret, form.code.data, codes)
        if is_set_up:
            forget_app_secret()
            return _added(_("The app is set up. Your other sessions are closed."), codes)
        refuse_app_code(form)
    return form_page("accounts/customer/second_step_app.html", form, groups=secret_in_groups(secret))


@blueprint.post("/account/second-step/app/new")
@requires(CUSTOMER_FRESH)
def new_app() -> AnyResponse:
    """Make a secret; it counts once the app has given a code for it."""
    make_app_secret()
    return redirect(url_for("customer.accounts.second_step.app"), 303)


@blueprint.get("/account/second-step/app.svg")
@requires(CUSTOMER_FRESH)
def app_code() -> AnyResponse:
    """The secret as a picture, for the app to read."""
    secret = made_app_secret()
    return app_picture(secret, current_user.email) if secret else _to_overview()


@blueprint.post("/account/second-step/app/remove")
@requires(CUSTOMER_FRESH)
def remove_app() -> AnyResponse:
    with transaction():
        factors.remove_app(g.portal_session)
    return _to_overview(_("The app no longer opens your account. Your other sessions are closed."))


@blueprint.route("/account/second-step/passkeys", methods=["GET", "POST"])
@requires(CUSTOMER_FRESH)
def passkeys() -> Answer:
    form = NewPasskeyForm(name=device_label(request.user_agent.string))
    if form.is_submitted() and form.validate():
        try:
            return _add_passkey(form)
        except PasskeyRefused:
            pass
    return form_page("accounts/customer/second_step_passkey.html", form, is_refused=form.is_submitted())


def _add_passkey(form: NewPasskeyForm) -> AnyResponse:
    with transaction():
        challenge = factors.use_challenge(current_user.id, TO_ADD, take_challenge())
    made = read_new(form.credential.data or "", challenge)
    # Made only now: if every wrong answer cost eight hashes, anybody could keep the portal busy.
    codes = _first_codes()
    with transaction():
        factors.add_passkey(g.portal_session, made, form.name.data or _("Passkey"), codes)
    return _added(_("The passkey is added. Your other sessions are closed."), codes)


@blueprint.post("/account/second-step/passkeys/options")
@requires(CUSTOMER_FRESH)
def passkey_options() -> Response:
    """Answer with what the browser needs to make a passkey, and a fresh challenge."""
    count_challenge(current_user.id)
    with transaction():
        token = factors.issue_challenge(current_user.id, TO_ADD)
        keep_challenge(token.public_id)
        return to_make_passkey(token, current_user, factors.passkeys_of(current_user.id))


@blueprint.post("/account/second-step/passkeys/<public_id>/remove")
@requires(CUSTOMER_FRESH)
def remove_passkey(public_id: str) -> AnyResponse:
    with transaction():
        is_gone = factors.remove_passkey(g.portal_session, public_id)
    if not is_gone:
        abort(404)
    return _to_overview(_("The passkey is removed. Your other sessions are closed."))


@blueprint.get("/account/second-step/recovery-codes")
@requires(CUSTOMER_FRESH)
def recovery_codes() -> Answer:
    """Show fresh codes until the customer says that they are written down; a reload loses nothing."""
    codes = kept_to_show(CODES)
    return render_template("accounts/customer/recovery_codes.html", codes=codes) if codes else _to_overview()


@blueprint.post("/account/second-step/recovery-codes")
@requires(CUSTOMER_FRESH)
def new_recovery_codes() -> AnyResponse:
    count_factor_change(current_user.id)
    codes = make_recovery_codes()
    with transaction():
        is_renewed = factors.renew_recovery_codes(g.portal_session, codes)
    return _show(codes) if is_renewed else _to_overview()


@blueprint.post("/account/second-step/recovery-codes/kept")
@requires(CUSTOMER)
def codes_kept() -> AnyResponse:
    forget_shown(CODES)
    return _to_overview()


def _first_codes() -> NewRecoveryCodes | None:
    return None if second_step_of(current_user).codes_left else make_recovery_codes()


def _added(message: str, codes: NewRecoveryCodes | None) -> AnyResponse:
    if codes is None:
        return _to_overview(message)
    flash(message, "success")
    return _show(codes)


def _show(codes: NewRecoveryCodes) -> AnyResponse:
    keep_to_show(CODES, *codes.codes)
    return redirect(url_for("customer.accounts.second_step.recovery_codes"), 303)


def _to_overview(message: Any = None) -> AnyResponse:
    if message:
        flash(message, "success")
    return redirect(url_for("customer.accounts.second_step.overview"), 303)
