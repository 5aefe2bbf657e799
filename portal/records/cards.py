"""What a category's page shows of each thing held: its name, its date, its facts, the last day it is kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from flask_babel import gettext as _

from portal import clock
from portal.organisation import Organisation
from portal.personal_data.agreements import Agreements, say_collected
from portal.personal_data.corrections.beside import Beside
from portal.personal_data.corrections.own_file import NAMES, OWN_FILE
from portal.personal_data.corrections.statements import NO_STATEMENTS, Statements
from portal.personal_data.registry import HeldItem
from portal.personal_data.uses.lawful_bases import LawfulBasis
from portal.records.corrections.targets import correctable_fields, is_correctable
from portal.records.data_map.kinds import DataMap, Kind
from portal.records.held_items import names_of
from portal.records.models import Record, as_object
from portal.web.filters import long_date

LONG_TEXT = 300


class Fact(NamedTuple):
    """One value of a card; `anchor` is its place on the page where it is masked, in full as well, else empty.

    `field` names it where it may be corrected by itself.
    """

    label: str
    text: str
    anchor: str = ""
    field: str = ""


Facts = list[Fact]


@dataclass(frozen=True)
class Card:
    """One thing held. Long texts are in `long_facts`, which stand below the others.

    `label` is the name of its kind, `name` the thing itself in one line and `end` its amount, or its yes or no.
    `origin` and `kept` are empty for what this portal itself holds: the page states its rules once for all of it.
    `erase` names the record, by kind and number, where its kind may be erased on request.
    `correct` names it likewise where values of it may be corrected, or, with `takes_words`, words put beside them.
    `beside` is what the person says about it.
    `agreements` say with which consent a record, or a field of it, was collected that requires one.
    """

    label: str
    at: datetime | None
    facts: Facts
    long_facts: Facts
    origin: str = ""
    kept: str = ""
    corrected_at: datetime | None = None
    agreements: tuple[str, ...] = ()
    name: str = ""
    end: str = ""
    erase: tuple[str, str] | None = None
    correct: tuple[str, str] | None = None
    takes_words: bool = False
    beside: tuple[Beside, ...] = ()


class Cards:
    """Makes cards in one language, masked or in full, and remembers the sentences that many records share.

    `hides` tells whether a card made so far holds a value that is masked where cards are.
    """

    def __init__(
        self,
        data_map: DataMap,
        organisation: Organisation,
        agreements: Agreements,
        language: str,
        *,
        is_masked: bool = True,
        statements: Statements = NO_STATEMENTS,
    ) -> None:
        self.hides = False
        self._statements = statements
        self._made = 0
        self._is_masked = is_masked
        self._data_map = data_map
        self._agreements = agreements
        self._language = language
        self._origins = {system.code: system.name.text(language) for system in organisation.systems}
        self._kept: dict[tuple[date | None, str], str] = {}

    def of_items(self, items: Iterable[HeldItem]) -> list[Card]:
        """Return what this portal itself holds as cards, in their order."""
        return [self._of_item(item) for item in items]

    def _of_item(self, item: HeldItem) -> Card:
        is_own = item.kind == OWN_FILE
        labels = {NAMES[name].text(self._language): name for name in NAMES} if is_own else {}
        shown = replace(item, say_beside=None).shown(is_masked=self._is_masked)
        beside = self._statements.beside(OWN_FILE, "", NAMES, self._language) if is_own else []
        return Card(
            item.label, item.at, *self._folded(shown, set(item.masked), labels), name=item.label,
            correct=(OWN_FILE, OWN_FILE) if is_own else None, beside=tuple(beside),
        )  # fmt: skip

    def of_record(self, record: Record) -> Card:
        """Return a record as a card. One whose kind is no longer declared shows no value."""
        kind, values, masked = self._data_map.kinds.get(record.kind), as_object(record.values), self._is_masked
        labels = kind.masked_labels(values, self._language) if kind else set()
        facts = kind.facts(values, self._language, is_masked=masked) if kind else []
        label = kind.label.text(self._language) if kind else record.kind
        name, end = kind.heading(values, self._language, is_masked=masked) if kind else (label, "")
        is_open = kind is not None and is_correctable(kind)
        fields = correctable_fields(kind) if kind and is_open else {}
        beside = self._statements.beside(
            record.kind, record.external_id, names_of(record.kind, self._data_map), self._language
        )
        return Card(
            label,
            record.recorded_at,
            *self._folded(facts, labels, {field.label.text(self._language): name for name, field in fields.items()}),
            origin=self._origins.get(record.source, record.source),
            kept=self._kept_until(record.expires_on, kind),
            corrected_at=record.corrected_at,
            agreements=self._agreements_of(record, kind),
            name=name,
            end=end,
            erase=(record.kind, record.external_id) if kind and "erasure" in kind.rights() else None,
            correct=(record.kind, record.external_id) if is_open else None,
            takes_words=not fields,
            beside=tuple(beside),
        )

    def words_of(self, record: Record) -> str:
        """Return all words that the page shows of a record: what is masked there cannot be searched for either."""
        kind = self._data_map.kinds.get(record.kind)
        if kind is None:
            return record.kind
        facts = kind.facts(as_object(record.values), self._language)
        origin = self._origins.get(record.source, record.source)
        return " ".join([kind.label.text(self._language), origin, *(text for _label, text in facts)])

    def _folded(self, facts: list[tuple[str, str]], masked: set[str], fields: Mapping[str, str]) -> tuple[Facts, Facts]:
        """Return the facts of the next card, short and long ones, those of `masked` labels with their place.

        Args:
            fields: by their label, the names of those that may be corrected.
        """
        self._made += 1
        self.hides |= bool(masked)
        short: Facts = []
        long: Facts = []
        for number, (label, text) in enumerate(facts):
            anchor = f"value-{self._made}-{number}" if label in masked else ""
            (long if len(text) > LONG_TEXT or "\n" in text else short).append(
                Fact(label, text, anchor, fields.get(label, ""))
            )
        return short, long

    def _agreements_of(self, record: Record, kind: Kind | None) -> tuple[str, ...]:
        """Return with which consent a record was collected, and each field of it that has a use of its own."""
        if kind is None:
            return ()
        said = []
        if kind.lawful_basis is LawfulBasis.CONSENT:
            said.append(self._collected(record, kind.purposes))
        fields = {field.purpose: field for field in reversed(kind.own_uses) if as_object(record.values).get(field.name)}
        for code, field in fields.items():
            if code and self._data_map.purposes[code].lawful_basis is LawfulBasis.CONSENT:
                collected = self._collected(record, (code,))
                said.append(_("%(field)s: %(said)s", field=field.label.text(self._language), said=collected))
        return tuple(said)

    def _collected(self, record: Record, purposes: Iterable[str]) -> str:
        choices = [choice for code in purposes for choice in self._data_map.purposes[code].choices]
        return say_collected(self._agreements, choices, record.recorded_at, self._language)

    def _kept_until(self, last_day: date | None, kind: Kind | None) -> str:
        key = (last_day, kind.code if kind else "")
        if key not in self._kept:
            self._kept[key] = _kept_until(last_day, kind, self._language)
        return self._kept[key]


def _kept_until(last_day: date | None, kind: Kind | None, language: str) -> str:
    if last_day is None or last_day == date.max:
        return kind.retention_text(language) if kind else ""
    day = long_date(last_day, weekday=False)
    if last_day < clock.today():
        return _("Its time ended on %(date)s: it is about to be erased.", date=day)
    return _("Kept until %(date)s", date=day)
