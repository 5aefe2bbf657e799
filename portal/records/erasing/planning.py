"""What would become of records: one group for each kind and rule, counted, with its outcome.

One statement counts every kind on the index; another one reads the rows of those whose rule or last day matters.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, case, exists, func, select

from portal.bilingual import Label
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.personal_data.erasure.planning import PlannedItem
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.holds.models import LegalHold
from portal.personal_data.keeping.clause import About, Act, may_go, open_keeps
from portal.personal_data.keeping.models import Keep, KeepReason
from portal.personal_data.outcomes import ItemOutcome
from portal.records.data_map.kinds import HELD_BACK, LEFT_IN_PLACE, DataMap
from portal.records.data_map.retention_rules import code_of
from portal.records.erasing.conditions import about_row, in_scope

Conditions = tuple[ColumnElement[bool], ...]
HOLD: Final = HELD_BACK
DECIDED: Final = LEFT_IN_PLACE
UNTOLD_HOLD: Final = "untold_hold"
"""The ground where an officer recorded why the person is not told of the hold: no letter names it."""
CONTRACT: Final = "contract"
LAW: Final = "law"
_CONTRACT_GOES_ON: Final = Label(
    fr="article 6, paragraphe 1, point b), du RGPD",
    en="GDPR article 6(1)(b)",
)
_CLAIMS: Final = Label(
    fr="article 17, paragraphe 3, point e), du RGPD",
    en="GDPR article 17(3)(e)",
)


@dataclass(frozen=True, slots=True)
class _Group:
    """The records of one kind under one rule, and how many of them something keeps.

    Attributes:
        held: by a legal hold, until it is lifted.
        told: of these, those that a hold keeps of which the person may be told.
        decided: by the decision on the erasure, for their own time.
    """

    kind: str
    rule: str
    category: str
    count: int
    last_day: date | None = None
    without_end: int = 0
    held: int = 0
    decided: int = 0
    told: int = 0

    def joined(self, other: "_Group | None", rule: str) -> "_Group":
        """Return it with another group of its kind, under one rule."""
        if other is None:
            return replace(self, rule=rule)
        last_day = max((day for day in (self.last_day, other.last_day) if day), default=None)
        return _Group(
            self.kind, rule, self.category, self.count + other.count, last_day,
            self.without_end + other.without_end, self.held + other.held, self.decided + other.decided,
            self.told + other.told,
        )  # fmt: skip


def counted(model: Any, customer_id: int, scope: Scope, data_map: DataMap) -> Iterator[_Group]:
    """Yield the kinds of a table by rule: counted on the index, read only where the rule or the last day matters."""
    theirs = [model.customer_id == customer_id]
    if scope.extent in {Extent.KINDS, Extent.RECORDS}:
        theirs.append(in_scope(model, scope))
    kept = _kept(model, customer_id, scope)
    to_read = []
    for code, count in db.session.execute(select(model.kind, func.count()).where(*theirs).group_by(model.kind)):
        kind = data_map.kinds.get(code)
        if kind is None or not kind.erasable or kind.retention.when:
            to_read.append(code)
        elif scope.covers(kind.category.value, code):
            held, decided, told = kept.get((code, ""), _NOTHING)
            yield _Group(code, "", kind.category.value, count, held=held, decided=decided, told=told)
    if to_read:
        is_read = (model.customer_id == customer_id, model.kind.in_(to_read), in_scope(model, scope))
        yield from _by_rule(model, is_read, kept, data_map)


def _by_rule(
    model: Any, conditions: Conditions, kept: dict[tuple[str, str], tuple[int, int, int]], data_map: DataMap
) -> Iterable[_Group]:
    columns = (
        model.kind, model.rule, model.category, func.count(), func.max(model.expires_on),
        func.sum(case((model.expires_on.is_(None), 1), else_=0)),
    )  # fmt: skip
    grouped = select(*columns).where(*conditions).group_by(model.kind, model.rule, model.category)
    groups: dict[tuple[str, str], _Group] = {}
    for kind, rule, category, count, last_day, without_end in db.session.execute(grouped):
        group = _Group(kind, rule, category, count, last_day, int(without_end), *kept.get((kind, rule), _NOTHING))
        # What a rule gave its days that is not declared any more is under the kind's own.
        code = code_of(data_map.kinds[kind].retention.rule_named(rule)) if kind in data_map.kinds else ""
        groups[kind, code] = group.joined(groups.get((kind, code)), code)
    return groups.values()


_NOTHING: Final = (0, 0, 0)


def _kept(model: Any, customer_id: int, scope: Scope) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Return how many records a hold and a decision keep, and a hold that is told, by kind and rule.

    There are nearly always none, as one look tells.
    """
    if not _has_keeps(customer_id):
        return {}
    about = about_row(model)
    by_decision = (
        exists().where(*open_keeps(about, Act.ERASE), Keep.reason == KeepReason.DECIDED).correlate_except(Keep)
    )
    told = (Keep.reason == KeepReason.HOLD, LegalHold.id == Keep.source_id, LegalHold.is_secret.is_(False))
    by_told_hold = exists().where(*open_keeps(about, Act.ERASE), *told).correlate_except(Keep, LegalHold)
    theirs = (model.customer_id == customer_id, in_scope(model, scope), ~may_go(about, Act.ERASE))
    sums = [func.sum(case((each, 1), else_=0)) for each in (by_decision, by_told_hold)]
    counted = db.session.execute(
        select(model.kind, model.rule, func.count(), *sums).where(*theirs).group_by(model.kind, model.rule)
    )
    return {(kind, rule): (count - int(left), int(left), int(said)) for kind, rule, count, left, said in counted}


