"""Each switch and each of its ways, as the official client meets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

import openai
import pytest

from runfsm import RunRef
from runfsm_simulator import Script, Simulator, Switches, calls, hang, say
from runfsm_simulator.world.script import Call
from runfsm_simulator.world.switches import OPTIONS

# The SDK warns at every call of this API.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

SLOW = Script.of(say("One two three four.", queue_s=1, work_s=8), cancel_s=1)
CALLS = Script.of(calls(Call(name="a"), queue_s=1, work_s=1), say("Done."), cancel_s=1)
HANGS = Script.of(hang(queue_s=1), cancel_s=1)
LONG = Script.of(say("word " * 100, queue_s=1, work_s=1))
FUNCTION = {"type": "function", "function": {"name": "a"}}
HI = {"role": "user", "content": "Hi"}


class Client:
    """A client of a service with one switch thrown: what it meets there, by the switch's name."""

    def __init__(self, **switch: Any) -> None:
        self.switches = Switches(**switch)

    def begin(self, script: Script = SLOW, **body: Any) -> str:
        """A run of a script on a thread; its id."""
        self.sim = Simulator(script, switches=self.switches)
        self.assistant_id = self.sim.create_assistant()
        self.thread_id = self.sim.create_thread()
        self.message_id = self.sim.add_message(self.thread_id, "Hi")
        self.sdk = self.sim.client(max_retries=0)
        self.threads = self.sdk.beta.threads
        self.runs = self.threads.runs
        return str(self.create(**body).id)

    def create(self, **body: Any) -> Any:
        return self.runs.create(self.thread_id, assistant_id=self.assistant_id, **body)

    def cancel(self, run_id: str) -> Any:
        return self.runs.cancel(run_id, thread_id=self.thread_id)

    def look(self, run_id: str, *, after_s: float = 0) -> Any:
        self.sim.clock.advance(after_s)
        return self.runs.retrieve(run_id, thread_id=self.thread_id)

    def submit(self, run_id: str, *more: str) -> Any:
        """Hand in the pending outputs, and more."""
        wanted = self.look(run_id, after_s=3).required_action.submit_tool_outputs.tool_calls
        ids = [*(call.id for call in wanted), *more]
        outputs = [{"tool_call_id": call_id, "output": "ok"} for call_id in ids]
        return self.runs.submit_tool_outputs(run_id, thread_id=self.thread_id, tool_outputs=outputs)

    # By the name of the switch.

    def cancel_from_queued(self) -> Any:
        run = self.cancel(self.begin())
        return run.status, [entry.event.value for entry in self.sim.trace]

    def cancel_from_requires_action(self) -> Any:
        run_id = self.begin(CALLS)
        self.sim.clock.advance(3)
        return self.cancel(run_id).status, [entry.event.value for entry in self.sim.trace][-2:]

    def cancelled_expires_at(self) -> Any:
        self.cancel(run_id := self.begin())
        return _since_created(self.look(run_id, after_s=2), "expires_at")

    def expired_expires_at(self) -> Any:
        return _since_created(self.look(self.begin(HANGS), after_s=600), "expires_at")

    def cancelled_usage(self) -> Any:
        self.cancel(run_id := self.begin())
        return _tokens(self.look(run_id, after_s=2))

    def expired_usage(self) -> Any:
        return _tokens(self.look(self.begin(HANGS), after_s=600))

    def expired_completed_at(self) -> Any:
        return _since_created(self.look(self.begin(HANGS), after_s=600), "completed_at")

    def unstarted_started_at(self) -> Any:
        self.cancel(run_id := self.begin())
        return _since_created(self.look(run_id, after_s=2), "started_at")

    def completion_cap_reason(self) -> Any:
        run = self.look(self.begin(LONG, max_completion_tokens=16), after_s=3)
        return run.status, run.incomplete_details.reason

    def modify_run_while_active(self) -> Any:
        run_id = self.begin()
        return said(
            lambda: self.runs.update(run_id, thread_id=self.thread_id, metadata={"a": "b"}).metadata
        )

    def modify_message_while_locked(self) -> Any:
        run_id = self.begin()
        update = self.threads.messages.update
        told = said(
            lambda: update(self.message_id, thread_id=self.thread_id, metadata={"a": "b"}).metadata
        )
        return _named(told, **{self.message_id: "MESSAGE", run_id: "RUN"})

    def delete_message_while_locked(self) -> Any:
        run_id = self.begin()
        delete = self.threads.messages.delete
        told = said(lambda: delete(self.message_id, thread_id=self.thread_id).deleted)
        return _named(told, **{self.message_id: "MESSAGE", run_id: "RUN"})

    def delete_thread_while_locked(self) -> Any:
        run_id = self.begin()
        told = said(lambda: self.threads.delete(self.thread_id).deleted)
        return _named(told, **{self.thread_id: "THREAD", run_id: "RUN"})

    def additional_messages_checked(self) -> Any:
        run_id = self.begin()
        told = said(lambda: self.create(additional_messages=[{**HI, "role": "human"}]))
        return _named(told, **{self.thread_id: "THREAD", run_id: "RUN"})

    def partial_content(self) -> Any:
        run_id = self.begin()
        self.sim.clock.advance(8)
        (message,) = self.threads.messages.list(self.thread_id, run_id=run_id).data
        alone = self.threads.messages.retrieve(message.id, thread_id=self.thread_id)
        assert message == alone
        return [part.text.value for part in alone.content]

    def cut_order(self) -> Any:
        self.begin()
        self.sim.clock.advance(60)
        told: Iterator[Any] = iter(self.create(stream=True))
        run_id = next(told).data.id
        next(event for event in told if event.event == "thread.message.delta")
        self.cancel(run_id)
        rest = [event.event for event in told]
        return [name for name, _ in groupby(rest) if "delta" not in name]

    def incomplete_event(self) -> Any:
        self.begin(LONG)
        self.sim.clock.advance(60)
        *_, last = self.create(stream=True, max_completion_tokens=16)
        return last.event, last.data.status

    def messages_max(self) -> Any:
        run_id = self.begin()
        self.look(run_id, after_s=60)
        return said(lambda: self.threads.messages.create(self.thread_id, **HI).role)

    def tools_max(self) -> Any:
        self.begin()
        create = self.sdk.beta.assistants.create
        return said(lambda: len(create(model="gpt-4o", tools=[FUNCTION] * 129).tools))

    def tool_outputs_max_kb(self) -> Any:
        run_id = self.begin(CALLS)
        (call,) = self.look(run_id, after_s=3).required_action.submit_tool_outputs.tool_calls
        outputs = [{"tool_call_id": call.id, "output": "x" * 524_288}]
        submit = self.runs.submit_tool_outputs
        return said(lambda: submit(run_id, thread_id=self.thread_id, tool_outputs=outputs).status)

    def token_cap_min(self) -> Any:
        self.begin()
        self.sim.clock.advance(60)
        return said(lambda: self.create(max_prompt_tokens=15).max_prompt_tokens)

    def limit_out_of_range(self) -> Any:
        self.begin()
        return said(lambda: len(self.threads.messages.list(self.thread_id, limit=1000).data))

    def unknown_cursor(self) -> Any:
        self.begin()
        return said(lambda: len(self.threads.messages.list(self.thread_id, after="msg_x").data))

    def missing_text(self) -> Any:
        self.begin()
        return said(lambda: self.look("run_x"))

    def malformed_id(self) -> Any:
        self.begin()
        return said(lambda: self.look("x"))

    def stray_output_text(self) -> Any:
        run_id = self.begin(CALLS)
        told = said(lambda: self.submit(run_id, "call_x"))
        (call,) = self.look(run_id).required_action.submit_tool_outputs.tool_calls
        return _named(told, **{call.id: "CALL"})

    def empty_outputs(self) -> Any:
        run_id = self.begin(CALLS)
        (call,) = self.look(run_id, after_s=3).required_action.submit_tool_outputs.tool_calls
        submit = self.runs.submit_tool_outputs
        told = said(lambda: submit(run_id, thread_id=self.thread_id, tool_outputs=[]))
        return _named(told, **{call.id: "CALL"})

    def empty_text(self) -> Any:
        self.begin()
        create = self.threads.messages.create
        contents: tuple[Any, ...] = ([], "")
        return [
            said(lambda it=it: create(self.thread_id, role="user", content=it)) for it in contents
        ]

    def string_above_max_length_code(self) -> Any:
        self.begin()
        create = self.threads.messages.create
        return said(lambda: create(self.thread_id, role="user", content="x" * 256_001))[1]

    def unknown_parameter_code(self) -> Any:
        self.begin()
        return said(lambda: self.threads.create(extra_body={"role": "user"}))

    def endpoint(self) -> Any:
        sdk = Simulator(switches=self.switches).client(max_retries=0)
        assert sdk.models.list().data  # another API
        return said(lambda: sdk.beta.threads.create().object)


