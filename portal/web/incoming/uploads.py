"""Files that people send: read into bounded memory, never written to disk in clear.

Werkzeug keeps an upload of more than 500 kB in a temporary file. An identity document must not lie there,
not even for a moment: a power cut would leave it readable.
"""

from io import BytesIO
from typing import IO, Any

from flask import Request
from werkzeug.datastructures import FileStorage

from portal.web.incoming.readable_requests import WholeForms

LARGEST_FILE = 10 * 1024 * 1024
TOLD_LIMIT = 10 * 1000**2
"""The limit that people are told, a little less than what is taken: nobody is refused what was promised."""


class BoundedFile(BytesIO):
    """A file in memory. Past the limit it drops its content, keeps nothing more, and goes on counting the bytes.

    So the page can say how large the file was, instead of breaking the connection.
    """

    def __init__(self, limit: int = LARGEST_FILE) -> None:
        super().__init__()
        self._limit = limit
        self.received = 0

    @property
    def is_too_large(self) -> bool:
        """Whether more bytes came than the limit; none of them is kept then."""
        return self.received > self._limit

    def write(self, data: Any, /) -> int:
        self.received += len(data)
        if self.is_too_large:
            self.seek(0)
            self.truncate()
            return len(data)
        return super().write(data)


class MemoryRequest(Request):
    """The app's request class: it keeps an uploaded file in memory, within the limit of one file."""

    form_data_parser_class = WholeForms

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BoundedFile()


def sent_file(sent: object) -> BoundedFile | None:
    """Return the file of a form field, or None when the person chose none.

    For a field without a chosen file, a browser sends an empty part without a name. An empty file has a name.
    """
    if not isinstance(sent, FileStorage) or not (sent.filename or "").strip():
        return None
    stream = sent.stream
    if not isinstance(stream, BoundedFile):
        raise TypeError("uploads must be parsed by MemoryRequest: set app.request_class")
    return stream
