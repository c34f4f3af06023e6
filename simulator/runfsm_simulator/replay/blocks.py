"""A stream, listened to block by block."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

from runfsm_simulator.wire.http import Blocks

__all__ = ["RecordedBlocks"]


class RecordedBlocks:
    """A stream whose blocks are told as they go.

    Args:
        inner: the stream.
        read: told of each block that went to its reader.
    """

    def __init__(self, inner: Blocks, read: Callable[[bytes], None]) -> None:
        self._inner = inner
        self._read = read

    def __iter__(self) -> Iterator[bytes]:
        for block in self._inner:
            self._read(block)
            yield block

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for block in self._inner:
            self._read(block)
            yield block

    def close(self) -> None:
        """The reader wants no more."""
        self._inner.close()
