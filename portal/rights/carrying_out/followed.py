"""Who was told after a decision, who confirmed, and why not: a sentence for each, with its row (GDPR art. 19)."""

from collections.abc import Iterable
from typing import Final

from portal.bilingual import Label, long_date
from portal.instructions.contents import what_in_words
from portal.instructions.models import CLOSED_STATES, Instruction, InstructionState
from portal.instructions.queue import instructions_of, instructions_of_erasure
from portal.instructions.targets import target_name
from portal.personal_data.sentences import Ground, declare, row, say

TOLD: Final = declare(
    "target_told",
    Ground.ROW,
    Label(
        fr="{target} ({what}) : demandé le {date}, pas encore confirmé.",
        en="{target} ({what}): asked on {date}, not confirmed yet.",
    ),
    Label(
        fr="{target} ({what}) : ce n'est pas encore demandé, notre équipe doit s'en charger.",
        en="{target} ({what}): not asked yet, our team has to see to it.",
    ),
)
FOLLOWED: Final = declare(
    "target_followed",
    Ground.ROW,
    Label(fr="{target} ({what}) : confirmé le {date}.", en="{target} ({what}): confirmed on {date}."),
    TOLD.unknown,
)
NOTED: Final = declare(
    "target_noted",
    Ground.ROW,
    Label(
        fr="{target} ({what}) : noté comme fait par notre équipe le {date}.",
        en="{target} ({what}): our team noted on {date} that it is done.",
    ),
    TOLD.unknown,
)
EXEMPTED: Final = declare(
    "target_exempted",
    Ground.ROW,
    Label(
        fr="{target} ({what}) : n'a pas à le faire, car {why}. {words}",
        en="{target} ({what}): need not do it, because {why}. {words}",
    ),
    TOLD.unknown,
)


def followers(request_id: int, language: object) -> list[str]:
    """Return where each system and recipient stands that was told for a request; nothing where nobody was."""
    return say_followers(instructions_of(request_id), language)


def say_followers(told: Iterable[Instruction], language: object) -> list[str]:
    """Return the same of rows that are read already."""
    return [_said(each, language) for each in told]


def followers_of_erasure(erasure_id: int, language: object) -> list[str]:
    """Return where each of those stands that were told of an erasure that no request asked for."""
    return [_said(each, language) for each in instructions_of_erasure(erasure_id)]


def _said(each: Instruction, language: object) -> str:
    behind = row(Instruction.__tablename__, each.id)
    facts = {"target": target_name(each.target, language), "what": _in_a_sentence(each, language)}
    if each.state is InstructionState.EXEMPT and each.exemption:
        why = each.exemption.label(language)
        return say(EXEMPTED, behind, language, **facts, why=why, words=each.words).strip()
    if each.state in CLOSED_STATES and each.acknowledged_at:
        whose = FOLLOWED if each.acknowledged_by == each.target else NOTED
        return say(whose, behind, language, **facts, date=long_date(each.acknowledged_at, language))
    is_told = each.sent_at is not None and each.state is InstructionState.SENT
    date = long_date(each.sent_at, language) if each.sent_at else ""
    return say(TOLD, behind if is_told else None, language, **facts, date=date)


def _in_a_sentence(each: Instruction, language: object) -> str:
    label = what_in_words(each, language)
    return label[:1].lower() + label[1:]
