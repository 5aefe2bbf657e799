"""Coming in and going out: sign-in with password, then code or passkey, the first page, the language."""

from contextlib import AbstractContextManager
from typing import Any

from flask import abort, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portal.access.declare import STAFF, STAFF_OPEN, STAFF_UNINFORMED, requires
from portal.access.forms import CodeForm, PasskeyForm, wrong_code, wrong_pair
from portal.access.next_page import next_page
from portal.access.permissions import Permission
from portal.access.second_factor_pages import to_use_passkey
from portal.infrastructure.database import transaction
from portal.infrastructure.passwords.rules import is_too_long
from portal.staff.company.provider import installed_provider
from portal.staff.entry.devices import find_device, hand_out_cookie
from portal.staff.entry.sessions import start_session, stop_session
from portal.staff.entry.sign_in import (
    SignInOver,
    begin_second_factor,
    better_hash,
    code_limits,
    enter_from,
    find_member,
    find_pending,
    is_members_password,
    note_denied,
    note_ended,
    pass_by_passkey,
    pass_second_factor,
    sign_in_limits,
    tell_of_new_browser,
)
from portal.staff.forms import SignInForm
from portal.staff.models import StaffMember, StaffToken
from portal.staff.own_account.second_factor import (
    TO_ENTER,
    factors_of,
    find_recovery_code,
    issue_challenge,
    passkeys_of,
)
from portal.staff.staff_blueprint import blueprint
from portal.web.browsers import device_label
from portal.web.forms import form_page
from portal.web.i18n import LANGUAGES, keep_language
from portal.web.incoming.networks import by_network
from portal.web.incoming.rate_limits import Try, count_try, trying
from portal.web.typed_forms import session_ends

PENDING = "second_factor"
CHALLENGE = "passkey"

FIRST_PAGES = (
    (Permission.SEE_DESK, "staff.staff.desk"),
    (Permission.SEE_QUEUE, "staff.rights.queue"),
    (Permission.SEE_MARKETING, "staff.preferences.marketing"),
    (Permission.MANAGE_STAFF, "staff.staff.members"),
)


@blueprint.get("/")
@requires(STAFF)
def home() -> AnyResponse:
    for permission, endpoint in FIRST_PAGES:
        if current_user.may(permission):
            return redirect(url_for(endpoint), 303)
    abort(403)


@blueprint.route("/sign-in", methods=["GET", "POST"])
@requires(STAFF_OPEN)
def sign_in() -> Any:
    if current_user.is_authenticated:
        return redirect(page_after(), 303)
    form = SignInForm()
    if form.validate_on_submit():
        member = find_member(form.email.data)
        device = find_device(request, member.id) if member else None
        networks = by_network(30, "5 minutes", "staff-sign-in:network")
        with trying(sign_in_limits(form.email.data, device, networks), needs_shared=True) as attempt:
            attempt.is_right = _try_password(member, form.password.data)
        if attempt.is_right:
            return redirect(url_for("staff.staff.sign_in_code", next=request.args.get("next")), 303)
        form.email.errors = [wrong_pair()]
    has_company = installed_provider() is not None
    return form_page("staff/staff/sign_in.html", form, has_company=has_company, next=next_page(""))


def _try_password(member: StaffMember | None, password: str) -> bool:
    seen_hash = member.password_hash if member else None
    fits = not is_too_long(password) and is_members_password(member, password)
    stronger = better_hash(member, password) if member and fits else None
    with transaction():
        pending = begin_second_factor(member.id, seen_hash, stronger) if member and fits else None
        if pending is None:
            note_denied(member, "password")
            return False
        pending_id = pending.public_id
    session.clear()
    session[PENDING] = pending_id
    return True


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@requires(STAFF_OPEN)
def sign_in_code() -> Any:
    pending = find_pending(session.get(PENDING))
    if pending is None:
        return _to_password()
    form = CodeForm()
    if form.validate_on_submit():
        try:
            entered = _try_code(pending.public_id, pending.staff_id, form.code.data)
        except SignInOver:
            return _to_password()
        if entered:
            return entered
        form.code.errors = [wrong_code()]
    return _code_page(pending, form)


def _code_page(pending: StaffToken, form: CodeForm, *, is_refused: bool = False) -> tuple[str, int]:
    page = render_template(
        "staff/staff/sign_in_code.html", form=form, factors=factors_of(pending.staff), is_refused=is_refused,
        address=pending.staff.email, next=request.args.get("next"),
    )  # fmt: skip
    return page, 422 if form.errors or is_refused else 200


