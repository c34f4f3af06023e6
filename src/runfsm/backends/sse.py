"""Server-sent events, read from the bytes as they come. Pure.

As the HTML standard says (9.2.6, "interpreting an event stream"), without what only a reconnecting
browser needs: `id` and `retry`.

The `openai` client has such a reader too, inside a chain of generators that it does not close: on
trio each stream that is left warns of that, and one that was read to its `done` as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

__all__ = ["EVENT_MAX_BYTES", "EventReader", "ServerSentEvent"]

#: An event is an object of the API; none comes near.
EVENT_MAX_BYTES: Final = 16 * 1024 * 1024

LINE_END: Final = re.compile(rb"\r\n|\r|\n")
BOM: Final = b"\xef\xbb\xbf"


class ServerSentEvent(NamedTuple):
    """One event."""

    name: str
    data: str


class EventReader:
    r"""Turns pieces of a body, cut anywhere, into events. An event without an end is none.

    Example:
        >>> reader = EventReader()
        >>> list(reader.feed(b"event: done\nda"))
        []
        >>> list(reader.feed(b"ta: [DONE]\n\n"))
        [ServerSentEvent(name='done', data='[DONE]')]
    """

    __slots__ = ("_after_cr", "_data", "_is_first", "_line", "_name", "_size")

    def __init__(self) -> None:
        self._line = bytearray()  # that has not ended yet
        self._after_cr = False
        self._is_first = True
        self._name = "message"
        self._data: list[bytes] = []
        self._size = 0  # of the lines in `_data`

    def feed(self, chunk: bytes) -> Iterator[ServerSentEvent]:
        """The events that this piece completes.

        Raises:
            ValueError: an event is larger than `EVENT_MAX_BYTES`, or no UTF-8.
        """
        for line in self._lines(chunk):
            if line:
                self._take(line)
            elif (event := self._dispatch()) is not None:
                yield event

    def _lines(self, chunk: bytes) -> Iterator[bytes]:
        if not chunk:  # an empty piece may stand between CR and LF
            return
        if self._after_cr and chunk.startswith(b"\n"):  # a line's end that was cut in two
            chunk = chunk[1:]
        self._after_cr = chunk.endswith(b"\r")
        *ended, rest = LINE_END.split(chunk)
        for line in ended:
            yield self._whole(line)
        self._line += rest
        if self._size + len(self._line) > EVENT_MAX_BYTES:
            raise ValueError(f"an event of more than {EVENT_MAX_BYTES} bytes")

    def _whole(self, end: bytes) -> bytes:
        line = bytes(self._line + end)
        self._line.clear()
        if self._is_first:
            self._is_first = False
            return line.removeprefix(BOM)
        return line

    def _take(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._name = value.decode()
        elif name == b"data":
            self._data.append(value)
            self._size += len(value)

    def _dispatch(self) -> ServerSentEvent | None:
        name, data = self._name, self._data
        self._name, self._data, self._size = "message", [], 0
        return ServerSentEvent(name, b"\n".join(data).decode()) if data else None
