"""Who reads a stream: waits for it, leaves it, is too slow for it, or sees it break off."""

from __future__ import annotations

import asyncio
import copy
import json
import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from runfsm.clock import SystemClock
from runfsm.driver.request import RunRequest
from runfsm.errors import BackendError, ScriptError
from runfsm.lifecycle import RunEvent
from runfsm_simulator import Call, Script, Simulator, calls, say
from runfsm_simulator.doors.asgi import create_app
from runfsm_simulator.wire import livestream as streams
from runfsm_simulator.world.happenings import Happenings
from runfsm_simulator.world.scriptfile import parse_script
from runfsm_simulator.world.streamfault import StreamFault

START = 1_700_000_000
SLOW = Script.of(say("One two three four.", queue_s=1, work_s=8))
QUICK = Script.of(say("One two.", queue_s=0, work_s=0.03), cancel_s=0)


def names(events: Any) -> list[str]:
    """What they are called; the events that are left are read."""
    return [name for name, _ in events]


def run_of(stage: Any) -> Any:
    """The newest run there is, as it is now."""
    with stage.sim.world.operation():
        return list(stage.sim.world.store.runs.values())[-1]


# Time --------------------------------------------------------------------------------------------


def test_a_reader_sees_each_event_at_its_time(make_stage: Callable[..., Any]) -> None:
    """Virtual time jumps from one event to the next while somebody reads, and not before."""
    stage = make_stage(SLOW)
    seen = [(round(stage.sim.clock.now() - START, 1), name) for name, _ in stage.stream_run()]

    assert [
        (0, "thread.run.created"),
        (0, "thread.run.queued"),
        (1, "thread.run.in_progress"),
        (5, "thread.run.step.created"),
        (5, "thread.run.step.in_progress"),
        (5, "thread.message.created"),
        (5, "thread.message.in_progress"),
        (5.8, "thread.message.delta"),
        (6.6, "thread.message.delta"),
        (7.4, "thread.message.delta"),
        (8.2, "thread.message.delta"),
        (9, "thread.message.completed"),
        (9, "thread.run.step.completed"),
        (9, "thread.run.completed"),
        (9, "done"),
    ] == seen


def test_an_event_is_what_was_when_it_happened(make_stage: Callable[..., Any]) -> None:
    """Read long afterwards, it still shows the run as it was."""
    stage = make_stage(SLOW)
    events = stage.stream_run()
    stage.advance(60)
    told = list(events)

    assert 60 == stage.sim.clock.now() - START
    assert ["queued", "queued", "in_progress"] == [data["status"] for _, data in told[:3]]
    assert [] == dict(told)["thread.message.created"]["content"]


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_tasks_read_side_by_side(make_stage: Callable[..., Any], loop: str) -> None:
    """Two streams on one clock, each whole."""
    stage = make_stage(SLOW)
    body = {"assistant_id": stage.assistant_id, "stream": True}
    told: list[list[bytes]] = [[], []]

    async def read(into: list[bytes]) -> None:
        blocks = stage.ask("POST", "/v1/threads/runs", {**body, "thread": OPENING}).stream
        into.extend([block async for block in blocks])

    async def both() -> None:
        async with anyio.create_task_group() as group:
            for into in told:
                group.start_soon(read, into)

    anyio.run(both, backend=loop)

    assert [b"event: done\ndata: [DONE]\n\n"] * 2 == [blocks[-1] for blocks in told]
    assert 16 == len(told[0]) == len(told[1])


OPENING = {"messages": [{"role": "user", "content": "Hi"}]}


def test_on_a_real_clock_a_reader_waits_in_real_time(make_stage: Callable[..., Any]) -> None:
    """The same events, a few milliseconds apart."""
    stage = make_stage(QUICK, clock=SystemClock())
    began = stage.sim.clock.now()
    told = names(stage.stream_run())

    assert "done" == told[-1]
    assert 0.03 <= stage.sim.clock.now() - began


