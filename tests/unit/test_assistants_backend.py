"""What goes over the Assistants wire, and what is read off it; for threads and for tasks alike."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import anyio
import openai
import pytest

from runfsm import AssistantsBackend, AsyncRunDriver, RunDriver, RunRequest
from runfsm.backends import SyncAssistantsBackend
from runfsm.driver.actions import ToolOutput
from runfsm.errors import BackendError, CallerError
from runfsm.lifecycle import RunRef, RunSnapshot
from runfsm.lifecycle.snapshot import RunError, RunMessage, ToolCall, Usage

# openai 2.x stands on httpx, 3.x on httpx2: the client tells which.
http: Any = import_module(openai.DefaultHttpxClient.__mro__[1].__module__.split(".")[0])

REF = RunRef("assistants", "run_1", "thread_1")
OUTPUTS = [ToolOutput("call_1", "f", "42"), ToolOutput("call_2", "g", "")]
RUN = {"id": "run_1", "thread_id": "thread_1", "status": "queued", "created_at": 10}
TEXT = {"type": "text", "text": {"value": "Hi", "annotations": []}}


@dataclass
class Service:
    """Answers every request with one body, and keeps the requests."""

    body: Any = field(default_factory=lambda: RUN)
    status: int = 200
    content_type: str = "application/json"
    requests: list[Any] = field(default_factory=list)

    def __call__(self, request: Any) -> Any:
        """One request in, one answer out."""
        self.requests.append(request)
        content = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return http.Response(
            self.status, content=content, headers={"content-type": self.content_type}
        )

    @property
    def sent(self) -> Any:
        """The body of the only request."""
        (request,) = self.requests
        return json.loads(request.content)

    def options(self, *, is_async: bool) -> dict[str, Any]:
        """Arguments of a client whose service this is."""
        make = http.AsyncClient if is_async else http.Client
        return {
            "api_key": "sk-any",
            "base_url": "http://service.invalid/v1",
            "http_client": make(transport=http.MockTransport(self)),
        }


Ask = Callable[..., Any]


def _ask(service: Service, method: str, *args: Any, **kwargs: Any) -> Any:
    backend = AssistantsBackend(openai.OpenAI(**service.options(is_async=False)))
    return getattr(backend, method)(*args, **kwargs)


def _ask_async(service: Service, method: str, *args: Any, **kwargs: Any) -> Any:
    async def main() -> Any:
        backend = AssistantsBackend(openai.AsyncOpenAI(**service.options(is_async=True)))
        return await getattr(backend, method)(*args, **kwargs)

    return anyio.run(main)


@pytest.fixture(params=[_ask, _ask_async], ids=["threads", "tasks"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Ask a service by a call of a backend: both kinds in turn."""
    found: Ask = request.param
    return found


# What is sent ------------------------------------------------------------------------------------

SAID = {"role": "user", "content": "Hi"}
RUNS = "/v1/threads/thread_1/runs"

