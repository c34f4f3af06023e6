"""The roads to the simulator: the real client, ASGI, the direct port; and its facade."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openai
import pytest

from runfsm.backends import base
from runfsm.driver.actions import RunRequest, ToolOutput
from runfsm.errors import BackendError, CallerError, FaultKind, ScriptError, ThreadBusy
from runfsm.lifecycle import LIFECYCLE, RunEvent, RunRef, RunStatus
from runfsm_simulator import Call, Script, Seeded, Simulator, calls, hang, say
from runfsm_simulator.doors.asgi import create_app
from runfsm_simulator.doors.direct import DirectBackend
from runfsm_simulator.doors.directaio import AsyncDirectBackend
from runfsm_simulator.wire.http import Request
from runfsm_simulator.wire.routes import MAX_BODY_BYTES

# The SDK warns at every call of this API.
deprecated = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

WEATHER = Script.of(
    calls(Call(name="getCurrentWeather"), Call(name="getNickname"), queue_s=1, work_s=2),
    say("It is 72 °F in Los Angeles, also known as LA.", queue_s=1, work_s=2),
)
OPENING = {"messages": [{"role": "user", "content": "How is the weather in LA?"}]}


def outputs(run: Any) -> list[dict[str, str]]:
    """An output for each call that the run waits for."""
    wanted = run.required_action.submit_tool_outputs.tool_calls
    return [{"tool_call_id": call.id, "output": call.function.name} for call in wanted]


# The real client ---------------------------------------------------------------------------------


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


# A planner that goes wrong -----------------------------------------------------------------------


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


# ASGI --------------------------------------------------------------------------------------------


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


# The direct port ---------------------------------------------------------------------------------


@pytest.fixture
def direct() -> SimpleNamespace:
    """A simulator of the weather, and a run on it."""
    sim = Simulator(WEATHER)
    request = RunRequest(sim.create_assistant(), "How is the weather in LA?")
    return SimpleNamespace(sim=sim, request=request, run=sim.backend.create(request))


@pytest.mark.parametrize(
    ("protocol", "backend"),
    [(base.Backend, DirectBackend), (base.AsyncBackend, AsyncDirectBackend)],
)
def test_a_direct_backend_has_what_a_backend_has(protocol: Any, backend: Any) -> None:
    """The same methods with the same parameters, though it does not know the protocol."""
    for name in ("create", "retrieve", "submit", "cancel", "messages"):
        wanted, found = getattr(protocol, name), getattr(backend, name)
        assert [*inspect.signature(wanted).parameters] == [*inspect.signature(found).parameters]
        assert inspect.iscoroutinefunction(wanted) == inspect.iscoroutinefunction(found)


def test_the_weather_through_the_direct_port(direct: Any) -> None:
    """Create, look, submit, look, read."""
    sim, run = direct.sim, direct.run
    assert (RunStatus.QUEUED, 1_700_000_600) == (run.status, run.expires_at)
    sim.clock.advance(3)
    run = sim.backend.retrieve(run.ref)
    assert ["getCurrentWeather", "getNickname"] == [call.name for call in run.calls]
    given = [ToolOutput(call.call_id, call.name, "ok") for call in run.calls]
    assert RunStatus.QUEUED == sim.backend.submit(run.ref, given).status
    sim.clock.advance(3)

    assert RunStatus.COMPLETED == sim.backend.retrieve(run.ref).status
    (message,) = sim.backend.messages(run.ref)
    assert ("assistant", "It is 72 °F in Los Angeles, also known as LA.") == (
        message.role,
        message.text,
    )


def test_the_async_direct_port_is_the_same(direct: Any) -> None:
    """Each of its calls answers what the plain one does."""
    sim = direct.sim

    async def drive() -> Any:
        run = await sim.async_backend.create(direct.request)
        sim.clock.advance(3)
        run = await sim.async_backend.retrieve(run.ref)
        given = [ToolOutput(call.call_id, call.name, "ok") for call in run.calls]
        await sim.async_backend.submit(run.ref, given)
        run = await sim.async_backend.cancel(run.ref)
        return run.status, await sim.async_backend.messages(run.ref)

    assert (RunStatus.CANCELLING, ()) == asyncio.run(drive())


@pytest.mark.parametrize("status", RunStatus)
def test_the_direct_port_shows_what_the_wire_shows(stage: Any, status: RunStatus) -> None:
    """In every status, each field of the snapshot is that of the run's JSON."""
    path = stage.run_in(status)
    wire = stage.get(path)
    run = stage.sim.backend.retrieve(RunRef("assistants", wire["id"], wire["thread_id"]))
    action = wire["required_action"] or {"submit_tool_outputs": {"tool_calls": []}}
    pending = action["submit_tool_outputs"]["tool_calls"]
    usage = wire["usage"] or {"total_tokens": None}

    assert wire["status"] == run.raw_status
    assert [call["id"] for call in pending] == [call.call_id for call in run.calls]
    for name in ("created_at", "started_at", "expires_at"):
        assert wire[name] == getattr(run, name)
    assert (wire["last_error"] or {}).get("code") == (run.error and run.error.code)
    assert (wire["incomplete_details"] or {}).get("reason") == run.incomplete_reason
    assert usage["total_tokens"] == (run.usage and run.usage.total_tokens)


