"""Turn a stranger's document into pictures that carry nothing but pixels.

A child process decodes it: no network, no files, bounded memory, processor time and wall time (`isolation`,
`rendering_child`). This side trusts nothing that the child answers. It reads a bounded number of bytes, and builds new
JPEG files from raw pixels, so that no EXIF, XMP, ICC profile, comment or script of the original survives.
"""

import fcntl
import os
import selectors
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from portal.identity_checks.decoding.inspection import (
    MAX_PAGES,
    MAX_PIXELS,
    DocumentKind,
    DocumentRefused,
    UploadProblem,
)
from portal.identity_checks.decoding.isolation import CHILD, ChildUnavailable, isolation_report, start

__all__ = ["RenditionBusy", "RenditionPage", "RenditionUnavailable", "isolation_report", "render"]

LONGEST_EDGE = 2000
JPEG_QUALITY = 85
AT_ONCE = 2
"""Renditions at a time on one machine: as many as the smallest machine for this portal has cores."""
_PAGE_HEAD = struct.Struct(">HH")
_LONGEST_ANSWER = 3 + MAX_PAGES * (_PAGE_HEAD.size + 3 * LONGEST_EDGE * LONGEST_EDGE)
_PIPE_SIZE = 64 * 1024
_OUT_OF_CPU = (-signal.SIGXCPU, 128 + signal.SIGXCPU)


class RenditionBusy(Exception):
    """Other renditions took every turn for the whole waiting time: try again later."""


class RenditionUnavailable(Exception):
    """The child did not start or no turn could be taken; the document is not to blame. Try again later."""


@dataclass(frozen=True, slots=True)
class RenditionPage:
    jpeg: bytes
    width: int
    height: int


def render(
    document: bytes,
    kind: DocumentKind,
    *,
    slots: Path,
    wait_seconds: float = 30,
    deadline_seconds: float = 15,
) -> list[RenditionPage]:
    """Return the document's pages, upright, at most 2000 pixels long, as JPEG files built from pixels only.

    Args:
        document: bytes that passed `inspection.inspect`.
        kind: what `inspect` found; the decoder never guesses.
        slots: folder of the lock files by which all processes of this machine take turns.
        wait_seconds: how long to wait for a turn.
        deadline_seconds: wall time for the child; past it the child is killed.

    Raises:
        DocumentRefused: something is wrong with the document.
        RenditionBusy: no turn came within the waiting time.
        RenditionUnavailable: the child does not start here.
    """
    with _turn(slots, wait_seconds):
        answer = _ask_child(document, kind, time.monotonic() + deadline_seconds)
    return [_rebuilt(*page) for page in _pages(answer)]


def _rebuilt(width: int, height: int, pixels: memoryview) -> RenditionPage:
    buffer = BytesIO()
    Image.frombytes("RGB", (width, height), pixels).save(buffer, "JPEG", quality=JPEG_QUALITY)
    return RenditionPage(buffer.getvalue(), width, height)


@contextmanager
def _turn(folder: Path, wait_seconds: float) -> Iterator[None]:
    """Hold one of the machine's turns, as a lock on a file. A process that dies loses its lock and frees the turn."""
    give_up = time.monotonic() + wait_seconds
    while (place := _free_place(folder)) is None:
        if time.monotonic() >= give_up:
            raise RenditionBusy("every place for renditions is taken")
        time.sleep(0.05)
    try:
        yield
    finally:
        os.close(place)


