"""CSV cells that a spreadsheet opens as text."""

import csv
import io

import pytest

from portal.access.tokens import create_token
from portal.infrastructure.database import transaction
from portal.web.csv_files import csv_bytes, csv_line, csv_lines, safe_cell
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.insiders import allow_export


@pytest.mark.parametrize("text", ["=1+1", "+cmd|x", "-2+3+cmd", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("x")', "+A1"])
def test_a_formula_becomes_text(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize(
    "text", ["+33 6 12 34 56 78", "-49.90", "1e5", "Élodie", "a=b", "", "+33612345678", "- une note"[2:]]
)
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
