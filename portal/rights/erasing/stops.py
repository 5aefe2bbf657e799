"""What must end before everything about a person can be erased, in words: which contract, and where it is ended."""

from typing import Final

from portal.bilingual import Label
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.erasure import planning
from portal.personal_data.erasure.planning import Plan
from portal.personal_data.erasure.scope import Extent, Scope
from portal.records.data_map.kinds import installed_data_map
from portal.rights.asked import Asked, Erase

CONTRACT: Final = "contract:"
HOLD: Final = "hold"
ANOTHER: Final = "another_erasure"


def scope_of(customer_id: int, asked: Asked) -> Scope:
    """Return how far an erasure goes now: all of it where only words say what is asked.

    While a contract goes on, whoever asked for the rest "when it ends" has everything else erased now: account and file
    stay, and what the contract needs goes at its end.
    """
    scope = asked.scope if isinstance(asked, Erase) else Scope()
    waits = isinstance(asked, Erase) and asked.when_it_ends and scope.is_whole
    if waits and contracts_in(planning.plan(customer_id, scope)):
        return Scope(Extent.CATEGORIES, tuple(category.value for category in CATEGORIES))
    return scope


def contracts_in(plan: Plan) -> list[str]:
    """Return the codes of the contracts that run, each kind once."""
    return list(dict.fromkeys(stop for stop in plan.stops if stop.startswith(CONTRACT)))


def stop_in_words(stop: str, language: object) -> str:
    """Return what must end first."""
    if stop in _OTHERS:
        return _OTHERS[stop].text(language)
    kind = installed_data_map().kinds.get(stop.removeprefix(CONTRACT).partition(":")[0])
    return kind.label.text(language) if kind else _SOMETHING.text(language)


_OTHERS: Final = {
    HOLD: Label(fr="La conservation forcée de toutes ces données", en="The legal hold on all these data"),
    ANOTHER: Label(
        fr="Un autre effacement décidé pour cette personne, qui détruirait ce que cette décision garde",
        en="Another erasure of this person that is decided, which could destroy what this decision keeps",
    ),
}
_SOMETHING: Final = Label(fr="Un contrat en cours", en="A running contract")
