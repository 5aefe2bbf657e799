"""What somebody asks for, one class for each intent. Everything reads the stored answers and words them from here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final

from portal.bilingual import Label
from portal.personal_data.categories import CATEGORIES, Category
from portal.personal_data.corrections.own_file import OWN_FILE
from portal.personal_data.erasure.scope import Extent, Scope
from portal.records.corrections.targets import fields_of, name_of
from portal.records.data_map.field_types import show_value
from portal.records.data_map.kinds import DEFAULT_CURRENCY, DeclaredField, installed_data_map
from portal.rights.chosen import Limit, RestrictionCase, Use, Wish
from portal.rights.intents import Intent

Rows = list[tuple[str, str]]
Reader = Callable[[Mapping[str, Any], str], Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What any request may hold: `words`, when it did not come by the portal, and `details` that the person added."""

    words: str = ""
    details: str = ""

    @property
    def concerns_marketing(self) -> bool:
        """Whether it objects to advertising or to profiling for it, which nobody may refuse (GDPR art. 21(3))."""
        return False

    @property
    def rectifies_identity(self) -> bool:
        """Whether the request corrects who the person is: name, title or date of birth."""
        return False

    @property
    def needs_a_reader(self) -> bool:
        """Whether the request holds words that a person has to read before the portal may answer."""
        return bool(self.details)

    def stored(self) -> dict[str, Any]:
        """Return the answers to store for a request that no form was filled in for, without the empty ones."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: str(value) if isinstance(value, StrEnum) else value for name, value in values.items() if value}

    def in_words(self, language: object) -> Rows:
        """Return (question, answer) rows, in the order of the questions."""
        rows: Rows = []
        for name, label in _LABELS.items():
            text = _in_words(getattr(self, name, None), language)
            if text:
                rows.append((label.text(language), text))
        return rows


@dataclass(frozen=True, slots=True)
class Scoped(Asked):
    """A request about all data or some categories. `categories` is empty for all; None when nobody asked which."""

    categories: tuple[Category, ...] | None = None


@dataclass(frozen=True, slots=True)
class Copy(Scoped):
    """A copy of the data (art. 15). With `every_page`, each item has its place on a page to read."""

    every_page: bool = False


@dataclass(frozen=True, slots=True)
class Correct(Asked):
    """Something to correct or complete (art. 16): in words, or by the values of one record, or of the own file.

    Attributes:
        record: kind and number of what the values are of; empty for a request in words.
        changes: (field, value) pairs; the value None takes away what is held.
        statement: the person's own words, to stand beside what stays as it is.
        on_hold: whether the data rest meanwhile (art. 18(1)(a)).
    """

    category: Category | None = None
    record: tuple[str, ...] = ()
    changes: tuple[tuple[str, Any], ...] = ()
    wrong: str = ""
    correct: str = ""
    statement: str = ""
    on_hold: bool = False

    @property
    def names_values(self) -> bool:
        """Whether it names what it is about: values of one record, or words to stand beside one."""
        return len(self.record) == 2 and bool(self.changes or self.statement)

    @property
    def rectifies_identity(self) -> bool:
        """Whether it touches name or birth, or may do so: a title is corrected at the person's word."""
        if not self.names_values:
            return self.category is Category.IDENTITY
        return any(field in _NAMES_OR_BIRTH for field, _value in self.changes)

    def in_words(self, language: object) -> Rows:
        if not self.names_values:
            return Asked.in_words(self, language)
        kind, number = self.record
        fields = fields_of(kind)
        changes = [
            (label_of_change(field, fields, language), change_in_words(field, value, fields, language))
            for field, value in self.changes
        ]
        what = f"{name_of(kind, language)} {number}".strip() if kind != OWN_FILE else name_of(kind, language)
        rest = Asked.in_words(replace(self, category=None, record=(), changes=()), language)
        return [(_LABELS["category"].text(language), what), *changes, *rest]


def label_of_change(field: str, fields: Mapping[str, DeclaredField], language: object) -> str:
    """Return the name of a field for people; its code where it is no longer declared."""
    return fields[field].label.text(language) if field in fields else field


def change_in_words(field: str, value: Any, fields: Mapping[str, DeclaredField], language: object) -> str:
    """Return a value that somebody proposes, in words and in full."""
    if value is None:
        return _TAKEN_AWAY.text(language)
    declared = fields.get(field)
    return show_value(declared.type, value, language, declared.choices, DEFAULT_CURRENCY) if declared else str(value)


