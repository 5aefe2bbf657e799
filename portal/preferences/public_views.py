"""Stop messages without signing in, by the link in a message or by a link asked for by e-mail."""

import hashlib
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_login import current_user

from portal.access.declare import PUBLIC_ALWAYS, requires
from portal.customers.addresses import normalise_address
from portal.customers.models import Customer
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.preferences.choices.unsubscribing import (
    EMAIL_FLAGS,
    LinkUnknown,
    ask_for_link,
    find_customer,
    is_stopped,
    stop_emails,
    stopped_by_link,
)
from portal.preferences.forms import AddressForm
from portal.preferences.purposes import FLAGS
from portal.web.forms import without_form_token
from portal.web.incoming.networks import by_network
from portal.web.incoming.rate_limits import TooManyTries, count_try

blueprint = Blueprint("preferences", __name__)

ONE_CLICK = "One-Click"
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
MAILS_TO_ONE_ADDRESS = "5 per hour"


@blueprint.get("/unsubscribe/<token>")
@requires(PUBLIC_ALWAYS)
def unsubscribe(token: str) -> Any:
    try:
        customer = _find(token)
    except LinkUnknown:
        return _ask_for_address(code=404)
    stops = [FLAGS[flag].label(get_locale()) for flag in EMAIL_FLAGS]
    return render_template("preferences/public/unsubscribe.html", customer=customer, token=token, stops=stops)


# A mail program has no form token (RFC 8058). The link itself is a secret that a forged form would not know.
@blueprint.post("/unsubscribe/<token>")
@requires(PUBLIC_ALWAYS)
@without_form_token
def stop(token: str) -> Any:
    """Stop the e-mails: for a mail program (RFC 8058) a plain 200 and no cookie, for a person the next page."""
    is_one_click = _is_one_click()
    if not is_one_click and "stop" not in request.form:
        abort(400)  # a program that tries every link has neither the word of RFC 8058 nor our button
    try:
        customer_id = getattr(_find(token), "id", None)
    except LinkUnknown:
        return Response("Unknown link.\n", 404, mimetype="text/plain") if is_one_click else _ask_for_address(code=404)
    if customer_id is not None:
        with transaction():
            customer = db.session.get_one(Customer, customer_id)
            stop_emails(customer, customer.language if is_one_click else str(get_locale())[:2])
    if is_one_click:
        return Response("Unsubscribed.\n", mimetype="text/plain")
    return redirect(url_for(".stopped", token=token), 303)


def _is_one_click() -> bool:
    """Tell whether a mail program sent the one line of RFC 8058, as a form or, where it names no type, as it stands."""
    if request.mimetype in _FORM_TYPES:
        pairs = list(request.form.items(multi=True))
    else:
        name, _equals, value = request.get_data(as_text=True).partition("=")
        pairs = [(name, value)]
    return any(_bare(name) == "List-Unsubscribe" and _bare(value).lower() == ONE_CLICK.lower() for name, value in pairs)


def _bare(word: str) -> str:
    """Return a word without quotes, line ends and marks that a program may leave around it."""
    return "".join(sign for sign in word if sign.isalnum() or sign == "-")


@blueprint.get("/unsubscribe/<token>/done")
@requires(PUBLIC_ALWAYS)
def stopped(token: str) -> Any:
    try:
        customer = _find(token)
    except LinkUnknown:
        return _ask_for_address(code=404)
    if customer is not None and not is_stopped(customer):
        return redirect(url_for(".unsubscribe", token=token), 303)
    is_theirs = customer is not None and getattr(current_user, "customer_id", None) == customer.id
    can_put_back = bool(customer and stopped_by_link(customer))
    return render_template("preferences/public/stopped.html", is_theirs=is_theirs, can_put_back=can_put_back)


@blueprint.route("/unsubscribe", methods=["GET", "POST"])
@requires(PUBLIC_ALWAYS)
def ask_for_link_page() -> Any:
    form = AddressForm()
    if not form.validate_on_submit():
        return _ask_for_address(form, code=422 if form.is_submitted() else 200)
    address = normalise_address(form.email.data)
    count_try(by_network(20, "hour", "unsubscribe:network"))
    may_mail = _may_mail(address)
    with transaction():
        ask_for_link(address, may_mail=may_mail)
    return redirect(url_for(".link_asked"), 303)


@blueprint.get("/unsubscribe/asked")
@requires(PUBLIC_ALWAYS)
def link_asked() -> str:
    return render_template("preferences/public/link_asked.html")


def _find(token: str) -> Customer | None:
    return find_customer(token, installed.settings().secret_key)


def _ask_for_address(form: AddressForm | None = None, *, code: int) -> Any:
    form = form or AddressForm(formdata=None)
    is_broken = code == 404
    return render_template("preferences/public/ask_for_link.html", form=form, is_broken=is_broken), code


def _may_mail(address: str) -> bool:
    """Count one mail that a stranger makes us send to an address; False once there were enough."""
    try:
        count_try([(MAILS_TO_ONE_ADDRESS, f"unsubscribe:mail:{hashlib.sha256(address.encode()).hexdigest()}")])
    except TooManyTries:
        return False
    return True
