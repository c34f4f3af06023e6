"""Type-checked, never run: what an app would write must pass `mypy --strict` as it stands."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, assert_type

import openai
from transitions import Machine
from transitions.extensions import LockedMachine

import runfsm
import runfsm_simulator.testing
from runfsm import (
    LIFECYCLE,
    AgentsBackend,
    AssistantsBackend,
    AsyncRunDriver,
    Capabilities,
    DriveEnded,
    Edge,
    FileAttachment,
    ImageUrl,
    JournalStep,
    Observer,
    Outcome,
    Policy,
    ResponsesBackend,
    RunCore,
    RunDriver,
    RunEvent,
    RunRequest,
    RunStatus,
    RunTracker,
    Text,
    Tool,
    build_machine,
    log_contents,
    tool,
)
from runfsm.backends import (
    AsyncAgentsBackend,
    AsyncAssistantsBackend,
    AsyncResponsesBackend,
    SyncAgentsBackend,
    SyncAssistantsBackend,
    SyncResponsesBackend,
)
from runfsm.otel import Spans
from runfsm_simulator import Simulator


@tool
def get_weather(location: str, unit: Literal["c", "f"] = "f") -> str:
    """Keep the types of the function."""
    return location + unit


@tool(timeout_s=5)
async def look_up(question: str) -> int:
    """Keep them for a coroutine function, too."""
    return len(question)


assert_type(get_weather("Oslo", unit="c"), str)

# A tool of a schema, and one of what is as good as a function.
made = Tool.from_schema(name="ask", parameters={"type": "object"}, function=lambda **_: "asked")
assert_type(made(), str)
in_celsius = tool(partial(get_weather, unit="c"))

# Messages: a text, typed parts, or dicts in the words of an API.
RunRequest("asst_1", "Hi")
RunRequest("asst_1", [Text("What is this?"), ImageUrl("https://example.com/cat.png", "low")])
RunRequest("asst_1", ["The report.", FileAttachment("file-abc123", ("code_interpreter",))])
RunRequest("asst_1", [{"type": "input_text", "text": "Hi"}])


def sync_app(client: openai.OpenAI, simulator: Simulator) -> None:
    """A client for threads gives a backend for threads."""
    backend = AssistantsBackend(client)
    assert_type(backend, SyncAssistantsBackend)
    driver = RunDriver(backend, [get_weather, look_up], policy=Policy(deadline_s=30))
    outcome = driver.run(RunRequest("asst_1", "Hello")).raise_for_status()
    assert_type(outcome, Outcome)
    assert_type(outcome.status, RunStatus)
    for step in RunDriver(simulator.backend, clock=simulator.clock).watch(RunRequest("asst_1")):
        assert_type(step, JournalStep)


async def async_app(client: openai.AsyncOpenAI, simulator: Simulator) -> None:
    """A client for tasks gives a backend for tasks."""
    backend = AssistantsBackend(client)
    assert_type(backend, AsyncAssistantsBackend)
    assert_type(await AsyncRunDriver(backend).run(RunRequest("asst_1")), Outcome)
    driver = AsyncRunDriver(simulator.async_backend, clock=simulator.clock)
    async for step in driver.watch(RunRequest("asst_1")):
        assert_type(step, JournalStep)


def observe(step: JournalStep, core: RunCore) -> None:
    """Observers are plain functions of two arguments."""
    if isinstance(step, DriveEnded):
        assert_type((step.elapsed_s, core.status), tuple[float, RunStatus | None])


def observed_apps(client: openai.OpenAI, aclient: openai.AsyncOpenAI) -> None:
    """Both drivers take the same observers."""
    observers: list[Observer] = [observe, log_contents, Spans()]
    RunDriver(AssistantsBackend(client), observers=observers)
    AsyncRunDriver(AssistantsBackend(aclient), observers=[observe])


def table_and_machine() -> None:
    """Tables know their enums, and machines their class."""
    assert_type(LIFECYCLE.next(RunStatus.QUEUED, RunEvent.START), Edge[RunStatus, RunEvent])
    assert_type(build_machine(object()), Machine)
    assert_type(build_machine(object(), LockedMachine), LockedMachine)
    assert_type(RunTracker().observe("queued"), tuple[JournalStep, ...])
    assert_type(look_up.name, str)


def a_tool_is_generic(one: Tool[[str], int]) -> int:
    """A tool can be called as its function."""
    return one("text")


def on_responses(client: openai.OpenAI, async_client: openai.AsyncOpenAI) -> None:
    """The other wire, chosen by the kind of client as well."""
    backend = ResponsesBackend(client, assistants={"asst_1": {"model": "gpt-5"}})
    assert_type(backend, SyncResponsesBackend)
    assert_type(backend.capabilities, Capabilities)
    RunDriver(backend, [get_weather])
    assert_type(ResponsesBackend(async_client, expires_after_s=None), AsyncResponsesBackend)
    AsyncRunDriver(ResponsesBackend(async_client, memory="responses"))


def on_agents(client: openai.OpenAI, async_client: openai.AsyncOpenAI) -> None:
    """And the third."""
    assert_type(AgentsBackend(client, expires_after_s=60), SyncAgentsBackend)
    RunDriver(AgentsBackend(client), [get_weather])
    assert_type(AgentsBackend(async_client), AsyncAgentsBackend)
    AsyncRunDriver(AgentsBackend(async_client))


def of_names_that_are_not_there() -> None:
    """A misspelt name is a mistake to a type checker, though names are loaded when asked for."""
    runfsm.RunDrivr  # type: ignore[attr-defined]  # noqa: B018  # that is the test
    runfsm_simulator.testing.AppMachin  # type: ignore[attr-defined]  # noqa: B018  # as above
    assert_type(runfsm.errors.CallerError("x").args, tuple[Any, ...])
    assert_type(runfsm.lifecycle.RunStatus.QUEUED, Literal[runfsm.lifecycle.RunStatus.QUEUED])
