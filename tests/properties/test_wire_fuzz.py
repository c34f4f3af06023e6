"""Whatever is sent to the wire: never a 500, and never half of it done.

Each example is one world and a dozen requests on it. A request begins as a valid one, and is then
spoilt here and there: another method, a mangled id, a body with a piece changed, bytes that are no
JSON, a header gone. What is refused must leave the world as it was, down to the next random draw.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from runfsm.lifecycle import LIFECYCLE, RunEvent
from runfsm_simulator import Simulator
from runfsm_simulator.wire import shapes
from runfsm_simulator.wire.http import Request
from runfsm_simulator.wire.routes import MAX_BODY_BYTES, ROUTES

HEADERS: Final = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}
REFUSED: Final = {400, 401, 404, 405, 413}

SCHEMA: Final = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "e.g. Paris"}, "unit": {"enum": [1]}},
    "required": ["city", "unit"],
}
WEATHER: Final = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}
MESSAGE: Final = {
    "role": "user",
    "content": [{"type": "text", "text": "Hi"}],
    "attachments": [{"file_id": "file-1", "tools": [{"type": "file_search"}]}],
    "metadata": {"a": "b"},
}
SETTINGS: Final = {
    "tools": [WEATHER, {"type": "file_search"}],
    "metadata": {"a": "b"},
    "temperature": 1,
    "top_p": 0.5,
    "response_format": {"type": "json_object"},
}


class Stage:
    """A world with a run that waits for outputs, one at work, one that is over, and a free thread."""

    def __init__(self) -> None:
        self.sim = Simulator()
        self.world = self.sim.world
        self.assistant = self.sim.create_assistant(tools=[WEATHER])
        self.waiting, self.working, self.over = (self.run() for _ in range(3))
        self.free = self.sim.create_thread()
        for event in (RunEvent.START, RunEvent.REQUIRE_ACTION):
            self.world.fire(self.waiting.id, event)
        for event in (RunEvent.START, RunEvent.COMPLETE):
            self.world.fire(self.over.id, event)
        self.world.fire(self.working.id, RunEvent.START)

    def run(self) -> Any:
        """A run on a thread of its own."""
        thread = self.sim.create_thread()
        self.sim.add_message(thread, "Hi")
        return self.world.create_run(thread, self.assistant)

    def dump(self) -> str:
        """All there is, as JSON; with what is to come, and what will be drawn."""
        store, streams = self.world.store, self.world._chooser._streams
        threads = [
            (
                shapes.thread(thread),
                [(shapes.message(one), one.status) for one in thread.messages.values()],
                [shapes.run(run) for run in thread.runs.values()],
                [
                    shapes.step(step, run)
                    for run in thread.runs.values()
                    for step in run.steps.values()
                ],
            )
            for thread in store.threads.values()
        ]
        assistants = [shapes.assistant(one) for one in store.assistants.values()]
        draws = {name: hash(stream.getstate()) for name, stream in streams.items()}
        happened = [str(entry) for entry in self.sim.trace]
        return json.dumps([threads, assistants, draws, happened, self.world.next_due()])


STAGE: Final = Stage()  # only looked at: the ids are the same in every stage, as the seed is

IDS: Final = {
    "assistant_id": [STAGE.assistant],
    "thread_id": [run.thread.id for run in (STAGE.waiting, STAGE.working, STAGE.over)]
    + [STAGE.free],
    "run_id": [run.id for run in (STAGE.waiting, STAGE.working, STAGE.over)],
    "message_id": [*STAGE.over.thread.messages],
    "step_id": [*STAGE.over.steps, *STAGE.waiting.steps],
}
RUN: Final = {
    "assistant_id": STAGE.assistant,
    "instructions": "Be kind.",
    "max_prompt_tokens": 256,
    "truncation_strategy": {"type": "last_messages", "last_messages": 3},
    "tool_choice": {"type": "function", "function": {"name": "weather"}},
    "parallel_tool_calls": False,
    **SETTINGS,
}
OUTPUTS: Final = [{"tool_call_id": call.call_id, "output": "1"} for call in STAGE.waiting.calls]

#: A body that is taken, by the end of a path.
BODIES: Final[dict[str, Any]] = {
    "assistants": {"model": "gpt-4o", "name": "Bo", "tool_resources": {}, **SETTINGS},
    "threads": {"messages": [MESSAGE], "tool_resources": {}, "metadata": {}},
    "threads/runs": {**RUN, "thread": {"messages": [MESSAGE]}},
    "{thread_id}/runs": {**RUN, "additional_messages": [MESSAGE], "additional_instructions": "!"},
    "messages": MESSAGE,
    "submit_tool_outputs": {"tool_outputs": OUTPUTS},
    "{assistant_id}": {"description": "Kind.", **SETTINGS},
    "cancel": {},
}
ANY_OTHER: Final = {"metadata": {"a": "b"}}

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 300)
    | st.floats(allow_nan=False)
    | st.text(st.characters(), max_size=5)  # half surrogate pairs too
    | st.sampled_from(["auto", "function", "user", STAGE.assistant, "x" * 257]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["type", "name", "a", "\ud800"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value: (the list or the dict, the index or the key)."""
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        yield value, key
        yield from places(value[key])


