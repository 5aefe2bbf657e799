"""An item in words: what it is, how many, why it stays, until when, and what comes then: same in page and letter."""

from typing import Final

from portal.bilingual import Label, long_date
from portal.infrastructure import installed
from portal.personal_data.categories import Category
from portal.personal_data.outcomes import ItemOutcome
from portal.personal_data.uses.portability import LeftOut
from portal.records.corrections.targets import name_of as kind_name
from portal.records.data_map.kinds import installed_data_map
from portal.records.models import Record
from portal.rights.chosen import Use
from portal.rights.correcting.wording import change_of
from portal.rights.erasing.names import name_of
from portal.rights.items.models import ItemException, RequestItem
from portal.rights.items.outcome import ground_of, reached
from portal.rights.items.proposing import AS_WRITTEN, CORRECTIONS, PORTAL, STATEMENTS, SYSTEMS, USES

Decided = RequestItem | ItemException


def label_of(item: RequestItem, language: object) -> str:
    """Return what an item is about, without its count."""
    if item.words:
        return item.words
    if item.part == PORTAL:
        return _IN_PORTAL.filled(language, category=Category(item.kind).label(language))
    if item.part == CORRECTIONS:
        return change_of(item, language)
    if item.part == STATEMENTS:
        return _WORDS_BESIDE.filled(language, kind=kind_name(item.kind, language))
    if item.part == SYSTEMS:
        return _FROM_SYSTEM.filled(language, system=system_name(item.kind, language))
    if item.part == USES:
        purpose = installed_data_map().purposes.get(item.kind)
        return purpose.label.text(language) if purpose else item.kind
    kind = installed_data_map().kinds.get(item.kind)
    if kind is None:
        return _own_label(item, language)
    name = kind.label.text(language)
    if item.rule and item.rule in {system.code for system in installed.organisation().systems}:
        return _IN_SYSTEM.filled(language, kind=name, system=system_name(item.rule, language))
    return name


def _own_label(item: RequestItem, language: object) -> str:
    if item.part == AS_WRITTEN:
        known = _USES.get(item.kind) or _ASKED.get(item.kind)
        return known.text(language) if known else Use(item.kind).label(language)
    return name_of(item.part, item.kind, language)


def is_counted(item: RequestItem) -> bool:
    """Tell whether an item counts things: neither what only words describe nor a value, a use or a system does."""
    return item.part not in {AS_WRITTEN, SYSTEMS, CORRECTIONS, STATEMENTS, USES}


def system_name(code: str, language: object) -> str:
    """Return the name of a system of the company; its code where the organisation file no longer has it."""
    names = {system.code: system.name for system in installed.organisation().systems}
    return names[code].text(language) if code in names else code


def reason_of(item: Decided, language: object) -> str:
    """Return why not all is done for an item: its ground as a sentence, with the law; empty where none is given."""
    reference = getattr(item, "legal_reference", "")
    if reached(item) is ItemOutcome.LEFT_OUT and item.ground in list(LeftOut):
        return LeftOut(item.ground).sentence(language)
    if item.ground in _GROUNDS:
        sentence = _GROUNDS[item.ground].text(language)
    else:
        ground = ground_of(item)
        if ground is None:
            return ""
        sentence = ground.sentence(language) if reference else ground.with_law(language)
    return f"{sentence.removesuffix('.')} ({reference})." if reference else sentence


def until_of(item: Decided, language: object) -> str:
    """Return until when what is kept stays, and what comes then; empty for what is not kept."""
    if reached(item) not in _STAYS and not (reached(item) is ItemOutcome.REFUSED and item.until_on):
        return ""
    goes_then = getattr(item, "is_then_erased", False) or reached(item) is ItemOutcome.ARCHIVED
    if item.until_on:
        until = _UNTIL_DAY if goes_then else _ASK_AGAIN
        return until.filled(language, date=long_date(item.until_on, language, weekday=False))
    return (_UNTIL_REASON if goes_then else _WHILE_REASON).text(language)


def outcome_label(outcome: ItemOutcome, language: object) -> str:
    """Return an outcome in a word or two, for staff."""
    return _OUTCOMES[outcome].text(language)


def has_records(item: RequestItem) -> bool:
    """Tell whether single records of an item can be decided apart."""
    return item.part == Record.__tablename__


