"""The items of a request as its pages show them: by category, each with its count, outcome, reason and last day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.bilingual import Label
from portal.personal_data.categories import CATEGORIES, Category
from portal.rights.items.deciding import choices_of
from portal.rights.items.models import ItemException, ItemState, RequestItem
from portal.rights.items.outcome import outcome_if_taken, reached
from portal.rights.items.proposing import AS_WRITTEN, SYSTEMS, USES
from portal.rights.items.telling.sentences import say_item
from portal.rights.items.telling.wording import has_records, is_counted, label_of, outcome_label, reason_of, until_of
from portal.rights.lifecycle import Outcome
from portal.rights.models import RightsRequest


@dataclass(slots=True)
class ShownItem:
    """One line: what it is, how many (None where nothing is counted), what becomes of it, why, until when.

    Attributes:
        id: of the item, where it can be decided by itself; None where it cannot.
        said: done on a day, or decided and not done yet; empty for a no.
        is_use: whether it is decided by weighing it, on a page of its own.
        apart: how many records, or spans, are decided apart.
    """

    id: int | None
    name: str
    count: int | None
    outcome: str
    is_negative: bool
    is_decided: bool
    said: str
    why: str
    until: str
    is_use: bool = False
    apart: int = 0

    @property
    def same(self) -> tuple[object, ...]:
        """What makes two lines one."""
        return self.name, self.outcome, self.is_decided, self.said, self.why, self.until


@dataclass(frozen=True, slots=True)
class ShownItems:
    """The items of a request: groups of (heading, lines), how many lines, how many wait, and their outcome together."""

    groups: list[tuple[str, list[ShownItem]]]
    total: int
    waiting: int
    outcome: Outcome | None

    @staticmethod
    def are_alike(lines: list[ShownItem]) -> bool:
        """Tell whether one line can speak for a group: it is long, the same becomes of each, and no more is said."""
        alike = (lines[0].outcome, lines[0].is_decided, "", "", 0)
        told = ((line.outcome, line.is_decided, line.why, line.until, line.apart) for line in lines)
        return len(lines) > 2 and all(one == alike for one in told)


def show_items(
    request: RightsRequest,
    items: Iterable[RequestItem],
    exceptions: Iterable[ItemException],
    language: object,
    as_of: datetime,
) -> ShownItems:
    """Return the items of a request in a language, as they stand at an instant."""
    items, exceptions = list(items), list(exceptions)
    apart: dict[int, int] = {}
    for exception in exceptions:
        apart[exception.item_id] = apart.get(exception.item_id, 0) + 1
    groups: dict[str, list[ShownItem]] = {}
    for item in sorted(items, key=_place):
        line = _line(request, item, language, as_of)
        if line.count == 0 and line.id is None:
            continue  # a table of the portal in which the person has nothing
        line.apart = apart.get(item.id, 0)
        _add(groups.setdefault(_heading(item, language), []), line)
    return ShownItems(
        groups=list(groups.items()),
        total=sum(len(lines) for lines in groups.values()),
        waiting=sum(not line.is_decided for lines in groups.values() for line in lines),
        outcome=outcome_if_taken(items, exceptions),
    )


def show_item(request: RightsRequest, item: RequestItem, language: object, as_of: datetime) -> ShownItem:
    """Return one item of a request in a language, also one of which there is nothing."""
    return _line(request, item, language, as_of)


def _line(request: RightsRequest, item: RequestItem, language: object, as_of: datetime) -> ShownItem:
    outcome = reached(item)
    is_open = len(choices_of(item, request)) > 1 or has_records(item) or item.part in {AS_WRITTEN, USES}
    return ShownItem(
        id=item.id if is_open else None,
        name=label_of(item, language),
        count=(item.done if item.done_at else item.planned) if is_counted(item) else None,
        outcome=outcome_label(outcome, language) if outcome else "",
        is_negative=outcome is not None and outcome.is_negative,
        is_decided=item.state is not ItemState.UNDECIDED,
        said=say_item(item, as_of, language),
        why=reason_of(item, language),
        until=until_of(item, language),
        is_use=item.part == USES,
    )


def _add(lines: list[ShownItem], line: ShownItem) -> None:
    """Add a line, or its count to the one that says the same: several tables may mean one thing to people."""
    twin = next((other for other in lines if line.id is None and other.id is None and other.same == line.same), None)
    if twin is None:
        lines.append(line)
    else:
        twin.count = (twin.count or 0) + (line.count or 0)


def _place(item: RequestItem) -> tuple[int, int]:
    return (CATEGORIES.index(Category(item.category)) if item.category else len(CATEGORIES), item.id)


def _heading(item: RequestItem, language: object) -> str:
    if item.category:
        return Category(item.category).label(language)
    if item.part == SYSTEMS:
        return _SYSTEMS.text(language)
    if item.part == USES:
        return _USES.text(language)
    return (_ASKED if item.part == AS_WRITTEN else _PORTAL).text(language)


_ASKED: Final = Label(fr="La demande elle-même", en="The request itself")
_USES: Final = Label(
    fr="Usages qui reposent sur notre intérêt légitime", en="Uses that rest on our legitimate interest"
)
_PORTAL: Final = Label(fr="Le compte et ce portail", en="The account and this portal")
_SYSTEMS: Final = Label(fr="Systèmes de l'entreprise", en="Systems of the company")