_NAMES_OR_BIRTH: Final = frozenset({"given_name", "family_name", "birth_name", "birth_date"})
_TAKEN_AWAY: Final = Label(fr="À retirer", en="To be taken away")


@dataclass(frozen=True, slots=True)
class Erase(Scoped):
    """An erasure (art. 17): of everything, of some categories or kinds, of one record, or of what Facebook brought.

    Attributes:
        kinds: codes of kinds of record; empty where none is named.
        record: kind and number of the one record that is meant; empty where none is.
        when_it_ends: what a running contract needs may stay until it ends, and goes then without a new request.
    """

    limited_to: Limit | None = None
    kinds: tuple[str, ...] = ()
    record: tuple[str, ...] = ()
    when_it_ends: bool = False

    @property
    def scope(self) -> Scope:
        """How far the erasure goes."""
        if self.limited_to:
            return Scope(Extent(self.limited_to.value))
        if len(self.record) == 2:
            return Scope(Extent.RECORDS, records=((self.record[0], self.record[1]),))
        if self.kinds:
            return Scope(Extent.KINDS, self.kinds)
        return Scope(Extent.CATEGORIES, tuple(map(str, self.categories))) if self.categories else Scope()

    def in_words(self, language: object) -> Rows:
        if not self.kinds and not self.record:
            return Asked.in_words(self, language)
        named = [_kind_in_words(kind, language) for kind in self.kinds]
        named += [f"{_kind_in_words(self.record[0], language)} {self.record[1]}"] if len(self.record) == 2 else []
        rest = Asked.in_words(replace(self, kinds=(), record=(), categories=None), language)
        return [(_LABELS["categories"].text(language), ", ".join(named)), *rest]


@dataclass(frozen=True, slots=True)
class StopUse(Asked):
    """An objection to a use (art. 21). With `on_hold`, what the use needs rests meanwhile (art. 18(1)(d)).

    Attributes:
        purposes: codes of the purposes that the company bases on its own interest and that are to stop.
    """

    use: Use | None = None
    purposes: tuple[str, ...] = ()
    on_hold: bool = False

    @property
    def concerns_marketing(self) -> bool:
        return self.use in {Use.MARKETING, Use.ADVERTISING_PROFILING}

    def in_words(self, language: object) -> Rows:
        if not self.purposes:
            return Asked.in_words(self, language)
        named = "; ".join(_purpose_in_words(code, language) for code in self.purposes)
        rest = Asked.in_words(replace(self, purposes=(), use=None if self.use is Use.OTHER else self.use), language)
        return [(_LABELS["use"].text(language), named), *rest]


@dataclass(frozen=True, slots=True)
class Pause(Scoped):
    """A restriction (art. 18)."""

    case: RestrictionCase | None = None


@dataclass(frozen=True, slots=True)
class TakeAway(Scoped):
    """Data to take elsewhere (art. 20)."""

    destination: str = ""

    @property
    def needs_a_reader(self) -> bool:
        return bool(self.details or self.destination)


@dataclass(frozen=True, slots=True)
class ReviewDecision(Asked):
    """An automated decision for a person to look at (art. 22(3))."""

    decision: str = ""


@dataclass(frozen=True, slots=True)
class AfterDeath(Asked):
    """Directives (loi 78-17 art. 85)."""

    designee_name: str = ""
    designee_contact: str = ""
    consent: bool = False
    wishes: tuple[tuple[Category, Wish], ...] = ()

    def in_words(self, language: object) -> Rows:
        wishes = [(category.label(language), wish.label(language)) for category, wish in self.wishes]
        return [*Asked.in_words(self, language), *wishes]


_OF_INTENT: Final[dict[Intent, type[Asked]]] = {
    Intent.COPY: Copy,
    Intent.CORRECT: Correct,
    Intent.ERASE: Erase,
    Intent.STOP_USE: StopUse,
    Intent.PAUSE: Pause,
    Intent.TAKE_AWAY: TakeAway,
    Intent.REVIEW_DECISION: ReviewDecision,
    Intent.AFTER_DEATH: AfterDeath,
}


