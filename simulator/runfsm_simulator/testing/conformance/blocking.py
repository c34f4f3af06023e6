"""A backend of either kind, called as if it blocked: behaviours are written once."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from anyio.from_thread import BlockingPortal, start_blocking_portal

__all__ = ["Loop", "blocking"]

Loop = Literal["asyncio", "trio"]


class Blocking:
    """An `AsyncBackend`, whose calls are awaited in an event loop of another thread."""

    def __init__(self, backend: Any, portal: BlockingPortal) -> None:
        self._backend = backend
        self._portal = portal

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._backend, name)
        if inspect.iscoroutinefunction(method):
            return lambda *args, **kwargs: self._portal.call(_called, method, args, kwargs)
        return lambda *args, **kwargs: self._stepped(method(*args, **kwargs))

    def _stepped(self, events: Any) -> Iterator[Any]:
        try:
            while True:
                try:
                    event = self._portal.call(events.__anext__)
                except StopAsyncIteration:
                    return
                yield event
        finally:
            self._portal.call(events.aclose)


async def _called(method: Any, args: Any, kwargs: Any) -> Any:
    return await method(*args, **kwargs)


@contextmanager
def blocking(backend: Any, loop: Loop) -> Iterator[Any]:
    """The backend, to be called from a thread."""
    if not inspect.iscoroutinefunction(backend.create):
        yield backend
        return
    with start_blocking_portal(loop) as portal:
        yield Blocking(backend, portal)
