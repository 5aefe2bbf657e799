"""Which records may be erased on request, and which contracts go on: the same conditions for the plan and the act."""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true, tuple_

from portal import clock
from portal.infrastructure.database import db
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.keeping.clause import About
from portal.records.data_map.kinds import DataMap, Kind
from portal.records.data_map.retention_rules import code_of
from portal.records.models import Record


def running_contracts(customer_id: int, data_map: DataMap) -> frozenset[str]:
    """Return the kinds of which a customer has a contract that goes on."""
    kinds = [kind for kind in data_map.kinds.values() if kind.contract]
    goes_on = or_(false(), *(_goes_on(kind) for kind in kinds))
    # The kinds by themselves first: with them the index leads past a hundred thousand visits.
    of_kinds = (Record.customer_id == customer_id, Record.kind.in_([kind.code for kind in kinds]))
    found = select(Record.kind).where(*of_kinds, goes_on).distinct()
    return frozenset(db.session.execute(found).scalars())


def _goes_on(kind: Kind) -> ColumnElement[bool]:
    is_of_kind = Record.kind == kind.code
    if kind.open_while:
        return and_(is_of_kind, Record.values[kind.open_while.field].as_string().in_(kind.open_while.values))
    last_day = func.coalesce(Record.active_until, Record.expires_on)
    return and_(is_of_kind, or_(last_day.is_(None), last_day >= clock.today()))


def may_be_erased(model: Any, data_map: DataMap) -> ColumnElement[bool]:
    """Return the condition that no law keeps a row: its rule lets it go, its kind is not declared, or its time is over.

    A row under a rule that is not declared any more counts as under the kind's own.
    """
    kept: list[ColumnElement[bool]] = [false()]
    for kind in data_map.kinds.values():
        others = [code_of(rule) for rule in kind.retention.when]
        kept += [
            and_(model.kind == kind.code, model.rule == rule.code) for rule in kind.retention.when if not rule.erasable
        ]
        if not kind.erasable:
            kept.append(and_(model.kind == kind.code, model.rule.not_in(others)))
    is_past = func.coalesce(model.expires_on < clock.today(), false())
    return or_(~or_(*kept), is_past)


def kinds_kept(data_map: DataMap) -> list[str]:
    """Return the kinds of which a law keeps some records: an index leads to them, past all others."""
    kinds = data_map.kinds.values()
    return [kind.code for kind in kinds if any(not kind.is_erasable(rule) for rule in kind.retention.rules())]


def in_scope(model: Any, scope: Scope) -> ColumnElement[bool]:
    """Return the condition that a row belongs to what is asked for."""
    match scope.extent:
        case Extent.WHOLE:
            return true()
        case Extent.CATEGORIES:
            return model.category.in_(scope.names)
        case Extent.KINDS:
            return model.kind.in_(scope.names)
        case Extent.RECORDS:
            return tuple_(model.kind, model.external_id).in_(scope.records)
        case _:
            return false()


def about_row(model: Any) -> About:
    """Return what keeps of a customer are compared with."""
    return About(model.customer_id, model.category, model.kind, model.external_id)
