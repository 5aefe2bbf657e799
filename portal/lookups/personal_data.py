"""What this domain holds about customers: which team opened their file, what was looked at, and why."""

from collections.abc import Iterator
from heapq import merge
from typing import Any, Final

from sqlalchemy import Select, func, literal, select, union_all

from portal.bilingual import Label
from portal.infrastructure.database import db
from portal.lookups.access_log import HOLDING, WHOLE_BASE, category_label, newest_entries, reason_text, team_label
from portal.lookups.ends import ACCESS_LOG, PARTS
from portal.lookups.models import AccessLogEntry, CustomerLookup, WholeBaseLook
from portal.lookups.whole_base import newest_whole_base_looks, whole_base_looks
from portal.personal_data.categories import Category
from portal.personal_data.registry import HeldItem, Holding, register
from portal.personal_data.restrictions.wording import use_label
from portal.personal_data.uses.purposes import LOOKS

CATEGORY: Final = Category.TECHNICAL
Row = AccessLogEntry | CustomerLookup | WholeBaseLook

_LOOK = Label(fr="Consultation par notre équipe", en="Look by our staff")
_LOOKUP = Label(fr="Ouverture de votre fiche", en="Opening of your file")
_OF_ARCHIVE = Label(fr="Ouverture de vos données en archive", en="Opening of your data in the archive")
_TEAM = Label(fr="Équipe", en="Team")
_WHAT = Label(fr="Donnée consultée", en="Data looked at")
_REASON = Label(fr="Raison", en="Reason")
_USED = Label(fr="Utilisées malgré la mise en pause", en="Used although on hold")
_CASE = Label(fr="Dossier", en="Case")
_KEPT = Label(
    fr="Chaque consultation est gardée {period} : vous pouvez la voir et nous pouvons la contrôler.",
    en="Each look is kept for {period}: you can see it and we can check it.",
)


def summary(customer_id: int) -> Select[Any]:
    """Return the select of (category, count, latest instant)."""
    tables = [
        select(model.at.label("at")).where(model.customer_id == customer_id)
        for model in (AccessLogEntry, CustomerLookup)
    ]
    tables.append(whole_base_looks(customer_id).with_only_columns(WholeBaseLook.at.label("at")))
    held = union_all(*tables).subquery()
    category = literal(CATEGORY.value).label("category")
    counted: Select[Any] = select(category, func.count(), func.max(held.c.at)).select_from(held)  # type: ignore[assignment]
    return counted.having(func.count() > 0)


def items(customer_id: int, category: str, language: str) -> Iterator[HeldItem]:
    """Yield the looks and the openings of a customer's file, newest first."""
    if category != CATEGORY:
        return
    looks: Iterator[Row] = newest_entries(customer_id)
    lookups: Iterator[Row] = _newest_lookups(customer_id)
    files: Iterator[Row] = newest_whole_base_looks(customer_id)
    for row in merge(looks, lookups, files, key=lambda row: row.at, reverse=True):
        yield _held(row, language)


def _newest_lookups(customer_id: int) -> Iterator[CustomerLookup]:
    statement = select(CustomerLookup).where(CustomerLookup.customer_id == customer_id)
    newest_first = statement.order_by(CustomerLookup.at.desc(), CustomerLookup.id.desc())
    yield from db.session.execute(newest_first.execution_options(yield_per=500)).scalars()


def _held(row: Row, language: str) -> HeldItem:
    # The company makes these entries about its staff's work, since it must be able to prove what they did (GDPR
    # art. 5(2), 32). The right of access covers them (CJEU C-579/21), portability does not.
    is_look = not isinstance(row, CustomerLookup)
    return HeldItem(
        category=CATEGORY,
        kind="access_log_entry" if is_look else "customer_lookup",
        label=_label(row).text(language),
        at=row.at,
        values=_values(row),
        facts=_facts(row, language),
        nature="inferred",
        lawful_basis=LOOKS.lawful_basis,
    )


def _label(row: Row) -> Label:
    if not isinstance(row, CustomerLookup):
        return _LOOK
    return _OF_ARCHIVE if row.archive_ground else _LOOKUP


def _values(row: Row) -> dict[str, Any]:
    reason, case = _why(row)
    values = {"at": row.at.isoformat(), "reason": reason, "request": case}
    if not isinstance(row, WholeBaseLook) and row.use_reason:
        values["use_reason"] = row.use_reason.value
    if not isinstance(row, CustomerLookup):
        values |= {"team": row.team.value, "category": row.category}
    elif row.archive_ground:
        values["archive_ground"] = row.archive_ground.value
    return values


def _facts(row: Row, language: str) -> list[tuple[str, str]]:
    reason, case = _why(row)
    facts = [(_REASON.text(language), reason_text(reason, language))]
    if case:
        facts.append((_CASE.text(language), case))
    if not isinstance(row, WholeBaseLook) and row.use_reason:
        facts.append((_USED.text(language), use_label(row.use_reason, language)))
    if not isinstance(row, CustomerLookup):
        facts.append((_TEAM.text(language), team_label(row.team, language)))
        facts.append((_WHAT.text(language), category_label(row.category, language)))
    return facts


def _why(row: Row) -> tuple[str, str | None]:
    """Return the reason of a look, and its case."""
    return (WHOLE_BASE, None) if isinstance(row, WholeBaseLook) else (row.reason, row.request_reference)


def retention(language: str) -> str:
    """Return in words how long a look is kept."""
    return _KEPT.filled(language, period=ACCESS_LOG.term.text(language))


register(
    Holding(
        code=HOLDING,
        parts=PARTS,
        retention=retention,
        purposes={CATEGORY: (LOOKS.code,)},
        summary=summary,
        items=items,
    )
)
