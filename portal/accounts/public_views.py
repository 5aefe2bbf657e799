"""Come in: register, confirm the address, sign in, choose a new password.

Pages answer the same for an address with an account and for one without.
"""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.access.declare import PUBLIC, requires
from portal.access.forms import wrong_pair, wrong_password
from portal.access.next_page import next_page
from portal.accounts.address import confirmation
from portal.accounts.address import public_views as address_views
from portal.accounts.entry import password_reset, registration
from portal.accounts.entry import sign_in as signing_in
from portal.accounts.entry.landing import landing
from portal.accounts.entry.limits import (
    count_entry,
    count_link_asked,
    may_mail,
    may_mail_unproven,
    try_password,
    try_password_with_link,
)
from portal.accounts.entry.sign_in import Check, Verdict, check_password
from portal.accounts.facebook import public_views as facebook_views
from portal.accounts.facebook.linked_identities import FACEBOOK
from portal.accounts.facebook.provider import is_offered
from portal.accounts.forms import (
    ConfirmElsewhereForm,
    ConfirmForm,
    ForgottenForm,
    RegisterForm,
    ResetForm,
    SignInForm,
)
from portal.accounts.links import LinkState, LinkUnusable, Purpose, find_link
from portal.accounts.models import Account, AccountToken
from portal.accounts.second_step import public_views as second_step_views
from portal.accounts.sessions.devices import find_device
from portal.accounts.sessions.visitor_sessions import (
    await_registration,
    await_step,
    awaited_registration,
    device_token,
    is_password_known_of,
    is_session_over,
    keep_device,
)
from portal.customers.addresses import normalise_address
from portal.infrastructure.database import transaction
from portal.infrastructure.passwords.hashing import hash_password
from portal.personal_data.erasure.tombstones import ADDRESS, is_buried
from portal.web.browsers import device_label
from portal.web.forms import form_page

blueprint = Blueprint("accounts", __name__)
for _part in (facebook_views, address_views, second_step_views):
    blueprint.register_blueprint(_part.blueprint)

Answer = str | tuple[str, int] | Response


@blueprint.route("/sign-in", methods=["GET", "POST"])
@requires(PUBLIC)
def sign_in() -> Answer:
    if current_user.is_authenticated:
        return redirect(_wanted_page(), 303)
    form = SignInForm()
    wanted = next_page("")
    if not form.validate_on_submit():
        is_over = bool(wanted) and is_session_over()
        return form_page(
            "accounts/public/sign_in.html", form, next=wanted, is_session_over=is_over, has_facebook=is_offered()
        )
    address = normalise_address(form.email.data)
    with try_password(address, _known_device_id(address)) as attempt:
        check = check_password(address, form.password.data)
        if check.verdict is Verdict.RIGHT and (opened := _open(check)):
            attempt.is_right = True
            return opened
    with transaction():
        signing_in.note_denied(check)
    if check.verdict is Verdict.UNCONFIRMED:
        await_registration(check.public_id, is_password_known=True)
        return redirect(url_for("public.accounts.registered", unconfirmed=1), 303)
    form.email.errors = [wrong_pair()]
    return form_page("accounts/public/sign_in.html", form, next=wanted, has_facebook=is_offered())


def _wanted_page() -> str:
    return next_page(url_for("customer.records.dashboard"))


def _known_device_id(address: str) -> int | None:
    device = find_device(registration.confirmed_account(address), device_token())
    return device.id if device else None


def _open(check: Check) -> Response | None:
    count_entry(check.account_id or registration.NOBODY)
    with transaction():
        label = device_label(request.user_agent.string)
        opened = signing_in.sign_in(check, device_token=device_token(), device_label=label)
        waiting_id = opened.public_id if isinstance(opened, AccountToken) else None
    if waiting_id:
        await_step(waiting_id)
        return redirect(url_for("public.accounts.second_step.code", next=next_page("") or None), 303)
    return keep_device(redirect(_wanted_page(), 303)) if opened else None


@blueprint.route("/register", methods=["GET", "POST"])
@requires(PUBLIC)
def register() -> Answer:
    if current_user.is_authenticated:
        return redirect(url_for("customer.records.dashboard"), 303)
    form = RegisterForm()
    if not form.validate_on_submit():
        return form_page("accounts/public/register.html", form)
    count_link_asked()
    address, password_hash = normalise_address(form.email.data), hash_password(form.password.data)
    is_mail_allowed = may_mail_unproven(address)
    with transaction():
        account = registration.register(
            given_name=form.given_name.data,
            family_name=form.family_name.data,
            email=form.email.data,
            email_normalised=address,
            password_hash=password_hash,
            language=str(get_locale()),
            may_mail=is_mail_allowed,
        )
        public_id = account.public_id
    await_registration(public_id, is_password_known=True)
    return redirect(url_for("public.accounts.registered"), 303)


@blueprint.get("/register/sent")
@requires(PUBLIC)
def registered() -> Answer:
    account = awaited_registration()
    if account is None:
        return redirect(url_for("public.accounts.register"), 303)
    return render_template(
        "accounts/public/registered.html", address=account.email, is_unconfirmed="unconfirmed" in request.args
    )


