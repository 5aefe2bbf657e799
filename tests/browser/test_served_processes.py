"""What the processes that serve may do to the machine, seen from outside."""

from collections.abc import Iterator
from pathlib import Path

from tests.support.servers.served import Served


def processes(group: int) -> Iterator[Path]:
    """Yield the folders of /proc of the processes of a group."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            facts = (folder / "stat").read_text("utf-8").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(facts[2]) == group:
            yield folder


def test_no_crash_writes_keys_and_documents_to_the_disk(served: Served) -> None:
    limits = {
        line.split()[4:6] == ["0", "0"]
        for folder in processes(served.group)
        for line in (folder / "limits").read_text("utf-8").splitlines()
        if line.startswith("Max core file size")
    }
    assert limits == {True}
