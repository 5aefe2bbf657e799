"""The staff member's own second factors: passkeys, app, recovery codes. Each page asks for a fresh proof."""

from flask import Response, abort, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portal.access.declare import STAFF, STAFF_FRESH, STAFF_UNINFORMED_FRESH, requires
from portal.access.forms import AppCodeForm, NewPasskeyForm, PasswordAgainForm, wrong_password
from portal.access.next_page import next_page
from portal.access.one_time_codes import secret_in_groups
from portal.access.passkeys import PasskeyRefused, read_new
from portal.access.recovery_codes import make_recovery_codes
from portal.access.second_factor_pages import (
    app_picture,
    forget_app_secret,
    made_app_secret,
    make_app_secret,
    refuse_app_code,
    to_make_passkey,
)
from portal.infrastructure.database import transaction
from portal.infrastructure.passwords.hashing import is_password
from portal.infrastructure.passwords.rules import is_too_long
from portal.staff.company.provider import installed_provider
from portal.staff.own_account.password_and_sessions import note_proven_again
from portal.staff.own_account.second_factor import (
    TO_ADD,
    LastFactor,
    add_passkey,
    factors_of,
    issue_challenge,
    passkeys_of,
    remove_app,
    remove_passkey,
    renew_recovery_codes,
    set_up_app,
    use_challenge,
)
from portal.staff.staff_blueprint import blueprint
from portal.web.browsers import device_label
from portal.web.forms import form_page
from portal.web.incoming.rate_limits import count_try
from portal.web.shown_once import forget_shown, keep_to_show, kept_to_show

CHALLENGE = "passkey"
RECOVERY_CODES = "recovery_codes"
Answer = str | tuple[str, int] | AnyResponse


@blueprint.route("/account/confirm-password", methods=["GET", "POST"])
@requires(STAFF)
def confirm_password() -> Answer:
    """Ask for a fresh proof (password or company) before a change that nobody may make on an unwatched screen."""
    form, wanted = PasswordAgainForm(), own_page()
    if form.validate_on_submit():
        count_try([("5 per 5 minutes", f"staff-own-password:{current_user.id}")])
        typed = form.password.data
        if not is_too_long(typed) and is_password(current_user.password_hash, typed):
            with transaction():
                note_proven_again(g.portal_session, "password")
            return redirect(wanted, 303)
        form.password.errors = [wrong_password()]
    has_company = installed_provider() is not None
    by_company = has_company and g.portal_session.method.startswith("company")
    return form_page("staff/staff/confirm_password.html", form, next=wanted, by_company=by_company)


def own_page() -> str:
    """Return the staff page that waits for the proof, or the member's own account."""
    page = next_page(url_for("staff.staff.account"))
    return page if page.startswith("/staff/") else url_for("staff.staff.account")


@blueprint.route("/account/passkeys", methods=["GET", "POST"])
@requires(STAFF_FRESH)
def passkeys() -> Answer:
    form = NewPasskeyForm(name=device_label(request.user_agent.string))
    if form.is_submitted() and form.validate() and _keep(form):
        return _done(_("The passkey is added. Your other sessions are ended."), "passkeys")
    return _passkeys_page(form, is_refused=form.is_submitted())


def _keep(form: NewPasskeyForm) -> bool:
    challenge_id = session.pop(CHALLENGE, None)
    try:
        with transaction():
            challenge = use_challenge(current_user.id, TO_ADD, challenge_id)
        with transaction():
            add_passkey(g.portal_session, read_new(form.credential.data, challenge), form.name.data or _("Passkey"))
    except PasskeyRefused:
        return False
    return True


@blueprint.post("/account/passkeys/options")
@requires(STAFF_FRESH)
def passkey_options() -> Response:
    """Return what the browser needs to make a passkey, with a fresh challenge."""
    count_try([("30 per 5 minutes", f"staff-passkey:{current_user.id}")])
    with transaction():
        token = issue_challenge(current_user.id, TO_ADD)
        session[CHALLENGE] = token.public_id
        return to_make_passkey(token, current_user, passkeys_of(current_user.id))


