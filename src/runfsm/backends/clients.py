"""The two kinds of the official client, and what every backend needs of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import anyio

__all__ = ["close_answer", "fitting"]


def fitting(wanted: type, family: type, client: object, sync: type, awaited: type) -> type:
    """The class to make: a subclass was chosen already, and must only fit the client.

    Args:
        wanted: the class that was called.
        family: what both of them are.
        client: what it was given.
        sync: for an `openai.OpenAI`.
        awaited: for an `openai.AsyncOpenAI`.

    Raises:
        TypeError: no class of the family goes with this client.
    """
    import openai

    for kind, client_kind in ((sync, openai.OpenAI), (awaited, openai.AsyncOpenAI)):
        if isinstance(client, client_kind) and (wanted is family or issubclass(wanted, kind)):
            return kind if wanted is family else wanted
    raise TypeError(
        f"{wanted.__name__} wants an openai.OpenAI (for threads) or an openai.AsyncOpenAI (for "
        f"tasks), as its name says; not {type(client).__name__}"
    )


async def close_answer(answer: Any, chunks: AsyncIterator[bytes]) -> None:
    """Close an answer, and have its chunks end by themselves.

    The HTTP library reads through generators in generators, and a closed answer is at its end in
    each of them. To close the outer one alone would leave the inner ones to the garbage collector,
    of which trio warns.
    """
    with anyio.CancelScope(shield=True):
        await answer.aclose()
        with suppress(Exception):
            async for _ in chunks:
                pass
