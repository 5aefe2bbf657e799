"""Who may read the archive of records: the records themselves, the copy, and the one door of an officer."""

from tests.architecture.test_imports import imports_of, sources

ARCHIVE = "portal.records.archive"
MAY = {
    "records/": "moves what is past its active use, counts it, erases it, and hands it to the person's own copy",
    "exports/": "writes the person's own copy",
    "lookups/archive/": "the door: a ground, half an hour, a line in the customer's log",
    "demo/seeding.py": "fills the archive of the demonstration",
}


def readers(found: list[tuple[str, str]]) -> set[str]:
    """Return the sources outside of the archive that import from it."""
    return {
        path
        for path, source in found
        for _line, name in imports_of(source)
        if name == ARCHIVE or name.startswith(f"{ARCHIVE}.")
    }


def test_nobody_else_imports_the_archive() -> None:
    others = {path for path in readers(sources()) if not path.startswith(tuple(MAY))}
    assert not others, f"{sorted(others)}: what lies in the archive is out of use; only {sorted(MAY)} read it"


def test_a_reader_is_found() -> None:
    assert readers([("preferences/feed/reading.py", "from portal.records.archive.models import ArchivedRecord")])
    assert not readers([("preferences/feed/reading.py", "from portal.records.archived import x")])
