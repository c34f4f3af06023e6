"""The official SDK's own stream helpers against the simulator, down every road.

The same legs, in threads and in tasks, in process and over HTTP, each with the same events.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import anyio
import openai
import pytest
import uvicorn

from runfsm.clock import SystemClock
from runfsm_simulator import Call, Script, Simulator, calls, cite, hang, say
from runfsm_simulator.doors.asgi import create_app
from runfsm_simulator.wire.profiles import ProfileName
from runfsm_simulator.world.streamfault import StreamFault

# The SDK warns at every call of this API.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning"),
    # Nor does it close its generators, of which trio tells when they are collected.
    pytest.mark.filterwarnings("ignore:Async generator '(openai|httpx):ResourceWarning"),
]

WEATHER = Script.of(
    calls(Call(name="get_weather", arguments={"city": "New York"}), Call(name="get_time")),
    say("It is sunny in New York, at noon."),
)
OPENING: Any = {"messages": [{"role": "user", "content": "How is the weather?"}]}

RUN = ["run.created", "run.queued", "run.in_progress"]
STEP = ["run.step.created", "run.step.in_progress"]
LEG_1 = [*RUN, *STEP, *["run.step.delta"] * 6, "run.requires_action"]
LEG_2 = [
    "run.step.completed",
    *RUN[1:],
    *STEP,
    "message.created",
    "message.in_progress",
    *["message.delta"] * 8,
    "message.completed",
    "run.step.completed",
    "run.completed",
]


def outputs(run: Any) -> Any:
    """An output for each call that the run waits for."""
    wanted = run.required_action.submit_tool_outputs.tool_calls
    return [{"tool_call_id": call.id, "output": call.function.name} for call in wanted]


def names(events: list[Any]) -> list[str]:
    """Their names without `thread.`."""
    return [event.event.removeprefix("thread.") for event in events]


class Heard:
    """What an event handler was called for."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Any] = []
        self.called: list[Any] = []


class Handler(Heard, openai.AssistantEventHandler):
    def on_event(self, event: Any) -> None:
        self.events.append(event)

    def on_tool_call_done(self, tool_call: Any) -> None:
        self.called.append((tool_call.function.name, tool_call.function.arguments))

    def on_text_done(self, text: Any) -> None:
        self.called.append(text.value)

    def on_end(self) -> None:
        self.called.append("end")


class AsyncHandler(Heard, openai.AsyncAssistantEventHandler):
    async def on_event(self, event: Any) -> None:
        self.events.append(event)

    async def on_tool_call_done(self, tool_call: Any) -> None:
        self.called.append((tool_call.function.name, tool_call.function.arguments))

    async def on_text_done(self, text: Any) -> None:
        self.called.append(text.value)

    async def on_end(self) -> None:
        self.called.append("end")


# Two legs, in threads and in tasks ---------------------------------------------------------------


def two_legs(client: openai.OpenAI, assistant_id: str) -> list[Any]:
    """`create_and_run_stream`, then `submit_tool_outputs_stream`."""
    threads, first, second = client.beta.threads, Handler(), Handler()
    with threads.create_and_run_stream(
        assistant_id=assistant_id, thread=OPENING, event_handler=first
    ) as stream:
        run = stream.get_final_run()
    with threads.runs.submit_tool_outputs_stream(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run), event_handler=second
    ) as stream:
        return [first, second, stream.get_final_run(), stream.get_final_messages()]


async def two_legs_async(client: openai.AsyncOpenAI, assistant_id: str) -> list[Any]:
    """The same, awaited."""
    threads, first, second = client.beta.threads, AsyncHandler(), AsyncHandler()
    async with threads.create_and_run_stream(
        assistant_id=assistant_id, thread=OPENING, event_handler=first
    ) as stream:
        run = await stream.get_final_run()
    async with threads.runs.submit_tool_outputs_stream(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run), event_handler=second
    ) as stream:
        return [first, second, await stream.get_final_run(), await stream.get_final_messages()]


def bare_legs(client: openai.OpenAI, assistant_id: str) -> list[list[Any]]:
    """`create(stream=True)`, `submit_tool_outputs(stream=True)`."""
    thread, runs = client.beta.threads.create(**OPENING), client.beta.threads.runs
    first = list(runs.create(thread.id, assistant_id=assistant_id, stream=True))
    run = first[-1].data
    second = runs.submit_tool_outputs(
        run.id, thread_id=thread.id, tool_outputs=outputs(run), stream=True
    )
    return [first, list(second)]