def in_words(stage: Any, path: str, body: Any = None) -> tuple[int, str]:
    """The wire's answer to a request that it refuses."""
    status, error = stage.refused("POST", path, body)
    return status, error["message"]


@pytest.mark.parametrize("status", RunStatus)
def test_both_roads_refuse_in_the_same_words(stage: Any, status: RunStatus) -> None:
    """A refused cancel, outputs, run: one text and one status code on the wire and beside it."""
    path = stage.run_in(status)
    ref = RunRef("assistants", path.rpartition("/")[2], stage.thread_id)
    backend = stage.sim.backend
    request = RunRequest(stage.assistant_id, thread_id=stage.thread_id)
    new_run = {"assistant_id": stage.assistant_id}
    refused = [(FaultKind.LOCKED, backend.create, [request], f"{stage.thread}/runs", new_run)]
    if not LIFECYCLE.allows(status, RunEvent.CANCEL):
        refused += [(FaultKind.ALREADY_TERMINAL, backend.cancel, [ref], f"{path}/cancel", None)]
    no_outputs = {"tool_outputs": []}
    submit = f"{path}/submit_tool_outputs"
    refused += [(FaultKind.STALE_ACTION, backend.submit, [ref, []], submit, no_outputs)]
    if not LIFECYCLE.locks_thread(status):
        del refused[0]

    for kind, method, arguments, url, body in refused:
        with pytest.raises(BackendError) as caught:
            method(*arguments)
        fault = caught.value.fault
        assert (kind, *in_words(stage, url, body)) == (
            fault.kind,
            fault.status_code,
            fault.message,
        )


@pytest.mark.parametrize(
    ("changes", "kind", "text"),
    [
        ({"assistant_id": "asst_x"}, FaultKind.NOT_FOUND, "No assistant found"),
        ({"thread_id": "thread_x"}, FaultKind.NOT_FOUND, "No thread found"),
        ({"thread_id": "undefined"}, FaultKind.INVALID, "Invalid 'thread_id'"),
        ({"options": {"temperature": 3}}, FaultKind.INVALID, "Invalid 'temperature'"),
        ({"options": {"thread": "x"}}, FaultKind.INVALID, "Invalid type for 'thread'"),
        ({"options": {"modle": "x"}}, FaultKind.INVALID, "Unknown parameter: 'modle'."),
    ],
)
def test_what_the_direct_port_does_not_create(
    direct: Any, changes: dict[str, Any], kind: str, text: str
) -> None:
    """Every mistake is a `BackendError` of its kind, and nothing is created."""
    request = {"assistant_id": direct.request.assistant_id, "message": "Hi", **changes}
    with pytest.raises(BackendError, match=text) as caught:
        direct.sim.backend.create(RunRequest(**request))

    assert kind == caught.value.fault.kind
    assert 1 == len(direct.sim.trace)


@pytest.mark.parametrize("output", ["half \ud83d", 5])
def test_what_the_direct_port_does_not_hand_in(direct: Any, output: Any) -> None:
    """An output that no wire could carry is refused, and the run still waits for it."""
    direct.sim.clock.advance(3)
    run = direct.sim.backend.retrieve(direct.run.ref)
    given = [ToolOutput(call.call_id, call.name, output) for call in run.calls]
    with pytest.raises(BackendError) as caught:
        direct.sim.backend.submit(run.ref, given)

    assert FaultKind.INVALID == caught.value.fault.kind
    assert run == direct.sim.backend.retrieve(run.ref)