def _try_code(pending_id: str, staff_id: int, code: str) -> AnyResponse | None:
    with _trying_factor(staff_id) as attempt:
        recovery_code_id = find_recovery_code(staff_id, code)
        with transaction():
            entered = _let_in(pass_second_factor(pending_id, code, recovery_code_id))
        attempt.is_right = entered is not None
    return entered


def _trying_factor(staff_id: int) -> AbstractContextManager[Try]:
    networks = by_network(30, "5 minutes", "staff-code:network")
    return trying(code_limits(staff_id, find_device(request, staff_id), networks), needs_shared=True)


def _let_in(passed: tuple[StaffMember, str] | None) -> AnyResponse | None:
    if passed is None:
        return None
    member, method = passed
    cookie = open_staff_session(member, method, is_told=True)
    return enter(page_after(), cookie)


@blueprint.post("/sign-in/passkey/options")
@requires(STAFF_OPEN)
def sign_in_passkey_options() -> AnyResponse:
    """Return what the browser needs to use a passkey, with a fresh challenge."""
    pending = find_pending(session.get(PENDING))
    if pending is None:
        return _to_password()
    staff_id = pending.staff_id
    count_try([("60 per 5 minutes", f"staff-passkey:{staff_id}")])
    with transaction():
        token = issue_challenge(staff_id, TO_ENTER)
        session[CHALLENGE] = token.public_id
        return to_use_passkey(token, passkeys_of(staff_id))


@blueprint.post("/sign-in/passkey")
@requires(STAFF_OPEN)
def sign_in_passkey() -> Any:
    pending = find_pending(session.get(PENDING))
    form = PasskeyForm()
    if pending is None or not form.validate():
        return _to_password()
    try:
        with _trying_factor(pending.staff_id) as attempt:
            with transaction():
                passed = pass_by_passkey(pending.public_id, session.pop(CHALLENGE, None), form.credential.data or "")
                entered = _let_in(passed)
            attempt.is_right = entered is not None
    except SignInOver:
        return _to_password()
    return entered or _code_page(pending, CodeForm(formdata=None), is_refused=True)


def open_staff_session(member: StaffMember, method: str, *, is_told: bool) -> str | None:
    """Open a session in the current transaction; return the cookie's value for a new browser, None for a known one."""
    browser = device_label(request.user_agent.string)
    device, cookie = enter_from(member, find_device(request, member.id), method)
    start_session(member, device, method=method, device=browser)
    if cookie and is_told:
        tell_of_new_browser(member, browser)
    return cookie


def enter(page: str, cookie: str | None) -> AnyResponse:
    """Answer a sign-in with a redirect to a page, and give a new browser its cookie."""
    response = redirect(page, 303)
    if cookie:
        hand_out_cookie(response, cookie)
    return response


@blueprint.post("/sign-out")
@requires(STAFF_UNINFORMED)
def sign_out() -> AnyResponse:
    with transaction():
        note_ended(current_user)
        stop_session(g.portal_session)
    flash(_("You are signed out."), "success")
    response = redirect(next_page(url_for("staff.staff.sign_in")), 303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@blueprint.get("/stay")
@requires(STAFF_UNINFORMED)
def stay() -> AnyResponse:
    return session_ends.stay()


@blueprint.post("/language")
@requires(STAFF_OPEN)
def language() -> AnyResponse:
    """Change the language of the staff's pages. The public view cannot: staff forms have a form token of their own."""
    response = redirect(page_after(), 303)
    chosen = request.form.get("language")
    if chosen in LANGUAGES:
        keep_language(response, chosen)
        if current_user.is_authenticated:
            with transaction():
                current_user.language = chosen
    return response


def page_after() -> str:
    """Return the staff page that was asked for before signing in, or the first one."""
    page = next_page(url_for("staff.staff.home"))
    return page if page.startswith("/staff/") else url_for("staff.staff.home")


def _to_password() -> AnyResponse:
    if current_user.is_authenticated:
        return redirect(page_after(), 303)  # by another tab of this browser
    session.pop(PENDING, None)
    flash(_("Start again with your password: the code has to follow within five minutes."), "info")
    return redirect(url_for("staff.staff.sign_in", next=request.args.get("next")), 303)