@blueprint.post("/account/passkeys/<public_id>/remove")
@requires(STAFF_FRESH)
def passkey_remove(public_id: str) -> Answer:
    try:
        with transaction():
            is_gone = remove_passkey(g.portal_session, public_id)
    except LastFactor:
        return _passkeys_page(NewPasskeyForm(formdata=None), is_last=True)
    return _done(_("The passkey is removed. Your other sessions are ended."), "passkeys") if is_gone else abort(404)


def _passkeys_page(form: NewPasskeyForm, *, is_refused: bool = False, is_last: bool = False) -> Answer:
    factors = factors_of(current_user)
    page = render_template(
        "staff/staff/account_passkeys.html", form=form, factors=factors, is_refused=is_refused, is_last=is_last
    )
    return page, 409 if is_last else 422 if is_refused else 200


@blueprint.route("/account/app", methods=["GET", "POST"])
@requires(STAFF_FRESH)
def account_app() -> Answer:
    secret, form = made_app_secret(), AppCodeForm()
    if secret is None and request.method == "POST":
        return redirect(url_for("staff.staff.account_app"), 303)
    if secret and form.validate_on_submit():
        count_try([("10 per 5 minutes", f"staff-own-app:{current_user.id}")])
        with transaction():
            is_set_up = set_up_app(g.portal_session, secret, form.code.data)
        if is_set_up:
            forget_app_secret()
            return _done(_("The app is set up. Your other sessions are ended."))
        refuse_app_code(form)
    return _app_page(form, secret)


def _app_page(form: AppCodeForm, secret: str | None, *, is_last: bool = False) -> Answer:
    groups = secret_in_groups(secret) if secret else []
    page = render_template(
        "staff/staff/account_app.html", form=form, groups=groups, factors=factors_of(current_user), is_last=is_last
    )
    return page, 409 if is_last else 422 if form.errors else 200


@blueprint.post("/account/app/new")
@requires(STAFF_FRESH)
def account_app_new() -> AnyResponse:
    """Make a secret for an app. It replaces the old one only when the app has given a code for it."""
    make_app_secret()
    return redirect(url_for("staff.staff.account_app"), 303)


@blueprint.get("/account/app.svg")
@requires(STAFF_FRESH)
def account_app_picture() -> AnyResponse:
    secret = made_app_secret()
    return app_picture(secret, current_user.email) if secret else redirect(url_for("staff.staff.account_app"), 303)


@blueprint.post("/account/app/remove")
@requires(STAFF_FRESH)
def account_app_remove() -> Answer:
    try:
        with transaction():
            remove_app(g.portal_session)
    except LastFactor:
        return _app_page(AppCodeForm(formdata=None), None, is_last=True)
    return _done(_("The app no longer opens your account. Your other sessions are ended."))


@blueprint.route("/account/recovery-codes", methods=["GET", "POST"])
@requires(STAFF_FRESH)
def account_recovery_codes() -> Answer:
    if request.method == "GET":
        return render_template("staff/staff/account_recovery_codes.html")
    count_try([("5 per 5 minutes", f"staff-own-codes:{current_user.id}")])
    made = make_recovery_codes()
    with transaction():
        renew_recovery_codes(g.portal_session, made)
    keep_to_show(RECOVERY_CODES, "renewed", *made.codes)
    return redirect(url_for("staff.staff.recovery_codes"), 303)


@blueprint.route("/recovery-codes", methods=["GET", "POST"])
@requires(STAFF_UNINFORMED_FRESH)
def recovery_codes() -> Answer:
    """Show fresh codes until the member confirms that they wrote them down, so that a reload loses nothing."""
    kept = kept_to_show(RECOVERY_CODES)
    if kept is None or request.method == "POST":
        forget_shown(RECOVERY_CODES)
        return redirect(url_for("staff.staff.home"), 303)
    return render_template("staff/staff/recovery_codes.html", is_first=kept[0] == "first", codes=kept[1:])


def _done(message: str, page: str = "account") -> AnyResponse:
    flash(message, "success")
    return redirect(url_for(f"staff.staff.{page}"), 303)
