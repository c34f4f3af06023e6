"""Whatever is sent to the wire: never a 500, and never half of it done.

First every valid body, with each of its pieces in turn replaced by each of some nasty ones; then
random stories of calls, each with one flaw: another method, a mangled id, bytes that are no JSON, a
header gone. What is refused must leave the world as it was, down to the next random draw.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import reduce
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfsm.lifecycle import LIFECYCLE, RunEvent
from runfsm_simulator import Simulator
from runfsm_simulator.wire import file_shapes, response_shapes, session_shapes, shapes
from runfsm_simulator.wire.bodies.responses import CreateResponse
from runfsm_simulator.wire.bodies.sessions import CreateSession
from runfsm_simulator.wire.http import Request
from runfsm_simulator.wire.routes import MAX_BODY_BYTES, ROUTES

HEADERS: Final[dict[str, str]] = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}
AGENTS: Final[dict[str, str]] = {**HEADERS, "openai-beta": "agents=v1"}
TAKEN: Final = {200, 201, 202}
REFUSED: Final = {400, 401, 404, 405, 409, 413}

SCHEMA: Final = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "e.g. Paris"}, "unit": {"enum": [1]}},
    "required": ["city", "unit"],
}
WEATHER: Final = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}
FLAT: Final = {"type": "function", "name": "weather", "parameters": SCHEMA, "strict": False}
AGENT: Final = {
    "model": "m",
    "tools": [
        {"type": "function", "name": "weather", "description": "", "parameters": SCHEMA},
        {"type": "web_search"},
    ],
}
OTHER_TOOLS: Final = {"tools": [{"type": "programmatic_tool_calling"}]}
SAID: Final = [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}]
SESSION: Final = {"environment": {"type": "none"}, "input": SAID}
WISHES: Final[list[dict[str, Any]]] = [{"tools": [FLAT]}, {}, {}]  # the first calls, the others say
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
    """A world with a run that waits for outputs, one at work, and one that is over.

    And the same of responses, each on a conversation of its own, and of turns.
    """

    def __init__(self) -> None:
        self.sim = Simulator()
        self.world = self.sim.world
        self.assistant = self.sim.create_assistant(tools=[WEATHER])
        self.waiting, self.working, self.over = (self.run() for _ in range(3))
        for event in (RunEvent.START, RunEvent.REQUIRE_ACTION):
            self.world.fire(self.waiting.id, event)
        for event in (RunEvent.START, RunEvent.COMPLETE):
            self.world.fire(self.over.id, event)
        self.world.fire(self.working.id, RunEvent.START)
        self.asking, self.making, self.answered = (self.response(wish) for wish in WISHES)
        for one in (self.asking, self.answered):
            for event in (RunEvent.START, RunEvent.COMPLETE):
                self.world.fire(one.id, event)
        self.talking, self.thinking, self.idle = (self.session() for _ in range(3))
        for event in (RunEvent.START, RunEvent.REQUIRE_ACTION):
            self.world.fire(self.talking.newest.id, event)
        self.world.fire(self.thinking.newest.id, RunEvent.START)
        for event in (RunEvent.START, RunEvent.COMPLETE):
            self.world.fire(self.idle.newest.id, event)
        with self.world.operation():
            self.file = self.world.files.upload("a.txt", b"Hello!", "vision")
            self.vector_store = self.world.files.create_store([self.file.id])
            self.batch = self.world.files.attach_batch(self.vector_store.id, [(self.file.id, {})])

    def run(self) -> Any:
        """A run on a thread of its own."""
        thread = self.sim.create_thread()
        self.sim.add_message(thread, "Hi")
        return self.world.create_run(thread, self.assistant)

    def response(self, wish: Any) -> Any:
        """A response on a conversation of its own."""
        conversation = self.world.create_conversation()
        body = {"model": "m", "input": "Hi", "background": True, "conversation": conversation.id}
        wanted = CreateResponse.model_validate({**body, **wish}).wanted()
        return self.world.create_response(wanted)

    def session(self) -> Any:
        """A session with its first turn."""
        wanted = CreateSession.model_validate({**SESSION, "agent": AGENT})
        return self.world.create_session(wanted.new())

    def dump(self) -> str:
        """All there is, as JSON; with what is to come, and what will be drawn."""
        store, streams = self.world.store, self.world.chooser._streams
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
        files, now = self.world.files, self.world.files.now
        uploads = [
            [file_shapes.file(one) for one in files.uploaded().values()],
            [file_shapes.vector_store(one, now) for one in files.stores.values()],
            [
                file_shapes.store_file(one)
                for store in files.stores.values()
                for one in store.files.values()
            ],
            [file_shapes.file_batch(one, files.in_batch(one)) for one in files.batches.values()],
        ]
        responses = [response_shapes.response(one) for one in store.responses.values()]
        conversations = [
            [response_shapes.conversation(one), response_shapes.item_list(one.items.values())]
            for one in store.conversations.values()
        ]
        sessions = [
            [session_shapes.session(one), [*one.seen_keys], one.is_deleted]
            for one in store.sessions.values()
        ]
        turns = [
            [session_shapes.turn(one), [session_shapes.item(it, one) for it in one.items.values()]]
            for one in store.turns.values()
        ]
        draws = {name: hash(stream.getstate()) for name, stream in streams.items()}
        happened = [str(entry) for entry in self.sim.trace]
        due = self.world.next_due()
        here = [threads, assistants, uploads, responses, conversations, sessions, turns]
        return json.dumps([*here, draws, happened, due])


STAGE: Final = Stage()  # only looked at: the ids are the same in every stage, as the seed is
CALLS: Final = [(path, method) for path, handlers in ROUTES.items() for method in handlers]
TARGETS: Final = [
    {
        "assistant_id": STAGE.assistant,
        "thread_id": run.thread.id,
        "run_id": run.id,
        "message_id": next(iter(run.thread.messages)),
        "step_id": next(iter(run.steps), "step_x"),
        "file_id": STAGE.file.id,
        "vector_store_id": STAGE.vector_store.id,
        "batch_id": STAGE.batch.id,
        "id": STAGE.file.id,
        "model": "gpt-4o",
        "response_id": response.id,
        "conversation_id": response.conversation.id,
        "item_id": next(iter(response.conversation.items), "msg_x"),
        "session_id": session.id,
        "turn_id": session.newest.id,
    }
    for run, response, session in [
        (STAGE.waiting, STAGE.making, STAGE.talking),  # what can be cancelled comes first
        (STAGE.working, STAGE.asking, STAGE.thinking),
        (STAGE.over, STAGE.answered, STAGE.idle),
    ]
]

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

CHUNKING: Final = {
    "type": "static",
    "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 0},
}
LIFETIME: Final = {"anchor": "last_active_at", "days": 1}
RESOURCES: Final = {
    "code_interpreter": {"file_ids": [STAGE.file.id]},
    "file_search": {
        "vector_store_ids": [STAGE.vector_store.id],
        "vector_stores": [{"file_ids": [STAGE.file.id], "chunking_strategy": CHUNKING}],
    },
}

ITEMS: Final = [
    {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
    {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "call_1", "output": "1"},
]

EVENTS: Final = [
    {"type": "agent.session.input.message", "input": SAID},
    *(
        {
            "type": "agent.session.input.tool_result",
            "turn_id": STAGE.talking.newest.id,
            "call_id": call.call_id,
            "success": True,
            "output": [{"type": "input_text", "text": "1"}],
        }
        for call in STAGE.talking.newest.calls
    ),
    {"type": "agent.session.input.cancel"},
]

#: A body that is taken, by the end of a path; elsewhere it is metadata.
BODIES: Final[dict[str, Any]] = {
    "/assistants": {"model": "gpt-4o", "name": "Bo", "tool_resources": RESOURCES, **SETTINGS},
    "/threads": {"messages": [MESSAGE], "tool_resources": RESOURCES, "metadata": {}},
    "/threads/runs": {**RUN, "thread": {"messages": [MESSAGE]}},
    "{thread_id}/runs": {**RUN, "additional_messages": [MESSAGE], "additional_instructions": "!"},
    "/messages": MESSAGE,
    "/submit_tool_outputs": {"tool_outputs": OUTPUTS},
    "{assistant_id}": {"description": "Kind.", **SETTINGS},
    "/cancel": {},
    "/responses": {
        "model": "m",
        "input": ITEMS,
        "background": True,
        "conversation": {"id": STAGE.answered.conversation.id},
        "instructions": "Be kind.",
        "tools": [FLAT, {"type": "file_search", "vector_store_ids": ["vs_1"]}],
        "tool_choice": {"type": "function", "name": "weather"},
        "text": {"format": {"type": "json_object"}, "verbosity": "low"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "max_output_tokens": 99,
        "include": ["file_search_call.results"],
        "metadata": {"a": "b"},
    },
    "/agents/sessions": {
        **SESSION,
        "agent": {
            **AGENT,
            "instructions": "Be kind.",
            "text": {"format": {"type": "text"}, "verbosity": "low"},
            "reasoning": {"effort": "low", "summary": "auto"},
            "multi_agent": {"enabled": True, "max_concurrent_subagents": 2},
        },
        "spend_control": {"limit": 100},
        "prompt_cache_options": {"ttl": "12h"},
        "metadata": {"a": "b"},
    },
    "{session_id}": {"metadata": {"a": "b"}, "agent": {"model": "n", **OTHER_TOOLS}},
    "/events": {"events": EVENTS},
    "/conversations": {"items": ITEMS, "metadata": {"a": "b"}},
    "/items": {"items": ITEMS},
    "/vector_stores": {"name": "Bo", "file_ids": [STAGE.file.id], "expires_after": LIFETIME},
    "{vector_store_id}": {"name": "Bo", "expires_after": LIFETIME, "metadata": {"a": "b"}},
    "{vector_store_id}/files": {
        "file_id": STAGE.file.id,
        "attributes": {"a": 1},
        "chunking_strategy": CHUNKING,
    },
}
BODIES["/search"] = {
    "query": "red bike",
    "filters": {
        "type": "and",
        "filters": [
            {"type": "eq", "key": "a", "value": "b"},
            {"type": "in", "key": "n", "value": [1, 2.5, "x"]},
        ],
    },
    "max_num_results": 5,
    "ranking_options": {"ranker": "auto", "score_threshold": 0.5},
    "rewrite_query": True,
}
BODIES["/file_batches"] = {"files": [BODIES["{vector_store_id}/files"]]}
METADATA: Final = {"metadata": {"a": "b"}}

FLAWS: Final = ["none", "piece", "body", "bytes", "id", "method", "headers", "query"]
METHODS: Final = ["GET", "POST", "DELETE", "PUT", "HEAD", "", "get"]
BYTES: Final = st.binary(max_size=9) | st.sampled_from([b"[" * 9999, b" " * MAX_BODY_BYTES + b"{}"])
MANGLED: Final = st.text(max_size=3) | st.sampled_from(
    ["undefined", "run_x", "asst_x", "msg_x", "step_x", "thread_x", "thread_x/runs"]
)
WRONG_HEADERS: Final[list[dict[str, str]]] = [
    {},
    {"authorization": "Bearer sk-any"},
    {**HEADERS, "openai-beta": "assistants=v1,\ud800"},
    {**HEADERS, "authorization": "Basic x"},
]
QUERIES: Final = st.dictionaries(
    st.sampled_from(["limit", "order", "after", "before", "run_id", "include[]", "\ud800"]),
    st.lists(
        st.sampled_from(
            ["", "0", "1", "-1", "1e9", "9" * 5000, "asc", "\ud800", *TARGETS[0].values()]
        ),
        max_size=2,
    ),
    max_size=3,
)
NASTY: Final = [
    None,
    True,
    -1,
    1e300,
    10**400,
    "",
    "auto",
    "function",
    "half a pair: \ud800",
    "x" * 256_001,
    [],
    [None],
    {},
    {"type": "function"},
    {"type": "object", "properties": [], "required": [[]]},
    {"properties": {"a": {"const": "\ud800"}}, "required": ["a"]},
    reduce(lambda inner, _: {"a": inner}, range(300), {}),
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value: (the list or the dict, the index or the key)."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in items:
        yield value, key
        if isinstance(part, dict | list):
            yield from places(part)


def headers(path: str) -> dict[str, str]:
    """The headers with which a path is asked."""
    return AGENTS if "/agents/" in path else HEADERS


def valid_body(path: str) -> Any:
    """A body of one's own that is taken there."""
    fitting = (body for end, body in BODIES.items() if path.endswith(end))
    return copy.deepcopy(next(fitting, METADATA))


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A call with one flaw, or with none."""
    path, method = draw(st.sampled_from(CALLS))
    ids = draw(st.sampled_from(TARGETS))
    sent = headers(path)
    query: dict[str, list[str]] = {}
    body = valid_body(path) if method == "POST" else {}
    data = None
    match draw(st.sampled_from(FLAWS)):
        case "piece" if body:
            where, key = draw(st.sampled_from([*places(body)]))
            where[key] = draw(st.sampled_from(NASTY))
        case "body":
            body = draw(st.sampled_from(NASTY))
        case "bytes":
            data = draw(BYTES)
        case "id":
            ids = {**ids, draw(st.sampled_from([*ids])): draw(MANGLED)}
        case "method":
            method = draw(st.sampled_from(METHODS))
        case "headers":
            sent = draw(st.sampled_from(WRONG_HEADERS))
        case "query":
            query = draw(QUERIES)
    data = json.dumps(body).encode() if data is None else data
    return Request(method, path.format(**ids), query, sent, data)


def ask(stage: Stage, request: Request, before: str) -> bool:
    """Whether the request is taken; what is not must be the client's fault, and change nothing."""
    answer = stage.sim.handle(request)
    if answer.status in TAKEN:
        return True
    assert answer.status in REFUSED, answer.body
    assert ["message", "type", "param", "code"] == [*answer.json()["error"]]
    assert before == stage.dump()
    return False