def test_another_threads_act_wakes_a_task_that_waits(make_stage: Callable[..., Any]) -> None:
    """On a real clock: a stream with nothing due for minutes tells of a cancel at once.

    The act is done in a thread of its own while the loop's thread asks for the world too: neither
    waits for the other for ever.
    """
    stage = make_stage(Script.of(say("!", queue_s=300), cancel_s=0), clock=SystemClock())
    body = {"assistant_id": stage.assistant_id, "stream": True}

    def cancel(path: str) -> None:
        for _ in range(20):
            stage.get(path)
        stage.post(f"{path}/cancel")

    async def read() -> list[str]:
        told: list[str] = []
        async for block in stage.ask("POST", f"{stage.thread}/runs", body).stream:
            told.append(block.split(b"\n")[0].decode())
            if told[-1] == "event: thread.run.queued":
                path = f"{stage.thread}/runs/{run_of(stage).id}"
                threading.Thread(target=cancel, args=[path]).start()
        return told

    async def within(seconds: float) -> list[str]:
        return await asyncio.wait_for(read(), seconds)

    assert ["thread.run.cancelling", "thread.run.cancelled", "done"] == [
        line.removeprefix("event: ") for line in asyncio.run(within(10))[2:]
    ]


# Listening changes nothing -----------------------------------------------------------------------


def test_a_run_is_the_same_whether_streamed_or_not(make_stage: Callable[..., Any]) -> None:
    """Same seed, same trace, same ids, same objects."""
    worlds = []
    script = Script.of(calls(Call(name="a"), Call(name="b")), say("One two three."))
    for streamed in (True, False):
        stage = make_stage(script, seed=7)
        list(stage.stream_run()) if streamed else stage.create_run()
        stage.advance(20 - (stage.sim.clock.now() - START))
        run = run_of(stage)
        outputs = [{"tool_call_id": call.call_id, "output": "ok"} for call in run.calls]
        path = f"{stage.thread}/runs/{run.id}/submit_tool_outputs"
        stage.ask("POST", path, {"tool_outputs": outputs, "stream": streamed})
        stage.advance(20)
        worlds.append((stage.everything(), stage.sim.trace))

    assert worlds[0] == worlds[1]


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize(
    ("event", "text"),
    [(RunEvent.FAIL, "One two "), (RunEvent.EXPIRE, "One two "), (RunEvent.TRUNCATE, "One two ")],
)
def test_a_message_keeps_what_was_written(
    make_stage: Callable[..., Any], event: RunEvent, text: str, *, streamed: bool
) -> None:
    """Cut in the middle, it has the text that a stream had told by then; polled as well."""
    stage = make_stage(SLOW)
    events = stage.stream_run() if streamed else stage.create_run()
    stage.advance(7)
    stage.sim.world.fire(run_of(stage).id, event)
    newest = stage.get(f"{stage.thread}/messages")["data"][0]
    told = [
        data["delta"]["content"][0]["text"]["value"]
        for name, data in (events if streamed else ())
        if name == "thread.message.delta"
    ]

    assert text == newest["content"][0]["text"]["value"]
    assert text == "".join(told) or not streamed


def test_a_refused_run_has_no_stream(make_stage: Callable[..., Any]) -> None:
    """An error found before the stream begins is an ordinary answer; nobody listens."""
    stage = make_stage(SLOW)
    stage.create_run()
    status, error = stage.refused(
        "POST", f"{stage.thread}/runs", {"assistant_id": stage.assistant_id, "stream": True}
    )

    assert (400, True) == (status, "already has an active run" in error["message"])


def test_nobody_listens_to_a_copy_of_a_world(make_stage: Callable[..., Any]) -> None:
    """A snapshot, a fork: the stream stays with the original."""
    stage = make_stage(SLOW)
    events = stage.stream_run()
    next(events)
    twin = stage.sim.fork()
    twin.clock.advance(60)

    assert 1 + 14 == 1 + len(list(events))
    assert not copy.deepcopy(Happenings()).__dict__["_listeners"]


# Leaving -----------------------------------------------------------------------------------------


