"""Start the process that decodes strangers' documents, isolated as far as this machine can do it.

With bubblewrap the process gets a read-only root of its own, which holds the interpreter and the decoders and nothing
of the portal. Without bubblewrap it starts as a plain process. In both cases it then gives up what it does not need
(`rendering_child.lock_down`).
"""

import functools
import os
import shutil
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

CHILD = Path(__file__).with_name("rendering_child.py")
_PROBE_SECONDS = 20
_SYSTEM_FOLDERS = ("/usr", "/lib", "/lib32", "/lib64", "/nix/store", "/etc/ld.so.cache")
_EXPECTED_LOCKS = {
    "network": "network: no namespace of its own (no new socket is allowed, though)",
    "privileges": "privileges: they could not be given up",
    "files": "files: this kernel has no Landlock (no file can be opened, though)",
    "calls": "calls: no seccomp filter (for this processor or this kernel)",
    "limits": "limits: none",
}


class ChildUnavailable(Exception):
    """The child cannot start. The fault is with this machine, not with a document."""


class Way(StrEnum):
    BUBBLEWRAP = "bubblewrap"
    """In a root of its own, with namespaces of its own."""
    DIRECT = "direct"
    """As a plain process that locks itself up."""


def start(script: Path, *arguments: str, way: Way | None = None) -> "subprocess.Popen[bytes]":
    """Start a Python script in isolation and return its process, with pipes for input and output.

    The process leads a group of its own, which the caller can kill as a whole.

    Args:
        way: how to start it; the best way that works here when absent.

    Raises:
        ChildUnavailable: no process can be started.
    """
    way = way or chosen_way()
    # Without `..`: in bubblewrap's root a folder that the path only passes through (a/../b) does not exist.
    interpreter = [os.path.abspath(sys.executable), "-I", "-B", str(script), *arguments]
    command = [*_bubblewrap(script), *interpreter] if way is Way.BUBBLEWRAP else interpreter
    try:
        return subprocess.Popen(  # noqa: S603  fixed programs, no shell; a document is never an argument
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Without HOME the interpreter would ask a name service for it, through a socket.
            env={"LANG": "C.UTF-8", "HOME": "/"},
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise ChildUnavailable(f"no process could be started: {error.strerror}") from error


def chosen_way() -> Way:
    """Return the best way to start the child that works on this machine. Raises `ChildUnavailable`."""
    return _probe()[0]


def isolation_report() -> list[str]:
    """Return one line for each lock that holds for the child here, then one for each that is missing."""
    try:
        way, locks = _probe()
    except ChildUnavailable as error:
        return [f"missing: {error}"]
    held = list(locks)
    if way is Way.BUBBLEWRAP:
        held.insert(0, "bubblewrap: an own root without the portal, no network, no other process in sight")
    known = {line.partition(":")[0] for line in held} | ({"network"} if way is Way.BUBBLEWRAP else set())
    lines = [f"holds: {line}" for line in held]
    if way is Way.DIRECT:
        lines.append("missing: bubblewrap: not installed, or not allowed here (Debian package bubblewrap)")
    return lines + [f"missing: {text}" for name, text in _EXPECTED_LOCKS.items() if name not in known]


@functools.cache
def _probe() -> tuple[Way, tuple[str, ...]]:
    """Try each way with a child that only locks itself up and reports its locks; return the first way that works."""
    for way in Way:
        if way is Way.BUBBLEWRAP and shutil.which("bwrap") is None:
            continue
        child = start(CHILD, "report", way=way)
        try:
            told, _ = child.communicate(timeout=_PROBE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            continue
        if child.returncode == 0:
            return way, tuple(told.decode("ascii").splitlines())
    raise ChildUnavailable("the process that decodes documents does not start on this machine")


def _bubblewrap(script: Path) -> list[str]:
    folders = dict.fromkeys([*_SYSTEM_FOLDERS, sys.base_prefix, sys.exec_prefix, sys.prefix])
    visible = [part for folder in folders for part in ("--ro-bind-try", folder, folder)]
    return [
        "bwrap",
        *_namespaces(),
        "--die-with-parent",
        *visible,
        *("--ro-bind", str(script), str(script)),
        *("--remount-ro", "/"),
        *("--chdir", "/"),
    ]


def _namespaces() -> list[str]:
    if os.geteuid() != 0:
        return ["--unshare-all", "--cap-drop", "ALL"]
    # Root needs no user namespace, and without one the child can become the machine's real user nobody.
    spaces = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    return [*spaces, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
