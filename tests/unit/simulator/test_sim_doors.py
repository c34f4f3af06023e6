"""The roads to the simulator: the real client, ASGI; what a planner's mistake is on each."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from runfsm import RunRequest
from runfsm_simulator import Script, Simulator, hang
from runfsm_simulator.doors.asgi import create_app
from runfsm_simulator.wire.routes import MAX_BODY_BYTES
from weatherrun import WEATHER

# The SDK warns at every call of this API.
deprecated = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

OPENING = {"messages": [{"role": "user", "content": "How is the weather in LA?"}]}


def outputs(run: Any) -> list[dict[str, str]]:
    """An output for each call that the run waits for."""
    wanted = run.required_action.submit_tool_outputs.tool_calls
    return [{"tool_call_id": call.id, "output": call.function.name} for call in wanted]


# The real client ----------------------------------------------------------------------------------


@deprecated
def test_the_weather_through_the_real_client() -> None:
    """From two parallel calls to the answer, with nothing but `client.beta`."""
    sim = Simulator(WEATHER)
    with sim.client() as client:
        assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be kind.")
        runs = client.beta.threads.runs
        run = client.beta.threads.create_and_run(assistant_id=assistant.id, thread=OPENING)
        assert "queued" == run.status
        sim.clock.advance(3)
        run = runs.retrieve(run.id, thread_id=run.thread_id)
        run = runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs(run))
        assert "queued" == run.status
        sim.clock.advance(3)
        run = runs.retrieve(run.id, thread_id=run.thread_id)
        newest = client.beta.threads.messages.list(run.thread_id, run_id=run.id).data[0]
        steps = runs.steps.list(run.id, thread_id=run.thread_id).data

    assert "completed" == run.status
    assert "It is 72 °F in Los Angeles, also known as LA." == newest.content[0].text.value
    assert ["message_creation", "tool_calls"] == [step.type for step in steps]


@deprecated
def test_the_weather_through_the_real_async_client() -> None:
    """The same, awaited."""
    sim = Simulator(WEATHER)

    async def drive() -> Any:
        async with sim.async_client() as client:
            runs = client.beta.threads.runs
            run = await client.beta.threads.create_and_run(
                assistant_id=sim.create_assistant(), thread=OPENING
            )
            sim.clock.advance(3)
            run = await runs.retrieve(run.id, thread_id=run.thread_id)
            await runs.submit_tool_outputs(
                run.id, thread_id=run.thread_id, tool_outputs=outputs(run)
            )
            sim.clock.advance(3)
            return await runs.retrieve(run.id, thread_id=run.thread_id)

    assert "completed" == asyncio.run(drive()).status


@deprecated
def test_the_sdk_pages_through_a_list() -> None:
    """Its own pager finds every message once, newest first."""
    sim = Simulator()
    thread_id = sim.create_thread()
    ids = [sim.add_message(thread_id, str(number)) for number in range(7)]
    with sim.client() as client:
        seen = [message.id for message in client.beta.threads.messages.list(thread_id, limit=3)]

    assert ids[::-1] == seen


@deprecated
def test_a_refusal_is_the_sdks_own_exception() -> None:
    """A locked thread is a `BadRequestError`, which the SDK does not retry."""
    sim = Simulator(Script.of(hang()))
    thread_id, assistant_id = sim.create_thread(), sim.create_assistant()
    with sim.client() as client:
        client.beta.threads.runs.create(thread_id, assistant_id=assistant_id)
        with pytest.raises(openai.BadRequestError, match="already has an active run"):
            client.beta.threads.runs.create(thread_id, assistant_id=assistant_id)


def test_options_of_the_client_can_be_given() -> None:
    """A key of one's own, say."""
    with Simulator().client(api_key="sk-mine", max_retries=0) as client:
        assert ("sk-mine", 0) == (client.api_key, client.max_retries)


