"""Who has to be told: the systems of the company that sent something, and the recipients that the data map names.

A recipient with the code of a system is that system: it is told once.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import select

from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.organisation import Recipient, System
from portal.personal_data.corrections.own_file import OWN_FILE
from portal.records.archive.models import ArchivedRecord
from portal.records.data_map.kinds import installed_data_map
from portal.records.models import Record

Scope = dict[str, Any]
OF_KINDS: Final = "kinds"
OF_RECORDS: Final = ("records", "fields")
OF_PURPOSE: Final = "purpose"


def find_target(code: str) -> System | Recipient | None:
    """Return the system or recipient of a code; None where the organisation file no longer has it."""
    organisation = installed.organisation()
    recipients = (recipient for recipient in organisation.recipients if recipient.code == code)
    return organisation.system(code) or next(recipients, None)


def target_name(code: str, language: object) -> str:
    """Return how people call a system or recipient; its code where the organisation file no longer has it."""
    found = find_target(code)
    if found is None:
        return code
    return found.name.text(language) if isinstance(found, System) else found.shown_name(language)


def is_recipient(code: str) -> bool:
    """Tell whether what is told is a recipient, and no system of the company itself."""
    return isinstance(find_target(code), Recipient)


def scopes_by_target(customer_id: int, scope: Mapping[str, Any]) -> dict[str, Scope]:
    """Return what each system and recipient has to act on: the part of a scope that is of a kind it holds.

    Args:
        scope: `kinds`, a list of codes; `records`, pairs of kind and number; `fields`, triples of kind, number and
            field; `systems`, codes of systems that are told in any case; `sources`, by kind the systems that sent it,
            where the caller knows; `only`, codes of those who are told, where not everybody is. Whatever else it holds
            goes to everybody; of a `purpose`, each has a row of its own.
    """
    kinds = kinds_of(scope)
    sources = scope.get("sources")
    if sources is None:
        sources = _sources(customer_id, kinds) if kinds else {}
    holders: dict[str, set[str]] = {code: set() for code in scope.get("systems", ())}
    declared = installed_data_map().kinds
    for kind in kinds:
        named = declared[kind].recipients if kind in declared else ()
        for code in (*sources.get(kind, ()), *named):
            holders.setdefault(code, set()).add(kind)
    told = set(scope.get("only", holders))
    return {code: _narrowed(scope, held) for code, held in sorted(holders.items()) if code in told}


def kinds_of(scope: Mapping[str, Any]) -> list[str]:
    """Return the kinds that a scope is about, in their order."""
    named = {kind for part in OF_RECORDS for kind, *_rest in scope.get(part, ())}
    return sorted({*scope.get(OF_KINDS, ()), *named})


def _narrowed(scope: Mapping[str, Any], held: Iterable[str]) -> Scope:
    held = set(held)
    narrowed = {name: value for name, value in scope.items() if name not in {"sources", "systems", "only"}}
    if OF_KINDS in scope:
        narrowed[OF_KINDS] = sorted(held.intersection(scope[OF_KINDS]))
    for part in OF_RECORDS:
        if part in scope:
            narrowed[part] = [list(each) for each in scope[part] if each[0] in held]
    return narrowed


def _sources(customer_id: int, kinds: Iterable[str]) -> dict[str, list[str]]:
    """Return by kind the systems that sent what is held of it, in use or in the archive.

    The line of a customer names no system: behind the person's own file stands each that sent anything about them.
    """
    named, found = set(kinds), dict[str, set[str]]()
    for model in (Record, ArchivedRecord):
        sent = select(model.kind, model.source).where(model.customer_id == customer_id).distinct()
        if OWN_FILE not in named:
            sent = sent.where(model.kind.in_(named))
        for kind, source in db.session.execute(sent):
            for each in named & {kind, OWN_FILE}:
                found.setdefault(each, set()).add(source)
    return {kind: sorted(sources) for kind, sources in found.items()}
