"""What goes over the wire of the Agents API, and how answers of it are read: the pure parts."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from runfsm import AgentsBackend, CallerError, RunRef, RunStatus
from runfsm.backends import agents_wire as wire
from runfsm.backends.agents_answers import Turn, read_actions, read_turn, read_turns
from runfsm.backends.agents_memory import Memory
from runfsm.backends.agents_recipe import check_later, input_of, session_of
from runfsm.driver.request import RunRequest, ToolOutput
from sdk_record import HAS_AGENTS

REF = RunRef("agents", "turn_1", "sess_1")


def _turn(**fields: Any) -> Turn:
    return read_turn({"id": "turn_1", "session_id": "sess_1", "status": "in_progress", **fields})


# Answers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "cancelling", "means"),
    [
        ("queued", False, RunStatus.QUEUED),
        ("waiting", False, RunStatus.REQUIRES_ACTION),
        ("waiting", True, RunStatus.CANCELLING),
        ("in_progress", True, RunStatus.CANCELLING),
        ("cancelled", True, RunStatus.CANCELLED),
        ("completed", True, RunStatus.COMPLETED),
        ("dreaming", False, None),
    ],
)
def test_what_a_turn_is_as_a_run(*, status: str, cancelling: bool, means: Any) -> None:
    """A cancel that was accepted is known here alone, and its end is the service's word."""
    run = _turn(status=status).shown(REF, is_cancelling=cancelling)

    assert (means, status) == (run.status, run.raw_status)


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("max_output_tokens", RunStatus.INCOMPLETE, "max_output_tokens"),
        ("session_budget_exceeded", RunStatus.INCOMPLETE, "session_budget_exceeded"),
        ("context_length_exceeded", RunStatus.FAILED, None),
        ("project_spend_limit_exceeded", RunStatus.FAILED, None),
    ],
)
def test_only_a_cut_answer_is_an_incomplete_run(code: str, status: RunStatus, reason: Any) -> None:
    """By a limit of the client's own. What does not fit into the window, or is not paid, failed."""
    turn = _turn(status="failed", error={"code": code, "message": "..."})
    run = turn.shown(REF, is_cancelling=False)

    assert (status, reason) == (run.status, run.incomplete_reason)
    assert (reason is None) == (run.error is not None)


def test_the_turns_of_subagents_are_no_runs() -> None:
    """They are listed with the others, and named by their `subagent_id`."""
    known = {"session_id": "sess_1", "status": "queued"}
    page = {"data": [{"id": "t_2", **known, "subagent_id": "sub_1"}, {"id": "t_1", **known}]}

    assert ["t_1"] == [turn.id for turn in read_turns(page)]


@pytest.mark.parametrize("body", [None, [], {}, {"id": "t"}, {"id": 7, "session_id": "s"}])
def test_what_is_no_turn_is_refused(body: Any) -> None:
    """Id, session and status must be there."""
    with pytest.raises(TypeError, match="a turn has"):
        read_turn(body)


def test_what_a_session_waits_for_has_its_kind_and_its_turn() -> None:
    """A call's arguments become JSON; other things are named by their kind, with all they say."""
    actions = [
        {
            "type": "function_call",
            "call_id": "c",
            "name": "f",
            "turn_id": "t",
            "arguments": {"a": 1},
        },
        {"type": "mcp_approval_request", "request_id": "r", "turn_id": "t", "request": {"b": 2}},
        {"type": "environment_connection", "environment_id": "e"},
    ]
    found = read_actions({"id": "sess_1", "required_actions": actions})

    assert [
        ("t", "c", "f", '{"a": 1}', "function"),
        ("t", "r", "mcp_approval_request", '{"b": 2}', "mcp_approval_request"),
        (None, "e", "environment_connection", "{}", "environment_connection"),
    ] == [(turn, it.call_id, it.name, it.arguments, it.kind) for turn, it in found]


# What is sent ------------------------------------------------------------------------------------


def _sent(output: ToolOutput) -> Any:
    (event,) = wire.answer("sess_1", "turn_1", output).body["events"]
    return event


def test_an_approval_is_answered_as_one() -> None:
    """By a tool of that name: true approves, and anything else does not."""
    decided = [
        _sent(ToolOutput("r", "x", said, kind="mcp_approval_request"))["response"]["decision"]
        for said in ("true", "false", "well")
    ]

    assert ["approve", "deny", "deny"] == decided


