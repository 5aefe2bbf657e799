"""What one module says no other says again: the next reader or writer of the same thing would soon disagree with it."""

import re
from pathlib import Path

import pytest

PORTAL = Path(__file__).parents[2] / "portal"

# What gives a second reader or writer away, where the first one is, and who has a reason of their own.
PLACES = [
    (r"\bDR-?[{(\[]", "infrastructure/references.py", ()),
    # A header of a mail refuses what would end it, whoever wrote it; the organisation's file is read below this layer.
    (
        r"\\x7f|0x202A|\\u202[a-e]|\"Cc\"",
        "infrastructure/typed_texts.py",
        ("infrastructure/mail/message.py", "organisation.py"),
    ),
    (r"\bunicodedata\.combining\b", "infrastructure/plain_letters.py", ("demo/specimens.py",)),
    (r"\bformat_date\(|\bget_day_names\(|\b1er\"", "bilingual.py", ()),
    (r"CriOS|\bEdg\b", "web/browsers.py", ()),
    (r"'none'; sandbox", "web/headers.py", ()),
    # Gaps in a card number may hold the mark too.
    (
        r"\bcsv\.writer\b|\\ufeff",
        "web/csv_files.py",
        ("records/imports/card_numbers.py",),
    ),
]


@pytest.mark.parametrize(("sign", "place", "others"), PLACES, ids=[place for _sign, place, _others in PLACES])
def test_it_is_said_in_one_place(sign: str, place: str, others: tuple[str, ...]) -> None:
    found = {
        str(path.relative_to(PORTAL)): re.findall(sign, path.read_text(encoding="utf-8"))
        for path in PORTAL.rglob("*.py")
    }
    saying = {path for path, signs in found.items() if signs}
    assert place in saying, "the sign no longer tells anything"
    assert saying == {place, *others}, f"call portal/{place} instead"