def test_a_client_that_disconnects(make_stage: Callable[..., Any]) -> None:
    """The run goes on without it, and the thread stays locked until it is over (vercel/ai#1743)."""
    stage = make_stage(SLOW)
    body = {"assistant_id": stage.assistant_id, "stream": True}
    blocks = stage.ask("POST", f"{stage.thread}/runs", body).stream
    next(iter(blocks))
    blocks.close()
    refused, _ = stage.refused("POST", f"{stage.thread}/messages", {"role": "user", "content": "?"})
    stage.advance(60)

    assert [] == list(blocks)
    assert 400 == refused
    assert "completed" == run_of(stage).status


def test_an_old_stream_that_is_closed_late(make_stage: Callable[..., Any]) -> None:
    """Leg 1 is often closed after leg 2, which it does not silence."""
    stage = make_stage(Script.of(calls(Call(name="a")), say("Done.")))
    body = {"assistant_id": stage.assistant_id, "stream": True}
    first = stage.ask("POST", f"{stage.thread}/runs", body).stream
    list(first)
    run = run_of(stage)
    outputs = [{"tool_call_id": call.call_id, "output": "ok"} for call in run.calls]
    second = stage.stream(f"{stage.thread}/runs/{run.id}/submit_tool_outputs", tool_outputs=outputs)
    next(second)
    first.close()

    assert "done" == names(second)[-1]


@pytest.mark.parametrize("gone", ["deleted", "reset"])
def test_a_run_that_is_no_more(make_stage: Callable[..., Any], gone: str) -> None:
    """Its thread is deleted, or its world begins anew: the stream ends there, without `done`."""
    stage = make_stage(SLOW)
    events = stage.stream_run()
    before = [next(events), next(events)]
    if gone == "deleted":
        stage.delete(stage.thread)
    else:
        stage.sim.control.reset()

    assert ["thread.run.created", "thread.run.queued"] == names([*before, *events])


