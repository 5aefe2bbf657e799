"""The pages of the second step at sign-in: a code or a passkey."""

from contextlib import AbstractContextManager
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portal.access.declare import PUBLIC, requires
from portal.access.forms import CodeForm, PasskeyForm, wrong_code
from portal.access.next_page import next_page
from portal.access.second_factor_pages import to_use_passkey
from portal.accounts.entry.landing import landing
from portal.accounts.entry.limits import count_challenge, try_second_step
from portal.accounts.entry.sign_in import enter
from portal.accounts.models import Account, AccountToken
from portal.accounts.second_step.factors import TO_ENTER, issue_challenge, passkeys_of, second_step_of
from portal.accounts.second_step.sign_in import (
    SignInOver,
    find_recovery_code,
    find_waiting,
    pass_by_code,
    pass_by_passkey,
)
from portal.accounts.sessions.devices import find_device
from portal.accounts.sessions.visitor_sessions import (
    awaited_step,
    device_token,
    forget_step,
    keep_challenge,
    keep_device,
    take_challenge,
)
from portal.infrastructure import installed
from portal.infrastructure.database import transaction
from portal.web.browsers import device_label
from portal.web.incoming.rate_limits import Try

blueprint = Blueprint("second_step", __name__)


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@requires(PUBLIC)
def code() -> Any:
    if current_user.is_authenticated:
        return redirect(_wanted(), 303)
    waiting = find_waiting(awaited_step())
    if waiting is None:
        return _to_password()
    form = CodeForm()
    if not form.validate_on_submit():
        return _code_page(waiting, form)
    waiting_id, account_id = waiting.public_id, waiting.account_id
    try:
        with _trying(waiting) as attempt:
            recovery_code_id = find_recovery_code(account_id, form.code.data)
            with transaction():
                onward = _enter(pass_by_code(waiting_id, form.code.data, recovery_code_id))
            attempt.is_right = bool(onward)
    except SignInOver:
        return _to_password()
    if onward:
        return _in(onward)
    form.code.errors = [wrong_code()]
    return _code_page(waiting, form)


@blueprint.post("/sign-in/passkey/options")
@requires(PUBLIC)
def passkey_options() -> AnyResponse:
    """Answer with what the browser needs to use a passkey, and a fresh challenge."""
    waiting = find_waiting(awaited_step())
    if waiting is None:
        return _to_password()
    account_id = waiting.account_id
    count_challenge(account_id)
    with transaction():
        token = issue_challenge(account_id, TO_ENTER)
        keep_challenge(token.public_id)
        return to_use_passkey(token, passkeys_of(account_id))


@blueprint.post("/sign-in/passkey")
@requires(PUBLIC)
def passkey() -> Any:
    waiting, form = find_waiting(awaited_step()), PasskeyForm()
    if waiting is None or not form.validate():
        return _to_password()
    waiting_id = waiting.public_id
    try:
        with _trying(waiting) as attempt:
            with transaction():
                onward = _enter(pass_by_passkey(waiting_id, take_challenge(), form.credential.data or ""))
            attempt.is_right = bool(onward)
    except SignInOver:
        return _to_password()
    return _in(onward) if onward else _code_page(waiting, CodeForm(formdata=None), is_refused=True)


def _trying(waiting: AccountToken) -> AbstractContextManager[Try]:
    device = find_device(waiting.account, device_token())
    return try_second_step(waiting.account_id, device.id if device else None)


def _enter(passed: tuple[Account, str] | None) -> str:
    """Open the session in the current transaction and return the page that follows; empty when nothing was proven."""
    if passed is None:
        return ""
    account, method = passed
    enter(
        account,
        device_token=device_token(),
        device_label=device_label(request.user_agent.string),
        tell=account.last_sign_in_at is not None,
        method=method,
    )
    return landing(account, method, next_page(""))


def _in(onward: str) -> AnyResponse:
    forget_step()
    return keep_device(redirect(onward, 303))


def _code_page(waiting: AccountToken, form: CodeForm, *, is_refused: bool = False) -> tuple[str, int]:
    page = render_template(
        "accounts/public/second_step.html",
        form=form,
        address=waiting.account.email,
        second_step=second_step_of(waiting.account),
        is_refused=is_refused,
        next=next_page("") or None,
        officer_email=installed.organisation().officer_email,
    )
    return page, 422 if form.errors or is_refused else 200


def _to_password() -> AnyResponse:
    forget_step()
    flash(_("Sign in again: the second step has to follow within five minutes."), "info")
    return redirect(url_for("public.accounts.sign_in", next=next_page("") or None), 303)


def _wanted() -> str:
    return next_page(url_for("customer.records.dashboard"))
