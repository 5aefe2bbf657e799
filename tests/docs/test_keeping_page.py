"""docs/keeping.md says of every class when it ends and why, as the code declares it."""

from flask import Flask

from portal.infrastructure.database import db
from portal.personal_data.erasure.becoming import becomings
from portal.personal_data.erasure.planning import all_erasing
from portal.personal_data.expiry.endings import Ending, Reach, endings, parts
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


def test_the_page_lists_what_an_erasure_makes_of_each_part(app: Flask) -> None:
    declared = [(f"`{part}`", becoming.becomes.en, becoming.ground.en) for part, becoming in becomings().items()]
    written = [tuple(row) for row in rows(section(PAGE.read_text("utf-8"), "What an erasure makes of it"))]
    assert written == declared, "\n".join("| " + " | ".join(cells) + " |" for cells in declared)


def test_every_part_about_a_person_is_erased_or_says_what_stays(app: Flask) -> None:
    about = {part.code for part in parts() if part.reach not in {Reach.STAFF, Reach.NOBODY}}
    erasing = {code for code, _erasing in all_erasing()}
    known = {part.code for part in parts()}
    assert about <= set(becomings()), f"say in erasing.py what becomes of {sorted(about - set(becomings()))}"
    stays = {code for code, becoming in becomings().items() if becoming.leaves}
    assert about - erasing <= stays, f"{sorted(about - erasing - stays)} are neither erased nor said to stay"
    assert erasing | set(becomings()) <= known, "what is erased is a part, declared in an ends.py"


def test_what_an_erasure_leaves_are_columns_that_are_there(app: Flask) -> None:
    of_part = {part.code: part.tables for part in parts()}
    for code, becoming in becomings().items():
        for label in (becoming.becomes, becoming.ground):
            assert label.fr != label.en, code
        assert set(becoming.leaves) <= of_part[code], code
        for table, columns in becoming.leaves.items():
            assert columns <= set(db.metadata.tables[table].columns.keys()), table