@pytest.mark.parametrize(("limit", "value"), [("EVENTS_MAX", 5), ("BYTES_MAX", 4_000)])
def test_a_reader_that_is_too_slow_loses_the_stream(
    make_stage: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    """What is kept for it is bounded, in events and in bytes; the run goes on."""
    monkeypatch.setattr(streams, limit, value)
    stage = make_stage(SLOW)
    events = stage.stream_run()
    stage.advance(60)
    told = names(events)

    assert "completed" == run_of(stage).status
    assert "thread.run.created" == told[0]
    assert 2 < len(told) <= 5
    assert "done" not in told


def test_a_reader_that_keeps_up_needs_no_room(
    make_stage: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound is on what is unread, not on the stream: two events at once are enough here."""
    monkeypatch.setattr(streams, "EVENTS_MAX", 4)
    stage = make_stage(Script.of(say("word " * 150)))

    assert "done" == names(stage.stream_run())[-1]


# Breaking off ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "count", "last"),
    [
        (StreamFault(kind="cut", after_events=0), 0, None),
        (StreamFault(kind="cut", after_events=3), 3, "thread.run.in_progress"),
        (StreamFault(kind="cut"), 14, "thread.run.completed"),
        (StreamFault(kind="cut", after_events=14), 14, "thread.run.completed"),
        (StreamFault(kind="cut", after_events=15), 15, "done"),
        (StreamFault(kind="error", after_events=3), 4, "error"),
        (StreamFault(kind="error"), 15, "error"),
    ],
)
def test_a_stream_that_breaks_off(
    make_stage: Callable[..., Any], fault: StreamFault, count: int, last: str | None
) -> None:
    """After so many events, or at its end; the run goes on and completes."""
    script = SLOW.model_copy(update={"stream_fault": fault})
    stage = make_stage(script)
    told = names(stage.stream_run())
    stage.advance(60)

    assert (count, last) == (len(told), told[-1] if told else None)
    assert "completed" == run_of(stage).status


@pytest.mark.reported(
    "recordings",
    "The text of a stream's error event ended after its first sentence.",
    now="It is the recorded one, and names the request.",
)
@pytest.mark.parametrize("shape", ["nested", "flat"])
def test_the_two_shapes_of_an_error_event(make_stage: Callable[..., Any], shape: Any) -> None:
    """Under `error` as it is recorded, or flat as the schema says; the planner's, or ours.

    It names the request, and no `done` follows it (recording: simple-openai, 2024-05).
    """
    stage = make_stage(SLOW)
    stage.sim.world.stream_fault = StreamFault(kind="error", shape=shape, after_events=2)
    name, data = list(stage.stream_run())[-1]
    request_id = stage.sim.control.journal.requests[-1].request_id
    error = {
        "message": (
            "The server had an error processing your request. Sorry about that! You can retry "
            "your request, or contact us through our help center at help.openai.com if you keep "
            f"seeing this error. (Please include the request ID {request_id} in your email.)"
        ),
        "type": "server_error",
        "param": None,
        "code": None,
    }

    assert ("error", {"error": error} if shape == "nested" else error) == (name, data)


def test_a_fault_in_a_script_file() -> None:
    """It is a key of the script; a mistake in it is told with its line."""
    text = "turns:\n- say: Hi\nstream_fault:\n  kind: error\n  after_events: "

    assert StreamFault(kind="error", after_events=2) == (
        parse_script(f"{text}2", where="x.yaml").stream_fault
    )
    with pytest.raises(
        ScriptError, match=r"x.yaml:5: stream_fault.after_events: expected how many"
    ):
        parse_script(f"{text}-1", where="x.yaml")


def test_the_direct_port_does_not_stream() -> None:
    """It says so, and creates nothing."""
    sim = Simulator()
    request = RunRequest(
        assistant_id=sim.create_assistant(), message="Hi", options={"stream": True}
    )
    with pytest.raises(BackendError, match="the direct port shows snapshots"):
        sim.backend.create(request)

    assert () == sim.trace


# Over ASGI ---------------------------------------------------------------------------------------


class Server:
    """An ASGI server with one client, who may leave or be slow."""

    def __init__(self, stage: Any) -> None:
        self._app = create_app(stage.sim)
        self._clock = stage.sim.clock
        self._body = {"assistant_id": stage.assistant_id, "stream": True}
        self._path = f"{stage.thread}/runs"
        self.sent: list[tuple[float, bytes]] = []
        self.leaves_after: int | None = None
        self._left = anyio.Event()

    async def serve(self) -> None:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "method": "POST",
            "path": self._path,
            "raw_path": self._path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(b"authorization", b"Bearer x"), (b"openai-beta", b"assistants=v2")],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "scheme": "http",
        }
        await self._app(scope, self._receive, self._send)

    async def _receive(self) -> Any:
        if self._body:
            body, self._body = json.dumps(self._body).encode(), {}
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if body := message.get("body"):
            self.sent.append((self._clock.now(), body))
            if len(self.sent) == self.leaves_after:
                self._left.set()
                await anyio.sleep_forever()  # what a client that is gone takes


def test_over_asgi_blocks_are_sent_when_they_happen(make_stage: Callable[..., Any]) -> None:
    """One block a message, each at its time; nothing is collected."""
    stage = make_stage(SLOW)
    server = Server(stage)
    asyncio.run(server.serve())

    assert [0, 0, 1, 5, 5, 5, 5] == [round(at - START) for at, _ in server.sent[:7]]
    assert [9, 9] == [round(at - START) for at, _ in server.sent[-2:]]
    assert all(block.startswith(b"event: ") for _, block in server.sent)


def test_over_asgi_a_client_that_disconnects(make_stage: Callable[..., Any]) -> None:
    """Its stream is closed, even in the middle of a block; the run goes on."""
    stage = make_stage(SLOW)
    server = Server(stage)
    server.leaves_after = 3
    asyncio.run(server.serve())
    stage.advance(60)

    assert 3 == len(server.sent)
    assert "completed" == run_of(stage).status
    assert {} == stage.sim.world._engine.happenings._listeners
