"""The letter that answers a request: a function of what was decided about each item, and one paragraph of the team.

Nothing of it is typed but that paragraph. Version, language, paragraph and hash are kept (`portal.letters`), so that
the same bytes can be made again: what was done after the letter left changes nothing in it.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal import clock
from portal.bilingual import Label, long_date
from portal.infrastructure import installed
from portal.instructions.queue import awaited_at, has_told
from portal.instructions.targets import target_name
from portal.personal_data.outcomes import ItemOutcome
from portal.personal_data.stops.models import Weighing
from portal.personal_data.uses.portability import NO_DIRECT_TRANSFER
from portal.rights.deciding.refusals import authority_complaint, court_remedy
from portal.rights.items.models import ItemException, RequestItem
from portal.rights.items.proposing import USES
from portal.rights.items.telling.sentences import say_item
from portal.rights.items.telling.wording import is_counted, label_of, reason_of, system_name, until_of
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest
from portal.rights.weighing.weighing import weighings_of

CODE: Final = "request_answer"
VERSION: Final = "request_answer/3"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it leaves: its text, the version of its template, and the SHA-256 of the text in UTF-8."""

    text: str
    version: str
    sha256: str


def letter_of(
    request: RightsRequest,
    items: Iterable[RequestItem],
    paragraph: str,
    language: object,
    exceptions: Iterable[ItemException] = (),
    as_of: datetime | None = None,
) -> Letter:
    """Return the letter that answers a request.

    Args:
        paragraph: what the team writes; empty for an answer that the portal gives by itself.
        as_of: what was done by then is called done; the instant of the answer, else now.
    """
    as_of = as_of or request.answered_at or clock.now()
    items = list(items)
    weighings = weighings_of(request.id) if request.right is Right.OBJECTION else {}
    written = _Writer(request, items, list(exceptions), as_of, language, weighings)
    text = "\n\n".join(part for part in (paragraph.strip(), *written.sections()) if part)
    return Letter(text, VERSION, hashlib.sha256(text.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class _Writer:
    request: RightsRequest
    items: list[RequestItem]
    exceptions: list[ItemException]
    as_of: datetime
    language: object
    weighings: dict[str, Weighing]

    def sections(self) -> Iterator[str]:
        if self.request.wrongly_closed_at:
            closed_on = long_date(self.request.wrongly_closed_at, self.language, weekday=False)
            yield _WRONGLY_CLOSED.filled(self.language, date=closed_on)
        granted = [item for item in self.items if item.outcome and item.outcome not in _NOT_GRANTED]
        yield self._section(_DONE, self._lines([item for item in granted if self._is_done(item)]))
        yield self._section(_NOT_YET, self._lines([item for item in granted if not self._is_done(item)]))
        for heading, outcomes in _NOES:
            those = [item for item in self.items if item.outcome in outcomes]
            yield self._section(heading, self._lines(those))
        yield self._section(_APART, (self._apart(exception) for exception in self.exceptions))
        yield self._told()
        yield self._transfer()
        reached = [item.outcome for item in self.items] + [exception.outcome for exception in self.exceptions]
        if any(outcome and outcome.is_negative for outcome in reached):
            yield from self._remedies()

    def _is_done(self, item: RequestItem) -> bool:
        return item.done_at is not None and item.done_at <= self.as_of

    def _section(self, heading: Label, lines: Iterable[str]) -> str:
        lines = list(lines)
        return "\n".join([heading.text(self.language), *(f"– {line}" for line in lines)]) if lines else ""

    def _lines(self, items: list[RequestItem]) -> Iterator[str]:
        """Yield a line for all that has one fate, each thing with its count; nothing for what is not there."""
        fates: dict[str, dict[str, int | None]] = {}
        for item in items:
            count, name = self._count(item), label_of(item, self.language)
            if count != 0:
                counts = fates.setdefault(self._fate(item), {})
                counts[name] = None if count is None else (counts.get(name) or 0) + count
        for fate, counts in fates.items():
            names = [name if count is None else f"{name} ({count})" for name, count in counts.items()]
            yield _LINE.filled(self.language, what=_AND.text(self.language).join(names), said=fate)

    def _count(self, item: RequestItem) -> int | None:
        if not is_counted(item):
            return None
        return item.done if self._is_done(item) else item.planned

    def _fate(self, item: RequestItem) -> str:
        said = [say_item(item, self.as_of, self.language), reason_of(item, self.language), self._summary(item)]
        fate = " ".join(filter(None, [*said, until_of(item, self.language)]))
        return fate[:1].lower() + fate[1:]  # it goes on after a colon

    def _summary(self, item: RequestItem) -> str:
        """Return what the weighing of a use says to the person; nothing of anything else."""
        weighing = self.weighings.get(item.kind) if item.part == USES else None
        return weighing.summary if weighing else ""

    def _apart(self, exception: ItemException) -> str:
        item = next(item for item in self.items if item.id == exception.item_id)
        said = [_OUTCOMES[exception.outcome].text(self.language), reason_of(exception, self.language)]
        said.append(until_of(exception, self.language))
        what = f"{label_of(item, self.language)}, {named(exception, self.language)}"
        return _LINE.filled(self.language, what=what, said=" ".join(filter(None, said)))

    def _told(self) -> str:
        """Return who has not followed by the day of the letter, so that nobody takes them for done."""
        if awaited := awaited_at(self.request.id, self.as_of):
            named = [target_name(code, self.language) for code in awaited]
            return _AWAITED.filled(self.language, systems=_AND.text(self.language).join(named))
        if has_told(self.request.id, self.as_of):
            return ""
        names = [system_name(code, self.language) for code in systems_to_tell(self.request, self.items)]
        return _TOLD.filled(self.language, systems=_AND.text(self.language).join(names)) if names else ""

    def _transfer(self) -> str:
        """Return that a portable copy goes to nobody else by us, and why (art. 20(2)); nothing where none is made."""
        is_handed = any(item.outcome is ItemOutcome.HANDED for item in self.items)
        return NO_DIRECT_TRANSFER.text(self.language) if self.request.right is Right.PORTABILITY and is_handed else ""

    def _remedies(self) -> Iterator[str]:
        authority = installed.organisation().authority
        if self.request.right is not Right.ERASURE:
            yield _ASK_AGAIN.text(self.language)
        yield authority_complaint(authority.name, authority.postal_address, authority.complaint_url, self.language)
        yield court_remedy(self.language)


def systems_to_tell(request: RightsRequest, items: Iterable[RequestItem]) -> list[str]:
    """Return the systems that have to carry out what was granted too, where none was told by a row of its own."""
    if request.right not in _CARRIED_OUT_BY_SYSTEMS:
        return []
    granted = [item for item in items if item.outcome and item.outcome not in _NOT_GRANTED | {ItemOutcome.ARCHIVED}]
    return sorted({code for item in granted for code in item.systems})


def named(exception: ItemException, language: object) -> str:
    """Return which records an exception is about: a number, or a span of days."""
    if exception.external_id is not None:
        return _ONE.filled(language, number=exception.external_id)
    if exception.from_at is None or exception.to_at is None:
        return _SOME.text(language)
    first, last = (long_date(at, language, weekday=False) for at in (exception.from_at, exception.to_at))
    return _SPAN.filled(language, first=first, last=last)


_CARRIED_OUT_BY_SYSTEMS: Final = frozenset({Right.ERASURE, Right.RECTIFICATION, Right.RESTRICTION, Right.OBJECTION})
_NOT_GRANTED: Final = frozenset(outcome for outcome in ItemOutcome if outcome.is_negative) | {ItemOutcome.LEFT_OUT}
_WRONGLY_CLOSED: Final = Label(
    fr="Le {date}, nous vous avons répondu que nous acceptions votre demande, et nous ne l'avions pas appliquée."
    " C'est notre erreur. Nous avons repris votre demande, et voici où elle en est.",
    en="On {date} we answered that we accepted your request, and we had not carried it out. That was our mistake. We"
    " took your request up again, and this is where it stands.",
)
_LINE: Final = Label(fr="{what} : {said}", en="{what}: {said}")
_AND: Final = Label(fr=" ; ", en="; ")
"""Between the things of one line: the name of a thing may hold a comma."""
_ONE: Final = Label(fr="n° {number}", en="no. {number}")
_SOME: Final = Label(fr="un enregistrement", en="one record")
_SPAN: Final = Label(fr="du {first} au {last}", en="from {first} to {last}")
_DONE: Final = Label(fr="Ce qui est fait", en="What is done")
_NOT_YET: Final = Label(fr="Ce qui est décidé, et reste à faire", en="What is decided, and remains to be done")
_APART: Final = Label(fr="Ce que nous avons décidé à part", en="What we decided apart")
_TOLD: Final = Label(
    fr="Notre équipe doit encore prévenir ces systèmes de l'entreprise, qui doivent agir à leur tour : {systems}.",
    en="Our team still has to tell these systems of the company, which have to act in turn: {systems}.",
)
_AWAITED: Final = Label(
    fr="Ces systèmes de l'entreprise et destinataires doivent agir à leur tour et ne l'ont pas encore confirmé :"
    " {systems}.",
    en="These systems of the company and recipients have to act in turn and have not confirmed yet: {systems}.",
)
_ASK_AGAIN: Final = Label(
    fr="Vous pouvez refaire cette demande à tout moment.", en="You can make this request again at any time."
)
_NOES: Final = (
    (
        Label(fr="Ce que nous gardons, pourquoi et jusqu'à quand", en="What we keep, why and until when"),
        frozenset({ItemOutcome.ARCHIVED, ItemOutcome.KEPT}),
    ),
    (
        Label(fr="Ce que nous refusons, et pourquoi", en="What we refuse, and why"),
        frozenset({ItemOutcome.REFUSED, ItemOutcome.OVERRIDDEN, ItemOutcome.WITHHELD}),
    ),
    (
        Label(fr="Ce qui reste tel quel, avec vos mots", en="What stays as it is, with your words"),
        frozenset({ItemOutcome.STATEMENT}),
    ),
    (Label(fr="Ce qui manque encore", en="What is still missing"), frozenset({ItemOutcome.MISSING})),
    (Label(fr="Ce que ce droit ne couvre pas", en="What this right does not cover"), frozenset({ItemOutcome.LEFT_OUT})),
)
_OUTCOMES: Final = {
    ItemOutcome.KEPT: Label(fr="nous gardons ces données.", en="we keep these data."),
    ItemOutcome.REFUSED: Label(fr="nous refusons.", en="we refuse."),
    ItemOutcome.WITHHELD: Label(fr="nous ne vous communiquons pas ces données.", en="we withhold these data."),
}
