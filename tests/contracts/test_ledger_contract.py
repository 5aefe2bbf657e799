"""Both ledgers keep the same promises: a line is written once, by whoever holds the key, after the one before it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal.infrastructure.ledger import GENESIS, Ledger, Line, LineBroken, LineTaken, StorageError, ledger_from_url
from portal.infrastructure.sealing.hashing_keys import HashingKeys
from portal.infrastructure.sealing.keys import new_master_keys, with_next_master_key
from portal.infrastructure.storage import storage_from_url
from tests.support.servers.buckets import MISSING, bucket_server, weed_program

FIRST_KEY = new_master_keys()
AT = datetime(2026, 3, 10, 8, 30, tzinfo=UTC)

Opened = Callable[[str], Ledger]


@pytest.fixture(scope="module")
def bucket_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = weed_program()
    if program is None:
        pytest.skip(MISSING)
    with bucket_server(program, tmp_path_factory.mktemp("seaweedfs")) as url:
        yield url


@pytest.fixture(params=["files", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "files":
        return f"file://{tmp_path}/ledger"
    bucket: str = request.getfixturevalue("bucket_url")
    return bucket.replace("s3://portal", f"s3://portal/{tmp_path.name.replace('[', '-').replace(']', '')}")


def ledger_at(url: str, keys: str = FIRST_KEY) -> Ledger:
    return ledger_from_url(url, HashingKeys.parse(keys))


def written(ledger: Ledger, count: int) -> list[Line]:
    lines: list[Line] = []
    for n in range(1, count + 1):
        previous = lines[-1].hash if lines else GENESIS
        lines.append(Line(n, "e1", "objected", AT, {"customer": f"pid{n}", "flags": ["é"]}, previous))
        ledger.write(lines[-1])
    return lines


def test_lines_are_read_back_in_order(url: str) -> None:
    lines = written(ledger_at(url), 3)
    ledger = ledger_at(url)
    assert list(ledger.after(0, GENESIS)) == lines
    assert list(ledger.after(1, lines[0].hash)) == lines[1:]
    assert ledger.read(2) == lines[1]
    assert ledger.read(4) is None


def test_a_line_is_named_by_twenty_digits(url: str) -> None:
    written(ledger_at(url), 2)
    assert sorted(found.key for found in storage_from_url(url).list()) == ["0" * 19 + "1", "0" * 19 + "2"]


def test_the_same_line_may_be_written_again_and_another_may_not(url: str) -> None:
    ledger = ledger_at(url)
    [line] = written(ledger, 1)
    ledger.write(line)
    other = Line(1, "e1", "lifted", AT, {}, GENESIS)
    with pytest.raises(LineTaken) as caught:
        ledger.write(other)
    assert caught.value.line == line
    assert ledger.read(1) == line


def test_who_has_no_key_writes_no_line(url: str) -> None:
    written(ledger_at(url, new_master_keys()), 1)
    with pytest.raises(LineBroken, match="line 1 of the ledger was altered, or written under another"):
        ledger_at(url).read(1)


def test_an_altered_line_is_no_line(url: str) -> None:
    written(ledger_at(url), 1)
    storage = storage_from_url(url)
    kept = b"".join(storage.open("0" * 19 + "1"))
    storage.delete("0" * 19 + "1")
    storage.put("0" * 19 + "1", [kept.replace(b"objected", b"rejected")])
    with pytest.raises(LineBroken):
        ledger_at(url).read(1)


def test_a_line_that_was_moved_is_no_line(url: str) -> None:
    written(ledger_at(url), 1)
    storage = storage_from_url(url)
    storage.put("0" * 19 + "2", storage.open("0" * 19 + "1"))
    with pytest.raises(LineBroken, match="line 2 of the ledger is another one, with the number 1"):
        ledger_at(url).read(2)


def test_a_line_that_does_not_follow_stops_the_reader(url: str) -> None:
    ledger = ledger_at(url)
    written(ledger, 1)
    ledger.write(Line(2, "e1", "lifted", AT, {}, GENESIS))
    with pytest.raises(LineBroken, match="line 2 of the ledger does not follow"):
        list(ledger.after(0, GENESIS))


def test_lines_under_an_older_key_are_read_while_it_is_in_the_list(url: str) -> None:
    [first] = written(ledger_at(url), 1)
    newer_first = ",".join(reversed(with_next_master_key(FIRST_KEY).split(",")))
    ledger = ledger_at(url, newer_first)
    ledger.write(Line(2, "e1", "lifted", AT, {}, first.hash))
    assert len(list(ledger.after(0, GENESIS))) == 2
    ledger.write(first)
    with pytest.raises(LineBroken, match="key version v1 is not configured; put that key back into PORTAL_LEDGER_KEY"):
        ledger_at(url, newer_first.split(",")[0]).read(1)


@pytest.mark.parametrize("where", ["file:///proc/nowhere/ledger", "s3://portal?endpoint=http://127.0.0.1:9&region=x"])
def test_a_ledger_out_of_reach_says_so(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with pytest.raises(StorageError):
        ledger_at(where).write(Line(1, "e1", "lifted", AT, {}, GENESIS))
