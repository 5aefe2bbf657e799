"""What the people of the demonstration chose over time, as consent lines with the sentences that were shown."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any, Final

from portal import clock
from portal.demo.people import DemoCustomer
from portal.preferences.purposes import FLAGS

COMPANY = "Netkin"
WITHOUT_PROOF = "C-1002"
"""Of this one, data were collected that need consent, and nobody can show any: the pages say so."""

OBJECTOR: Final = "C-1008"
OBJECTED_DAYS_AGO: Final = 95
"""This one objected to all advertising then, and has chosen nothing since: the answer says that it has stopped."""

# Everybody else said yes to these before anything was collected on them; cookies were asked again after six months.
BEFORE = (
    ("product_news.email", 260), ("surveys.email", 260), ("personalisation", 260), ("email_open_tracking", 260),
    ("cookies.audience_measurement", 260), ("cookies.advertising", 260), ("cookies.audience_measurement", 75),
)  # fmt: skip
# How many of a hundred were asked, and how many of those said yes.
SOMETIMES = {
    "offers.email": (90, 60), "offers.post": (60, 40), "offers.sms": (70, 25), "offers.phone": (50, 10), "product_news.post": (50, 50),
    "partner_offers.email": (80, 20), "surveys.phone": (30, 20), "offers.social": (40, 30), "audience_statistics": (90, 70),
    "marketing_profiling": (80, 35), "cookies.personalisation": (90, 50), "cookies.advertising": (90, 40), "cookies.social_media": (90, 30),
}  # fmt: skip


def consent_lines(person: DemoCustomer) -> Iterator[dict[str, Any]]:
    """Yield what somebody accepted and refused, always the same; nothing for the one without proof and for prospects."""
    if person.number == WITHOUT_PROOF or person.since is None:
        return
    random = Random(f"what {person.number} chose")  # noqa: S311 - the same people every time, nothing secret
    for flag, days_ago in BEFORE:
        yield _line(person, flag, days_ago, is_given=True)
    for flag, (asked, accepted) in SOMETIMES.items():
        if random.randrange(100) < asked:
            yield _line(person, flag, random.randrange(20, 70), is_given=random.randrange(100) < accepted)
    if random.randrange(100) < 35:
        yield _line(person, "product_news.email", 12, is_given=False)


def _line(person: DemoCustomer, flag: str, days_ago: int, *, is_given: bool) -> dict[str, Any]:
    since = person.ended_days_ago + (OBJECTED_DAYS_AGO if person.number == OBJECTOR else 0)
    return {
        "type": "consent", "customer": person.number, "flag": flag, "given": is_given, "language": person.language,
        "at": (clock.now() - timedelta(days=days_ago + since)).isoformat(),
        "wording": FLAGS[flag].wording(person.language, COMPANY), "source": "netkin.fr",
    }  # fmt: skip
