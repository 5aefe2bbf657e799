"""What is said of one item: done, with the row that says so, or decided and not done yet; never done before it is.

The words stand after the name of the item, so that they agree with no gender and no number.
"""

from datetime import datetime
from typing import Final

from portal.bilingual import Label, long_date
from portal.personal_data.outcomes import ItemOutcome
from portal.personal_data.sentences import Ground, Sentence, declare, row, say
from portal.rights.items.models import RequestItem
from portal.rights.items.proposing import STATEMENTS


def _said(code: str, done: Label, not_yet: Label) -> Sentence:
    return declare(f"item_{code}", Ground.ROW, done, not_yet)


SENTENCES: Final = {
    ItemOutcome.ERASED: _said(
        "erased",
        Label(fr="effacement de ce portail fait le {date}.", en="erased from this portal on {date}."),
        Label(
            fr="effacement de ce portail décidé, qui n'est pas encore fait.",
            en="to be erased from this portal, which is not done yet.",
        ),
    ),
    ItemOutcome.ARCHIVED: _said(
        "archived",
        Label(fr="mise en archive faite le {date}.", en="moved to the archive on {date}."),
        Label(
            fr="mise en archive décidée, qui n'est pas encore faite.", en="to go to the archive, which is not done yet."
        ),
    ),
    ItemOutcome.CORRECTED: _said(
        "corrected",
        Label(fr="correction faite le {date}.", en="corrected on {date}."),
        Label(fr="correction décidée, qui n'est pas encore faite.", en="to be corrected, which is not done yet."),
    ),
    ItemOutcome.STATEMENT: _said(
        "statement",
        Label(fr="vos mots figurent à côté depuis le {date}.", en="your own words have stood beside it since {date}."),
        Label(
            fr="vos mots doivent figurer à côté, ce qui n'est pas encore fait.",
            en="your own words are to stand beside it, which is not done yet.",
        ),
    ),
    ItemOutcome.RESTRICTED: _said(
        "restricted",
        Label(fr="mise en pause faite le {date}.", en="put on hold on {date}."),
        Label(
            fr="mise en pause décidée, qui n'est pas encore confirmée par nos systèmes.",
            en="to be put on hold, which our systems have not confirmed yet.",
        ),
    ),
    ItemOutcome.STOPPED: _said(
        "stopped",
        Label(
            fr="arrêt de cette utilisation dans ce portail le {date}.",
            en="this use was stopped in this portal on {date}.",
        ),
        Label(
            fr="arrêt de cette utilisation décidé, qui n'est pas encore confirmé.",
            en="this use is to stop, which is not confirmed yet.",
        ),
    ),
    ItemOutcome.HANDED: _said(
        "handed",
        Label(fr="copie déposée dans votre compte le {date}.", en="a copy was ready in your account on {date}."),
        Label(fr="copie qui n'est pas encore prête.", en="a copy that is not ready yet."),
    ),
    ItemOutcome.RECORDED: _said(
        "recorded",
        Label(fr="enregistrement avec cette demande le {date}.", en="recorded with this request on {date}."),
        Label(fr="enregistrement qui n'est pas encore fait.", en="to be recorded, which is not done yet."),
    ),
    ItemOutcome.REVIEWED: _said(
        "reviewed",
        Label(
            fr="une personne de notre équipe l'a revue le {date}.", en="a person of our team looked at it on {date}."
        ),
        Label(
            fr="cette revue n'est pas encore faite.",
            en="a person of our team has not looked at it yet.",
        ),
    ),
}
"""By outcome; what is refused, kept, withheld, missing or left out claims nothing that was done."""


def say_item(item: RequestItem, as_of: datetime, language: object) -> str:
    """Return what stands behind an item at an instant: done on a day, or decided and not done yet; empty for a no."""
    outcome = item.outcome or item.proposed or ItemOutcome.REFUSED
    if item.part == STATEMENTS and outcome is ItemOutcome.CORRECTED:
        outcome = ItemOutcome.STATEMENT  # completed by the person's own words
    sentence = SENTENCES.get(outcome)
    if sentence is None:
        return ""
    if item.done_at is None or item.done_at > as_of:
        return say(sentence, None, language)
    behind = row(RequestItem.__tablename__, item.id)
    return say(sentence, behind, language, date=long_date(item.done_at, language, weekday=False))