def _free_place(folder: Path) -> int | None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for number in range(AT_ONCE):
            place = os.open(folder / f"rendition-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(place)
                continue
            return place
    except OSError as error:
        raise RenditionUnavailable(f"no turn can be taken: {error.strerror}") from error
    return None


def _ask_child(document: bytes, kind: DocumentKind, deadline: float) -> memoryview:
    """Return what the child answered, without its ready mark."""
    try:
        child = start(CHILD, kind.value, str(MAX_PIXELS), str(MAX_PAGES), str(LONGEST_EDGE))
    except ChildUnavailable as error:
        raise RenditionUnavailable(str(error)) from error
    answer = bytearray()
    try:
        _converse(child, document, answer, deadline)
        with suppress(subprocess.TimeoutExpired):
            child.wait(1)
    except TimeoutError:
        if answer:
            raise DocumentRefused(UploadProblem.TIMED_OUT) from None
    finally:
        _end(child)
    if not answer.startswith(b"R"):
        raise RenditionUnavailable("the process that decodes documents did not get ready")
    if len(answer) == 1 and child.returncode in _OUT_OF_CPU:
        raise DocumentRefused(UploadProblem.TIMED_OUT)
    return memoryview(answer)[1:]


def _converse(child: "subprocess.Popen[bytes]", document: bytes, answer: bytearray, deadline: float) -> None:
    """Feed the document and collect the answer until the child ends it. Raises `TimeoutError` at the deadline."""
    assert child.stdin is not None
    assert child.stdout is not None
    pending = memoryview(document)
    os.set_blocking(child.stdin.fileno(), False)
    with selectors.DefaultSelector() as waiting:
        waiting.register(child.stdin, selectors.EVENT_WRITE)
        waiting.register(child.stdout, selectors.EVENT_READ)
        while len(answer) <= _LONGEST_ANSWER:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            ready = {key.fileobj for key, _ in waiting.select(left)}
            if child.stdin in ready:
                pending = _feed(child.stdin.fileno(), pending)
                if not pending:
                    waiting.unregister(child.stdin)
                    child.stdin.close()
            if child.stdout in ready:
                part = os.read(child.stdout.fileno(), _PIPE_SIZE)
                if not part:
                    return
                answer += part


def _feed(descriptor: int, pending: memoryview) -> memoryview:
    try:
        return pending[os.write(descriptor, pending[:_PIPE_SIZE]) :]
    except BrokenPipeError:
        return pending[:0]


def _end(child: "subprocess.Popen[bytes]") -> None:
    # The whole group is killed, also when the child is gone: it may have left a process running.
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe:
            with suppress(BrokenPipeError):
                pipe.close()


def _pages(answer: memoryview) -> list[tuple[int, int, memoryview]]:
    """Return (width, height, RGB bytes) of each page, trusting nothing in the answer. Raises `DocumentRefused`."""
    if bytes(answer[:1]) == b"X":
        raise _refusal(bytes(answer[2:64]))
    pages = []
    if bytes(answer[:1]) == b"P":
        rest = answer[2:]
        for _ in range(min(answer[1] if len(answer) > 1 else 0, MAX_PAGES)):
            if len(rest) < _PAGE_HEAD.size:
                raise DocumentRefused(UploadProblem.UNREADABLE)
            width, height = _PAGE_HEAD.unpack_from(rest)
            end = _PAGE_HEAD.size + 3 * width * height
            if not (0 < width <= LONGEST_EDGE and 0 < height <= LONGEST_EDGE and end <= len(rest)):
                raise DocumentRefused(UploadProblem.UNREADABLE)
            pages.append((width, height, rest[_PAGE_HEAD.size : end]))
            rest = rest[end:]
    if not pages:
        raise DocumentRefused(UploadProblem.UNREADABLE)
    return pages


def _refusal(reason: bytes) -> DocumentRefused:
    code, _, number = reason.decode("ascii", "replace").partition(" ")
    if code == UploadProblem.TOO_MANY_PAGES and number.isdecimal():
        return DocumentRefused(UploadProblem.TOO_MANY_PAGES, pages=int(number), limit=MAX_PAGES)
    if code in _REASONS_OF_THE_CHILD:
        return DocumentRefused(UploadProblem(code))
    return DocumentRefused(UploadProblem.UNREADABLE)


_REASONS_OF_THE_CHILD = frozenset(
    {
        UploadProblem.UNREADABLE,
        UploadProblem.TRUNCATED,
        UploadProblem.ENCRYPTED_PDF,
        UploadProblem.TOO_MANY_PIXELS,
    }
)