@deprecated
def test_many_threads_can_ask_at_once() -> None:
    """Of twenty that create a run on one thread together, one does; no id is given twice."""
    sim = Simulator(Script.of(hang()))
    thread_id, assistant_id = sim.create_thread(), sim.create_assistant()
    seen = []

    def ask(client: Any) -> None:
        try:
            seen.append(client.beta.threads.runs.create(thread_id, assistant_id=assistant_id).id)
        except openai.BadRequestError as error:
            seen.append(error.status_code)

    with sim.client() as client:
        threads = [threading.Thread(target=ask, args=[client]) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert 19 == seen.count(400)
    assert 1 == len(sim.trace)


# A planner that goes wrong ------------------------------------------------------------------------


def broken(_scene: Any) -> Any:
    """A planner with a mistake of its own."""
    raise ZeroDivisionError("no weather today")


@deprecated
def test_a_planners_mistake_is_a_500_that_the_sdk_does_not_repeat(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It says what the planner raised; the traceback is in the log, once; nothing is created."""
    sim = Simulator(broken)
    with (
        sim.client() as client,
        pytest.raises(openai.InternalServerError, match="ZeroDivisionError: no weather") as caught,
    ):
        client.beta.threads.create_and_run(assistant_id=sim.create_assistant(), thread=OPENING)

    assert "server_error" == caught.value.type
    assert [ZeroDivisionError] == [record.exc_info[0] for record in caplog.records]
    assert {} == sim.world.store.threads


def test_a_planners_mistake_over_http() -> None:
    """The same answer over ASGI: a body of the platform's shape, and no hanging connection."""
    sim = Simulator(lambda _scene: "not a turn")
    body = json.dumps({"assistant_id": sim.create_assistant()}).encode()
    status, answer = through_asgi(sim, [body], path="/v1/threads/runs", headers=KEYS)

    assert (500, "server_error") == (status, answer["error"]["type"])
    assert "the planner returned 'not a turn'; return a turn" in answer["error"]["message"]


def test_a_planners_mistake_through_the_direct_port() -> None:
    """It comes through as it is: the program's own, with its own traceback."""
    sim = Simulator(broken)

    with pytest.raises(ZeroDivisionError):
        sim.backend.create(RunRequest(sim.create_assistant(), "Hi"))


# ASGI ---------------------------------------------------------------------------------------------


def through_asgi(sim: Any, chunks: Any, **scope: Any) -> tuple[int, Any]:
    """What the application sends for a request whose body comes in these chunks."""
    sent, parts = [], iter(chunks)

    async def receive() -> dict[str, Any]:
        part = next(parts, b"")
        return {"type": "http.request", "body": part, "more_body": part != b""}

    async def send(message: str) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "query_string": b"", "headers": []} | scope
    asyncio.run(create_app(sim)(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


KEYS = [(b"authorization", b"Bearer sk-any"), (b"openai-beta", b"assistants=v2")]


def test_asgi_answers_as_the_simulator_does() -> None:
    """Method, path, query, headers and body arrive; status and body come back."""
    sim = Simulator()
    body = [b'{"model": ', b'"gpt-4o"}']
    status, assistant = through_asgi(sim, body, path="/v1/assistants", headers=KEYS)
    _, page = through_asgi(
        sim, [], path="/v1/assistants", method="GET", headers=KEYS, query_string=b"limit=1"
    )

    assert (200, "gpt-4o") == (status, assistant["model"])
    assert [assistant["id"]] == [it["id"] for it in page["data"]]


def test_asgi_stops_reading_a_body_without_end() -> None:
    """It reads a little more than the limit, not everything, and answers 413."""
    read = []

    def endless() -> Iterator[bytes]:
        while True:
            read.append(1)
            yield b" " * 1_000_000

    status, _ = through_asgi(Simulator(), endless(), path="/v1/threads", headers=KEYS)

    assert 413 == status
    assert MAX_BODY_BYTES // 1_000_000 + 1 == len(read)
