"""Read a stream of NDJSON in bounded memory: a line that is too long is skipped, never held."""

import io
from collections.abc import Iterator

LONGEST_LINE = 256 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# The number of a line, from 1, and its content without line end: None when longer than `LONGEST_LINE` bytes.
Line = tuple[int, bytes | None]


def read_lines(stream: io.BufferedIOBase) -> Iterator[Line]:
    """Yield every line of a stream that is not blank."""
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            _skip_to_line_end(stream)
            yield number, None
            continue
        if number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        if content := line.strip():
            yield number, content


def _skip_to_line_end(stream: io.BufferedIOBase) -> None:
    while (part := stream.readline(LONGEST_LINE)) and not part.endswith(b"\n"):
        pass
