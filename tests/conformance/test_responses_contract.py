"""Against somebody else's server of the Responses API: Microsoft's, in this process.

It comes with `pip install 'runfsm[contract]'`. It lives in real time, of which these tests take
some hundredths of a second. What it answers beside what the simulator does:
`test_responses_contract_answers.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from agentserver import HELLO, Line, host, online
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

pytestmark = pytest.mark.filterwarnings("default")  # its own are not ours to mend

QUICK = Policy(pacing=Pacing(first_s=0.01, longest_s=0.05))
ASKS = RunRequest("asst_1", "How is it?")


def look() -> str:
    """Look out of the window."""
    return "rain"


class Stage(NamedTuple):
    """A driver of the server, its backend and client, and the line between them."""

    driver: AsyncRunDriver
    backend: Any
    client: Any
    line: Line


@asynccontextmanager
async def _stage(*cuts: int) -> AsyncIterator[Stage]:
    line = Line(host())
    line.cuts.extend(cuts)
    async with online(line) as client:
        assistants = {"asst_1": {"model": "any"}}
        backend = ResponsesBackend(client, assistants=assistants, memory="responses")
        yield Stage(AsyncRunDriver(backend, [look], policy=QUICK), backend, client, line)


def _play(act: Callable[[Stage], Awaitable[Any]], *cuts: int) -> Any:
    async def main() -> Any:
        async with _stage(*cuts) as stage:
            return await act(stage)

    return asyncio.run(main())


def _says(words: str) -> RunRequest:
    return RunRequest("asst_1", words)


def _edges(journal: Any) -> list[str]:
    return [str(step.edge.event) for step in journal if isinstance(step, Transition)]


def test_a_hop_for_a_tool_and_one_for_the_answer() -> None:
    """The edges of a run with one round of tools, and its answer."""
    outcome = _play(lambda stage: stage.driver.run(ASKS))

    assert (RunStatus.COMPLETED, "It says rain.") == (outcome.status, outcome.text)
    assert 2 == len(outcome.ref.chain)
    assert [
        *("create", "start", "require_action", "submit_tool_outputs", "start", "complete")
    ] == _edges(outcome.journal)


def test_other_ends() -> None:
    """Why a run has failed, and what cut it short, is known."""
    failed = _play(lambda stage: stage.driver.run(_says("fail")))
    cut = _play(lambda stage: stage.driver.run(_says("cut")))

    assert (RunStatus.FAILED, "server_error") == (failed.status, failed.error.code)
    assert (RunStatus.INCOMPLETE, "max_output_tokens") == (
        cut.status,
        cut.snapshot.incomplete_reason,
    )


# Streams -----------------------------------------------------------------------------------------


async def _heard(stage: Stage, request: RunRequest) -> tuple[str, RunStatus]:
    async with stage.driver.stream(request) as run:
        texts = [item.text async for item in run if isinstance(item, TextDelta)]
    return "".join(texts), run.outcome.status


def test_a_run_that_is_listened_to() -> None:
    """The same, and the answer as text."""
    heard = _play(lambda stage: _heard(stage, ASKS))

    assert ("It says rain.", RunStatus.COMPLETED) == heard


@pytest.mark.parametrize("cuts", [(1,), (5,), (10,), (3, 3)], ids=str)
def test_a_stream_that_is_cut_is_taken_up_behind_its_last_event(cuts: tuple[int, ...]) -> None:
    """Nothing is heard twice, nothing is missing, and the driver has not looked for it."""

    async def act(stage: Stage) -> Any:
        return await _heard(stage, _says("Hello")), stage.line.asked

    heard, asked = _play(act, *cuts)
    last = [sum(cuts[: n + 1]) - 1 for n in range(len(cuts))]
    resumed = [request for request in asked if "starting_after" in request]

    assert ("".join(HELLO), RunStatus.COMPLETED) == heard
    assert [f"?stream=true&starting_after={number}" for number in last] == [
        request[request.index("?") :] for request in resumed
    ]


@pytest.mark.parametrize("number", [0, 5, 9])
def test_the_events_behind_a_number(number: int) -> None:
    """A client that asks for them gets those, with their numbers, to the end."""

    async def act(stage: Stage) -> Any:
        wish = {"model": "any", "input": "Hello", "background": True, "stream": True}
        whole = [event async for event in await stage.client.responses.create(**wish)]
        again = await stage.client.responses.retrieve(
            whole[0].response.id, stream=True, starting_after=number
        )
        return whole, [event async for event in again]

    whole, again = _play(act)

    assert [*range(11)] == [event.sequence_number for event in whole]
    assert whole[number + 1 :] == again


# Cancels and refusals ----------------------------------------------------------------------------


def test_a_cancel_is_over_at_once_and_a_second_one_is_none() -> None:
    """Its answer says `cancelled`, both times; what is cancelled has an end like any other."""

    async def act(stage: Stage) -> Any:
        run = await stage.backend.create(_says("hang"))
        first = await stage.backend.cancel(run.ref)
        return first.status, (await stage.backend.cancel(run.ref)).status

    assert (RunStatus.CANCELLED,) * 2 == _play(act)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Hello", "Cannot cancel a completed response"),
        ("fail", "Cannot cancel a failed response"),
        ("cut", "Cannot cancel a response in terminal state"),
    ],
)
def test_a_cancel_that_comes_too_late_is_known_as_that(words: str, text: str) -> None:
    """By the words of its refusal, which are others for each end."""

    async def act(stage: Stage) -> None:
        outcome = await stage.driver.run(_says(words))
        await stage.backend.cancel(outcome.ref)

    with pytest.raises(BackendError, match=text) as caught:
        _play(act)
    assert FaultKind.ALREADY_TERMINAL is caught.value.fault.kind


def test_what_was_made_without_background_is_over() -> None:
    """Its cancel is refused for another reason; that the run is over is what counts."""

    async def act(stage: Stage) -> Any:
        response = await stage.client.responses.create(model="any", input="Hello")
        outcome = await stage.driver.run(_says("Hello"))
        try:
            await stage.backend.cancel(replace(outcome.ref, chain=(response.id,)))
        except BackendError as error:
            return error.fault.kind, stage.backend.capabilities.can_cancel

    assert (FaultKind.ALREADY_TERMINAL, True) == _play(act)


@pytest.mark.parametrize("verb", ["retrieve", "cancel"])
def test_a_run_that_is_not_there(verb: str) -> None:
    """It is missed, by its name; nothing is learned of the server from that."""

    async def act(stage: Stage) -> Any:
        run = await stage.driver.run(_says("Hello"))
        await stage.client.responses.delete(run.ref.chain[-1])
        try:
            await getattr(stage.backend, verb)(run.ref)
        except BackendError as error:
            return error.fault, run.ref.chain[-1], stage.backend.capabilities.can_cancel

    fault, response_id, can_cancel = _play(act)
    assert FaultKind.NOT_FOUND is fault.kind
    assert f"Response with id '{response_id}' not found." == fault.message
    assert can_cancel
