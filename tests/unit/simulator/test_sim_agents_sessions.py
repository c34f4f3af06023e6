"""Sessions of the Agents API: created, listed, changed, deleted."""

from __future__ import annotations

from typing import Any

import pytest

from attending import AGENT, SESSIONS, TWO_ROUNDS, Office, text
from runfsm_simulator import Script, fail, say
from runfsm_simulator.wire.http import Request

# Creation -----------------------------------------------------------------------------------------


def test_a_session_says_again_what_it_was_asked() -> None:
    """Each wish, in the form in which it came; defaults where there was none."""
    tools = [*AGENT["tools"], {"type": "web_search"}]
    wishes = {
        "agent": {**AGENT, "tools": tools, "instructions": "Be kind.", "service_tier": "flex"},
        "metadata": {"a": "b"},
        "spend_control": {"limit": 100},
        "review": "auto_review",
    }
    session = Office(wishes=wishes).session
    agent = session["agent"]

    assert {"type": "none"} == session["environment"]
    assert ({"a": "b"}, {"limit": 100, "consumed": None}, "auto_review", []) == (
        session["metadata"],
        session["spend_control"],
        session["review"],
        session["vault_ids"],
    )
    assert ("gpt-5", "Be kind.", "flex", None) == (
        agent["model"],
        agent["instructions"],
        agent["service_tier"],
        agent["name"],
    )
    assert [("function", False), ("web_search", None)] == [
        (tool["type"], tool.get("defer_loading")) for tool in agent["tools"]
    ]
    assert {"format": {"type": "text"}, "verbosity": "medium"} == agent["text"]
    assert {"effort": None, "summary": None} == agent["reasoning"]
    assert {"enabled": False, "max_concurrent_subagents": None} == agent["multi_agent"]


@pytest.mark.parametrize(
    ("body", "text", "param"),
    [
        ({"input": None}, "conversation-only sessions currently require initial input", None),
        ({"input": ""}, "conversation-only sessions currently require initial input", None),
        ({"agent": {}}, "Missing required parameter: 'agent.model'.", "agent.model"),
        ({"agent": None}, "Missing required parameter: 'agent.model'.", "agent.model"),
        ({"environment": None}, "Missing required parameter: 'environment'.", "environment"),
        (
            {"environment": {"type": "openai_hosted"}},
            "Invalid value: 'openai_hosted'. Supported values are: 'none'.",
            "environment.type",
        ),
        ({"colour": 1}, "Unknown parameter: 'colour'.", "colour"),
        ({"agent_id": "agent_x"}, "Agent 'agent_x' not found.", None),
    ],
)
def test_a_session_that_cannot_be(body: Any, text: str, param: str | None) -> None:
    """Told in the platform's words; nothing has been made."""
    office = Office(TWO_ROUNDS)
    whole = {"environment": {"type": "none"}, "agent": AGENT, "input": "Hi", **body}
    given = {name: value for name, value in whole.items() if value is not None}
    status, message, at, _ = office.refused(office.ask("POST", SESSIONS, given))

    assert (text, param) == (message, at)
    assert status in {400, 404}
    assert 1 == len(office.get(SESSIONS)["data"])


@pytest.mark.parametrize("beta", ["", "assistants=v2", "agents=v0", "agents=v1,assistants=v2"])
def test_the_beta_header(beta: str) -> None:
    """It is `agents=v1`, and nothing else."""
    office = Office()
    headers = {"authorization": "Bearer sk-any", "openai-beta": beta}
    answer = office.sim.handle(Request("GET", f"/v1{office.path}", headers=headers))

    assert (400, "invalid_beta") == office.refused(answer)[::3]


# Lists, changes, deletion -------------------------------------------------------------------------


def test_turns_are_listed_newest_first() -> None:
    """With cursors; an unknown one is not found."""
    office = Office(Script.of(say("So.", queue_s=0, work_s=1)))
    for words in ("b", "c"):
        office.after(1)
        office.say(words)
    ids = [turn["id"] for turn in office.turns]
    page = office.get(f"{office.path}/turns", limit="2")
    rest = office.get(f"{office.path}/turns", after=page["last_id"])
    lost = office.ask("GET", f"{office.path}/turns", after="turn_x")

    assert (ids[:0:-1], True) == ([turn["id"] for turn in page["data"]], page["has_more"])
    assert (ids[:1], False) == ([turn["id"] for turn in rest["data"]], rest["has_more"])
    assert (404, "not_found_error") == office.refused(lost)[::3]


