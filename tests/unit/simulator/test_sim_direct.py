"""The direct port: the calls of a backend, and the same words as on the wire."""

from __future__ import annotations

import asyncio
import inspect
from types import SimpleNamespace
from typing import Any

import pytest

from runfsm.backends import base
from runfsm.driver.request import RunRequest, ToolOutput
from runfsm.errors import BackendError, FaultKind, ThreadBusy
from runfsm.lifecycle import LIFECYCLE, RunEvent, RunRef, RunStatus
from runfsm_simulator import Simulator
from runfsm_simulator.doors.direct import DirectBackend
from runfsm_simulator.doors.directaio import AsyncDirectBackend
from weatherrun import WEATHER


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