def read_asked(intent: Intent, stored: Mapping[str, Any]) -> Asked:
    """Read what a form or the database holds of a request. A code that is not known counts as not chosen."""
    kind = _OF_INTENT[intent]
    read: dict[str, Reader] = {field.name: _READERS.get(field.name, _text) for field in fields(kind)}
    return kind(**{name: reader(stored, name) for name, reader in read.items()})


def _text(stored: Mapping[str, Any], name: str) -> str:
    return str(stored.get(name) or "")


def _code(codes: type[StrEnum]) -> Reader:
    known = {code.value: code for code in codes}
    return lambda stored, name: known.get(stored.get(name) or "")


def _is_given(stored: Mapping[str, Any], name: str) -> bool:
    return bool(stored.get(name))


def _categories(stored: Mapping[str, Any], name: str) -> tuple[Category, ...] | None:
    if "scope" not in stored and name not in stored:
        return None
    return tuple(category for category in CATEGORIES if category in (stored.get(name) or ()))


def _codes(stored: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(map(str, stored.get(name) or ()))


def _kind_in_words(code: str, language: object) -> str:
    """Return the name of a kind; its code where the data map no longer declares it."""
    kind = installed_data_map().kinds.get(code)
    return kind.label.text(language) if kind else code


def _purpose_in_words(code: str, language: object) -> str:
    """Return the name of a purpose; its code where the data map no longer declares it."""
    purpose = installed_data_map().purposes.get(code)
    return purpose.label.text(language) if purpose else code


def _wishes(stored: Mapping[str, Any], name: str) -> tuple[tuple[Category, Wish], ...]:
    return tuple((Category(code), Wish(wish)) for code, wish in stored.get(name, {}).items())


def _changes(stored: Mapping[str, Any], name: str) -> tuple[tuple[str, Any], ...]:
    return tuple((str(field), value) for field, value in (stored.get(name) or {}).items())


_READERS: Final[dict[str, Reader]] = {
    "category": _code(Category),
    "use": _code(Use),
    "case": _code(RestrictionCase),
    "limited_to": _code(Limit),
    "categories": _categories,
    "kinds": _codes,
    "purposes": _codes,
    "record": _codes,
    "when_it_ends": _is_given,
    "on_hold": _is_given,
    "consent": _is_given,
    "every_page": _is_given,
    "wishes": _wishes,
    "changes": _changes,
}


def _in_words(value: Any, language: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(category.label(language) for category in value) or _EVERYTHING.text(language)
    if isinstance(value, bool):
        return _YES.text(language) if value else ""
    return value.label(language) if isinstance(value, _CODES) else value or ""


_CODES: Final = (Category, Use, RestrictionCase, Limit)
_EVERYTHING: Final = Label(fr="Toutes les données", en="All data")
_YES: Final = Label(fr="Oui", en="Yes")

# Read by the person and by staff: no “you”.
_LABELS: Final = {
    "words": Label(fr="La demande, telle que nous l'avons reçue", en="The request, as we received it"),
    "limited_to": Label(fr="Données concernées", en="Data concerned"),
    "category": Label(fr="Données concernées", en="Data concerned"),
    "use": Label(fr="Utilisation à arrêter", en="Use to stop"),
    "case": Label(fr="Situation", en="Situation"),
    "decision": Label(fr="Décision à revoir", en="Decision to look at again"),
    "categories": Label(fr="Données concernées", en="Data concerned"),
    "every_page": Label(fr="Toutes les données dans les pages à lire", en="Every item in the pages to read"),
    "when_it_ends": Label(
        fr="Ce qu'un contrat en cours demande, à effacer quand il se termine",
        en="What a running contract needs, to be erased when it ends",
    ),
    "on_hold": Label(fr="Mise en pause pendant l'examen", en="On hold while we look into it"),
    "wrong": Label(fr="Ce qui est faux ou manque", en="What is wrong or missing"),
    "correct": Label(fr="Ce qu'il faut écrire", en="What it should say"),
    "statement": Label(fr="Mots à placer à côté de la donnée", en="Words to stand beside the value"),
    "destination": Label(fr="Où envoyer les données", en="Where to send the data"),
    "details": Label(fr="Précisions", en="Details"),
    "designee_name": Label(fr="Personne désignée", en="Person designated"),
    "designee_contact": Label(fr="Comment la joindre", en="How to reach them"),
    "consent": Label(fr="Accord pour que nous gardions ces directives", en="Consent that we keep these directives"),
}
