"""What has been chosen over time, and by how many: for the history page, its file, and the marketing page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, select

from portal.infrastructure.database import db
from portal.preferences.choices.states import CUSTOMERS, SUPPRESSED
from portal.preferences.feed.reading import newest_change
from portal.preferences.models import ConsentRecord, Origin, PreferenceTotal
from portal.preferences.purposes import FLAG_CODES, FLAGS
from portal.web.pagination import Page, keyset_page

PAGE_SIZE = 25
READ_AT_ONCE = 500


@dataclass(frozen=True)
class Totals:
    """The base at a glance: customers, those suppressed, and how many have each flag on."""

    customers: int
    suppressed: int
    flags: dict[str, int]
    changed_at: datetime | None
    sequence: int


def history_page(customer_id: int, cursor: str | None) -> Page[ConsentRecord]:
    """Return a page of a customer's choices, newest first."""
    return keyset_page(
        _of(customer_id),
        [(ConsentRecord.effective_at, True), (ConsentRecord.id, True)],
        lambda row: (row.effective_at, row.id),
        cursor=cursor,
        size=PAGE_SIZE,
        name=f"choices:{customer_id}",
    )


def all_choices(customer_id: int) -> Iterator[ConsentRecord]:
    """Yield every choice of a customer, newest first, in bounded memory."""
    newest_first = _of(customer_id).order_by(ConsentRecord.effective_at.desc(), ConsentRecord.id.desc())
    yield from db.session.execute(newest_first.execution_options(yield_per=READ_AT_ONCE)).scalars()


def totals() -> Totals:
    """Return the totals, which are kept with each write."""
    counts = dict(db.session.execute(select(PreferenceTotal.name, PreferenceTotal.count)).all())
    sequence, changed_at = newest_change()
    flags = {code: counts.get(code, 0) for code in FLAG_CODES}
    return Totals(counts.get(CUSTOMERS, 0), counts.get(SUPPRESSED, 0), flags, changed_at, sequence)


def flag_label(code: str, language: object) -> str:
    """Return the name of a flag, or its code when the flag is no longer declared."""
    return FLAGS[code].label(language) if code in FLAGS else code


def origin_label(origin: Origin, source: str | None) -> str:
    """Return where a choice was made, in the reader's language."""
    texts = {
        Origin.PORTAL: _("on this site"),
        Origin.IMPORT: _("in another of our services"),
        Origin.STAFF: _("by our staff, as asked"),
        Origin.MAIL_LINK: _("by the link of a message"),
        Origin.BROWSER_SIGNAL: _("by the browser’s signal, confirmed on this site"),
        Origin.REQUEST: _("through a request"),
    }
    text = texts[origin]
    return _("%(origin)s (%(source)s)", origin=text, source=source) if source else text


def _of(customer_id: int) -> Select[Any]:
    return select(ConsentRecord).where(ConsentRecord.customer_id == customer_id)
