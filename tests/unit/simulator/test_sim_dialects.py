"""The forms in which the official clients send a request; and what is not simulated."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from runfsm_simulator import Simulator
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.wire.dialects import canonical
from runfsm_simulator.wire.http import Request
from runfsm_simulator.world.script import Script, call, say

# The SDK warns at every call of this API.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

KEY = {"authorization": "Bearer any"}
BETA = {"openai-beta": "assistants=v2"}


def azure(simulator: Simulator, **options: Any) -> openai.AzureOpenAI:
    """The official client for Azure, whose service is a simulator in this process."""
    return openai.AzureOpenAI(
        azure_endpoint="https://simulator.invalid",
        api_version="2024-05-01-preview",
        api_key="any",
        http_client=openai.DefaultHttpxClient(transport=simulator.transport()),
        **options,
    )


@pytest.mark.parametrize(
    ("path", "becomes"),
    [
        ("/openai/assistants", "/v1/assistants"),
        ("/openai/v1/threads/thread_1/runs", "/v1/threads/thread_1/runs"),
        ("/openai/deployments/gpt-4o/threads", "/v1/threads"),
        ("/openai/files/file-1/content", "/v1/files/file-1/content"),
        ("/openai/vector_stores", "/v1/vector_stores"),
        ("/openai/responses", "/v1/responses"),
        ("/openai/v1/responses/resp_1", "/v1/responses/resp_1"),
        ("/openai/deployments/gpt-4o/chat/completions", "/v1/chat/completions"),
        ("/v1/threads/openai/runs", "/v1/threads/openai/runs"),
        ("/openai", "/openai"),
    ],
)
def test_each_path_has_one_form(path: str, becomes: str) -> None:
    """Whichever prefix it came with."""
    assert becomes == canonical(Request("GET", path, headers=KEY)).path


def test_what_has_that_form_is_left_alone() -> None:
    """It is the same object: this is asked for each request."""
    request = Request("GET", "/v1/models", {"api-version": ["v1"]}, KEY)

    assert request is canonical(request)


@pytest.mark.parametrize(
    ("headers", "becomes"),
    [
        ({"api-key": "sk"}, {"authorization": "Bearer sk", **BETA}),
        ({"api-key": "sk", **KEY}, {**KEY, **BETA}),
        ({**KEY, "openai-beta": "assistants=v1"}, {**KEY, "openai-beta": "assistants=v1"}),
    ],
)
def test_the_key_and_the_version_are_told_as_openai_has_them(
    headers: dict[str, str], becomes: dict[str, str]
) -> None:
    """The version of Azure's query stands for the beta header; a header that was sent stays."""
    query = {"api-version": ["2024-05-01-preview"], "limit": ["1"]}
    asked = canonical(Request("GET", "/openai/assistants", query, headers))

    assert ({"limit": ["1"]}, becomes) == (asked.query, asked.headers)


def test_a_key_means_one_world_in_both_forms() -> None:
    """So both clients of one test suite meet there; another key is another world."""
    worlds = Worlds(Simulator, by="key")
    asked = [
        Request("GET", "/v1/models", headers={"authorization": "Bearer sk-1"}),
        Request("GET", "/openai/models", headers={"api-key": "sk-1"}),
        Request("GET", "/openai/models", headers={"api-key": "sk-2"}),
    ]
    first, same, other = (worlds.handle(one).headers["x-runfsm-world"] for one in asked)

    assert (True, True) == (first == same, first != other)
    assert [first, other] == [worlds.name(asked[0]), worlds.name(asked[2])]


def test_a_key_is_wanted_in_this_form_too() -> None:
    """Without one the answer is the same 401."""
    assert 401 == Simulator().handle(Request("GET", "/openai/models")).status


@pytest.mark.parametrize("deployment", [None, "gpt-4o"])
def test_the_client_for_azure_drives_a_run_in_process(deployment: str | None) -> None:
    """Also one that is made for a deployment."""
    options = {"azure_deployment": deployment} if deployment else {}
    simulator = Simulator(Script.of(call("look_up"), say("Found.")))
    with azure(simulator, **options) as client:
        assistant = client.beta.assistants.create(
            model="m", tools=[{"type": "function", "function": {"name": "look_up"}}]
        )
        run = client.beta.threads.create_and_run_poll(
            assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "Hi"}]}
        )
        assert run.required_action
        (asked,) = run.required_action.submit_tool_outputs.tool_calls
        run = client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id,
            thread_id=run.thread_id,
            tool_outputs=[{"tool_call_id": asked.id, "output": "yes"}],
        )

    assert "completed" == run.status
    assert {"/v1/"} == {line.path[:4] for line in simulator.control.journal.requests}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/chat/completions"),
        ("POST", "/openai/deployments/gpt-4o/chat/completions"),
        ("GET", "/v1/chat/completions/chatcmpl-1"),
        ("POST", "/v1/embeddings"),
        ("POST", "/v1/images/generations"),
    ],
)
def test_what_is_not_simulated_is_told_apart_from_what_does_not_exist(
    method: str, path: str
) -> None:
    """A 404 that says what is; so a wrong base_url and a missing endpoint are not mixed up."""
    answer = Simulator().handle(Request(method, path, headers=KEY))
    error = json.loads(answer.body)["error"]

    assert (404, "not_simulated") == (answer.status, error["code"])
    assert "is not simulated here. Simulated are assistants, threads and runs;" in error["message"]


def test_what_the_service_has_not_sounds_as_there() -> None:
    """In its own words."""
    answer = Simulator().handle(Request("GET", "/v1/chats", headers=KEY))

    assert "Invalid URL (GET /v1/chats)" == answer.json()["error"]["message"]
