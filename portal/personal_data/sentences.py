"""Sentences about a person, a system or the law, each printed only with what stands behind it.

A sentence that nothing stands behind is not said: its unknown form is, which claims nothing. The words of these
sentences stand in no template and no other message (tests/personal_data/test_claims.py holds the list), so that no page
can say one by accident.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portal.bilingual import Label


class Ground(StrEnum):
    """What kind of thing stands behind a sentence."""

    ROW = "row"
    "A row of the database, by table and id: it goes when the row goes."
    SETTING = "setting"
    "What the company declares in its organisation file or its data map."


@dataclass(frozen=True)
class Behind:
    """What stands behind a sentence where it is said: the kind of ground, and which one."""

    ground: Ground
    reference: str


@dataclass(frozen=True)
class Sentence:
    """One claim: its words, and the words that are true while nothing stands behind it."""

    code: str
    ground: Ground
    said: Label
    unknown: Label


_declared: dict[str, Sentence] = {}


def declare(code: str, ground: Ground, said: Label, unknown: Label) -> Sentence:
    """Add a sentence to those that the portal may say, and return it.

    Raises:
        ValueError: another sentence has this code.
    """
    if code in _declared:
        raise ValueError(f"the sentence {code} is declared twice")
    _declared[code] = Sentence(code, ground, said, unknown)
    return _declared[code]


def declared() -> list[Sentence]:
    """Return every sentence, in the order of their codes."""
    return [_declared[code] for code in sorted(_declared)]


def say(sentence: Sentence, behind: Behind | None, language: object, **facts: object) -> str:
    """Return the sentence where something stands behind it, else its unknown form.

    Args:
        behind: what stands behind it; None says that nothing was found.
        facts: for the places in the words, such as a date or names; both forms may use them.

    Raises:
        ValueError: what stands behind it is of another kind than the sentence asks for.
    """
    if behind is None:
        return sentence.unknown.filled(language, **facts)
    if behind.ground is not sentence.ground or not behind.reference:
        raise ValueError(f"{sentence.code} rests on a {sentence.ground}, not on {behind}")
    return sentence.said.filled(language, **facts)


def row(table: str, identifier: object) -> Behind:
    """Return a row as what stands behind a sentence."""
    return Behind(Ground.ROW, f"{table}:{identifier}")


def setting(name: str) -> Behind:
    """Return a setting of the company as what stands behind a sentence."""
    return Behind(Ground.SETTING, name)


AGREED: Final = declare(
    "agreed",
    Ground.ROW,
    Label(fr="Vous avez donné cet accord le {date}.", en="You gave this consent on {date}."),
    Label(
        fr="Nous n'avons aucune trace d'un accord de votre part.",
        en="We have no record that you agreed.",
    ),
)
"""On one choice; the unknown form is also true of somebody who never chose."""

AGREED_IN_PART: Final = declare(
    "agreed_in_part",
    Ground.ROW,
    Label(
        fr="Vous avez donné cet accord pour {given} choix sur {total}, en dernier lieu le {date}.",
        en="You gave this consent for {given} of {total} choices, the latest on {date}.",
    ),
    AGREED.unknown,
)

REFUSED: Final = declare(
    "refused",
    Ground.ROW,
    Label(fr="Vous l'avez refusé ou retiré le {date}.", en="You refused it or took it back on {date}."),
    AGREED.unknown,
)

COLLECTED_WITH_AGREEMENT: Final = declare(
    "collected_with_agreement",
    Ground.ROW,
    Label(
        fr="Recueilli avec votre accord du {date}.",
        en="Collected with your consent of {date}.",
    ),
    Label(
        fr="Cette donnée demande votre accord, et nous n'en trouvons pas la trace. Vous pouvez la faire effacer, ou"
        " nous demander d'où elle vient, sans donner de motif.",
        en="This item requires your consent, and we cannot find a record of it. You can have it erased, or ask us where"
        " it comes from, without giving a reason.",
    ),
)

NO_AUTOMATED_DECISION: Final = declare(
    "no_automated_decision",
    Ground.SETTING,
    Label(
        fr="Aucune décision qui a un effet juridique ou semblable sur vous n'est prise par une machine seule.",
        en="No decision with a legal or similar effect on you is taken by a machine alone.",
    ),
    Label(
        fr="Nous ne pouvons pas encore dire si une machine seule prend des décisions à votre sujet. Vous pouvez"
        " demander qu'une personne revoie une décision.",
        en="We cannot tell yet whether a machine alone takes decisions about you. You can ask that a person looks at a"
        " decision again.",
    ),
)

DECIDED_BY_MACHINE: Final = declare(
    "decided_by_machine",
    Ground.SETTING,
    Label(
        fr="Une machine seule prend certaines décisions à votre sujet. Vous pouvez demander qu'une personne les revoie,"
        " donner votre avis et contester (article 22 du RGPD).",
        en="A machine alone takes some decisions about you. You can ask that a person looks at them again, say what you"
        " think and contest them (GDPR article 22).",
    ),
    NO_AUTOMATED_DECISION.unknown,
)


def say_automated(takes_automated_decisions: bool | None, language: object) -> str:
    """Return what the company declares on decisions by a machine alone (GDPR art. 15(1)(h), 22)."""
    sentence = DECIDED_BY_MACHINE if takes_automated_decisions else NO_AUTOMATED_DECISION
    is_known = takes_automated_decisions is not None
    return say(sentence, setting("takes_automated_decisions") if is_known else None, language)
