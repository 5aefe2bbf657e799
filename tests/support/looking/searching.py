"""Look for bytes in files from a process of its own.

A process that has SQLite open must never open and close the database's files itself. By POSIX, closing one descriptor
of a file gives up every lock that the process holds on that file. Another process would then believe that it is alone,
and would truncate the shared memory that the first one still uses.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

_SEARCH = """
import json, os, pathlib, sys

def gone(error):
    # Neighbours of this test remove what is theirs.
    if not isinstance(error, FileNotFoundError):
        raise error

def contents(top):
    for folder, _, names in os.walk(top, onerror=gone):
        for path in (pathlib.Path(folder, name) for name in names):
            try:
                if path.is_file() and not path.is_symlink():
                    yield path, path.read_bytes()
            except FileNotFoundError:
                continue

task = json.load(sys.stdin)
traces = [bytes.fromhex(trace) for trace in task["traces"]]
found = [
    f"{path} holds {trace[:24]!r}"
    for top in task["folders"] for path, content in contents(top) for trace in traces if trace in content
]
json.dump(found, sys.stdout)
"""


def found_in_files(folders: Iterable[Path], traces: Iterable[bytes]) -> list[str]:
    """Return where any of the traces stands, in any file below the folders."""
    task = {"folders": [str(folder) for folder in folders], "traces": [trace.hex() for trace in traces]}
    command = [sys.executable, "-I", "-S", "-c", _SEARCH]
    done = subprocess.run(command, input=json.dumps(task), stdout=subprocess.PIPE, text=True, check=True)
    found: list[str] = json.loads(done.stdout)
    return found
