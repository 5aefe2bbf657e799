"""What a person said to the choices that a use of data depends on, as the proof has it.

The proof belongs to a domain above. It registers a function here, so that the pages of records and the copy of the data
can say what the person chose without knowing where that is kept.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from portal.bilingual import long_date
from portal.personal_data.sentences import (
    AGREED,
    AGREED_IN_PART,
    COLLECTED_WITH_AGREEMENT,
    REFUSED,
    Behind,
    say,
)


@dataclass(frozen=True)
class Answer:
    """One yes or no of a person to one choice, with the row that proves it.

    Attributes:
        customer_id: whose answer it is.
        at: from when it counts, an aware instant.
    """

    customer_id: int
    choice: str
    is_yes: bool
    at: datetime
    behind: Behind


Reader = Callable[[Collection[int], Collection[str]], Iterable[Answer]]
_readers: list[tuple[frozenset[str], Reader]] = []
_pages: dict[str, str] = {}


def read_agreements(choices: Collection[str], *, taken_back_at: str | None = None) -> Callable[[Reader], Reader]:
    """Register a function that returns the answers of customers to some of `choices`, in any order, in one query.

    Args:
        taken_back_at: the endpoint of the page on which the customer takes them back; None where a request is needed.
    """

    def register(read: Reader) -> Reader:
        _readers.append((frozenset(choices), read))
        if taken_back_at:
            _pages.update(dict.fromkeys(choices, taken_back_at))
        return read

    return register


def known_choices() -> frozenset[str]:
    """Return every choice that some domain keeps the answers to."""
    return frozenset().union(*(choices for choices, _read in _readers))


def taken_back_at(choice: str) -> str | None:
    """Return the endpoint of the page on which a customer takes a choice back; None where a request is needed."""
    return _pages.get(choice)


class Agreements:
    """A customer's answers to some choices, in the order in which they count."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        # At the same instant a no counts after a yes, as it does for the flags that marketing reads.
        self._answers = sorted(answers, key=lambda answer: (answer.at, not answer.is_yes))

    @classmethod
    def of(cls, customer_id: int, choices: Collection[str]) -> "Agreements":
        """Read a customer's answers to some choices, with one query for each domain that keeps one of them."""
        return cls.of_each([customer_id], choices)[customer_id]

    @classmethod
    def of_each(cls, customer_ids: Collection[int], choices: Collection[str]) -> dict[int, "Agreements"]:
        """Read the answers of each of some customers, with as many queries as for one."""
        wanted = frozenset(choices)
        found: dict[int, list[Answer]] = defaultdict(list)
        for kept, read in _readers:
            if kept & wanted:
                for answer in read(customer_ids, kept & wanted):
                    found[answer.customer_id].append(answer)
        return {customer_id: cls(found[customer_id]) for customer_id in customer_ids}

    def standing(self, choices: Collection[str], until: datetime | None = None) -> dict[str, Answer]:
        """Return the newest answer to each choice, at an instant or now."""
        return {
            answer.choice: answer
            for answer in self._answers
            if answer.choice in choices and (until is None or answer.at <= until)
        }

    def cover(self, choices: Collection[str], at: datetime) -> Answer | None:
        """Return the yes with which something was collected at an instant: the newest of one choice at least, or None.

        An agreement after the fact covers nothing, and one that was taken back before it neither.
        """
        yes = [answer for answer in self.standing(choices, at).values() if answer.is_yes]
        return max(yes, key=lambda answer: answer.at, default=None)


def say_agreement(agreements: Agreements, choices: Collection[str], language: object) -> str:
    """Return what a person chose on a use of data, with its date.

    Args:
        choices: the choices that the use depends on.
    """
    standing = agreements.standing(choices).values()
    yes = [answer for answer in standing if answer.is_yes]
    if not standing:
        return say(AGREED, None, language)
    newest = max(yes or standing, key=lambda answer: answer.at)
    if not yes:
        return say(REFUSED, newest.behind, language, date=_day(newest.at, language))
    if len(choices) == 1:
        return say(AGREED, newest.behind, language, date=_day(newest.at, language))
    return say(
        AGREED_IN_PART, newest.behind, language, given=len(yes), total=len(choices), date=_day(newest.at, language)
    )


def say_collected(agreements: Agreements, choices: Collection[str], at: datetime, language: object) -> str:
    """Return with which agreement something was collected at an instant, or that none is found."""
    newest = agreements.cover(choices, at)
    if newest is None:
        return say(COLLECTED_WITH_AGREEMENT, None, language)
    return say(COLLECTED_WITH_AGREEMENT, newest.behind, language, date=_day(newest.at, language))


def _day(instant: datetime, language: object) -> str:
    return long_date(instant, language, weekday=False)