async def bare_legs_async(client: openai.AsyncOpenAI, assistant_id: str) -> list[list[Any]]:
    """The same, awaited."""
    thread, runs = await client.beta.threads.create(**OPENING), client.beta.threads.runs
    stream = await runs.create(thread.id, assistant_id=assistant_id, stream=True)
    first = [event async for event in stream]
    run = first[-1].data
    stream = await runs.submit_tool_outputs(
        run.id, thread_id=thread.id, tool_outputs=outputs(run), stream=True
    )
    return [first, [event async for event in stream]]


# Roads -------------------------------------------------------------------------------------------


def over_asgi(simulator: Simulator) -> openai.AsyncOpenAI:
    """A client whose requests go through the ASGI application."""
    http = import_module(openai.DefaultAsyncHttpxClient.__mro__[1].__module__.split(".")[0])
    transport = http.ASGITransport(app=create_app(simulator))
    return openai.AsyncOpenAI(
        api_key="sk-any",
        base_url="http://simulator.invalid/v1",
        http_client=http.AsyncClient(transport=transport),
    )


def awaited(
    simulator: Simulator, act: Callable[..., Awaitable[Any]], make: Any, loop: str
) -> list[Any]:
    """What `act` returns, with a client of its own, on this event loop."""

    async def acted() -> list[Any]:
        async with make(simulator) as client:
            found: list[Any] = await act(client, simulator.create_assistant())
            return found

    return anyio.run(acted, backend=loop)


def in_threads(simulator: Simulator, act: Callable[..., Any], _: Any) -> list[Any]:
    """The same in this thread."""
    with simulator.client() as client:
        found: list[Any] = act(client, simulator.create_assistant())
        return found


ROADS: dict[str, Callable[..., list[Any]]] = {
    "sdk": in_threads,
    "sdk-asyncio": lambda sim, _, act: awaited(sim, act, Simulator.async_client, "asyncio"),
    "sdk-trio": lambda sim, _, act: awaited(sim, act, Simulator.async_client, "trio"),
    "asgi": lambda sim, _, act: awaited(sim, act, over_asgi, "asyncio"),
}
each_road = pytest.mark.parametrize("road", ROADS.values(), ids=ROADS)


@each_road
def test_the_stream_helpers(road: Callable[..., list[Any]]) -> None:
    """All events in their order, each callback once a call or a text, and the final objects."""
    sim = Simulator(WEATHER)
    first, second, run, (message,) = road(sim, two_legs, two_legs_async)

    assert ["created", *LEG_1] == names(first.events)
    assert LEG_2 == names(second.events)
    assert [
        ("get_weather", '{"city": "New York"}'),
        ("get_time", "{}"),
        "end",
    ] == first.called
    assert ["It is sunny in New York, at noon.", "end"] == second.called
    assert ("completed", "It is sunny in New York, at noon.") == (
        run.status,
        message.content[0].text.value,
    )


@each_road
def test_streams_without_helpers(road: Callable[..., list[Any]]) -> None:
    """The same events from `stream=True`."""
    first, second = road(Simulator(WEATHER), bare_legs, bare_legs_async)

    assert LEG_1 == names(first)
    assert LEG_2 == names(second)


def test_runs_stream_yields_the_text_as_it_comes() -> None:
    """`runs.stream` and its `text_deltas`, in virtual time."""
    sim = Simulator(Script.of(say("One two three.")))
    thread_id = sim.create_thread()
    with (
        sim.client() as client,
        client.beta.threads.runs.stream(
            thread_id=thread_id, assistant_id=sim.create_assistant()
        ) as stream,
    ):
        assert ["One ", "two ", "three."] == list(stream.text_deltas)
        assert "completed" == stream.get_final_run().status


@pytest.mark.parametrize("profile", ["wire", "spec"])
def test_the_helper_gathers_the_citations_of_a_message(profile: ProfileName) -> None:
    """Delta by delta it comes to the final message's, which `get_final_messages` gives as well."""
    marks = [cite("[1]", "file-1"), cite("sandbox:/b.csv", "file-2")]
    sim = Simulator(
        Script.of(say("[1] says it, and [1] again; see sandbox:/b.csv.", cites=marks)),
        profile=profile,
    )
    thread_id = sim.create_thread()
    sim.add_message(thread_id, "Hi")

    class Gathering(Handler):
        def on_message_delta(self, delta: Any, snapshot: Any) -> None:
            del delta
            self.called = [text_of(snapshot)]

        def on_text_done(self, text: Any) -> None:
            del text

    handler = Gathering()
    with (
        sim.client() as client,
        client.beta.threads.runs.stream(
            thread_id=thread_id, assistant_id=sim.create_assistant(), event_handler=handler
        ) as stream,
    ):
        (final,) = stream.get_final_messages()
        (got, _) = client.beta.threads.messages.list(thread_id).data

    gathered = handler.called[0]
    assert [0, 1, 2] == [one.pop("index") for one in gathered["annotations"]]
    assert ["", ""] == [one["file_citation"].pop("quote") for one in gathered["annotations"][:2]]
    assert gathered == text_of(final) == text_of(got)


