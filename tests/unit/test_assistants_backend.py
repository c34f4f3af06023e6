"""What goes over the Assistants wire, for threads and for tasks alike."""

from __future__ import annotations

import inspect
import json
from typing import Any

import openai
import pytest

from canned import REF, RUN, TEXT, Ask, Service, by_both
from runfsm import AssistantsBackend, AsyncRunDriver, RunDriver, RunRequest
from runfsm.backends import SyncAssistantsBackend
from runfsm.driver.request import ToolOutput
from runfsm.errors import BackendError, CallerError
from runfsm.lifecycle import RunRef, RunSnapshot
from runfsm.lifecycle.snapshot import METADATA_KEY, METADATA_MAX

OUTPUTS = [ToolOutput("call_1", "f", "42"), ToolOutput("call_2", "g", "")]

# What is sent ------------------------------------------------------------------------------------

SAID = {"role": "user", "content": "Hi"}
RUNS = "/v1/threads/thread_1/runs"
MESSAGES = "/v1/threads/thread_1/messages"
FULL = {str(number): "x" for number in range(METADATA_MAX)}
PAGE = {"object": "list", "data": []}

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
    (("create", RunRequest("asst_1", None, "thread_1", {"metadata": {"a": "b"}}, key="k")), RUN,
     ("POST", RUNS, {"assistant_id": "asst_1", "metadata": {"a": "b", METADATA_KEY: "k"}})),
    (("create", RunRequest("asst_1", None, "thread_1", {"metadata": FULL}, key="k")), RUN,
     ("POST", RUNS, {"assistant_id": "asst_1", "metadata": FULL})),
    (("create_thread",), {"id": "thread_1"}, ("POST", "/v1/threads", {})),
    (("runs", "thread_1"), PAGE, ("GET", f"{RUNS}?order=desc&limit=20", None)),
    (("retrieve", REF), RUN, ("GET", f"{RUNS}/run_1", None)),
    (("submit", REF, OUTPUTS), RUN,
     ("POST", f"{RUNS}/run_1/submit_tool_outputs",
      {"tool_outputs": [{"tool_call_id": "call_1", "output": "42"},
                        {"tool_call_id": "call_2", "output": ""}]})),
    (("cancel", REF), RUN, ("POST", f"{RUNS}/run_1/cancel", {})),
    (("messages", REF), PAGE, ("GET", f"{MESSAGES}?run_id=run_1&order=desc&limit=100", None)),
    (("add_message", "thread_1", "Hi"), {"id": "msg_1"}, ("POST", MESSAGES, SAID)),
    (("find_message", "thread_1", "k"), PAGE,
     ("GET", f"{MESSAGES}?order=desc&limit=100", None)),
]  # fmt: skip  # a row reads as a sentence: this call is sent as that


@by_both
@pytest.mark.parametrize(("asked", "answer", "sent"), SENT)
def test_each_call_is_one_request(ask: Ask, asked: Any, answer: Any, sent: Any) -> None:
    """Verb, path and body of every call, in the second version's beta; and no warning."""
    service = Service(answer)
    ask(service, *asked)
    (request,) = service.requests

    body = json.loads(request.content) if request.content else None
    assert sent == (request.method, request.url.raw_path.decode(), body)
    assert "assistants=v2" == request.headers["openai-beta"]


@by_both
@pytest.mark.parametrize("method", ["create_assistant", "create_thread"])
def test_parameters_are_passed_on_as_they_are(ask: Ask, method: str) -> None:
    """What the backend does not know it sends on; it gives the new thing's id."""
    service = Service({"id": "thing_1"})

    assert "thing_1" == ask(service, method, metadata={"a": "b"}, brand_new=[1])
    assert {"metadata": {"a": "b"}, "brand_new": [1]} == service.sent


@by_both
@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("create", (RunRequest("a"),)),
        ("submit", (REF, OUTPUTS)),
        ("cancel", (REF,)),
        ("add_message", ("thread_1", "Hi")),
        ("create_thread", ()),
        ("runs", ("thread_1",)),
        ("retrieve", (REF,)),
    ],
)
def test_every_call_is_sent_once(ask: Ask, method: str, args: Any, status: int) -> None:
    """The SDK repeats these statuses by itself: that is the driver's, who looks in between."""
    service = Service({"error": {"message": "No."}}, status)

    with pytest.raises(BackendError):
        ask(service, method, *args)
    assert 1 == len(service.requests)


@by_both
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


@by_both
@pytest.mark.parametrize("given", ["", ".", ".."])
def test_an_id_that_is_no_segment_is_refused(ask: Ask, given: str) -> None:
    """An empty id, or one that means another folder, would ask for something else altogether."""
    service = Service()

    with pytest.raises(CallerError):
        ask(service, "cancel", RunRef("assistants", "run_1", given))
    assert [] == service.requests


@by_both
@pytest.mark.parametrize("reserved", ["assistant_id", "stream", "thread"])
def test_what_the_driver_fills_in_is_refused_as_an_option(ask: Ask, reserved: str) -> None:
    """The error names the option and the fields to use; nothing is sent."""
    service = Service()

    with pytest.raises(CallerError, match=rf"options has {reserved}.*thread_id"):
        ask(service, "create", RunRequest("asst_1", options={reserved: None}))
    assert [] == service.requests


@by_both
def test_a_message_keeps_its_key(ask: Ask) -> None:
    """It is sent in the message's metadata, to be found there."""
    service = Service({"id": "msg_1"})
    ask(service, "add_message", "thread_1", "Hi", key="k")

    assert SAID | {"metadata": {METADATA_KEY: "k"}} == service.sent


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