SENT: list[tuple[tuple[str, *tuple[Any, ...]], Any, tuple[str, str, Any]]] = [
    (("create", RunRequest("asst_1", "Hi", "thread_1")), RUN,
     ("POST", RUNS, {"assistant_id": "asst_1", "additional_messages": [SAID]})),
    (("create", RunRequest("asst_1", None, "thread_1")), RUN,
     ("POST", RUNS, {"assistant_id": "asst_1"})),
    (("create", RunRequest("asst_1", "Hi", options={"temperature": 0.2})), RUN,
     ("POST", "/v1/threads/runs",
      {"assistant_id": "asst_1", "temperature": 0.2, "thread": {"messages": [SAID]}})),
    (("create", RunRequest("asst_1", "Hi", options={"additional_messages": [TEXT]})), RUN,
     ("POST", "/v1/threads/runs",
      {"assistant_id": "asst_1", "thread": {"messages": [TEXT, SAID]}})),
    (("create", RunRequest("asst_1", "Hi", "thread_1", {"additional_messages": None})), RUN,
     ("POST", RUNS, {"assistant_id": "asst_1", "additional_messages": [SAID]})),
    (("retrieve", REF), RUN, ("GET", f"{RUNS}/run_1", None)),
    (("submit", REF, OUTPUTS), RUN,
     ("POST", f"{RUNS}/run_1/submit_tool_outputs",
      {"tool_outputs": [{"tool_call_id": "call_1", "output": "42"},
                        {"tool_call_id": "call_2", "output": ""}]})),
    (("cancel", REF), RUN, ("POST", f"{RUNS}/run_1/cancel", {})),
    (("messages", REF), {"object": "list", "data": []},
     ("GET", "/v1/threads/thread_1/messages?run_id=run_1&order=desc&limit=100", None)),
    (("add_message", "thread_1", "Hi"), {"id": "msg_1"},
     ("POST", "/v1/threads/thread_1/messages", SAID)),
]  # fmt: skip  # a row reads as a sentence: this call is sent as that


@pytest.mark.parametrize(("asked", "answer", "sent"), SENT)
def test_each_call_is_one_request(ask: Ask, asked: Any, answer: Any, sent: Any) -> None:
    """Verb, path and body of every call, in the second version's beta; and no warning."""
    service = Service(answer)
    ask(service, *asked)
    (request,) = service.requests

    body = json.loads(request.content) if request.content else None
    assert sent == (request.method, request.url.raw_path.decode(), body)
    assert "assistants=v2" == request.headers["openai-beta"]


@pytest.mark.parametrize("method", ["create_assistant", "create_thread"])
def test_parameters_are_passed_on_as_they_are(ask: Ask, method: str) -> None:
    """What the backend does not know it sends on; it gives the new thing's id."""
    service = Service({"id": "thing_1"})

    assert "thing_1" == ask(service, method, metadata={"a": "b"}, brand_new=[1])
    assert {"metadata": {"a": "b"}, "brand_new": [1]} == service.sent


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
@pytest.mark.parametrize(
    ("method", "args"),
    [("create", (RunRequest("a"),)), ("submit", (REF, OUTPUTS)), ("cancel", (REF,))],
)
def test_what_changes_something_is_sent_once(ask: Ask, method: str, args: Any, status: int) -> None:
    """The SDK repeats these statuses by itself; a create, a submit and a cancel it must not."""
    service = Service({"error": {"message": "No."}}, status)

    with pytest.raises(BackendError):
        ask(service, method, *args)
    assert 1 == len(service.requests)


@pytest.mark.parametrize(
    ("given", "quoted"),
    [("a/b", "a%2Fb"), ("a?b#c", "a%3Fb%23c"), ("a b", "a%20b"), ("é", "%C3%A9")],
)
def test_an_id_cannot_leave_its_place_in_the_path(ask: Ask, given: str, quoted: str) -> None:
    """Whatever an id is made of, it is one segment of the path."""
    service = Service()
    ask(service, "retrieve", RunRef("assistants", given, given))
    (request,) = service.requests

    assert f"/v1/threads/{quoted}/runs/{quoted}".encode() == request.url.raw_path


@pytest.mark.parametrize("given", ["", ".", ".."])
def test_an_id_that_is_no_segment_is_refused(ask: Ask, given: str) -> None:
    """An empty id, or one that means another folder, would ask for something else altogether."""
    service = Service()

    with pytest.raises(CallerError):
        ask(service, "cancel", RunRef("assistants", "run_1", given))
    assert [] == service.requests


@pytest.mark.parametrize("reserved", ["assistant_id", "stream", "thread"])
def test_what_the_driver_fills_in_is_refused_as_an_option(ask: Ask, reserved: str) -> None:
    """The error names the option and the fields to use; nothing is sent."""
    service = Service()

    with pytest.raises(CallerError, match=rf"options has {reserved}.*thread_id"):
        ask(service, "create", RunRequest("asst_1", options={reserved: None}))
    assert [] == service.requests


