"""The official client, validating strictly, against the `spec` profile.

First with the literal ids and odd parameters of the client's own generated test suite, against the
permissive service; then with real ids through a life with a tool call, against the normal one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from typing import Any, Final

import anyio
import openai
import pytest

from runfsm.lifecycle import RunEvent
from runfsm_simulator import Script, Simulator, call, say
from sdk_record import RECORD

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning"),
    pytest.mark.sdk_types,
]

TEXT: Final = {"role": "user", "content": "string", "metadata": {"foo": "string"}}
TOOLS: Final = [{"type": "code_interpreter"}]
RESOURCES: Final = {
    "code_interpreter": {"file_ids": ["string"]},
    "file_search": {
        "vector_store_ids": ["string"],
        "vector_stores": [
            {
                "chunking_strategy": {"type": "auto"},
                "file_ids": ["string"],
                "metadata": {"foo": "string"},
            }
        ],
    },
}
ATTACHED: Final = {**TEXT, "attachments": [{"file_id": "file_id", "tools": TOOLS}]}
PAGE: Final = {"limit": 0, "order": "asc", "after": "after", "before": "before"}
RUN: Final = {
    "assistant_id": "assistant_id",
    "instructions": "instructions",
    "max_completion_tokens": 256,
    "max_prompt_tokens": 256,
    "metadata": {"foo": "string"},
    "model": "string",
    "parallel_tool_calls": True,
    "response_format": "auto",
    "temperature": 1,
    "tool_choice": "none",
    "tools": TOOLS,
    "top_p": 1,
    "truncation_strategy": {"type": "auto", "last_messages": 1},
}
ON_THREAD: Final = {"thread_id": "thread_id"}
ON_RUN: Final = {**ON_THREAD, "run_id": "run_id"}

#: Every method that asks the API once: where it is, its first argument, and the others.
CALLS: Final[list[tuple[str, tuple[str, ...], dict[str, Any]]]] = [
    (
        "assistants.create",
        (),
        {
            "model": "gpt-4o",
            "description": "description",
            "instructions": "instructions",
            "metadata": {"foo": "string"},
            "name": "name",
            "reasoning_effort": "none",
            "response_format": "auto",
            "temperature": 1,
            "tool_resources": RESOURCES,
            "tools": TOOLS,
            "top_p": 1,
        },
    ),
    ("assistants.retrieve", ("assistant_id",), {}),
    ("assistants.update", ("assistant_id",), {}),
    ("assistants.list", (), PAGE),
    ("assistants.delete", ("assistant_id",), {}),
    ("threads.create", (), {"messages": [ATTACHED], "tool_resources": RESOURCES}),
    ("threads.retrieve", ("thread_id",), {}),
    ("threads.update", ("thread_id",), {"metadata": {"foo": "string"}}),
    ("threads.delete", ("thread_id",), {}),
    ("threads.create_and_run", (), {**RUN, "thread": {"messages": [ATTACHED]}}),
    ("threads.messages.create", ("thread_id",), ATTACHED),
    ("threads.messages.retrieve", ("message_id",), ON_THREAD),
    ("threads.messages.update", ("message_id",), ON_THREAD),
    ("threads.messages.list", ("thread_id",), {**PAGE, "run_id": "run_id"}),
    ("threads.messages.delete", ("message_id",), ON_THREAD),
    (
        "threads.runs.create",
        ("thread_id",),
        {
            **RUN,
            "include": ["step_details.tool_calls[*].file_search.results[*].content"],
            "additional_instructions": "string",
            "additional_messages": [ATTACHED],
        },
    ),
    ("threads.runs.retrieve", ("run_id",), ON_THREAD),
    ("threads.runs.update", ("run_id",), {**ON_THREAD, "metadata": {"foo": "string"}}),
    ("threads.runs.list", ("thread_id",), PAGE),
    ("threads.runs.cancel", ("run_id",), ON_THREAD),
    ("threads.runs.submit_tool_outputs", ("run_id",), {**ON_THREAD, "tool_outputs": [{}]}),
    ("threads.runs.steps.retrieve", ("step_id",), ON_RUN),
    ("threads.runs.steps.list", ("run_id",), {**ON_THREAD, **PAGE}),
]
STREAMED: Final = [one for one in CALLS if one[0].endswith(("_run", "runs.create", "_outputs"))]

#: Methods of the client that are made of several of these calls.
HELPERS: Final = ("poll", "stream")

SIMULATOR: Final = Simulator(profile="spec", permissive=True)
STRICT: Final = {"_strict_response_validation": True, "max_retries": 0}


def method(client: Any, path: str, form: str = "") -> Callable[..., Any]:
    """A method of `client.beta`, in one of the forms in which the client has it."""
    *rooms, name = path.split(".")
    room = reduce(getattr, rooms, client.beta)
    found: Callable[..., Any] = getattr(getattr(room, form) if form else room, name)
    return found


def test_no_method_is_left_out() -> None:
    """The calls below are all that the resources have, but for their helpers."""
    known = RECORD.union("assistants methods")
    methods = {path for path in known if not path.endswith(HELPERS)}

    assert methods == {path for path, _, _ in CALLS}


@pytest.mark.parametrize(("path", "args", "kwargs"), CALLS, ids=[path for path, _, _ in CALLS])
def test_literal_ids(path: str, args: tuple[str, ...], kwargs: dict[str, Any]) -> None:
    """Each method, thrice in a row in each of its forms: the answer is what the client types."""
    client = SIMULATOR.client(**STRICT)
    for _ in range(3):
        parsed = method(client, path)(*args, **kwargs)
        raw = method(client, path, "with_raw_response")(*args, **kwargs).parse()
        with method(client, path, "with_streaming_response")(*args, **kwargs) as streamed:
            late = streamed.parse()

        assert type(parsed) is type(raw) is type(late)


@pytest.mark.parametrize(("path", "args", "kwargs"), CALLS, ids=[path for path, _, _ in CALLS])
def test_literal_ids_async(path: str, args: tuple[str, ...], kwargs: dict[str, Any]) -> None:
    """The same of the client that is awaited."""

    async def ask() -> None:
        client = SIMULATOR.async_client(**STRICT)
        parsed = await method(client, path)(*args, **kwargs)
        raw = await method(client, path, "with_raw_response")(*args, **kwargs)
        async with method(client, path, "with_streaming_response")(*args, **kwargs) as streamed:
            late = await streamed.parse()

        assert type(parsed) is type(raw.parse()) is type(late)

    anyio.run(ask)


@pytest.mark.parametrize(("path", "args", "kwargs"), STREAMED, ids=[call[0] for call in STREAMED])
def test_literal_ids_streamed(path: str, args: tuple[str, ...], kwargs: dict[str, Any]) -> None:
    """A stream may be left unread, and each of its events is what the client types."""
    create = partial(method(SIMULATOR.client(**STRICT), path), *args, **kwargs, stream=True)
    create().response.close()
    events = list(create())

    assert "thread.run.completed" == events[-1].event


def test_the_path_may_lack_the_version() -> None:
    """The client's own suite takes its base URL as it is, without `/v1`."""
    client = SIMULATOR.client(base_url="http://simulator.invalid", **STRICT)

    assert "assistant" == client.beta.assistants.retrieve("assistant_id").object