def test_what_else_is_asked_for_is_answered_as_the_tool_puts_it() -> None:
    """Its JSON is the response."""
    output = ToolOutput("r", "x", '{"type": "deny"}', kind="computer_use_approval_request")

    assert {
        "type": "agent.session.input.computer_use_approval_request_result",
        "request_id": "r",
        "response": {"type": "deny"},
    } == _sent(output)


@pytest.mark.parametrize(
    ("key", "is_itself"), [("key 1", True), ("k" * 257, False), ("ключ", False)]
)
def test_any_key_fits_the_header(key: str, *, is_itself: bool) -> None:
    """At most 256 characters of ASCII; what does not fit has a digest, the same each time."""
    headers = [wire.say("sess_1", [], key).headers["Idempotency-Key"] for _ in range(2)]

    assert 1 == len({*headers})
    assert is_itself == (headers[0] == key)
    assert headers[0].isascii()
    assert len(headers[0]) <= wire.KEY_MAX


# An agent ----------------------------------------------------------------------------------------


def test_an_assistant_becomes_the_agent_of_a_session() -> None:
    """Its own words are translated; a session's go beside the agent; its name stays at home."""
    tool = {"type": "function", "function": {"name": "look", "strict": True}}
    assistant = {"model": "m", "name": "Ann", "reasoning_effort": "low", "tools": [tool]}
    body = session_of("asst_1", assistant, {"instructions": "Be brief.", "vault_ids": ["v"]})

    assert {
        "vault_ids": ["v"],
        "agent": {
            "model": "m",
            "instructions": "Be brief.",
            "reasoning": {"effort": "low"},
            "tools": [
                {
                    "type": "function",
                    "name": "look",
                    "description": "",
                    "parameters": {"type": "object", "properties": {}},
                }
            ],
        },
    } == body


def test_an_agent_of_the_service_can_be_changed_for_a_session() -> None:
    """Options go beside its id, and need name no model."""
    body = session_of("agent_7", None, {"instructions": "Be brief."})

    assert {"agent_id": "agent_7", "agent": {"instructions": "Be brief."}} == body


@pytest.mark.parametrize("name", ["temperature", "max_completion_tokens", "tool_choice"])
def test_what_an_agent_has_not_is_refused_with_what_it_has(name: str) -> None:
    """By name, before anything is sent; on a later run, every option is."""
    with pytest.raises(CallerError, match=f"no {name}; an agent has .*model"):
        session_of("asst_1", {"model": "m"}, {name: 1})
    with pytest.raises(CallerError, match=f"{name} comes too late"):
        check_later({name: 1})


def test_a_session_is_told_what_users_say() -> None:
    """Not what an assistant has said elsewhere: that is refused."""
    options = {"additional_messages": [{"role": "assistant", "content": "Hello!"}]}

    with pytest.raises(CallerError, match="and not assistants"):
        input_of(RunRequest("asst_1", "Hi", options=options), [])


# Memory and door ---------------------------------------------------------------------------------


def test_what_waits_for_a_thread_waits_for_its_session() -> None:
    """Added by the one name, it is said by the other; once said, it is gone."""
    memory = Memory()
    thread_id = memory.new_thread()
    message_id = memory.add(thread_id, {"role": "user", "content": "Hi"}, "key_1")
    memory.found(thread_id, "sess_1")

    assert [message_id] == [*memory.waiting("sess_1")] == [*memory.waiting(thread_id)]
    memory.said("sess_1", memory.waiting("sess_1"))
    assert memory.find(thread_id, "key_1") is None


def test_the_keys_and_words_of_a_run_stay_out_of_its_repr() -> None:
    """A log may have a call's name, and what was said stays out."""
    memory = Memory()
    memory.add("thread_1", {"role": "user", "content": "secret"}, None)

    assert "secret" not in repr(memory)


@pytest.mark.skipif(HAS_AGENTS, reason="there it is")
def test_a_client_without_the_api_is_refused_with_what_to_install() -> None:
    """openai 2 has no Agents API: the error says so when the backend is made."""
    with pytest.raises(CallerError, match=r"pip install 'openai>=3'"):
        AgentsBackend(openai.OpenAI(api_key="sk-any"))


def test_a_client_of_neither_kind_is_refused() -> None:
    """With the name of what is wanted."""
    wrong: Any = json

    with pytest.raises(TypeError, match=r"openai\.OpenAI"):
        AgentsBackend(wrong)
