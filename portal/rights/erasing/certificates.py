"""The certificate of an erasure in words: what went, what stays until when and why, who must still be told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from portal.bilingual import Label
from portal.infrastructure import installed
from portal.personal_data.erasure.certificate import Certificate, certificate_of
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.erasure.planning import PlannedItem
from portal.personal_data.erasure.scope import Scope
from portal.personal_data.outcomes import ItemOutcome
from portal.rights.carrying_out.effects import gone, told_of
from portal.rights.deciding.refusals import authority_complaint, court_remedy
from portal.rights.erasing.names import name_of
from portal.rights.erasing.preview import Line, lines_of


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate as people read it; it names nobody.

    Attributes:
        said: that it is erased from this portal, with the day; from the row alone.
        stays: what this portal keeps of the person, (what it is, what becomes of it, on what ground).
        told: where each system and recipient stands that has to follow; empty where none has to.
        hash_until: until when a keyed hash stays that keeps the person from coming back by a file; None without one.
        remedies: what can be done about what stays; empty where nothing does.
        entry: the number and the hash of its line in the ledger.
    """

    reference: str
    is_whole: bool
    finished_at: datetime
    said: str
    erased: tuple[Line, ...]
    archived: tuple[Line, ...]
    kept: tuple[Line, ...]
    stays: tuple[tuple[str, str, str], ...]
    told: tuple[str, ...]
    backups_until: date
    hash_until: date | None
    remedies: tuple[str, ...]
    entry: str

    @property
    def count(self) -> int:
        """How many things were erased."""
        return sum(line.count for line in self.erased)

    @property
    def erased_by_heading(self) -> tuple[tuple[str, int, tuple[Line, ...]], ...]:
        """What was erased as (category or portal, count, its lines), so that a whole person is ten rows."""
        piles = [(heading, tuple(lines)) for heading, lines in groupby(self.erased, key=lambda line: line.heading)]
        return tuple((heading, sum(line.count for line in lines), lines) for heading, lines in piles)


def shown_certificate(erasure: Erasure, language: str) -> Shown | None:
    """Return the certificate of an erasure in words; None before the recount confirmed it."""
    certificate = certificate_of(erasure)
    if certificate is None:
        return None
    return Shown(
        reference=certificate.reference,
        is_whole=Scope.read(certificate.scope).is_whole,
        finished_at=datetime.fromisoformat(certificate.finished_at),
        said=gone(erasure, certificate, language),
        erased=_lines(certificate.erased, ItemOutcome.ERASED, language),
        archived=_lines(certificate.archived, ItemOutcome.ARCHIVED, language),
        kept=_lines(certificate.kept, ItemOutcome.KEPT, language),
        stays=tuple(_joined(_in_words(line, language) for line in certificate.stays)),
        told=tuple(told_of(erasure, language)),
        backups_until=date.fromisoformat(certificate.backups_until),
        hash_until=date.fromisoformat(certificate.tombstones_until) if certificate.tombstones_until else None,
        remedies=() if certificate.is_clean else _remedies(language),
        entry=_entry(certificate),
    )


def _lines(stored: Iterable[dict[str, Any]], outcome: ItemOutcome, language: str) -> tuple[Line, ...]:
    return lines_of([_item(line, outcome) for line in stored], language)


def _item(line: dict[str, Any], outcome: ItemOutcome) -> PlannedItem:
    law, until = line.get("legal_reference"), line.get("until")
    return PlannedItem(
        line["part"], line["kind"], line["rule"], line["category"], line["count"], outcome, line.get("ground", ""),
        Label(**law) if law else None, date.fromisoformat(until) if until else None, line.get("is_then_erased", False),
    )  # fmt: skip


def _in_words(line: dict[str, Any], language: str) -> tuple[str, str, str]:
    name = name_of(line["part"], line["part"], language)
    return name, Label(**line["becomes"]).text(language), Label(**line["ground"]).text(language)


def _joined(stays: Iterable[tuple[str, str, str]]) -> Iterable[tuple[str, str, str]]:
    """Return what stays with one row for each name: what tables of one meaning keep stands together."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, becomes, ground in stays:
        found.setdefault(name, []).append((becomes, ground))
    for name, each in found.items():
        grounds = dict.fromkeys(ground for _becomes, ground in each)
        yield name, ". ".join(becomes[:1].upper() + becomes[1:] for becomes, _ground in each), " · ".join(grounds)


def _remedies(language: str) -> tuple[str, ...]:
    authority = installed.organisation().authority
    return (
        authority_complaint(authority.name, authority.postal_address, authority.complaint_url, language),
        court_remedy(language),
    )


def _entry(certificate: Certificate) -> str:
    entry = certificate.entry
    return f"{entry['number']} · {entry['hash']}" if entry and entry.get("hash") else ""