def said(ask: Callable[[], Any]) -> Any:
    """What is answered; of a refusal its status, code and text."""
    try:
        return ask()
    except openai.APIStatusError as error:
        body: Any = error.body
        return error.status_code, error.code, body["message"]


def _since_created(run: Any, field: str) -> int | None:
    moment = getattr(run, field)
    return None if moment is None else moment - run.created_at


def _tokens(run: Any) -> int | None:
    return run.usage and run.usage.total_tokens


def _named(told: Any, **names: str) -> Any:
    """A refusal whose ids are called by their roles."""
    if not isinstance(told, tuple):
        return told
    *ahead, text = told
    for ident, name in names.items():
        text = text.replace(ident, name)
    return (*ahead, text)


ENDS = ["thread.run.cancelled"]
CUT = ["thread.run.step.cancelled", "thread.message.incomplete"]
CURSOR = "No message found with id 'msg_x'."
PREFIX = "Invalid 'run_id': 'x'. Expected an ID that begins with '{}'."
RANGE = "Invalid '{}': integer {} value. Expected a value {}, but got {} instead."
LIMIT = RANGE.format("limit", "above maximum", "<= 100", 1000)
CAPS = {
    least: RANGE.format("max_prompt_tokens", "below minimum", f">= {least}", 15)
    for least in (16, 256)
}
ROLE = "Invalid value: 'human'. Supported values are: 'user' and 'assistant'."
TOO_LARGE = "'tool_outputs' too large: the combined tool outputs must be less than {}kb."
TOOLS = (
    "Invalid 'tools': array too long. Expected an array with maximum length 128, "
    "but got an array with length 129 instead."
)
SHORT = (
    "Invalid '{}': {} too short. Expected {} with minimum length 1, "
    "but got {} with length 0 instead."
)
EMPTY = (
    "Invalid 'content': empty {0}. Expected {1} with minimum length 1, "
    "but got an empty {0} instead."
)
ARRAY, STRING = ("array", "an array"), ("string", "a string")
STRAY = "Invalid 'tool_outputs[1].tool_call_id': no pending call 'call_x' is without an output."
A_B = {"a": "b"}