_STAYS: Final = frozenset({ItemOutcome.ARCHIVED, ItemOutcome.KEPT})
_IN_PORTAL: Final = Label(fr="{category}, dans ce portail", en="{category}, in this portal")
_IN_SYSTEM: Final = Label(fr="{kind}, dans « {system} »", en="{kind}, in “{system}”")
_WORDS_BESIDE: Final = Label(fr="{kind}, avec les mots de la personne", en="{kind}, with the person’s own words")
_FROM_SYSTEM: Final = Label(fr="Système « {system} »", en="System “{system}”")
_UNTIL_DAY: Final = Label(
    fr="Conservation jusqu'au {date} au plus tard, puis effacement sans nouvelle demande.",
    en="Kept until {date} at the latest, then to be erased without a new request.",
)
_ASK_AGAIN: Final = Label(
    fr="Ce motif vaut jusqu'au {date}. Ensuite, vous pourrez demander de nouveau l'effacement.",
    en="This reason holds until {date}. After that you can ask for the erasure again.",
)
_UNTIL_REASON: Final = Label(
    fr="Conservation tant que ce motif dure, puis effacement sans nouvelle demande.",
    en="Kept as long as this reason lasts, then to be erased without a new request.",
)
_WHILE_REASON: Final = Label(
    fr="Conservation au moins tant que ce motif dure.", en="Kept at least as long as this reason lasts."
)
_GROUNDS: Final = {
    "not_portable": Label(
        fr="La portabilité couvre ce que vous avez fourni ou ce que nous avons observé, sur la base de votre accord ou"
        " d'un contrat. Vous pouvez en demander une copie par le droit d'accès.",
        en="Portability covers what you gave us or what we observed, under consent or a contract. You can ask for a"
        " copy of this by the right of access.",
    ),
    "contract": Label(
        fr="Votre contrat en cours en a besoin, jusqu'à sa fin.", en="Your running contract needs this until it ends."
    ),
    "hold": Label(
        fr="Un litige ou un contrôle demande de garder ces données.", en="A dispute or an inspection needs these data."
    ),
    "restriction": Label(
        fr="Ces données sont en pause à votre demande : nous les gardons sans les utiliser.",
        en="These data are on hold at your request: we keep them and do not use them.",
    ),
    "not_heard": Label(
        fr="Ce système ne nous a pas encore dit ce qu'il garde sur vous. Nous vous écrirons quand il l'aura fait.",
        en="This system has not told us yet what it holds about you. We will write to you when it has.",
    ),
}
"""Grounds of the portal itself, beside the closed list of refusals."""
_USES: Final = {
    "as_written": Label(fr="Ce que demande votre message", en="What your message asks for"),
}
_ASKED: Final = {
    "directives": Label(fr="Vos directives", en="Your directives"),
    "automated_decision": Label(fr="La décision à revoir", en="The decision to look at again"),
}
_OUTCOMES: Final = {
    ItemOutcome.ERASED: Label(fr="Effacer", en="Erase"),
    ItemOutcome.ARCHIVED: Label(fr="Archiver", en="Archive"),
    ItemOutcome.KEPT: Label(fr="Garder", en="Keep"),
    ItemOutcome.REFUSED: Label(fr="Refuser", en="Refuse"),
    ItemOutcome.CORRECTED: Label(fr="Corriger", en="Correct"),
    ItemOutcome.STATEMENT: Label(fr="Ajouter ses mots", en="Add their words"),
    ItemOutcome.RESTRICTED: Label(fr="Mettre en pause", en="Put on hold"),
    ItemOutcome.STOPPED: Label(fr="Arrêter", en="Stop"),
    ItemOutcome.OVERRIDDEN: Label(fr="Maintenir", en="Override"),
    ItemOutcome.HANDED: Label(fr="Remettre", en="Hand over"),
    ItemOutcome.WITHHELD: Label(fr="Ne pas remettre", en="Withhold"),
    ItemOutcome.MISSING: Label(fr="Manquant", en="Missing"),
    ItemOutcome.LEFT_OUT: Label(fr="Non couvert", en="Not covered"),
    ItemOutcome.RECORDED: Label(fr="Enregistrer", en="Record"),
    ItemOutcome.REVIEWED: Label(fr="Revue faite", en="Looked at again"),
}