def test_the_items_of_one_turn() -> None:
    """And of no other; an unknown cursor is refused in words of its own."""
    office = Office(Script.of(say("So.", queue_s=0, work_s=1)))
    office.after(1)
    office.say("And?")
    office.after(1)
    path = f"{office.path}/turns/{office.turn['id']}/items"
    lost = office.ask("GET", path, after="msg_x")

    assert ["So.", "And?"] == [text(item) for item in office.get(path)["data"]]
    assert 4 == len(office.items)
    assert (400, "Invalid session item ID in `after`") == office.refused(lost)[:2]


def test_sessions_are_found_by_their_metadata() -> None:
    """So one that was created, and whose answer was lost, can be found."""
    office = Office(wishes={"metadata": {"run": "1", "app": "x"}})
    office.create(metadata={"run": "2", "app": "x"})
    found = office.get(SESSIONS, **{"metadata[run]": "1", "metadata[app]": "x"})["data"]
    agents = office.get(SESSIONS, agent_id=found[0]["agent"]["id"])["data"]

    assert [office.id] == [session["id"] for session in found]
    assert found == agents
    assert 2 == len(office.get(SESSIONS)["data"])
    assert [] == office.get(SESSIONS, **{"metadata[run]": "3"})["data"]


def test_a_filter_without_a_value_is_none() -> None:
    """A parameter that is named and not given, as a door may hand it on, is ignored."""
    office = Office()
    headers = {"authorization": "Bearer sk-any", "openai-beta": "agents=v1"}
    query: dict[str, list[str]] = {"agent_id": [], "metadata[a]": []}
    answer = office.sim.handle(Request("GET", f"/v1{SESSIONS}", query, headers))

    assert [office.id] == [session["id"] for session in answer.json()["data"]]


@pytest.mark.parametrize(
    ("changes", "metadata", "model"),
    [
        ({"metadata": {"c": "d"}}, {"c": "d"}, "gpt-5"),
        ({"metadata": None}, {}, "gpt-5"),
        ({"agent": {"model": "gpt-6"}}, {"a": "b"}, "gpt-6"),
    ],
)
def test_what_can_be_changed(changes: Any, metadata: Any, model: str) -> None:
    """What is left out stays."""
    office = Office(wishes={"metadata": {"a": "b"}})
    changed = office.ask("POST", office.path, changes).json()

    assert (metadata, model) == (changed["metadata"], changed["agent"]["model"])
    assert changed == office.session


def test_other_tools_are_for_the_next_turn() -> None:
    """A turn keeps those that it began with."""
    seen = []

    def planner(scene: Any) -> Any:
        seen.append(len(scene.tools))
        return say("So.", queue_s=0, work_s=1)

    office = Office(planner)
    office.ask("POST", office.path, {"agent": {"tools": []}})
    office.say("Steer")
    office.after(1)
    office.say("Next")

    assert [1, 1, 0] == seen


def test_a_change_of_nothing_is_refused() -> None:
    """In words that others have seen."""
    office = Office()
    answer = office.refused(office.ask("POST", office.path, {}))

    assert (400, "At least one update field is required") == answer[:2]


def test_a_session_at_work_is_not_deleted() -> None:
    """409: cancel it, wait until it is idle, and then."""
    office = Office()
    found = []
    for seconds in (0, 1, 2):
        office.after(seconds)
        found.append(office.ask("DELETE", office.path).status)
    office.cancel()
    busy = office.ask("DELETE", office.path)
    office.after(4)

    assert [409] * 3 == found
    assert (409, None, "conflict_error") == (busy.status, *office.refused(busy)[2:])
    assert 200 == office.ask("DELETE", office.path).status


def test_a_deleted_session_is_gone() -> None:
    """To delete it again is no mistake; whatever else one asks of it, it is not there."""
    office = Office(Script.of(fail()))
    office.after(10)
    turn_id = office.turn["id"]
    answers = [office.ask("DELETE", office.path) for _ in range(2)]
    paths = ["", "/turns", f"/turns/{turn_id}", f"/turns/{turn_id}/items", "/items", "/events"]
    statuses = {office.ask("GET", office.path + path).status for path in paths}

    assert answers[0].json() == answers[1].json()
    assert {404} == statuses
    assert 404 == office.say("Hello?")
    assert [] == office.get(SESSIONS)["data"]
    assert 404 == office.ask("DELETE", f"{SESSIONS}/sess_x").status


def test_a_turn_of_another_session_is_not_there() -> None:
    """404, with the type and the code that others have seen."""
    office = Office()
    other = office.create()
    answer = office.ask("GET", f"{SESSIONS}/{other['id']}/turns/{office.turn['id']}")

    assert (404, "not_found_error") == office.refused(answer)[::3]