def text_of(message: Any) -> Any:
    """The text of a message and its annotations, as the client has typed them."""
    (part,) = message.content
    assert {"FileCitationAnnotation", "FilePathAnnotation"} >= {
        type(one).__name__ for one in part.text.annotations
    }
    return part.text.model_dump()


def test_a_second_leg_from_within_the_first() -> None:
    """The documentation's pattern: outputs are submitted in the handler of the first stream."""
    sim = Simulator(WEATHER)

    class Answering(Handler):
        def on_event(self, event: Any) -> None:
            super().on_event(event)
            if event.event == "thread.run.requires_action":
                with client.beta.threads.runs.submit_tool_outputs_stream(
                    run_id=event.data.id,
                    thread_id=event.data.thread_id,
                    tool_outputs=outputs(event.data),
                    event_handler=second,
                ) as stream:
                    stream.until_done()

    with sim.client() as client:
        first, second = Answering(), Handler()
        with client.beta.threads.create_and_run_stream(
            assistant_id=sim.create_assistant(), thread=OPENING, event_handler=first
        ) as stream:
            stream.until_done()

    assert ["created", *LEG_1] == names(first.events)
    assert LEG_2 == names(second.events)


def test_an_error_before_the_stream_is_the_sdks_own_exception() -> None:
    """An unknown assistant: 404, as without a stream."""
    sim = Simulator()
    with sim.client() as client, pytest.raises(openai.NotFoundError, match="No assistant found"):
        client.beta.threads.create_and_run(assistant_id="asst_x", thread=OPENING, stream=True)


@pytest.mark.parametrize(
    ("fault", "raises"),
    [
        (StreamFault(kind="error", shape="nested", after_events=2), True),
        (StreamFault(kind="error", shape="flat", after_events=2), False),
        (StreamFault(kind="cut", after_events=2), False),
    ],
)
def test_what_the_sdk_makes_of_a_stream_that_breaks_off(
    fault: StreamFault, *, raises: bool
) -> None:
    """Only the nested error is raised; otherwise the last run that was seen counts as final."""
    sim = Simulator(WEATHER)
    sim.world.stream_fault = fault
    with (
        sim.client() as client,
        client.beta.threads.create_and_run_stream(
            assistant_id=sim.create_assistant(), thread=OPENING
        ) as stream,
    ):
        if raises:
            with pytest.raises(openai.APIError, match="had an error processing your request"):
                stream.until_done()
        else:
            assert "queued" == stream.get_final_run().status


# Over a socket -----------------------------------------------------------------------------------


@contextmanager
def served(simulator: Simulator) -> Iterator[str]:
    """The simulator behind a URL, in real time."""
    server = uvicorn.Server(
        uvicorn.Config(create_app(simulator), port=0, log_level="error", lifespan="off")
    )
    listener = server.config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join()


def test_over_a_socket_events_arrive_when_they_happen() -> None:
    """A run that never ends by itself is seen working; the reader itself cancels it."""
    sim = Simulator(Script.of(hang(queue_s=0.01), cancel_s=0), clock=SystemClock())
    told = []
    with served(sim) as url, openai.OpenAI(base_url=url, api_key="sk-any") as client:
        threads = client.beta.threads
        for event in threads.create_and_run(
            assistant_id=sim.create_assistant(), thread=OPENING, stream=True
        ):
            told.append(event)
            if event.event == "thread.run.in_progress":
                threads.runs.cancel(event.data.id, thread_id=event.data.thread_id)

    assert ["created", *RUN, "run.cancelling", "run.cancelled"] == names(told)


def test_over_a_socket_a_client_leaves_and_the_run_goes_on() -> None:
    """It is heard of again by polling (vercel/ai#1743)."""
    script = Script.of(say("One two three.", queue_s=0.01, work_s=0.1))
    sim = Simulator(script, clock=SystemClock())
    with served(sim) as url, openai.OpenAI(base_url=url, api_key="sk-any") as client:
        threads = client.beta.threads
        with threads.create_and_run(
            assistant_id=sim.create_assistant(), thread=OPENING, stream=True
        ) as stream:
            left = next(event.data for event in stream if event.event == "thread.run.created")
        final = threads.runs.poll(left.id, thread_id=left.thread_id, poll_interval_ms=20)

    assert "completed" == final.status