def test_who_holds_the_thread(direct: Any) -> None:
    """The fault of a locked thread names the run that holds it."""
    ref = direct.run.ref
    request = RunRequest(direct.request.assistant_id, "More", thread_id=ref.thread_id)
    with pytest.raises(ThreadBusy) as caught:
        direct.sim.backend.create(request)

    assert ref.run_id == caught.value.holder


def test_a_message_goes_with_the_run_on_either_road(stage: Any) -> None:
    """It comes after the request's own messages, on an old thread and on a new one."""
    first = [{"role": "user", "content": "1"}]
    options = [{"thread": {"messages": first}}, {"additional_messages": first}]
    for thread_id, option in zip([None, stage.sim.create_thread()], options, strict=True):
        request = RunRequest(stage.assistant_id, "2", thread_id=thread_id, options=option)
        ref = stage.sim.backend.create(request).ref
        page = stage.get(f"/v1/threads/{ref.thread_id}/messages", order="asc")
        texts = [message["content"][0]["text"]["value"] for message in page["data"]]
        assert ["1", "2"] == texts


def test_what_comes_in_is_copied(direct: Any) -> None:
    """A caller who changes its own options afterwards does not change the run."""
    options = {"metadata": {"a": "b"}, "tools": ()}
    request = RunRequest(direct.request.assistant_id, "Hi", options=options)
    ref = direct.sim.backend.create(request).ref
    options["metadata"]["a"] = "changed"

    assert {"a": "b"} == direct.sim.world.store.run(ref.thread_id, ref.run_id).metadata


# The facade --------------------------------------------------------------------------------------


def test_a_script_may_be_a_file(tmp_path: Path) -> None:
    """A path, as text or as a path; a mistake in it is told at once."""
    path = tmp_path / "hello.yaml"
    path.write_text("turns:\n- say: Hello!\n")
    for given in (path, str(path)):
        sim = Simulator(given)
        ref = sim.backend.create(RunRequest(sim.create_assistant(), "Hi")).ref
        sim.clock.advance(10)
        assert ["Hello!"] == [message.text for message in sim.backend.messages(ref)]
    with pytest.raises(ScriptError):
        Simulator(tmp_path / "missing.yaml")


def test_without_a_script_it_does_what_is_sensible() -> None:
    """It answers."""
    sim = Simulator()
    ref = sim.backend.create(RunRequest(sim.create_assistant(), "Hi")).ref
    sim.clock.advance(10)

    assert RunStatus.COMPLETED == sim.backend.retrieve(ref).status


def test_the_stage_hands_speak_the_wires_language() -> None:
    """What the API would not take, they refuse in its words."""
    sim = Simulator()

    with pytest.raises(CallerError, match=r"Missing required parameter: 'tools\[0\].type'"):
        sim.create_assistant(tools=[{}])
    with pytest.raises(CallerError, match="No thread found with id 'thread_x'"):
        sim.add_message("thread_x", "Hi")


def test_a_chooser_of_ones_own_decides() -> None:
    """The latencies that the script leaves open are as it says."""

    class Slow(Seeded):
        def between(self, stream: str, low: float, high: float) -> float:
            return high if stream == "queue_s" else low

    sim = Simulator(Script.of(say("!")), chooser=Slow())
    sim.backend.create(RunRequest(sim.create_assistant(), "Hi"))
    sim.clock.advance(10)

    assert [0, 2, 3] == [entry.at - 1_700_000_000 for entry in sim.trace]


def test_the_wire_can_be_asked_by_hand() -> None:
    """`handle` takes a request and gives a response: no client is needed."""
    sim = Simulator()
    headers = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}

    assert 200 == sim.handle(Request("GET", "/v1/assistants", headers=headers)).status


def test_a_transport_can_be_mounted_beside_real_traffic() -> None:
    """One HTTP client of the app's own: what goes to the mounted host is the simulator's."""
    http: Any = importlib.import_module(
        openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]
    )
    elsewhere = http.MockTransport(lambda _: http.Response(200, text="real"))
    mounts = {"https://api.openai.com": Simulator().transport()}
    headers = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}
    with http.Client(transport=elsewhere, mounts=mounts, headers=headers) as client:
        thread = client.post("https://api.openai.com/v1/threads", json={})

        assert "real" == client.get("https://example.com/").text
        assert "thread" == thread.json()["object"]