def test_a_life_with_a_tool_call() -> None:
    """With real ids and the rules in force, every answer is valid too, in every status."""
    script = Script.of(call("f", queue_s=1, work_s=2), say("Done.", queue_s=1, work_s=2))
    simulator = Simulator(script, profile="spec")
    beta = simulator.client(**STRICT).beta
    functions = [{"type": "function", "function": {"name": "f"}}]
    assistant = beta.assistants.create(model="gpt-4o", tools=functions)
    thread = beta.threads.create()
    beta.threads.messages.create(thread.id, role="user", content="Go.")
    run = beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    seen = []

    def look() -> Any:
        """Everything there is, in all ways to look at it."""
        on_run = {"thread_id": thread.id, "run_id": run.id}
        now = beta.threads.runs.retrieve(run.id, thread_id=thread.id)
        steps = beta.threads.runs.steps.list(**on_run).data
        for step in steps:
            beta.threads.runs.steps.retrieve(step.id, **on_run)
        for message in beta.threads.messages.list(thread.id):
            beta.threads.messages.retrieve(message.id, thread_id=thread.id)
        beta.threads.runs.list(thread.id)
        seen.append((now.status, [step.status for step in steps]))
        return now

    look()
    for seconds in (1, 1, 1):
        simulator.clock.advance(seconds)
        now = look()
    action = now.required_action
    outputs = [
        {"tool_call_id": one.id, "output": "1"} for one in action.submit_tool_outputs.tool_calls
    ]
    beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=outputs)
    for seconds in (0, 1, 1, 1):
        simulator.clock.advance(seconds)
        look()
    changed = beta.threads.runs.update(run.id, thread_id=thread.id, metadata={"a": "b"})
    message = beta.threads.messages.list(thread.id).data[0]
    beta.threads.messages.update(message.id, thread_id=thread.id, metadata={"a": "b"})

    assert {"a": "b"} == changed.metadata
    assert [
        ("queued", []),
        ("in_progress", []),
        ("in_progress", ["in_progress"]),
        ("requires_action", ["in_progress"]),
        ("queued", ["completed"]),
        ("in_progress", ["completed"]),
        ("in_progress", ["in_progress", "completed"]),
        ("completed", ["completed", "completed"]),
    ] == seen


@pytest.mark.parametrize(
    "events", [("cancel", "confirm_cancel"), ("fail",), ("expire",), ("truncate",)]
)
def test_every_other_end(events: tuple[str, ...]) -> None:
    """A run that does not complete is valid as well, with its step and its cut message."""
    simulator = Simulator(Script.of(say("Hello!", queue_s=1, work_s=4)), profile="spec")
    beta = simulator.client(**STRICT).beta
    assistant_id = simulator.create_assistant(instructions=None)
    thread_id = simulator.create_thread()
    simulator.add_message(thread_id, "Hi")
    run = beta.threads.runs.create(thread_id, assistant_id=assistant_id)
    simulator.clock.advance(4)
    for event in events:
        simulator.world.fire(run.id, RunEvent(event))
    step = beta.threads.runs.steps.list(run.id, thread_id=thread_id).data[0]
    message = beta.threads.messages.list(thread_id).data[0]

    assert "" == beta.threads.runs.retrieve(run.id, thread_id=thread_id).instructions
    assert ("incomplete", True) == (message.status, message.incomplete_at is not None)
    assert ("expire" in events) == (step.expired_at is not None)


def test_the_wire_profile_is_not_valid() -> None:
    """What the service really sent, the client's own types refuse: so there are two profiles."""
    client = Simulator().client(**STRICT)
    assistant = client.beta.assistants.create(model="gpt-4o")
    with pytest.raises(openai.APIResponseValidationError):
        client.beta.threads.create_and_run(
            assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "Hi"}]}
        )
