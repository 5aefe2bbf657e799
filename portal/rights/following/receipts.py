"""The receipt of a request, for its filing and for its closing: what was asked, what was done, and a hash of both.

The hash is that of a text made of codes and instants alone, the same in every language. It is made from the rows each
time, as they stood when the case was closed: who kept a receipt can compare it years later.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask_babel import gettext as _
from flask_babel import ngettext

from portal import clock
from portal.customers.models import CustomerStatus
from portal.letters.dispatching import latest
from portal.rights.asked import Rows
from portal.rights.clock.told import clock_row
from portal.rights.items.making import exceptions_of, items_of
from portal.rights.items.models import ItemException, RequestItem
from portal.rights.items.telling import letter
from portal.rights.items.telling.showing import ShownItems, show_items
from portal.rights.models import RightsRequest
from portal.web.filters import date_time, long_date

VERSION: Final = "receipt/1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says, in the reader's language.

    Attributes:
        asked: who asked, what, when and until when we answer.
        closed: how and when it ended; empty while it is open.
        items: what became of each item, once it is answered.
        text: what the hash is made of; empty where its words were destroyed with the file of the person, so that it
            cannot be made again.
    """

    request: RightsRequest
    asked: Rows
    closed: Rows
    items: ShownItems | None
    text: str

    @property
    def sha256(self) -> str:
        """The SHA-256 of the text in UTF-8; empty without a text."""
        return hashlib.sha256(self.text.encode()).hexdigest() if self.text else ""


def receipt_of(request: RightsRequest, language: str) -> Receipt:
    """Return the receipt of a request as it stands: that of its filing, and once it is closed that of its closing."""
    items, exceptions = items_of(request.id), exceptions_of(request.id)
    is_emptied = request.customer.status is CustomerStatus.ERASED
    shown = show_items(request, items, exceptions, language, clock.now()) if request.answered_at else None
    return Receipt(
        request=request,
        asked=_asked(request, language),
        closed=_closed(request, language),
        items=shown if shown and shown.total else None,
        text="" if is_emptied else canonical_text(request, items, exceptions),
    )


def _asked(request: RightsRequest, language: str) -> Rows:
    intent, at = request.intent, request.received_at
    received = date_time(at) if request.channel.tells_the_hour else long_date(at, weekday=False)
    return [
        (_("Reference"), request.reference),
        (_("Made by"), request.customer.full_name or _("You")),
        (_("Request"), f"{intent.label(language)} ({intent.legal_name(language)})"),
        (_("Received on"), received),
        clock_row(request),
        *request.asked.in_words(language),
    ]


def _closed(request: RightsRequest, language: str) -> Rows:
    rows = [(_("Outcome"), request.outcome.customer_label(language))] if request.outcome else []
    if days := _days_late(request):
        last = long_date(request.due_on, weekday=False)
        late = ngettext(
            "%(num)s day after the last day, %(date)s", "%(num)s days after the last day, %(date)s", days, date=last
        )
        rows.append((_("Answered late"), late))
    if request.closed_at is not None:
        rows.append((_("Closed on"), date_time(request.closed_at)))
    return rows if request.answered_at or request.closed_at else []


def _days_late(request: RightsRequest) -> int:
    """Return how many days after its last day the answer left; none where it left in time, or the clock stood still."""
    if request.answered_at is None or request.due_on is None:
        return 0
    return max((clock.local_date(request.answered_at) - request.due_on).days, 0)


def canonical_text(request: RightsRequest, items: Iterable[RequestItem], exceptions: Iterable[ItemException]) -> str:
    """Return what the hash of a receipt is made of: one `name: value` a line, each value as the rows have it.

    What was done after the closing, as what waits for the end of a contract, changes nothing in it.
    """
    # Of a request that staff took in only the day is known.
    received = request.received_at if request.channel.tells_the_hour else clock.local_date(request.received_at)
    lines = [
        VERSION, f"reference: {request.reference}", f"right: {request.right}", f"intent: {request.intent}",
        f"channel: {request.channel}", f"received: {clock.written(received)}",
        f"initial_due_on: {clock.written(request.initial_due_on)}",
        f"asked: {json.dumps(request.answers, ensure_ascii=False, sort_keys=True, separators=(',', ':'))}",
    ]  # fmt: skip
    if request.closed_at is not None:
        lines += _closing(request, list(items), list(exceptions), request.closed_at)
    return "\n".join(lines) + "\n"


def _closing(
    request: RightsRequest, items: list[RequestItem], exceptions: list[ItemException], closed_at: datetime
) -> Iterator[str]:
    yield f"due_on: {clock.written(request.due_on) or '-'}"
    yield f"answered_at: {clock.written(request.answered_at) or '-'}"
    yield f"closed_at: {clock.written(closed_at)}"
    yield f"outcome: {request.outcome or '-'}"
    sent = latest("request", request.id, letter.CODE) if request.answered_at else None
    yield f"letter: {sent.sha256 if sent else '-'}"
    for item in sorted(items, key=lambda item: (item.part, item.kind, item.rule)):
        is_done = item.done_at is not None and item.done_at <= closed_at
        yield _line(
            "item", item.part, item.kind, item.rule, item.outcome, item.ground, clock.written(item.until_on),
            item.done if is_done else None, clock.written(item.done_at) if is_done else None,
        )  # fmt: skip
    names = {item.id: item for item in items}
    for apart in exceptions:
        item = names[apart.item_id]
        span = [clock.written(at) for at in (apart.from_at, apart.to_at)]
        yield _line("apart", item.part, item.kind, item.rule, apart.outcome, apart.ground, apart.external_id, *span)


def _line(name: str, *values: object) -> str:
    return f"{name}: " + " | ".join("-" if value in {None, ""} else str(value) for value in values)
