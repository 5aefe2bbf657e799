"""What is left of a text that somebody typed, in one line and in several."""

import sys
import unicodedata

import pytest

from portal.infrastructure.typed_texts import holds_controls, name_of, one_line, several_lines

DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
OVERRIDES = "\u202d\u202e"
MEANT = [
    "Élodie d’Été", "👩‍👩‍👧‍👦 🏳️‍🌈 ❤️", "Combien\u00a0? «\u00a0Rien\u00a0», 1\u202f248\u00a0€", "می‌خواهم", "شكرا", "क्‍ष", "a  b",
    "<b>{{7*7}}</b> %s", "日本\u3000語", "co\u00adopération", "\ufeffx",
]  # fmt: skip


@pytest.mark.parametrize("text", MEANT)
def test_what_people_mean_stays(text: str) -> None:
    assert one_line(text) == several_lines(text) == text
    assert not holds_controls(text)


def test_the_directions_are_all_those_that_unicode_has() -> None:
    """Every control of the bidirectional algorithm (UAX #9, 2) and nothing else."""
    classes = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    found = {sign for sign in map(chr, range(sys.maxunicode)) if unicodedata.bidirectional(sign) in classes}
    assert found | {"\u200e", "\u200f", "\u061c"} == set(DIRECTIONS)


@pytest.mark.parametrize("sign", DIRECTIONS)
def test_nothing_turns_the_direction_of_one_line(sign: str) -> None:
    assert one_line(f"Ca{sign}mille") == name_of(f"{sign}Camille") == one_line(f"Camille{sign} ")[:7] == "Camille"
    kept = "" if sign in OVERRIDES else sign
    assert several_lines(f"مرحبا{sign} a") == f"مرحبا{kept} a"


@pytest.mark.parametrize("code", [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0), 0xD800, 0xDFFF])
def test_no_control_is_left(code: int) -> None:
    typed = f"a{chr(code)}b"
    assert one_line(typed) == name_of(typed) == "a b"
    assert several_lines(typed) in {"ab", "a\nb"}
    assert holds_controls(typed)
    assert holds_controls(typed, has_lines=True)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_line_ends_stay_line_ends_or_become_a_blank(end: str) -> None:
    assert several_lines(f" a{end}{end}b{end}") == "a\n\nb"
    assert one_line(f"a{end}b{end}") == "a b"
    assert holds_controls(f"a{end}b")


def test_a_text_is_composed() -> None:
    assert one_line("Zoe\u0301") == several_lines("Zoe\u0301") == name_of("Zoe\u0301") == "Zoé"


def test_blanks_in_a_row_are_one_in_a_name_alone() -> None:
    assert name_of(" Marie\u00a0 \t Curie\u2028") == "Marie Curie"
    assert several_lines("a\t b") == "a\t b"
    assert not holds_controls("a\tb\r\nc", has_lines=True)
