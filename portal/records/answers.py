"""The five answers of a category: where its data come from, their use, who receives them, until when, what to do.

They are computed from the data map and the registers, so that none can be missing or out of date.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from portal.organisation import Organisation, Recipient, RecipientRole
from portal.personal_data.agreements import Agreements, say_agreement
from portal.personal_data.categories import Category, Question
from portal.personal_data.recipients import RecipientRegister, say_missing_name
from portal.personal_data.registry import holdings, uses_of
from portal.personal_data.uses.lawful_bases import LawfulBasis
from portal.personal_data.uses.purposes import Purpose
from portal.records.data_map.kinds import DataMap, Kind, Nature
from portal.records.offers import Offer, names_of, offers_of


@dataclass(frozen=True)
class Part:
    """One part of an answer: its sentences, and the kinds it speaks of, empty when it speaks of all."""

    sentences: tuple[str, ...]
    kinds: str = ""


@dataclass(frozen=True)
class Answers:
    """The answers to the five questions, in their order; `limits` says what may not be erased and why."""

    source: list[Part]
    purpose: list[Part]
    recipients: list[Part]
    retention: list[Part]
    offers: list[Offer]
    limits: list[Part]

    def by_question(self) -> list[tuple[Question, list[Part]]]:
        """Return the first four questions with their answers; the fifth is `offers` and `limits`."""
        return [
            (Question.SOURCE, self.source),
            (Question.PURPOSE, self.purpose),
            (Question.RECIPIENTS, self.recipients),
            (Question.RETENTION, self.retention),
        ]


def answers_of(
    category: Category,
    kinds: Sequence[Kind],
    other_holdings: Collection[str],
    data_map: DataMap,
    organisation: Organisation,
    agreements: Agreements,
    language: str,
    *,
    has_records: bool,
) -> Answers:
    """Return the five answers of a category.

    Args:
        category: the category.
        kinds: those that the person has records of, or all of the category where there are none.
        other_holdings: codes of the holdings of this portal itself that hold something in the category.
        data_map: the purposes.
        organisation: the recipients.
        agreements: what the person chose, as far as these kinds depend on it.
        language: of the answers.
        has_records: whether the person has records of `kinds`. Else nothing is kept, and no law is named that keeps it.
    """
    register = RecipientRegister.of(organisation)
    own = [holding for holding in holdings() if holding.code in other_holdings]
    answers = Answers(
        source=_grouped([(_source(kind, language), kind) for kind in kinds], kinds, language),
        purpose=_purposes(kinds, data_map, agreements, language)
        + _grouped([(_logic(kind, language), kind) for kind in kinds if kind.logic], kinds, language),
        recipients=_grouped(
            [
                (_recipient(recipient, language), kind)
                for recipient in register
                for kind in kinds
                if recipient.code in kind.recipients
            ],
            kinds,
            language,
        ),
        retention=_grouped([(_retention(kind, language), kind) for kind in kinds], kinds, language),
        offers=offers_of(category, kinds, data_map, language),
        limits=_limits(kinds, language) if has_records else [],
    )
    if own:
        uses = uses_of(own, category, data_map.purposes.values())
        answers.purpose.extend(
            Part(_purpose(purpose, agreements, language), _("What this portal keeps itself")) for purpose in uses
        )
        _add_portal(answers, [holding.retention(language) for holding in own], register, language)
    return answers


def choices_told(
    category: Category,
    kinds: Sequence[Kind],
    other_holdings: Collection[str],
    data_map: DataMap,
    *,
    has_records: bool,
) -> set[str]:
    """Return the choices of which the answers of a category say what the person chose; arguments as `answers_of`.

    A choice made by filling in one field stands in a record: without `has_records` there is none to look for.
    """
    own = [holding for holding in holdings() if holding.code in other_holdings]
    codes = {code for kind in kinds for code in (kind.all_purposes if has_records else kind.purposes)}
    uses = [*uses_of(own, category, data_map.purposes.values()), *(data_map.purposes[code] for code in codes)]
    return {choice for purpose in uses for choice in purpose.choices}


def _grouped(pairs: Iterable[tuple[tuple[str, ...], Kind]], kinds: Sequence[Kind], language: str) -> list[Part]:
    """Return one part for each different answer, naming the kinds that share it unless all of them do."""
    groups: dict[tuple[str, ...], list[Kind]] = {}
    for sentences, kind in pairs:
        groups.setdefault(sentences, []).append(kind)
    return [Part(sentences, names_of(group, kinds, language)) for sentences, group in groups.items()]


def _source(kind: Kind, language: str) -> tuple[str, ...]:
    origin = f"{kind.origin.label(language)}."
    # “Given to us by you” is a term of portability. Beside an origin other than the person, it would read as false.
    return (origin,) if kind.nature is Nature.PROVIDED else (f"{origin} {kind.nature.label(language)}.",)


def _purposes(kinds: Sequence[Kind], data_map: DataMap, agreements: Agreements, language: str) -> list[Part]:
    """Return each use with what it concerns: kinds, and single fields that have a use of their own."""
    parts = []
    for purpose in data_map.purposes.values():
        concerned = [kind for kind in kinds if purpose.code in kind.purposes]
        names = [_without_own_uses(kind, language) for kind in concerned]
        names += [
            field.label.text(language) for kind in kinds for field in kind.own_uses if field.purpose == purpose.code
        ]
        if names:
            is_all = len(concerned) == len(kinds) and not any(kind.own_uses for kind in kinds)
            parts.append(Part(_purpose(purpose, agreements, language), "" if is_all else ", ".join(names)))
    return parts


def _without_own_uses(kind: Kind, language: str) -> str:
    label = kind.label.text(language)
    if not kind.own_uses:
        return label
    fields = ", ".join(field.label.text(language) for field in kind.own_uses)
    return _("%(kind)s (without: %(fields)s)", kind=label, fields=fields)


def _purpose(purpose: Purpose, agreements: Agreements, language: str) -> tuple[str, ...]:
    basis = purpose.lawful_basis.label(language)
    sentences = (f"{purpose.label.text(language)}.", f"{basis}.")
    if purpose.interest is not None:
        return (*sentences, _("Our interest: %(interest)s.", interest=purpose.interest.text(language)))
    if purpose.lawful_basis is LawfulBasis.CONSENT:
        return (*sentences, say_agreement(agreements, purpose.choices, language))
    return sentences


def _logic(kind: Kind, language: str) -> tuple[str, ...]:
    logic = kind.logic.text(language) if kind.logic else ""
    return (_("How we work it out: %(logic)s", logic=logic),)


def _recipient(recipient: Recipient, language: str) -> tuple[str, ...]:
    sentences = (f"{recipient.description(language)}.", f"{recipient.receives.text(language)}.")
    why = say_missing_name(recipient, language)
    return (*sentences, why) if why else sentences


def _retention(kind: Kind, language: str) -> tuple[str, ...]:
    return tuple(
        sentence
        for rule, reference in kind.retention_texts(language)
        for sentence in (rule, _("Reference: %(reference)s.", reference=reference.text(language)))
    )


def _limits(kinds: Sequence[Kind], language: str) -> list[Part]:
    reasons = [((reason.text(language),), kind) for kind in kinds for reason in kind.keep_reasons()]
    return _grouped(reasons, kinds, language)


def _add_portal(answers: Answers, retentions: list[str], register: RecipientRegister, language: str) -> None:
    """Add to each answer what this portal itself keeps, after what the company's systems sent."""
    here = _("What this portal keeps itself")
    answers.source.append(Part((_("From this portal: what you do here, and what our teams do for you."),), here))
    hosts = {f"{recipient.description(language)}." for recipient in register if recipient.role is RecipientRole.HOST}
    said = {part.sentences[0] for part in answers.recipients if not part.kinds}
    if not hosts:
        answers.recipients.append(Part((_("We cannot tell yet who hosts this portal."),), here))
    elif hosts - said:
        answers.recipients.append(Part(tuple(sorted(hosts)), here))
    answers.retention.append(Part(tuple(retentions), here))
