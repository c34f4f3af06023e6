"""An in-process road for the `openai` client: its own HTTP library, with nothing behind it.

openai 2.x uses httpx and 3.x uses httpx2. Both have a `MockTransport` that hands each request to a
function; which library it is, the installed SDK is asked.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any, Final, TypeVar

import openai

from runfsm_simulator.wire.http import Blocks, Handle, NoAnswer, Request

__all__ = ["async_client", "client", "transport"]

ClientT = TypeVar("ClientT", openai.OpenAI, openai.AsyncOpenAI)

#: Nobody can look it up: `.invalid` is reserved (RFC 2606). So nothing leaves by mistake.
DEFAULTS: Final = {"base_url": "http://simulator.invalid/v1", "api_key": "sk-simulated"}

#: What the HTTP libraries call it when no answer comes. Virtual: nobody waits for the time-out.
RAISED: Final = {"timeout": "ReadTimeout", "drop": "RemoteProtocolError"}


def client(handle: Handle, **options: Any) -> openai.OpenAI:
    """A real client whose requests go to `handle`.

    Args:
        handle: answers.
        **options: further arguments of `openai.OpenAI`.
    """
    http_client = openai.DefaultHttpxClient(transport=transport(handle))
    return _of(handle, openai.OpenAI(**{**DEFAULTS, "http_client": http_client, **options}))


def async_client(handle: Handle, **options: Any) -> openai.AsyncOpenAI:
    """The same, to be awaited."""
    http_client = openai.DefaultAsyncHttpxClient(transport=transport(handle))
    return _of(handle, openai.AsyncOpenAI(**{**DEFAULTS, "http_client": http_client, **options}))


def _of(handle: Handle, client: ClientT) -> ClientT:
    """The client, marked with its service: all simulators have one `base_url`."""
    simulator = getattr(handle, "__self__", None)
    service = getattr(simulator, "world", handle)
    client.runfsm_service = service  # type: ignore[attr-defined]  # read by the driver's reentry.py
    return client


def transport(handle: Handle) -> Any:
    """A transport of the SDK's HTTP library, for threads and for tasks, with `handle` behind it."""
    base = openai.DefaultHttpxClient.__mro__[1]
    library = importlib.import_module(base.__module__.partition(".")[0])
    return library.MockTransport(partial(_answer, library, handle))


def _answer(library: Any, handle: Handle, sent: Any) -> Any:
    query: dict[str, list[str]] = {}
    for name, value in sent.url.params.multi_items():
        query.setdefault(name, []).append(value)
    headers = {name.lower(): value for name, value in sent.headers.items()}
    try:
        answer = handle(Request(sent.method, sent.url.path, query, headers, sent.content))
    except NoAnswer as nothing:
        raise _lost(library, nothing, sent) from None
    body = (
        {"stream": _byte_stream(library, answer.stream, sent)}
        if answer.stream
        else {"content": answer.body}
    )
    return library.Response(answer.status, headers=dict(answer.headers), **body)


def _lost(library: Any, nothing: NoAnswer, sent: Any) -> Exception:
    error: Exception = getattr(library, RAISED[nothing.trouble])(str(nothing), request=sent)
    return error


def _byte_stream(library: Any, blocks: Blocks, sent: Any) -> Any:
    """What both kinds of client read a body from: the library's two base classes in one."""
    bases: Any = (library.SyncByteStream, library.AsyncByteStream)

    class ByteStream(*bases):  # type: ignore[misc]  # which library, is known at run time only
        def __iter__(self) -> Iterator[bytes]:
            try:
                yield from blocks
            except NoAnswer as nothing:
                raise _lost(library, nothing, sent) from None

        def __aiter__(self) -> AsyncIterator[bytes]:
            # No generator: clients leave it open in the middle, of which trio warns.
            self._blocks = aiter(blocks)
            return self

        async def __anext__(self) -> bytes:
            try:
                return await anext(self._blocks)
            except NoAnswer as nothing:
                raise _lost(library, nothing, sent) from None

        def close(self) -> None:
            blocks.close()

        async def aclose(self) -> None:
            blocks.close()

    return ByteStream()
