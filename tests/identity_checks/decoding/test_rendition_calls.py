"""What the kernel is asked for while documents are decoded, told by strace: two programs, and no way out."""

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# Each process has a log of its own: in a common one, calls of several at once are cut into two lines each.
PROGRAM = re.compile(r'execve\w*\("([^"]+)", \[(.*?)\], .*= 0$')
REACH = re.compile(r"(?:socket|connect|bind|sendto)\(")
DECODER = re.compile(r'"-I", "-B", "[^"]*rendering_child\.py"')
WATCHED = ["strace", "-ff", "-qq", "-s", "500", "-e", "trace=execve,execveat,socket,connect,bind,sendto"]


@pytest.mark.trial
@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace here (Debian package strace)")
def test_decoding_starts_nothing_else_and_calls_nobody(tmp_path: Path) -> None:
    # Of the deadlines, only that of the endless form is meant to be met, after its child has surely begun.
    script = f"""
    from pathlib import Path
    from portal.identity_checks.decoding.inspection import DocumentRefused, inspect
    from portal.identity_checks.decoding.rendition import render
    from tests.support.documents import specimens

    slots = Path({str(tmp_path)!r})
    for make in (specimens.phone_jpeg, specimens.chatty_png, specimens.turned_heic, specimens.talkative_pdf,
                 specimens.scanned_pdf):
        document = make()
        render(document, inspect(document).kind, slots=slots, deadline_seconds=120)
    document = specimens.form_that_calls_itself()
    try:
        render(document, inspect(document).kind, slots=slots, deadline_seconds=20)
    except DocumentRefused:
        pass
    """
    logs = tmp_path / "calls"
    logs.mkdir()
    command = [*WATCHED, "-o", str(logs / "of"), sys.executable, "-c", textwrap.dedent(script)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=600)

    processes = [log.read_text().splitlines() for log in logs.iterdir()]
    started = [found.groups() for calls in processes for line in calls if (found := PROGRAM.match(line))]
    assert {Path(program).name for program, _words in started} <= {Path(sys.executable).name, "bwrap"}
    assert not [line for calls in processes for line in calls if "AF_INET" in line]
    decoders = [after for calls in processes if (after := calls_of_a_decoder(calls)) is not None]
    assert len(decoders) >= 6
    assert [line for calls in decoders for line in calls if REACH.match(line)] == []


def calls_of_a_decoder(calls: list[str]) -> list[str] | None:
    """Return what a process asked for once it was a decoder; what bubblewrap did before it became one is its own."""
    for place, line in enumerate(calls):
        found = PROGRAM.match(line)
        if found and "bwrap" not in line and DECODER.search(found.group(2)):
            return calls[place + 1 :]
    return None
