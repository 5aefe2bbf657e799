"""Company sign-on: begin by a button, follow a link to the provider, come back, and go on by a button.

A member who came in this way also proves themselves again this way, before they change how they sign in.

A browser that comes back from another site sends no Strict cookie. So the return shows a page of our own, and the form
behind its button sends the staff's cookies.
"""

import logging
from datetime import datetime
from typing import Any

from flask import Response, abort, flash, g, redirect, render_template, request, session, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from portal.access.declare import STAFF, STAFF_OPEN, requires
from portal.access.next_page import next_page
from portal.infrastructure.database import transaction
from portal.staff.company.browser_state import Attempt, begin_attempt, drop_attempt, keep_attempt, returned_attempt
from portal.staff.company.provider import (
    RETURN_PATH,
    CodeRefused,
    CompanyIdentity,
    CompanyProvider,
    ProviderDown,
    ProviderMisconfigured,
    TokenRefused,
    installed_provider,
)
from portal.staff.company.sign_on import (
    Outcome,
    come_in,
    is_proven,
    note_untrusted,
    recognise,
    recognise_again,
    use_proof,
)
from portal.staff.entry.sign_in import SignInOver, find_pending
from portal.staff.entry.staff_views import PENDING, enter, open_staff_session, page_after
from portal.staff.own_account.factor_staff_views import own_page
from portal.staff.staff_blueprint import blueprint
from portal.web.incoming.networks import by_network
from portal.web.incoming.rate_limits import count_try

logger = logging.getLogger("portal.staff.company")

RECOGNISED = "company_recognised"
ALL_ATTEMPTS = "300 per 5 minutes"

_CODES = {
    Outcome.CANCELLED: 200,
    Outcome.REFUSED: 403,
    Outcome.OVER: 400,
    Outcome.UNKNOWN: 403,
    Outcome.UNVERIFIED: 403,
    Outcome.NO_FACTOR: 403,
    Outcome.SOMEBODY_ELSE: 403,
    Outcome.NOT_ASKED: 403,
    Outcome.UNTRUSTED: 502,
    Outcome.DOWN: 503,
    Outcome.MISCONFIGURED: 502,
}


@blueprint.get("/sign-in/company")
@requires(STAFF_OPEN)
def company_sign_on() -> Any:
    _provider()
    if current_user.is_authenticated:
        return redirect(page_after(), 303)
    return render_template("staff/staff/company.html", next=next_page(""), url=None)


@blueprint.post("/sign-in/company")
@requires(STAFF_OPEN)
def begin_company_sign_on() -> Any:
    """Answer with a page that holds a link, because our content policy lets no form lead to another site."""
    return _begin(begin_attempt(next_page("")))


@blueprint.post("/account/confirm-password/company")
@requires(STAFF)
def begin_company_proof() -> Any:
    """Lead a signed-in member to the provider, which has to ask them again."""
    return _begin(begin_attempt(own_page(), proves=current_user.public_id))


def _begin(attempt: Attempt) -> Response:
    provider, asks_again = _provider(), bool(attempt.proves)
    networks = by_network(30, "5 minutes", "staff-company:network")
    count_try([*networks, (ALL_ATTEMPTS, "staff-company:all")], needs_shared=True)
    try:
        url = provider.authorize_url(attempt.state, attempt.nonce, attempt.verifier, asks_again=asks_again)
    except (ProviderDown, ProviderMisconfigured) as fault:
        return _outcome(_reading_of(fault), attempt)
    page = render_template("staff/staff/company.html", next=attempt.next, url=url, asks_again=asks_again)
    response = Response(page)
    keep_attempt(response, attempt)
    return response


@blueprint.get(RETURN_PATH.removeprefix("/staff"))
@requires(STAFF_OPEN)
def company_return() -> Any:
    provider = _provider()
    attempt = returned_attempt(request.args.get("state", ""))
    # RFC 9207: an answer that names another issuer was meant for another client's attempt.
    if attempt is None or request.args.get("iss", provider.issuer) != provider.issuer:
        return _outcome(Outcome.OVER, None)
    if "code" not in request.args:
        is_no = request.args.get("error") in {"access_denied", "login_required", "interaction_required"}
        return _outcome(Outcome.CANCELLED if is_no else Outcome.REFUSED, attempt)
    try:
        identity = provider.identify(request.args["code"], attempt.verifier, attempt.nonce)
    except (CodeRefused, TokenRefused, ProviderDown, ProviderMisconfigured) as fault:
        return _outcome(_reading_of(fault), attempt)
    return _arrive(identity, attempt)


def _arrive(identity: CompanyIdentity, attempt: Attempt) -> Response:
    with transaction():
        if attempt.proves:
            arrival = recognise_again(identity, attempt.proves, datetime.fromisoformat(attempt.begun_at))
        else:
            arrival = recognise(identity, str(get_locale()))
    if arrival.outcome is not Outcome.RECOGNISED:
        return _outcome(arrival.outcome, attempt)
    session.clear()
    session[RECOGNISED] = arrival.pending
    page = render_template(
        "staff/staff/company_recognised.html",
        name=arrival.name,
        has_second_factor=identity.has_second_factor,
        next=attempt.next,
        is_again=bool(attempt.proves),
    )
    response = Response(page)
    drop_attempt(response)
    return response


@blueprint.post("/sign-in/company/enter")
@requires(STAFF_OPEN)
def enter_by_company() -> Any:
    _provider()
    public_id = session.pop(RECOGNISED, None)
    if is_proven(public_id):
        try:
            with transaction():
                cookie = open_staff_session(come_in(public_id), "company", is_told=True)
        except SignInOver:
            return _outcome(Outcome.OVER, None)
        return enter(page_after(), cookie)
    if find_pending(public_id) is None:
        return _outcome(Outcome.OVER, None)
    session[PENDING] = public_id
    flash(_("Your company has let you through. Your second factor here comes next."), "info")
    return redirect(url_for("staff.staff.sign_in_code", next=next_page("") or None), 303)


@blueprint.post("/account/confirm-password/company/done")
@requires(STAFF)
def prove_by_company() -> Any:
    """Note the proof on the session. Only this form, sent from our own page, carries the cookie of the session."""
    _provider()
    try:
        with transaction():
            use_proof(session.pop(RECOGNISED, None), g.portal_session)
    except SignInOver:
        return _outcome(Outcome.OVER, None, is_again=True)
    return redirect(own_page(), 303)


def _reading_of(fault: Exception) -> Outcome:
    if isinstance(fault, CodeRefused):
        return Outcome.OVER
    if isinstance(fault, TokenRefused):
        logger.error("the ID token of the company's provider does not verify")
        with transaction():
            note_untrusted()
        return Outcome.UNTRUSTED
    if isinstance(fault, ProviderDown):
        return Outcome.DOWN
    logger.error("the company's provider does not fit the settings: check PORTAL_STAFF_OIDC_*")
    return Outcome.MISCONFIGURED


def _outcome(outcome: Outcome, attempt: Attempt | None, *, is_again: bool = False) -> Response:
    wanted = attempt.next if attempt else next_page("")
    is_again = is_again or bool(attempt and attempt.proves)
    page = render_template("staff/staff/company_outcome.html", outcome=outcome, next=wanted, is_again=is_again)
    response = Response(page, _CODES[outcome], mimetype="text/html")
    drop_attempt(response)
    return response


def _provider() -> CompanyProvider:
    provider: CompanyProvider | None = installed_provider()
    if provider is None:
        abort(404)
    return provider