def short(name: str, kind: str, a_kind: str) -> str:
    """Of an array or a string in which nothing is."""
    return SHORT.format(name, kind, a_kind, a_kind)


#: What the client meets, by the switch and its way.
WAYS: dict[str, dict[Any, Any]] = {
    "cancel_from_queued": {
        "cancelling": ("cancelling", ["create", "cancel"]),
        "cancelled": ("cancelled", ["create", "cancel", "confirm_cancel"]),
    },
    "cancel_from_requires_action": {
        "cancelling": ("cancelling", ["require_action", "cancel"]),
        "cancelled": ("cancelled", ["cancel", "confirm_cancel"]),
    },
    "cancelled_expires_at": {"null": None, "kept": 600},
    "expired_expires_at": {"null": None, "kept": 600},
    "cancelled_usage": {"object": 0, "null": None},
    "expired_usage": {"object": 0, "null": None},
    "expired_completed_at": {"null": None, "set": 600},
    "unstarted_started_at": {"null": None, "set": 1},
    "completion_cap_reason": {
        "max_completion_tokens": ("incomplete", "max_completion_tokens"),
        "max_prompt_tokens": ("incomplete", "max_prompt_tokens"),
    },
    "modify_run_while_active": {
        "refuse": (400, None, "Cannot update run with status 'queued'."),
        "allow": A_B,
    },
    "modify_message_while_locked": {
        "allow": A_B,
        "refuse": (400, None, "Can't modify MESSAGE while a run RUN is active."),
    },
    "delete_message_while_locked": {
        "allow": True,
        "refuse": (400, None, "Can't delete MESSAGE while a run RUN is active."),
    },
    "delete_thread_while_locked": {
        "allow": True,
        "refuse": (400, None, "Can't delete THREAD while a run RUN is active."),
    },
    "additional_messages_checked": {
        "before": (400, "invalid_value", ROLE),
        "after": (400, None, "Thread THREAD already has an active run RUN."),
    },
    "partial_content": {False: [], True: ["One two three "]},
    "cut_order": {
        "step_first": ["thread.run.cancelling", *CUT, *ENDS],
        "message_first": ["thread.run.cancelling", *CUT[::-1], *ENDS],
    },
    "incomplete_event": {
        "thread.run.incomplete": ("thread.run.incomplete", "incomplete"),
        "thread.run.completed": ("thread.run.completed", "incomplete"),
    },
    "messages_max": {
        100_000: "user",
        2: (400, None, "A thread can't have more than 2 messages."),
        None: "user",
    },
    "tools_max": {128: (400, "array_above_max_length", TOOLS), 129: 129, None: 129},
    "tool_outputs_max_kb": {
        512: (400, "invalid_value", TOO_LARGE.format(512)),
        16: (400, "invalid_value", TOO_LARGE.format(16)),
        None: "queued",
    },
    "token_cap_min": {
        16: (400, "integer_below_min_value", CAPS[16]),
        256: (400, "integer_below_min_value", CAPS[256]),
        None: 15,
    },
    "limit_out_of_range": {
        "refuse": (400, "integer_above_max_value", LIMIT),
        "refuse_as_schema": (400, None, "1000 is greater than the maximum of 100 - 'limit'"),
        "clamp": 1,
    },
    "unknown_cursor": {"not_found": (404, None, CURSOR), "ignore": 1, "empty": 0},
    "missing_text": {
        "none_found": (404, None, "No run found with id 'run_x'."),
        "no_such_object": (404, None, "No such Run object: run_x"),
    },
    "malformed_id": {
        "prefix": (400, "invalid_value", PREFIX.format("run")),
        "prefix_and_underscore": (400, "invalid_value", PREFIX.format("run_")),
        "not_found": (404, None, "No run found with id 'x'."),
    },
    "stray_output_text": {
        "expected": (
            400,
            None,
            "Expected tool outputs for call_ids ['CALL'], got ['CALL', 'call_x']",
        ),
        "named": (400, "invalid_value", STRAY),
    },
    "empty_outputs": {
        "mismatch": (400, None, "Expected tool outputs for call_ids ['CALL'], got []"),
        "too_short": (400, "array_below_min_length", short("tool_outputs", *ARRAY)),
    },
    "empty_text": {
        "too_short": [
            (400, "array_below_min_length", short("content", *ARRAY)),
            (400, "string_below_min_length", short("content", *STRING)),
        ],
        "empty": [
            (400, "empty_array", EMPTY.format(*ARRAY)),
            (400, "empty_string", EMPTY.format(*STRING)),
        ],
    },
    "string_above_max_length_code": {"code": "string_above_max_length", "null": None},
    "unknown_parameter_code": {
        "code": (400, "unknown_parameter", "Unknown parameter: 'role'."),
        "null": (400, None, "Unknown parameter: 'role'."),
    },
    "endpoint": {"alive": "thread", "gone": (404, None, "Invalid URL (POST /v1/threads)")},
}

CASES = [(name, way, met) for name, ways in WAYS.items() for way, met in ways.items()]


@pytest.mark.parametrize(
    ("name", "way", "met"), CASES, ids=[f"{name}={way}" for name, way, _ in CASES]
)
def test_a_way(name: str, way: Any, met: Any) -> None:
    """The client meets what the switch says."""
    assert met == getattr(Client(**{name: way}), name)()


def test_every_way_is_tried() -> None:
    """No switch without its case here, and no way of it."""
    assert set(OPTIONS) == set(WAYS)
    assert all(set(OPTIONS[name]) <= set(ways) for name, ways in WAYS.items())


@pytest.mark.parametrize("way", [False, True])
def test_what_is_written_so_far_is_shown_on_both_roads(*, way: bool) -> None:
    """The direct port shows as much of a message as the wire does: some of it, or nothing."""
    client = Client(partial_content=way)
    ref = RunRef("assistants", client.begin(), client.thread_id)
    client.sim.clock.advance(8)

    (message,) = client.sim.backend.messages(ref)

    assert "".join(WAYS["partial_content"][way]) == message.text