@st.composite
def bodies(draw: st.DrawFn, path: str) -> bytes:
    """A valid body of this path, with up to two pieces changed or gone; or not even JSON."""
    wild = draw(st.integers(0, 9))
    if wild == 0:
        return draw(
            st.binary(max_size=9) | st.sampled_from([b"[" * 9999, b" " * MAX_BODY_BYTES + b"{}"])
        )
    fitting = (body for end, body in BODIES.items() if path.endswith(f"/{end}"))
    body = copy.deepcopy(next(fitting, ANY_OTHER)) if wild > 1 else draw(JUNK)
    for _ in range(draw(st.integers(0, 2))):
        if found := list(places(body)):
            where, key = draw(st.sampled_from(found))
            if draw(st.booleans()):
                where[key] = draw(JUNK)
            else:
                del where[key]
    return json.dumps(body).encode()


def spoilt(usual: st.SearchStrategy[Any], unusual: st.SearchStrategy[Any]) -> Any:
    """`usual` nine times in ten."""
    return st.integers(0, 9).flatmap(lambda number: unusual if number == 0 else usual)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A request that is nearly right."""
    path = draw(st.sampled_from([*ROUTES]))
    ids = {
        name: draw(spoilt(st.sampled_from(known), st.sampled_from(MANGLED) | st.text(max_size=5)))
        for name, known in IDS.items()
    }
    method = draw(spoilt(st.sampled_from([*ROUTES[path]]), st.sampled_from(METHODS)))
    headers = draw(spoilt(st.just(HEADERS), st.sampled_from(WRONG_HEADERS)))
    query = draw(st.dictionaries(st.sampled_from(QUERY), st.lists(VALUES, max_size=2), max_size=2))
    body = draw(bodies(path)) if method == "POST" else b""
    return Request(method, path.format(**ids), query, headers, body)


METHODS: Final = ["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "", "get"]
MANGLED: Final = ["", "undefined", "thread_", "run_x", "asst_x", "msg_x", "step_x", "thread_x/runs"]
WRONG_HEADERS: Final = [
    {},
    {"authorization": "Bearer sk-any"},
    {**HEADERS, "openai-beta": "assistants=v1,\ud800"},
    {**HEADERS, "authorization": "Basic x"},
]
QUERY: Final = ["limit", "order", "after", "before", "run_id", "include[]", "\ud800"]
VALUES = st.sampled_from(
    ["", "0", "1", "100", "-1", "1e9", "9" * 5000, "asc", "desc", "\ud800"]
    + [name for names in IDS.values() for name in names]
)


@settings(max_examples=250)
@given(sent=st.lists(requests(), min_size=1, max_size=12))
def test_a_request_is_answered_or_refused_as_a_whole(sent: list[Request]) -> None:
    """The answer is good, or the client's fault in the platform's envelope and nothing changed."""
    stage = Stage()
    before = stage.dump()
    for request in sent:
        answer = stage.sim.handle(request)
        after = stage.dump()
        if answer.status != 200:
            assert answer.status in REFUSED, answer.body
            assert ["message", "type", "param", "code"] == [*answer.json()["error"]]
            assert before == after
        before = after
    stage.sim.clock.advance(601)
    stage.dump()  # makes all happen that is due

    assert all(run.status in LIFECYCLE.terminal for run in stage.world.store.runs.values())
