"""Who looked at your data: the customer's own view of the access log, and its file."""

from collections.abc import Iterable, Iterator
from datetime import date
from heapq import merge
from itertools import groupby, islice

from flask import Blueprint, Response, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from portal import clock
from portal.access.declare import CUSTOMER, requires
from portal.infrastructure import installed
from portal.lookups.access_log import (
    LOG_CATEGORIES,
    WHOLE_BASE,
    category_label,
    entries_of,
    newest_entries,
    reason_text,
    team_label,
)
from portal.lookups.models import AccessLogEntry, WholeBaseLook
from portal.lookups.whole_base import newest_whole_base_looks
from portal.personal_data.restrictions.wording import use_label
from portal.web.csv_files import csv_download
from portal.web.pagination import keyset_page

blueprint = Blueprint("lookups", __name__)

PAGE_SIZE = 50
SHOWN_FILES = 20


@blueprint.get("/access-log")
@requires(CUSTOMER)
def access_log() -> str:
    language = str(get_locale())
    category = request.args.get("category", "")
    chosen = category if category in LOG_CATEGORIES else None
    page = keyset_page(
        entries_of(current_user.customer_id, chosen),
        [(AccessLogEntry.at, True), (AccessLogEntry.id, True)],
        lambda entry: (entry.at, entry.id),
        cursor=request.args.get("after"),
        size=PAGE_SIZE,
        name="access-log",
    )
    return render_template(
        "lookups/customer/access_log.html",
        page=page,
        days=_by_day(page.rows),
        chosen=chosen,
        files=list(islice(newest_whole_base_looks(current_user.customer_id), SHOWN_FILES)),
        whole_base=reason_text(WHOLE_BASE, language),
        categories=[(code, category_label(code, language)) for code in LOG_CATEGORIES],
        team_of=lambda entry: team_label(entry.team, language),
        why_of=lambda entry: reason_text(entry.reason, language),
        use_of=lambda entry: use_label(entry.use_reason, language),
        what_of=lambda entry: category_label(entry.category, language),
        kept=installed.organisation().retention.access_log.text(language),
    )


@blueprint.get("/access-log.csv")
@requires(CUSTOMER)
def access_log_csv() -> Response:
    language, customer_id = str(get_locale()), current_user.customer_id
    header = [_("Date"), _("Time (Paris)"), _("Team"), _("Data looked at"), _("Reason given"), _("Case")]
    header.append(_("Used although on hold"))
    logs: list[Iterator[AccessLogEntry | WholeBaseLook]] = [
        newest_entries(customer_id),
        newest_whole_base_looks(customer_id),
    ]
    newest_first = merge(*logs, key=lambda look: look.at, reverse=True)
    rows = (_csv_row(entry, language) for entry in newest_first)
    return csv_download("access-log.csv", header, rows)


def _csv_row(entry: AccessLogEntry | WholeBaseLook, language: str) -> list[str]:
    reason, case = (WHOLE_BASE, "") if isinstance(entry, WholeBaseLook) else (entry.reason, entry.request_reference)
    local = entry.at.astimezone(clock.PARIS)
    return [
        local.date().isoformat(),
        f"{local:%H:%M:%S}",
        team_label(entry.team, language),
        category_label(entry.category, language),
        reason_text(reason, language),
        case or "",
        use_label(entry.use_reason, language) if isinstance(entry, AccessLogEntry) and entry.use_reason else "",
    ]


def _by_day(entries: Iterable[AccessLogEntry]) -> list[tuple[date, list[list[AccessLogEntry]]]]:
    """Return each day with its visits. A visit is a row of looks by one team, for one reason and one case."""
    by_day = groupby(entries, lambda entry: clock.local_date(entry.at))
    return [(day, [list(visit) for _reason, visit in groupby(looks, _visit)]) for day, looks in by_day]


def _visit(entry: AccessLogEntry) -> tuple[str, str, str | None, str | None]:
    return entry.team, entry.reason, entry.request_reference, entry.use_reason