@blueprint.post("/register/resend")
@requires(PUBLIC)
def resend() -> Answer:
    """Write once more to the address that this browser registered, or to that of an old link."""
    if "link" in request.form:
        _state, link = find_link(Purpose.CONFIRM_ADDRESS, request.form["link"])
        if link is not None:
            await_registration(link.account.public_id)
    account = awaited_registration()
    if account is None:
        return redirect(url_for("public.accounts.register"), 303)
    count_link_asked()
    is_mail_allowed, account_id = may_mail_unproven(account.email_normalised), account.id
    with transaction():
        registration.ask_for_another_link(account_id, may_mail=is_mail_allowed)
    flash(_("A new e-mail is on its way. Only the newest link works."), "success")
    return redirect(url_for("public.accounts.registered"), 303)


@blueprint.route("/confirm/<token>", methods=["GET", "POST"])
@requires(PUBLIC)
def confirm_address(token: str) -> Answer:
    state, link = find_link(Purpose.CONFIRM_ADDRESS, token)
    if link is None or state is not LinkState.USABLE:
        return _unusable_confirmation(state, link, token)
    account = link.account
    is_known = is_password_known_of(account)
    form = ConfirmForm() if is_known else ConfirmElsewhereForm()
    buried = is_buried(ADDRESS, account.email)
    details: dict[str, Any] = {
        "address": account.email, "token": token, "is_known": is_known, "erased_at": buried.made_at if buried else None,
    }  # fmt: skip
    if not is_known and account.password_hash is None:
        return render_template("accounts/public/confirm_by_facebook.html", **details)
    if not form.validate_on_submit():
        return form_page("accounts/public/confirm_address.html", form, **details)
    if not is_known and not _is_its_password(account, form.password.data):
        form.password.errors = [wrong_password()]
        return form_page("accounts/public/confirm_address.html", form, **details)
    try:
        is_claim, onward = _confirm_and_enter(link.id, is_known)
    except LinkUnusable:
        return _unusable_confirmation(*find_link(Purpose.CONFIRM_ADDRESS, token), token)
    except confirmation.AddressTaken:
        return render_template("accounts/public/address_taken.html", address=details["address"]), 409
    flash(
        _("Your address is confirmed. We found your customer file and opened it for you.")
        if is_claim
        else _("Your address is confirmed and your account is open."),
        "success",
    )
    return keep_device(redirect(onward, 303))


def _is_its_password(account: Account, password: str) -> bool:
    with try_password_with_link(account.id) as attempt:
        attempt.is_right = signing_in.is_password_of(account, password)
    return attempt.is_right


def _confirm_and_enter(link_id: int, is_known: bool) -> tuple[bool, str]:
    """Return whether a customer file was there already, and the page to go on to."""
    with transaction():
        if current_user.is_authenticated:
            signing_in.sign_out(g.portal_session)
        done = confirmation.confirm_address(link_id)
        # In the browser that registered, no password is asked for now: the last proof is that of the registration.
        proven_at = (done.account.password_changed_at or done.account.created_at) if is_known else None
        method = "password" if done.account.password_hash else FACEBOOK
        signing_in.enter(
            done.account,
            device_token=device_token(),
            device_label=device_label(request.user_agent.string),
            tell=False,
            method=method,
            proven_at=proven_at,
        )
        return done.is_claim, landing(done.account, method, "")


def _unusable_confirmation(state: LinkState, link: AccountToken | None, token: str) -> Answer:
    is_confirmed = link is not None and link.account.email_confirmed_at is not None
    page = render_template("accounts/public/confirm_unusable.html", state=state, is_confirmed=is_confirmed, token=token)
    return page, state.status


@blueprint.route("/password/forgotten", methods=["GET", "POST"])
@requires(PUBLIC)
def forgotten_password() -> Answer:
    form = ForgottenForm()
    if not form.validate_on_submit():
        return form_page("accounts/public/forgotten_password.html", form)
    address = normalise_address(form.email.data)
    device_id = _known_device_id(address)
    count_link_asked(device_id)
    is_mail_allowed = may_mail(address, device_id)
    with transaction():
        password_reset.ask_for_reset(address, may_mail=is_mail_allowed)
    return redirect(url_for("public.accounts.reset_asked"), 303)


@blueprint.get("/password/forgotten/sent")
@requires(PUBLIC)
def reset_asked() -> str:
    return render_template("accounts/public/reset_asked.html")


@blueprint.route("/password/reset/<token>", methods=["GET", "POST"])
@requires(PUBLIC)
def reset_password(token: str) -> Answer:
    state, link = find_link(Purpose.RESET_PASSWORD, token)
    if link is None or state is not LinkState.USABLE:
        return _unusable_reset(state)
    form = ResetForm()
    form.own_names = link.account.email, link.account.given_name, link.account.family_name
    if not form.validate_on_submit():
        return form_page("accounts/public/reset_password.html", form, token=token, address=link.account.email)
    link_id, password_hash = link.id, hash_password(form.password.data)
    try:
        with transaction():
            password_reset.reset_password(link_id, password_hash)
    except LinkUnusable:
        return _unusable_reset(LinkState.ENDED)
    flash(_("Your password is changed and every session is closed. Sign in with the new one."), "success")
    return redirect(url_for("public.accounts.sign_in"), 303)


def _unusable_reset(state: LinkState) -> Answer:
    page = render_template("accounts/public/reset_unusable.html", state=state)
    return page, state.status
