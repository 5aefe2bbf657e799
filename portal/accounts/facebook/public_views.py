"""Sign in with Facebook: a button begins, a link leads to Facebook, and each outcome has a page to come back to."""

import logging
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from portal.access.declare import PUBLIC, requires
from portal.access.next_page import next_page
from portal.access.reauthentication import is_fresh
from portal.accounts import credentials
from portal.accounts.entry.landing import landing
from portal.accounts.entry.limits import count_facebook_attempt, may_mail_unproven
from portal.accounts.facebook import provider
from portal.accounts.facebook.linked_identities import FACEBOOK, IdentityTaken, link_own
from portal.accounts.facebook.sign_in import Outcome, arrive, needs_mail
from portal.accounts.sessions.visitor_sessions import (
    Errand,
    FacebookAttempt,
    await_registration,
    await_step,
    begin_facebook,
    device_token,
    end_facebook,
    keep_device,
)
from portal.customers.addresses import normalise_address
from portal.infrastructure.database import transaction
from portal.web.browsers import device_label
from portal.web.sessions import SessionOver

logger = logging.getLogger("portal.accounts.facebook")
blueprint = Blueprint("facebook", __name__)

_CODES = {
    Outcome.CANCELLED: 200,
    Outcome.REFUSED: 403,
    Outcome.OVER: 400,
    Outcome.NO_ADDRESS: 422,
    Outcome.ADDRESS_USED: 409,
    Outcome.TAKEN: 409,
    Outcome.SOMEBODY_ELSE: 403,
    Outcome.CLOSED: 403,
    Outcome.ERASED: 409,
    Outcome.DOWN: 503,
    Outcome.MISCONFIGURED: 502,
}


@blueprint.get("/sign-in/facebook")
@requires(PUBLIC)
def sign_in() -> Any:
    _check_offered()
    if current_user.is_authenticated:
        return redirect(_wanted(), 303)
    return render_template("accounts/public/facebook.html", next=next_page(""), url=None)


@blueprint.post("/sign-in/facebook")
@requires(PUBLIC)
def begin() -> Any:
    """Answer with a page that holds a link to Facebook: our `form-action` policy lets no form lead to another site."""
    _check_offered()
    count_facebook_attempt()
    errand = Errand.OPEN_ANEW if "anew" in request.form else Errand.SIGN_IN
    attempt = begin_facebook(next_page(""), errand)
    url = provider.authorize_url(attempt.state, attempt.verifier)
    return render_template("accounts/public/facebook.html", next=attempt.next, url=url)


@blueprint.get(provider.RETURN_PATH)
@requires(PUBLIC)
def come_back() -> Any:
    _check_offered()
    attempt = end_facebook(request.args.get("state", ""))
    if attempt is None:
        return _outcome(Outcome.OVER)
    if "code" not in request.args:
        is_no = request.args.get("error") == "access_denied"
        return _outcome(Outcome.CANCELLED if is_no else Outcome.REFUSED, attempt)
    try:
        profile = provider.read_profile(request.args["code"], attempt.verifier)
    except provider.CodeRefused:
        return _outcome(Outcome.OVER, attempt)
    except provider.FacebookDown:
        return _outcome(Outcome.DOWN, attempt)
    except provider.FacebookMisconfigured:
        logger.error("Facebook does not take the application: check PORTAL_FACEBOOK_APP_ID and _APP_SECRET")
        return _outcome(Outcome.MISCONFIGURED, attempt)
    return _ERRANDS[Errand(attempt.errand)](profile, attempt)


def _enter(profile: provider.Profile, attempt: FacebookAttempt) -> Any:
    if current_user.is_authenticated:
        return redirect(attempt.next or url_for("customer.records.dashboard"), 303)
    is_mail_allowed = needs_mail(profile) and may_mail_unproven(normalise_address(profile.email or ""))
    try:
        with transaction():
            arrival = arrive(
                profile,
                device_token=device_token(),
                device_label=device_label(request.user_agent.string),
                language=str(get_locale()),
                may_mail=is_mail_allowed,
                opens_anew=attempt.errand == Errand.OPEN_ANEW,
            )
            onward = landing(arrival.account, FACEBOOK, attempt.next) if arrival.account else ""
    except IntegrityError:
        # The same first visit in two tabs at once: the second one begins again, and then finds the account.
        return _outcome(Outcome.OVER, attempt)
    if onward:
        return keep_device(redirect(onward, 303))
    if arrival.outcome is Outcome.SECOND_STEP:
        await_step(arrival.awaited)
        return redirect(url_for("public.accounts.second_step.code", next=attempt.next or None), 303)
    if arrival.outcome is Outcome.UNCONFIRMED:
        # Whoever opens the mailed link in this browser is the person whom Facebook knows.
        await_registration(arrival.awaited, is_password_known=True)
        return redirect(url_for("public.accounts.registered"), 303)
    return _outcome(arrival.outcome, attempt, arrival.erased_at)


def _link(profile: provider.Profile, attempt: FacebookAttempt) -> Any:
    """Link only the account that asked, and only while its owner's proof is fresh.

    Otherwise a stranger could lead a signed-in customer back with the stranger's own Facebook identity.
    """
    if not _is_still_here(attempt) or not is_fresh():
        return _outcome(Outcome.OVER, attempt)
    try:
        with transaction():
            link_own(g.portal_session, profile.scoped_id)
    except IdentityTaken:
        return _outcome(Outcome.TAKEN, attempt)
    except SessionOver:
        return _outcome(Outcome.OVER, attempt)
    flash(_("Facebook now opens your account too."), "success")
    return redirect(url_for("customer.accounts.facebook"), 303)


def _prove(profile: provider.Profile, attempt: FacebookAttempt) -> Any:
    """Accept the answer as a fresh proof if it names the identity that opens this account."""
    if not _is_still_here(attempt):
        return _outcome(Outcome.OVER, attempt)
    try:
        with transaction():
            credentials.prove_by_facebook(g.portal_session, profile.scoped_id)
    except credentials.NotTheOwner:
        return _outcome(Outcome.SOMEBODY_ELSE, attempt)
    except SessionOver:
        return _outcome(Outcome.OVER, attempt)
    return redirect(attempt.next or url_for("customer.accounts.account"), 303)


def _is_still_here(attempt: FacebookAttempt) -> bool:
    return bool(current_user.is_authenticated and current_user.public_id == attempt.account)


_ERRANDS = {Errand.SIGN_IN: _enter, Errand.OPEN_ANEW: _enter, Errand.LINK: _link, Errand.PROVE: _prove}


def _outcome(outcome: Outcome, attempt: FacebookAttempt | None = None, erased_at: datetime | None = None) -> Response:
    page = render_template(
        "accounts/public/facebook_outcome.html",
        outcome=outcome,
        errand=attempt.errand if attempt else Errand.SIGN_IN,
        next=attempt.next if attempt else "",
        erased_at=erased_at,
    )
    return Response(page, _CODES[outcome], mimetype="text/html")


def _check_offered() -> None:
    if not provider.is_offered():
        abort(404)


def _wanted() -> str:
    return next_page(url_for("customer.records.dashboard"))
