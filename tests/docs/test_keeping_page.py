"""docs/keeping.md says of every class when it ends and why, as the code declares it."""

from flask import Flask

from portal.personal_data.expiry.endings import Ending, endings, parts
from tests.support.looking.papers import ROOT, rows, section

PAGE = ROOT / "docs" / "keeping.md"


def line(ending: Ending) -> tuple[str, ...]:
    keeps = "yes" if getattr(ending.source, "about", None) else "no"
    share = "no" if ending.goes_freely else "yes"
    return (
        f"`{ending.code}`", ending.label.en, ending.term.text("en"), ending.starts.en, ending.ground.en, keeps, share,
    )  # fmt: skip


def test_the_page_lists_every_class_as_it_is_declared(app: Flask) -> None:
    declared = [line(ending) for ending in endings()]
    written = [tuple(row) for row in rows(section(PAGE.read_text("utf-8"), "When it ends"))]
    assert written == declared, "\n".join("| " + " | ".join(cells) + " |" for cells in declared)


def test_the_page_lists_what_has_no_end_of_its_own(app: Flask) -> None:
    declared = [
        (f"`{part.code}`", f"with `{part.ends_with}`" if part.ends_with else part.stays.en if part.stays else "")
        for part in parts()
        if part.ends_with or part.stays
    ]
    written = [tuple(row) for row in rows(section(PAGE.read_text("utf-8"), "What ends with something else, or stays"))]
    assert written == declared, "\n".join("| " + " | ".join(cells) + " |" for cells in declared)
