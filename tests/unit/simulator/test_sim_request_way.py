"""The way of a request: what was made short on it does what the long way did."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runfsm_simulator import Script, Simulator, hang, say
from runfsm_simulator.doors.asgi import create_app
from runfsm_simulator.doors.journal import RUN_ID
from runfsm_simulator.wire.http import Request, Response
from runfsm_simulator.wire.sse import compact
from runfsm_simulator.wire.validation import DEPTH_MAX

HEADERS: Final = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}

#: As one would write it down: an id at the beginning of a word, but not that of a field `run_id`.
PLAIN: Final = re.compile(
    r'(?<!run_id": ")(?<!run_id":")\b(?:run_(?!id\b)|resp_|turn_(?!id\b))\w{1,100}'
)

WORDS: Final = ("run_", "resp_", "turn_", "run_id", "turn_id", "id", "a", "é", "r", "run", "_")
PIECES: Final = st.sampled_from([*WORDS, '"', ": ", ":", " ", '"run_id": "', '"run_id":"'])


@given(st.lists(PIECES, max_size=12).map("".join))
@example('"run_id": "run_a", "id": "run_b"')
def test_a_journal_finds_the_same_id(text: str) -> None:
    """Whichever way the pattern is written: the quick one finds what the plain one finds."""
    plain, quick = PLAIN.search(text), RUN_ID.search(text)

    assert (plain and plain.span()) == (quick and quick.span())


VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
@example({"text": 'a\u2028b\x7f\x00"\\/'})
@example("\ud83d")
@example({"\ud83d": "é"})
def test_an_event_is_written_to_the_letter(value: Any) -> None:
    """Compact, in ASCII, as the standard library writes it."""
    assert json.dumps(value, separators=(",", ":")).encode("ascii") == compact(value)


@pytest.mark.parametrize(("levels", "status"), [(DEPTH_MAX - 1, 200), (DEPTH_MAX, 400)])
def test_a_body_has_so_many_levels_at_most(levels: int, status: int) -> None:
    """Brackets are counted first, and levels only where there are that many."""
    parameters = '{"a":' * (levels - 3) + "1" + "}" * (levels - 3)
    function = f'{{"name": "f", "parameters": {parameters}}}'
    body = f'{{"model": "m", "tools": [{{"type": "function", "function": {function}}}]}}'
    answer = Simulator().handle(
        Request("POST", "/v1/assistants", headers=HEADERS, body=body.encode())
    )

    assert status == answer.status


def test_brackets_in_a_text_are_no_levels() -> None:
    """As many as one likes."""
    sim = Simulator()
    path = f"/v1/threads/{sim.create_thread()}/messages"
    body = json.dumps({"role": "user", "content": "[{" * 200}).encode()

    assert 200 == sim.handle(Request("POST", path, headers=HEADERS, body=body)).status


def test_an_operation_that_cannot_begin_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has come due raises: then the world is free again, for every thread."""
    world = Simulator().world

    def broken() -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(world.files, "catch_up", broken)
        with pytest.raises(ZeroDivisionError), world.operation():
            pass
    done: list[int] = []
    other = threading.Thread(target=lambda: done.append(world.taken))
    other.start()
    other.join(timeout=5)

    assert [0] == done


def test_an_operation_can_be_made_of_others() -> None:
    """Who listens is woken when the outermost is over, and not before."""
    sim = Simulator(Script.of(say("Hi.")))
    woken: list[str] = []

    class Listening:
        def hear(self, _: Any) -> None:
            woken.append("heard")

        def wake(self) -> None:
            woken.append("woken")

    with sim.world.operation():
        with sim.world.operation():
            thread_id = sim.create_thread()
            sim.add_message(thread_id, "Hello")
            sim.world.create_run(thread_id, sim.create_assistant(), listener=Listening())
        woken.append("inner over")

    assert ["heard", "inner over", "woken"] == woken


def test_what_is_planned_for_runs_that_are_gone_does_not_pile_up() -> None:
    """It is forgotten as new ones come, also while nothing comes due."""
    sim = Simulator(Script.of(say("Hi.")))
    assistant_id = sim.create_assistant()
    for _ in range(50):
        thread_id = sim.create_thread()
        sim.add_message(thread_id, "Hello")
        sim.world.create_run(thread_id, assistant_id)
        sim.world.delete_thread(thread_id)

    assert 5 > len(sim.world._engine._agenda._heap)


def test_looks_move_the_clock_that_a_world_has_now() -> None:
    """After a snapshot is restored there is another clock, and polls move that one."""
    sim = Simulator(Script.of(hang()), pacing="everybody")
    thread_id = sim.create_thread()
    sim.add_message(thread_id, "Hello")
    run = sim.world.create_run(thread_id, sim.create_assistant())
    request = Request("GET", f"/v1/threads/{thread_id}/runs/{run.id}", headers=HEADERS)
    saved, seen = sim.world.save(), []
    for _ in range(2):
        seen.append([sim.handle(request).json()["status"] for _ in range(2)])
        sim.world.restore(saved)

    assert [["queued", "in_progress"]] * 2 == seen


def test_a_journal_holds_neither_requests_nor_answers() -> None:
    """What it keeps until somebody asks has no key, no query and no body in it."""
    sim = Simulator()
    path = f"/v1/threads/{sim.create_thread()}/messages"
    body = json.dumps({"role": "user", "content": "a secret"}).encode()
    headers = {**HEADERS, "authorization": "Bearer sk-secret"}
    sim.handle(Request("POST", path, {"limit": ["secret"]}, headers, body))

    assert "secret" not in repr(sim.control.journal._rows)
    assert [path] == [asking.path for asking in sim.control.journal.requests]


class Ready:
    """Blocks that are all there already: nobody has to wait for them."""

    def __init__(self, told: list[str]) -> None:
        self._left = [b"1", b"2", b"3"]
        self._told = told

    def __aiter__(self) -> Ready:
        return self

    def __iter__(self) -> Any:
        raise NotImplementedError

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop(0)

    def close(self) -> None:
        self._told.append("closed")


def test_others_have_their_turn_between_the_blocks_of_a_stream() -> None:
    """So that a block leaves before the next is made, and no client waits for a whole stream."""
    told: list[str] = []

    class Service:
        def handle(self, _: Request) -> Response:
            return Response(200, {"content-type": "text/event-stream"}, b"", Ready(told))

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        told.append(message.get("body", b"start").decode())

    async def others() -> None:
        while "closed" not in told:
            told.append("others")
            await asyncio.sleep(0)

    scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": "/", "headers": []}
    more = {"query_string": b"", "asgi": {"spec_version": "2.4"}}

    async def both() -> None:
        app: Any = create_app(Service())
        await asyncio.gather(app({**scope, **more}, receive, send), others())

    asyncio.run(both())
    order = "".join(one if one in "123" else "." for one in told)

    assert ["1", "2", "3"] == re.findall(r"\d", order)
    assert "12" not in order
    assert "23" not in order
