"""What the kernel is asked for while documents are decoded, told by strace: two programs, and no way out."""

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = re.compile(r'^(\d+) +execve\w*\("([^"]+)", \[(.*?)\], ')
REACH = re.compile(r"^(\d+) +(?:socket|connect|bind|sendto)\(")


@pytest.mark.trial
@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace here (Debian package strace)")
def test_decoding_starts_nothing_else_and_calls_nobody(tmp_path: Path) -> None:
    script = f"""
    from pathlib import Path
    from portal.identity_checks.decoding.inspection import DocumentRefused, inspect
    from portal.identity_checks.decoding.rendition import render
    from tests.support.documents import specimens

    for make in (specimens.phone_jpeg, specimens.chatty_png, specimens.turned_heic, specimens.talkative_pdf,
                 specimens.scanned_pdf, specimens.form_that_calls_itself):
        document = make()
        try:
            render(document, inspect(document).kind, slots=Path({str(tmp_path)!r}), deadline_seconds=5)
        except DocumentRefused:
            assert make is specimens.form_that_calls_itself
    """
    log = tmp_path / "calls"
    watched = [
        "strace",
        "-f",
        "-qq",
        "-s",
        "500",
        "-o",
        str(log),
        "-e",
        "trace=execve,execveat,socket,connect,bind,sendto",
    ]
    subprocess.run([*watched, sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, check=True, timeout=120)

    calls = log.read_text().splitlines()
    started = [found.groups() for line in calls if (found := PROGRAM.match(line)) and line.endswith("= 0")]
    assert {Path(program).name for _pid, program, _arguments in started} <= {Path(sys.executable).name, "bwrap"}
    assert not [line for line in calls if "AF_INET" in line]
    decoders = {
        pid
        for pid, _program, words in started
        if '"-I", "-B"' in words and "rendering_child.py" in words and "bwrap" not in words
    }
    assert len(decoders) >= 6
    assert calls_of_decoders(calls, decoders) == []


def calls_of_decoders(calls: list[str], decoders: set[str]) -> list[str]:
    """Return the ways out that decoders tried; what bubblewrap did before it became one is its own."""
    begun: set[str] = set()
    reached = []
    for line in calls:
        program, reach = PROGRAM.match(line), REACH.match(line)
        if program and "rendering_child.py" in line and "bwrap" not in line:
            begun.add(program.group(1))
        if reach and reach.group(1) in begun & decoders:
            reached.append(line)
    return reached
