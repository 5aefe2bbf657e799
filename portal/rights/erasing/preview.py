"""What an erasure would do, in words, for the person before they send it: read from the one plan, and only read."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import select

from portal.bilingual import Label
from portal.infrastructure.database import db
from portal.personal_data.categories import Category
from portal.personal_data.erasure import planning
from portal.personal_data.erasure.planning import Plan, PlannedItem
from portal.personal_data.erasure.scheduling import wait
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.outcomes import ItemOutcome
from portal.records.data_map.kinds import installed_data_map
from portal.records.models import Record
from portal.rights.asked import Erase
from portal.rights.erasing.grounds import ground_in_words
from portal.rights.erasing.names import category_name, name_of
from portal.rights.erasing.stops import contracts_in, scope_of, stop_in_words
from portal.rights.filing.forms import EraseForm
from portal.rights.filing.open_requests import open_requests
from portal.rights.lifecycle import Right
from portal.rights.models import RequestDraft, RightsRequest

COPY_RIGHTS = frozenset({Right.ACCESS, Right.PORTABILITY})


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of thing and what becomes of it.

    Attributes:
        heading: the category, or the portal, under which it stands.
        why: the law, the contract or the reason, where it is not erased.
        until_on: the last day that it stays, where one is known.
        is_then_erased: it goes when its reason ends, without a new request.
    """

    heading: str
    name: str
    count: int
    outcome: ItemOutcome
    why: str = ""
    until_on: date | None = None
    is_then_erased: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be erased, archived and kept, what it means, and what must end first.

    Attributes:
        digest: of the plan behind it, by which the decision and the run recognise it.
        contracts: what must end before everything can go: a name, and where it is ended.
        copies: open requests for a copy, which are answered first.
        others: other open requests, which end with the file.
    """

    scope: Scope
    digest: str
    lines: tuple[Line, ...]
    consequences: tuple[str, ...]
    contracts: tuple[str, ...]
    copies: tuple[RightsRequest, ...]
    others: tuple[RightsRequest, ...]

    def of(self, *outcomes: ItemOutcome) -> list[Line]:
        """Return the lines of some outcomes, in the order of the categories."""
        return [line for line in self.lines if line.outcome in outcomes]

    @property
    def hours(self) -> int:
        """How many hours it cools off after the decision, as a rule."""
        return _hours()

    @property
    def erased(self) -> list[Line]:
        return self.of(ItemOutcome.ERASED)

    @property
    def archived(self) -> list[Line]:
        return self.of(ItemOutcome.ARCHIVED)

    @property
    def kept(self) -> list[Line]:
        return self.of(ItemOutcome.KEPT, ItemOutcome.REFUSED)


def preview_of_draft(draft: RequestDraft, language: str) -> Preview | None:
    """Return what the erasure that somebody is about to ask for would do; None for a draft of anything else."""
    asked = draft.asked
    if not isinstance(asked, Erase):
        return None
    return preview(draft.customer_id, scope_of(draft.customer_id, asked), language)


def case_preview(request: RightsRequest, language: str) -> Preview | None:
    """Return what the erasure of a case would do, for whoever decides it; None for a decided one and other rights."""
    if request.right is not Right.ERASURE or not request.is_open or request.outcome is not None:
        return None
    scope = scope_of(request.customer_id, request.asked)
    return preview(request.customer_id, scope, language, but=request.id)


def preview(customer_id: int, scope: Scope, language: str, *, but: int | None = None) -> Preview:
    """Return what an erasure of a scope would do now; reads only.

    Args:
        but: the id of the request that asks for it, which is none of the others.
    """
    plan = planning.plan(customer_id, scope)
    lines = lines_of(plan.items, language)
    others = [each for each in open_requests(customer_id) if each.id != but]
    copies = tuple(each for each in others if each.right in COPY_RIGHTS)
    ends = tuple(each for each in others if each.right not in COPY_RIGHTS) if scope.is_whole else ()
    contracts = tuple(stop_in_words(stop, language) for stop in contracts_in(plan))
    return Preview(scope, plan.digest, lines, _consequences(scope, plan, language), contracts, copies, ends)


def lines_of(items: Iterable[PlannedItem], language: str) -> tuple[Line, ...]:
    """Return items in words; those that have one name, one fate and one reason are one line."""
    found: dict[Line, int] = {}
    for item in items:
        heading, name = category_name(item.category, language), name_of(item.part, item.kind, language)
        why = ground_in_words(item.ground, item.legal_reference, language)
        line = Line(heading, name, 0, item.outcome, why, item.until_on, item.is_then_erased)
        found[line] = found.get(line, 0) + item.count
    headings = [category_name(code, language) for code in (*Category, None)]
    lines = [replace(line, count=count) for line, count in found.items() if count]
    return tuple(sorted(lines, key=lambda line: (headings.index(line.heading), line.name)))


def offer_what_is_held(form: EraseForm, customer_id: int, language: str) -> None:
    """Offer the kinds that a customer has records of, and the record that they come from when it is theirs."""
    kinds = installed_data_map().kinds
    held = db.session.execute(select(Record.kind).where(Record.customer_id == customer_id).distinct()).scalars()
    names = sorted((kinds[code].label.text(language), code) for code in held if code in kinds)
    named = _record_in_words(customer_id, form.record_named, language)
    has_contract = bool(contracts_in(planning.plan(customer_id, Scope())))
    form.offer([(code, name) for name, code in names], named, has_contract=has_contract)


def _record_in_words(customer_id: int, named: list[str], language: str) -> str:
    """Return a record of a customer in one line; nothing for one that is not theirs."""
    kind = installed_data_map().kinds.get(named[0]) if named else None
    if kind is None:
        return ""
    is_meant = (Record.customer_id == customer_id, Record.kind == named[0], Record.external_id == named[1])
    record = db.session.execute(select(Record).where(*is_meant)).scalar_one_or_none()
    return f"{kind.label.text(language)} {named[1]}" if record else ""


def _consequences(scope: Scope, plan: Plan, language: str) -> tuple[str, ...]:
    """Return what the erasure means for the person, in the order in which it matters to them."""
    if scope.extent is Extent.FACEBOOK_LINK:
        return ()
    goes = {item.category for item in plan.items if item.outcome in {ItemOutcome.ERASED, ItemOutcome.ARCHIVED}}
    told = [_NO_WAY_BACK]
    if scope.is_whole:
        told = [_ACCOUNT_ENDS, _ADVERTISING_STOPS, _NO_WAY_BACK]
    if Category.TRANSACTION in goes:
        told.insert(0, _PURCHASES_LEAVE)
    return tuple(label.text(language).format(hours=_hours()) for label in told)


def _hours() -> int:
    return int(wait() / timedelta(hours=1))


_PURCHASES_LEAVE = Label(
    fr="Vous ne verrez plus ici vos commandes ni vos factures : gardez une copie de celles dont vous avez besoin, pour"
    " une garantie ou un retour.",
    en="You no longer see your orders and invoices here: keep a copy of those you need, for a guarantee or a return.",
)
_ACCOUNT_ENDS = Label(
    fr="Votre compte ici prend fin : vous ne pourrez plus vous y connecter.",
    en="Your account here ends: you can no longer sign in to it.",
)
_ADVERTISING_STOPS = Label(
    fr="Toute publicité s'arrête dès que l'effacement est décidé.",
    en="All advertising stops as soon as the erasure is decided.",
)
_NO_WAY_BACK = Label(
    fr="Après la décision, nous attendons en principe {hours} heures. Vous pouvez annuler jusque-là. Ensuite, personne"
    " ne peut revenir en arrière.",
    en="After the decision we wait {hours} hours as a rule. You can cancel until then. After that, nobody can undo it.",
)
