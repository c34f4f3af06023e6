"""Text files that users give: UTF-8, with or without the mark that some editors put in front.

Editors and shells of Windows write UTF-16 and byte order marks. A mark is dropped; another encoding
is named, so that its user knows what to change.
"""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Final, TextIO

__all__ = ["MARK", "check_is_utf8", "decoded", "lines_of", "standard_input"]

#: The longer marks first: that of UTF-32 begins as that of UTF-16 does.
MARKS: Final = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
BEGINNING: Final = 4  # bytes that tell
MARK: Final = "\ufeff"
NEWLINE: Final = b"\n"
GZIP: Final = b"\x1f\x8b"


def check_is_utf8(beginning: bytes) -> None:
    """Raise ValueError if a file that begins so is UTF-16, UTF-32 or compressed.

    Example:
        >>> check_is_utf8("queued".encode("utf-16"))
        Traceback (most recent call last):
        ValueError: it is UTF-16; save it as UTF-8
    """
    if beginning.startswith(GZIP):
        raise ValueError("it is compressed by gzip; unpack it first")
    other = next((name for mark, name in MARKS.items() if beginning.startswith(mark)), None)
    first = beginning[:BEGINNING]
    # Without a mark: of plain words, every second byte is null, or all but each fourth.
    if other is None and len(first) > 1 and not (any(first[::2]) and any(first[1::2])):
        other = "UTF-32" if first.count(0) > BEGINNING // 2 else "UTF-16"
    if other:
        raise ValueError(f"it is {other}; save it as UTF-8")


def decoded(data: bytes, *, errors: str = "strict") -> str:
    """Return the text of a file, without a byte order mark.

    Args:
        data: the file's bytes.
        errors: as for `bytes.decode`, for what is not UTF-8 within a file that else is.

    Raises:
        ValueError: it is in another encoding, which is named, or the line that is not UTF-8.

    Example:
        >>> decoded("Hello".encode("utf-8-sig"))
        'Hello'
    """
    check_is_utf8(data[:BEGINNING])
    try:
        # A mark stands within a file that was put together from several.
        return data.decode("utf-8-sig", errors).replace(f"\n{MARK}", "\n")
    except UnicodeDecodeError as error:
        what = f"line {data.count(NEWLINE, 0, error.start) + 1} is not UTF-8"
        raise ValueError(f"{what} (byte 0x{data[error.start]:02x}); save it as UTF-8") from error


def standard_input() -> IO[bytes]:
    """Return the bytes of standard input, as they come."""
    buffer: IO[bytes] | None = getattr(sys.stdin, "buffer", None)
    return io.BytesIO(sys.stdin.read().encode()) if buffer is None else buffer


@contextmanager
def lines_of(file: IO[bytes]) -> Iterator[TextIO]:
    """Read a binary file as text, line by line; a byte that is not UTF-8 becomes a surrogate.

    So names that differ in such bytes stay different. `telling.harmless` shows them as a mark.

    Raises:
        ValueError: it is in another encoding, which is named.
    """
    raw: Any = file
    buffered = raw if hasattr(raw, "peek") else io.BufferedReader(raw)
    check_is_utf8(buffered.peek(BEGINNING)[:BEGINNING])
    text = io.TextIOWrapper(buffered, encoding="utf-8-sig", errors="surrogateescape")
    try:
        yield text
    finally:
        text.detach()  # the file is its opener's to close
