"""The invitation: whoever holds its link chooses a password and a second factor, and is in."""

from typing import Any

from flask import Response, abort, redirect, render_template, request, session, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from portal.access.declare import STAFF_OPEN, requires
from portal.access.forms import AppCodeForm, NewPasskeyForm
from portal.access.one_time_codes import secret_in_groups, totp_secret
from portal.access.passkeys import PasskeyRefused, read_new
from portal.access.recovery_codes import make_recovery_codes
from portal.access.second_factor_pages import app_picture, refuse_app_code, to_make_passkey
from portal.infrastructure import installed
from portal.infrastructure.database import transaction
from portal.infrastructure.passwords.hashing import hash_password
from portal.staff.entry.staff_views import enter, open_staff_session
from portal.staff.forms import NewPasswordForm
from portal.staff.members.invitation import (
    InvitationOver,
    choose_password,
    find_invitation,
    finish_invitation,
    finish_with_passkey,
    read_link,
)
from portal.staff.models import StaffToken
from portal.staff.own_account.factor_staff_views import CHALLENGE, RECOVERY_CODES
from portal.staff.own_account.second_factor import TO_ADD, issue_challenge, use_challenge
from portal.staff.staff_blueprint import blueprint
from portal.web.browsers import device_label
from portal.web.forms import form_page
from portal.web.incoming.rate_limits import count_try
from portal.web.shown_once import keep_to_show

INVITATION = "invitation"


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
@requires(STAFF_OPEN)
def accept_invitation(token: str) -> Any:
    invitation = read_link(token, installed.settings())
    if invitation is None:
        return _invitation_over()
    member, public_id = invitation.staff, invitation.public_id
    form = NewPasswordForm([member.name, member.email])
    if form.validate_on_submit():
        password_hash = hash_password(form.password.data)
        try:
            with transaction():
                choose_password(public_id, password_hash)
        except InvitationOver:
            return _invitation_over()
        session.clear()
        session[INVITATION] = public_id
        return redirect(url_for("staff.staff.second_factor"), 303)
    return form_page("staff/staff/invitation.html", form, member=member)


@blueprint.route("/invitation/second-factor", methods=["GET", "POST"])
@requires(STAFF_OPEN)
def second_factor() -> Any:
    invitation = find_invitation(session.get(INVITATION))
    if invitation is None or invitation.staff.sealed_totp_secret is None:
        return _invitation_over()
    form = AppCodeForm()
    if form.validate_on_submit():
        count_try([("10 per 5 minutes", f"staff-enrolment:{invitation.id}")])
        try:
            entered = _finish(invitation.public_id, form.code.data)
        except InvitationOver:
            return _invitation_over()
        if entered:
            return entered
        refuse_app_code(form)
    return _factor_page(invitation, form)


def _factor_page(invitation: StaffToken, form: AppCodeForm, *, is_refused: bool = False) -> tuple[str, int]:
    page = render_template(
        "staff/staff/second_factor.html", form=form, member=invitation.staff, is_refused=is_refused,
        groups=secret_in_groups(totp_secret(invitation.staff)),
        passkey_form=NewPasskeyForm(formdata=None, name=device_label(request.user_agent.string)),
    )  # fmt: skip
    return page, 422 if form.errors or is_refused else 200


def _finish(public_id: str, code: str) -> AnyResponse | None:
    made = make_recovery_codes()
    with transaction():
        member = finish_invitation(public_id, code, made, language=str(get_locale()))
        if member is None:
            return None
        cookie = open_staff_session(member, "password+totp", is_told=False)
    keep_to_show(RECOVERY_CODES, "first", *made.codes)
    return enter(url_for("staff.staff.recovery_codes"), cookie)


@blueprint.post("/invitation/passkey/options")
@requires(STAFF_OPEN)
def invitation_passkey_options() -> AnyResponse:
    """Return what the browser needs to make a passkey, which an invited member may use instead of an app."""
    invitation = find_invitation(session.get(INVITATION))
    if invitation is None:
        abort(410)
    member = invitation.staff
    count_try([("30 per 5 minutes", f"staff-passkey:{member.id}")])
    with transaction():
        token = issue_challenge(member.id, TO_ADD)
        session[CHALLENGE] = token.public_id
        return to_make_passkey(token, member, [])


@blueprint.post("/invitation/passkey")
@requires(STAFF_OPEN)
def invitation_passkey() -> Any:
    invitation = find_invitation(session.get(INVITATION))
    form = NewPasskeyForm()
    if invitation is None or not form.validate():
        return _invitation_over()
    public_id, staff_id = invitation.public_id, invitation.staff_id
    challenge_id, name = session.pop(CHALLENGE, None), form.name.data or _("Passkey")
    try:
        with transaction():
            challenge = use_challenge(staff_id, TO_ADD, challenge_id)
        passkey = read_new(form.credential.data or "", challenge)
        made = make_recovery_codes()
        with transaction():
            member = finish_with_passkey(public_id, passkey, name, made, language=str(get_locale()))
            cookie = open_staff_session(member, "password+passkey", is_told=False)
    except InvitationOver:
        return _invitation_over()
    except PasskeyRefused:
        return _factor_page(invitation, AppCodeForm(formdata=None), is_refused=True)
    keep_to_show(RECOVERY_CODES, "first", *made.codes)
    return enter(url_for("staff.staff.recovery_codes"), cookie)


@blueprint.get("/invitation/second-factor.svg")
@requires(STAFF_OPEN)
def second_factor_picture() -> Response:
    invitation = find_invitation(session.get(INVITATION))
    sealed = invitation.staff.sealed_totp_secret if invitation else None
    if invitation is None or sealed is None:
        abort(404)
    return app_picture(totp_secret(invitation.staff), invitation.staff.email)


def _invitation_over() -> tuple[str, int]:
    return render_template("staff/staff/invitation_over.html"), 410
