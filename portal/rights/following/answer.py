"""The answer to a request as its customer reads it: the team's words, item by item, the letter, and whether it left."""

from dataclasses import dataclass
from typing import Final

from portal import clock
from portal.bilingual import Label, long_date
from portal.letters.dispatching import SENT, latest, note_opened
from portal.letters.models import Dispatch, DispatchChannel, DispatchState
from portal.personal_data.sentences import Ground, declare, row, say
from portal.rights.items.making import exceptions_of, items_of
from portal.rights.items.telling import letter
from portal.rights.items.telling.showing import ShownItems, show_items
from portal.rights.models import RightsRequest

ANSWER_SENT: Final = declare(
    "answer_sent",
    Ground.ROW,
    Label(fr="Notre réponse est partie le {date}.", en="Our answer left on {date}."),
    Label(
        fr="L'envoi n'est pas encore confirmé : vous pouvez lire notre réponse ici.",
        en="It is not confirmed yet that it left: you can read our answer here.",
    ),
)


@dataclass(frozen=True, slots=True)
class ToldAnswer:
    """What the page says of an answer.

    Attributes:
        text: the paragraph of the team; of an answer from before items, all of it.
        items: what became of each item, as it stands now.
        letter: the letter as it left, and `language` that of it.
        sent: when it left, by the note of its sending.
    """

    text: str
    items: ShownItems
    letter: str
    language: str
    sent: str


def answer_of(request: RightsRequest, text: str, language: object) -> ToldAnswer | None:
    """Return the answer to a request in a language; None before it.

    Args:
        text: what the team wrote in it.
    """
    if request.answered_at is None:
        return None
    items, exceptions = items_of(request.id), exceptions_of(request.id)
    written = letter.letter_of(request, items, text, request.language, exceptions, request.answered_at)
    return ToldAnswer(
        text=text,
        items=show_items(request, items, exceptions, language, clock.now()),
        letter=written.text if items else "",
        language=request.language,
        sent=_sent(request, language) if items else "",
    )


def _sent(request: RightsRequest, language: object) -> str:
    sent = latest("request", request.id, letter.CODE)
    if sent is None or sent.state not in SENT:
        return say(ANSWER_SENT, None, language)
    behind = row(Dispatch.__tablename__, sent.id)
    return say(ANSWER_SENT, behind, language, date=long_date(sent.at, language, weekday=False))


def awaits_opening(request: RightsRequest) -> bool:
    """Tell whether the answer waits in the account alone, and nobody has opened it there yet."""
    sent = latest("request", request.id, letter.CODE) if request.answered_at else None
    return sent is not None and (sent.channel, sent.state) == (DispatchChannel.ACCOUNT, DispatchState.QUEUED)


def open_answer(request: RightsRequest) -> None:
    """Note in the current transaction that the customer opened an answer that waited in their account."""
    note_opened("request", request.id)
