"""CSV cells that a spreadsheet opens as text."""

import csv
import io

import pytest

from portal.web.csv_files import csv_lines, safe_cell


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
