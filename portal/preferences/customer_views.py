"""The customer's preferences: choose, see every choice made, download the history."""

from datetime import date
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from portal import clock
from portal.access.declare import CUSTOMER, requires
from portal.customers.ages import consents_from
from portal.customers.models import Customer
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.personal_data.uses.cookie_purposes import COOKIE_PURPOSES
from portal.personal_data.uses.trackers import say_trackers
from portal.preferences.choices.choosing import (
    Action,
    Conflict,
    MadeUp,
    Sent,
    Standing,
    accept,
    read_sent,
    refuse,
    save,
    standings,
)
from portal.preferences.choices.consent import TooYoung, latest_record_id
from portal.preferences.choices.states import read_state
from portal.preferences.choices.unsubscribing import put_back, stopped_by_link
from portal.preferences.purposes import Channel, Section, Topic
from portal.preferences.queries import all_choices, flag_label, history_page, origin_label
from portal.records.objections import told_uses
from portal.web.csv_files import csv_download
from portal.web.typed_forms.stale import is_stale, say_stale

blueprint = Blueprint("preferences", __name__)


@blueprint.get("/preferences")
@requires(CUSTOMER)
def preferences() -> Response:
    return _page({})


@blueprint.post("/preferences")
@requires(CUSTOMER)
def choose() -> Any:
    try:
        sent = read_sent(request.form)
    except MadeUp:
        abort(422)
    if is_stale():
        say_stale()
        return _page(sent.answers)
    customer_id, language = current_user.customer_id, _language()
    try:
        with transaction():
            conflicts = _carry_out(sent, db.session.get_one(Customer, customer_id), language)
    except MadeUp:
        abort(422)
    except TooYoung:
        return _page(sent.answers, code=422)
    if conflicts:
        return _page(sent.answers, code=409, conflicts=conflicts)
    flash(_("Your choices are saved. They apply at once."), "success")
    return redirect(url_for(".preferences"), 303)


def _carry_out(sent: Sent, customer: Customer, language: str) -> list[Conflict]:
    company = _company()
    match sent.action:
        case Action.SAVE:
            return save(customer, sent, has_signal=_has_signal(), company=company, language=language)
        case Action.PUT_BACK:
            put_back(customer, stopped_by_link(customer), company, language)
            return []
        case Action.ACCEPT_SECTION if sent.section:
            return accept(customer, sent.section, seen=sent.seen, company=company, language=language)
        case _:
            refuse(customer, sent.section, company=company, language=language)
            return []


@blueprint.get("/preferences/history")
@requires(CUSTOMER)
def history() -> str:
    page = history_page(current_user.customer_id, request.args.get("cursor"))
    return render_template(
        "preferences/customer/history.html", page=page, flag_label=lambda code: flag_label(code, get_locale()),
        origin_label=origin_label,
    )  # fmt: skip


@blueprint.get("/preferences/history.csv")
@requires(CUSTOMER)
def history_file() -> Response:
    header = [
        _("Date"), _("Choice"), _("Code"), _("Answer"), _("Where"), _("Text shown"), _("Version of the text"),
        _("Language of the text"), _("Recorded on"),
    ]  # fmt: skip
    language = get_locale()
    rows = (
        [
            row.effective_at.isoformat(), flag_label(row.flag, language), row.flag,
            _("Accepted") if row.is_given else _("Refused"), origin_label(row.origin, row.source), row.wording,
            row.wording_version, row.language, row.recorded_at.isoformat(),
        ]
        for row in all_choices(current_user.customer_id)
    )  # fmt: skip
    return csv_download("preferences.csv", header, rows)


def _page(typed: dict[str, bool], code: int = 200, conflicts: list[Conflict] | None = None) -> Response:
    """Return the page. It marks what was typed, or what stands now where nothing was typed or the choice conflicts."""
    customer_id = current_user.customer_id
    state = read_state(customer_id)
    changed = {conflict.flag.code for conflict in conflicts or []}
    shown = standings(state, has_signal=_has_signal())
    marked = {flag: standing.answer for flag, standing in shown.items()}
    marked |= {flag: answer for flag, answer in typed.items() if flag not in changed}
    page = render_template(
        "preferences/customer/preferences.html",
        standings=shown,
        topics=_by_topic(shown),
        channels=[channel.label(_language()) for channel in Channel],
        marked=marked,
        conflicts=conflicts or [],
        seen=latest_record_id(customer_id),
        is_unsaved=bool(typed) or any(standing.is_prepared for standing in shown.values()),
        is_suppressed=bool(state and state.is_suppressed),
        is_restricted=current_user.customer.restricted_at is not None,
        has_signal=_has_signal(),
        company=_company(),
        origin_label=origin_label,
        told=_told_of_cookies(),
        at_once_sections=list(Section),
        consents_from=_not_before(),
        uses=told_uses(customer_id, _language()),
    )
    return Response(page, code, headers={"Vary": "Sec-GPC"})


def _told_of_cookies() -> dict[str, str]:
    """Return what is told of the trackers of each purpose of cookies, by the code of its choice."""
    organisation, language = installed.organisation(), _language()
    return {purpose.flag_code: say_trackers(organisation, purpose, language) for purpose in COOKIE_PURPOSES}


def _not_before() -> date | None:
    """Return the day from which the customer may consent alone, while it lies ahead."""
    day = consents_from(current_user.customer)
    return day if day and clock.today() < day else None


def _by_topic(shown: dict[str, Standing]) -> list[tuple[Topic, list[Standing]]]:
    return [(topic, [standing for standing in shown.values() if standing.flag.topic is topic]) for topic in Topic]


def _has_signal() -> bool:
    """Whether the browser sends Global Privacy Control. Repeated headers arrive as one, joined by commas."""
    return "1" in [value.strip() for value in request.headers.get("Sec-GPC", "").split(",")]


def _company() -> str:
    return str(installed.organisation().name)


def _language() -> str:
    return str(get_locale() or "fr")[:2]