def _has_keeps(customer_id: int) -> bool:
    is_free = may_go(About(Customer.id, is_file=True), Act.ERASE)
    return db.session.execute(select(Customer.id).where(Customer.id == customer_id, is_free)).first() is None


def planned(
    part: str, customer_id: int, groups: Iterable[_Group], data_map: DataMap, running: frozenset[str], scope: Scope
) -> Iterator[PlannedItem]:
    """Yield the outcome of each group; what a hold defers, and what a decision leaves, are items of their own."""
    held: dict[tuple[str, str], int] = {}
    told: set[tuple[str, str]] = set()
    decided: dict[tuple[str, str], int] = {}
    for group in groups:
        item = _item(part, group, data_map, running, scope)
        if item.outcome is ItemOutcome.ERASED and (group.held or group.decided):
            pile = (group.kind, group.category)
            held[pile] = held.get(pile, 0) + group.held
            told |= {pile} if group.told else set()
            decided[pile] = decided.get(pile, 0) + group.decided
            left = group.count - group.held - group.decided
            if not left:
                continue
            item = PlannedItem(part, group.kind, group.rule, group.category, left, item.outcome)
        yield item
    # Where both keep some of a kind, one pile says what may be said: two would tell that there is another hold.
    for (kind, category), count in held.items():
        if count:
            ground, law = (HOLD, _CLAIMS) if (kind, category) in told else (UNTOLD_HOLD, None)
            kept = (part, kind, HOLD, category, count, ItemOutcome.KEPT, ground, law)
            yield PlannedItem(*kept, is_then_erased=True)  # when the hold ends
    for (kind, category), count in decided.items():
        if count:
            yield PlannedItem(part, kind, DECIDED, category, count, ItemOutcome.KEPT, DECIDED)


def _item(part: str, group: _Group, data_map: DataMap, running: frozenset[str], scope: Scope) -> PlannedItem:
    kind = data_map.kinds.get(group.kind)
    rule = kind.retention.rule_named(group.rule) if kind else None
    is_erasable = kind is None or rule is None or kind.is_erasable(rule)
    base = (part, group.kind, group.rule, group.category, group.count)
    if group.kind in running:
        return PlannedItem(*base, ItemOutcome.KEPT, CONTRACT, _CONTRACT_GOES_ON, is_then_erased=is_erasable)
    if is_erasable or rule is None:
        return PlannedItem(*base, ItemOutcome.ERASED)
    if group.without_end and not scope.is_whole:
        return PlannedItem(*base, ItemOutcome.KEPT, LAW, rule.legal_reference)
    return PlannedItem(*base, ItemOutcome.ARCHIVED, LAW, rule.legal_reference, group.last_day)