def check_all_runs_end(stage: Stage) -> None:
    """What has been taken goes wrong later neither."""
    stage.sim.clock.advance(601)
    stage.dump()  # makes all happen that is due
    assert all(run.status in LIFECYCLE.terminal for run in stage.world.store.runs.values())
    assert all(response.is_over for response in stage.world.store.responses.values())
    assert all(turn.is_over or turn.calls for turn in stage.world.store.turns.values())


@pytest.mark.parametrize(
    "path",
    # An upload is a form, and has tests of its own.
    [path for path, method in CALLS if method == "POST" and path != "/v1/files"],
)
def test_each_piece_of_a_body_can_be_wrong(path: str) -> None:
    """A valid body is taken; whatever stands at one of its places, it is taken or refused whole."""

    def sent(body: Any) -> Request:
        target = TARGETS[0 if path.endswith(("/cancel", "/submit_tool_outputs", "/events")) else 2]
        return Request("POST", path.format(**target), {}, headers(path), json.dumps(body).encode())

    stage, before = Stage(), STAGE.dump()
    assert ask(Stage(), sent(valid_body(path)), before)
    for number in range(len([*places(valid_body(path))])):
        for nasty in NASTY:
            body = valid_body(path)
            where, key = [*places(body)][number]
            where[key] = nasty
            if ask(stage, sent(body), before):
                check_all_runs_end(stage)
                stage = Stage()


@settings(max_examples=150)
@given(sent=st.lists(requests(), min_size=1, max_size=12))
def test_a_request_is_taken_or_refused_as_a_whole(sent: list[Request]) -> None:
    """After any story of good and bad requests, each run still comes to its end."""
    stage = Stage()
    before = stage.dump()
    for request in sent:
        if ask(stage, request, before):
            before = stage.dump()
    check_all_runs_end(stage)
