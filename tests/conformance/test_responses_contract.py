"""Against somebody else's server of the Responses API: Microsoft's, in this process.

It comes with `pip install 'runfsm[contract]'`, and knows no conversations, no lock and
no `queued`. It lives in real time, of which these tests take some hundredths of a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import openai
import pytest

from runfsm import (
    AsyncRunDriver,
    BackendError,
    Pacing,
    Policy,
    ResponsesBackend,
    RunRequest,
    RunStatus,
    TextDelta,
    Transition,
)
from runfsm.errors import FaultKind

server = pytest.importorskip(
    "azure.ai.agentserver.responses",
    reason="pip install 'runfsm[contract]', to hold the backend against Microsoft's server",
)

pytestmark = pytest.mark.filterwarnings("default")  # its own are not ours to mend

QUICK = Policy(pacing=Pacing(first_s=0.01, longest_s=0.05))
REQUEST = RunRequest("asst_1", "How is it?")


def look() -> str:
    """Look out of the window."""
    return "rain"


@asynccontextmanager
async def _driver(*, hangs: bool = False) -> AsyncIterator[Any]:
    """A driver of a server whose model calls `look` and then says what it heard, or hangs."""
    # In memory, and without its exporters, which would look for the network.
    store = server.InMemoryResponseProvider()
    host = server.ResponsesAgentServerHost(store=store, configure_observability=None)

    @host.response_handler
    async def handler(request: Any, context: Any, cancelled: asyncio.Event) -> Any:
        stream = server.ResponseEventStream(response_id=context.response_id, request=request)
        yield stream.emit_created()
        yield stream.emit_in_progress()
        if hangs:
            await cancelled.wait()
            return
        outputs = [it for it in request["input"] if _get(it, "type") == "function_call_output"]
        if not outputs:
            made = stream.output_item_function_call("look", "call_1", "{}")
        else:
            made = stream.output_item_message(f"It says {_get(outputs[0], 'output')}.")
        for event in made:
            yield event
        yield stream.emit_completed()

    http = import_module(openai.DefaultAsyncHttpxClient.__mro__[1].__module__.split(".")[0])
    async with http.AsyncClient(transport=http.ASGITransport(app=host)) as wire:
        client = openai.AsyncOpenAI(
            api_key="sk-any", base_url="http://server.invalid", http_client=wire
        )
        assistants = {"asst_1": {"model": "any"}}
        backend = ResponsesBackend(client, assistants=assistants, memory="responses")
        yield AsyncRunDriver(backend, [look], policy=QUICK)


def _get(item: Any, name: str) -> Any:
    return item.get(name) if isinstance(item, dict) else getattr(item, name, None)


def _edges(journal: Any) -> list[str]:
    return [str(step.edge.event) for step in journal if isinstance(step, Transition)]


def test_a_hop_for_a_tool_and_one_for_the_answer() -> None:
    """The edges of a run with one round of tools, and its answer."""

    async def main() -> Any:
        async with _driver() as driver:
            return await driver.run(REQUEST)

    outcome = asyncio.run(main())

    assert (RunStatus.COMPLETED, "It says rain.") == (outcome.status, outcome.text)
    assert 2 == len(outcome.ref.chain)
    assert [
        *("create", "start", "require_action", "submit_tool_outputs", "start", "complete")
    ] == _edges(outcome.journal)


def test_a_run_that_is_listened_to() -> None:
    """The same, and the answer as text."""

    async def main() -> Any:
        async with _driver() as driver, driver.stream(REQUEST) as run:
            texts = [item.text async for item in run if isinstance(item, TextDelta)]
            return "".join(texts), run.outcome.status

    assert ("It says rain.", RunStatus.COMPLETED) == asyncio.run(main())


def test_a_cancel_is_over_at_once_and_a_second_one_is_none() -> None:
    """Its answer says `cancelled`, both times; what is cancelled has an end like any other."""

    async def main() -> Any:
        async with _driver(hangs=True) as driver:
            run = await driver._backend.create(REQUEST)
            first = await driver._backend.cancel(run.ref)
            return first.status, (await driver._backend.cancel(run.ref)).status

    assert (RunStatus.CANCELLED,) * 2 == asyncio.run(main())


def test_a_cancel_that_comes_too_late_is_known_as_that() -> None:
    """By the words of its refusal."""

    async def main() -> Any:
        async with _driver() as driver:
            outcome = await driver.run(REQUEST)
            await driver._backend.cancel(outcome.ref)

    with pytest.raises(BackendError, match="Cannot cancel a completed response") as caught:
        asyncio.run(main())
    assert FaultKind.ALREADY_TERMINAL is caught.value.fault.kind