# What is read ------------------------------------------------------------------------------------


def test_a_run_is_read_whole(ask: Ask) -> None:
    """Every field of a snapshot comes from its place in the run; the run itself is kept."""
    body = RUN | {
        "status": "requires_action",
        "started_at": 11,
        "expires_at": 610,
        "last_error": {"code": "server_error", "message": "Sorry."},
        "incomplete_details": {"reason": "max_prompt_tokens"},
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        "required_action": _action({"name": "f", "arguments": "{}"}),
        "brand_new": {"field": [1]},
    }
    snapshot = ask(Service(body), "retrieve", REF)

    expected = RunSnapshot(
        ref=REF,
        raw_status="requires_action",
        calls=(ToolCall("call_1", "f", "{}"),),
        created_at=10,
        started_at=11,
        expires_at=610,
        error=RunError("server_error", "Sorry."),
        incomplete_reason="max_prompt_tokens",
        usage=Usage(1, 2, 3),
    )
    assert expected == snapshot
    assert {"field": [1]} == snapshot.raw.brand_new


def _action(function: Any) -> Any:
    calls = [{"id": "call_1", "type": "function", "function": function}]
    return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}


LOOK_ALIKES: dict[str, Any] = {
    "the least": {"id": "run_1", "thread_id": "thread_1", "status": "queued"},
    "a tenth status": RUN | {"status": "generating"},
    "nulls": RUN | dict.fromkeys(("created_at", "usage", "last_error", "required_action")),
    "an empty action": RUN | {"required_action": {}},
    "an action of nulls": RUN | {"required_action": {"submit_tool_outputs": None}},
    "no calls": RUN | {"required_action": {"submit_tool_outputs": {"tool_calls": None}}},
    "an empty usage": RUN | {"usage": {}},
    "an empty error": RUN | {"last_error": {}},
    "an error without a code": RUN | {"last_error": {"message": "Sorry."}},
    "empty details": RUN | {"incomplete_details": {}},
    "floats": RUN | {"created_at": 10.5, "expires_at": "soon"},
}


