"""CSV cells that a spreadsheet opens as text."""

import csv
import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.access.tokens import create_token
from portal.infrastructure.database import transaction
from portal.web.csv_files import csv_bytes, csv_line, csv_lines, safe_cell
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.insiders import allow_export


@pytest.mark.parametrize("text", ["=1+1", "+cmd|x", "-2+3+cmd", "@SUM(A1)", '=HYPERLINK("x")', "+A1"])
def test_a_formula_becomes_text(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize(
    "text",
    [
        "\uff1d1+1", "\uff0b1", "\uff0dA1", "\uff20SUM(A1)", "\ufe661", "\u200b=1", "\ufeff=1", "\xa0=1", "  =1",
        "\u202e=1", "\u200f\u2066=1", "\xad=1", '"=1"', " -2+3", "-2-3", "+1/2", "-2*3", "-(2)", "\u3164=1", "\u115f=1",
        "\ufe0f=1", "\u034f=1", "\u2800=1", "\U000e0100=1", "\u2212A1", "\u2212(2)", "\ufe62A1", "@jean", "=", "\x1b=1", "\u3000=1",
        "+1+cmd", "-2+3", "+33-6", "-1,5/3", "- une note", "+(0)6", "\ttext", "\0text",
    ],
)  # fmt: skip
def test_what_is_typed_to_hide_a_formula_becomes_text_too(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ('x;=HYPERLINK("http://a.example";"b")', 'x;\'=HYPERLINK("http://a.example";"b")'),
        ("x;\u200b\uff1d1;@A1;-5;y", "x;'\u200b\uff1d1;'@A1;-5;y"),
        ('x;"=1"', 'x;\'"=1"'),
        ("x\v=1\f=2\x85=3\u2028=4\u2029=5", "x\v'=1\f'=2\x85'=3\u2028'=4\u2029'=5"),
        ("x\x00=1;\u3164\uff1d1", "x\x00=1;'\u3164\uff1d1"),
        ("x\n=1\r\n+A1\t=2", "x\n'=1\r\n'+A1\t'=2"),
        (";=1", ";'=1"),
        ("\t=1", "'\t'=1"),
        ("\r\n\u200b\uff1d1", "'\r\n'\u200b\uff1d1"),
        ("\0=1", "'\0=1"),
        ("-5\n*2", "'-5\n*2"),
        ("x; y=1, a+b; -49,90; z", "x; y=1, a+b; -49,90; z"),
        # Where semicolons separate, the last part goes on into the next cell, which may be 2*3 or worse.
        ("x; -49,90", "x;' -49,90"),
        (";-5", ";'-5"),
        ("x\n+33", "x\n'+33"),
    ],
)
def test_a_formula_inside_a_cell_becomes_text(text: str, safe: str) -> None:
    assert safe_cell(text) == safe


CELL = st.text(st.sampled_from("ax12=+-@;,\t\r\n\"' \u200b\xa0\ufeff\u202e\uff1d\uff0b(0)/*"), max_size=12)


@given(st.lists(CELL, min_size=1, max_size=3), st.sampled_from(",;\t"))
@example([";-0", "="], ";")
@example([";-5", "2*(12)"], ";")
@example(["x\t-5", "2*(12)"], "\t")
@example([";-5 ", "a", "1+x"], ";")
def test_no_spreadsheet_finds_a_formula_by_whichever_separator(cells: list[str], separator: str) -> None:
    read = csv.reader(io.StringIO(csv_line(["C-1", *cells]), newline=""), delimiter=separator)
    found = [cell for row in read for cell in row if re.match(r"[\s\u200b\ufeff\u202e]*[=+@\uff1d\uff0b-]", cell)]
    assert all(re.fullmatch(r"[\s\u200b\ufeff\u202e]*[+-][0-9][^=+*/@-]*", cell) for cell in found)


@pytest.mark.parametrize(
    "text",
    [
        "+33 6 12 34 56 78", "+33612345678", "+33 (0)6 12 34 56 78", "+33.6.12.34.56.78", "-49.90", "-1\u202f049,90\xa0€",
        "-5 %", "\u22125 %", "-1,50 €", "1e5", "Élodie", "Jean-Luc", "a=b", "a; b", "C-1", "",
    ],
)  # fmt: skip
def test_plain_text_and_numbers_stay(text: str) -> None:
    assert safe_cell(text) == text


def test_a_line_reads_back_as_it_was() -> None:
    text = "".join(csv_lines(["a", "b"], [["x, y", 'say "non"'], ["été\nhiver", None]]))
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["a", "b"], ["x, y", 'say "non"'], ["été\nhiver", ""]]


@pytest.mark.parametrize(
    "cell", ["a", "", "x, y", 'say "non"', "été\nhiver", "a\r\nb", " a ", 12, -3.5, None, "'", "''"]
)
def test_a_cell_is_quoted_as_the_standard_has_it(cell: object) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([safe_cell(cell), "b"])
    assert csv_line([cell, "b"]) == buffer.getvalue()


def test_cells_written_before_follow_the_others() -> None:
    assert csv_line(["=1+1", "a,b"], "true,false") == '\'=1+1,"a,b",true,false\r\n'


@pytest.mark.parametrize("for_people", [True, False])
def test_only_a_file_for_people_begins_with_the_mark(for_people: bool) -> None:
    content = b"".join(csv_bytes(csv_lines(["é"], [["à"]]), for_people=for_people))
    assert content == ("\ufeff" if for_people else "").encode() + "é\r\nà\r\n".encode()


def test_every_file_is_for_people_or_for_programs(people: People) -> None:
    customer = people.signed_in()
    marketing = people.signed_in_staff("marketing")
    allow_export("marketing@example.org")
    with transaction():
        _row, token = create_token("test", ["preferences:list"])
    feed = Browser(people.app).client.get("/feed/v1/preferences.csv", headers={"Authorization": f"Bearer {token}"})
    for_people = [
        customer.client.get("/access-log.csv"),
        customer.client.get("/preferences/history.csv"),
        marketing.client.get("/staff/marketing/preferences.csv"),
    ]
    assert [answer.data[:3] for answer in for_people] == [b"\xef\xbb\xbf"] * 3
    assert feed.data.startswith(b"customer,suppressed,")
    for answer in (*for_people, feed):
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.data.endswith(b"\r\n")