@pytest.mark.parametrize("body", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_what_a_look_alike_leaves_out_is_left_out(ask: Ask, body: Any) -> None:
    """A run with an id, a thread and a status is a snapshot, whatever else is missing or null."""
    snapshot = ask(Service(body), "retrieve", REF)

    assert (REF, body["status"], ()) == (snapshot.ref, snapshot.raw_status, snapshot.calls)


@pytest.mark.parametrize("function", [{"name": "f"}, {"name": "f", "arguments": None}])
def test_a_call_without_arguments_is_a_call(ask: Ask, function: Any) -> None:
    """No arguments are an empty text, which the tools then refuse in words for the model."""
    body = RUN | {"status": "requires_action", "required_action": _action(function)}

    assert (ToolCall("call_1", "f", ""),) == ask(Service(body), "retrieve", REF).calls


NO_RUNS: dict[str, tuple[Any, str]] = {
    "a page": (b"<html>Welcome to this network</html>", "text/html"),
    "half a body": (b'{"id": "run_', "application/json"),
    "no body": (b"", "application/json"),
    "not UTF-8": (b'{"id": "\xff"}', "application/json"),
    "a list": ([RUN], "application/json"),
    "null": (None, "application/json"),
    "a text": ("run_1", "application/json"),
    "an empty object": ({}, "application/json"),
    "an error": ({"error": {"message": "No."}}, "application/json"),
}


@pytest.mark.parametrize(("body", "content_type"), NO_RUNS.values(), ids=NO_RUNS)
@pytest.mark.parametrize("method", ["retrieve", "cancel"])
def test_an_answer_that_is_no_run_is_a_fault(
    ask: Ask, method: str, body: Any, content_type: str
) -> None:
    """A proxy's page with status 200, half a body and the like: a `BackendError`, never a crash.

    And a cancel that was answered so may have been applied.
    """
    with pytest.raises(BackendError) as caught:
        ask(Service(body, content_type=content_type), method, REF)
    assert (method == "cancel") <= caught.value.fault.maybe_applied


def test_messages_are_the_runs_own_oldest_first(ask: Ask) -> None:
    """Asked for newest first, told oldest first; others' are left out, text parts are joined."""
    image = {"type": "image_file", "image_file": {"file_id": "file_1"}}
    listed = [
        _message("msg_3", None),
        _message("msg_2", [TEXT, image, TEXT]),
        _message("msg_9", [TEXT], run_id=None),
        _message("msg_1", []),
    ]
    found = ask(Service({"data": listed}), "messages", REF)

    texts = {"msg_1": "", "msg_2": "HiHi", "msg_3": ""}
    assert [RunMessage(i, "assistant", text) for i, text in texts.items()] == list(found)


def _message(message_id: str, content: Any, run_id: str | None = "run_1") -> Any:
    return {"id": message_id, "role": "assistant", "run_id": run_id, "content": content}


@pytest.mark.parametrize(
    "part",
    [{"type": "text"}, {"type": "text", "text": None}, {"type": "text", "text": {}}, {}],
)
def test_an_odd_part_of_a_message_is_no_text(ask: Ask, part: Any) -> None:
    """A part of a new kind, or a text part without a text, is passed over."""
    found = ask(Service({"data": [_message("msg_1", [part, TEXT])]}), "messages", REF)

    assert ["Hi"] == [message.text for message in found]


# Wrong kinds -------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", [None, "sk-any", openai, object()])
def test_what_is_no_client_is_refused(client: Any) -> None:
    """The error names the two clients that there are, and what was given."""
    with pytest.raises(TypeError, match=rf"openai\.OpenAI.*not {type(client).__name__}"):
        AssistantsBackend(client)


def test_a_driver_and_its_backend_are_of_one_kind() -> None:
    """The error of a wrong pair names the driver, or the client, to use instead."""
    service = Service()
    blocking = AssistantsBackend(openai.OpenAI(**service.options(is_async=False)))
    awaited = AssistantsBackend(openai.AsyncOpenAI(**service.options(is_async=True)))

    with pytest.raises(TypeError, match="use AsyncRunDriver"):
        RunDriver(awaited)
    with pytest.raises(TypeError, match="use RunDriver"):
        AsyncRunDriver(blocking)


def test_a_backend_can_be_subclassed() -> None:
    """An app's own subclass, for a look-alike's quirks, is what its constructor gives."""

    class Quirky(SyncAssistantsBackend):
        def retrieve(self, ref: RunRef) -> RunSnapshot:
            return super().retrieve(RunRef(ref.backend, ref.run_id.upper(), ref.thread_id))

    service = Service()
    backend = Quirky(openai.OpenAI(**service.options(is_async=False)))
    backend.retrieve(REF)

    assert service.requests[0].url.path.endswith("/RUN_1")


def test_a_backend_of_a_kind_takes_a_client_of_that_kind() -> None:
    """The sync backend refuses an async client at once, not at the first call."""
    with pytest.raises(TypeError, match="AsyncOpenAI"):
        SyncAssistantsBackend(openai.AsyncOpenAI(**Service().options(is_async=True)))


def test_the_two_backends_are_mirrors() -> None:
    """What can be asked by threads can be awaited by tasks, with the same parameters."""
    service = Service()
    blocking = AssistantsBackend(openai.OpenAI(**service.options(is_async=False)))
    awaited = AssistantsBackend(openai.AsyncOpenAI(**service.options(is_async=True)))

    def calls(backend: Any) -> dict[str, list[str]]:
        methods = inspect.getmembers(backend, inspect.ismethod)
        return {n: list(inspect.signature(m).parameters) for n, m in methods if n[0] != "_"}

    assert calls(blocking) == calls(awaited)
