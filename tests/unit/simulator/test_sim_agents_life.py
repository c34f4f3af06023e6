"""Sessions of the Agents API and their turns: created, answered, steered, cancelled, deleted."""

from __future__ import annotations

from typing import Any

import pytest

from attending import AGENT, SESSIONS, TWO_ROUNDS, Office, text
from runfsm.lifecycle import TURN, TurnStatus
from runfsm_simulator import Call, Script, call, calls, fail, hang, say, truncate
from runfsm_simulator.wire.http import Request

TWO_CALLS = Script.of(
    calls(Call(name="look"), Call(name="hear"), queue_s=0, work_s=1), say("So.", work_s=1)
)


def quoting(scene: Any) -> Any:
    """An answer to what was said last, after a second in the queue and eight at work."""
    return say(f"You said {scene.asked}.", queue_s=1, work_s=8)


# One turn ----------------------------------------------------------------------------------------


def test_a_turn_lives_by_its_table() -> None:
    """Each status at its time; the session says what it means."""
    office = Office()
    before = office.statuses
    waiting = office.after(1, 2)
    assert 202 == office.answer(office.actions[0]).status
    after = office.after(0, 2)

    assert ("queued", "in_progress") == before
    assert [("in_progress", "in_progress"), ("waiting", "requires_action")] == waiting
    assert [("in_progress", "in_progress"), ("completed", "idle")] == after


def test_a_call_asks_with_an_object() -> None:
    """Arguments are no text here, other than on the other wires; the turn is named."""
    office = Office()
    office.after(3)
    (action,) = office.actions

    assert {"at": "here"} == action["arguments"]
    assert ("function_call", "look", office.turn["id"]) == (
        action["type"],
        action["name"],
        action["turn_id"],
    )


@pytest.mark.parametrize("arguments", ['{"at": ', "[1]", "NaN", '{"at": NaN}'])
def test_arguments_that_are_no_object(arguments: str) -> None:
    """They go out as the text that they are."""
    wanted = calls(Call(name="look", arguments=arguments), queue_s=0, work_s=1)
    office = Office(Script.of(wanted, say("So.")))
    office.after(1)

    assert arguments == office.actions[0]["arguments"]


def test_items_are_listed_when_they_are_complete() -> None:
    """A message, a call with its result, an answer; not what is still being made."""
    office = Office()
    office.after(3)
    waiting = [item["type"] for item in office.items]
    office.answer(office.actions[0])
    office.after(1.5)
    writing = [item["type"] for item in office.items]
    office.after(0.5)
    said, asked, result, answered = office.items

    assert ["message"] == waiting
    assert ["message", "function_call", "function_call_output"] == writing
    assert ("user", None, "Hi") == (said["role"], said["phase"], text(said))
    assert (asked["call_id"], "rain", None) == (
        result["call_id"],
        result["output"],
        result["error"],
    )
    assert ("assistant", "final_answer", "So there, then.") == (
        answered["role"],
        answered["phase"],
        text(answered),
    )


def test_usage_is_measured_late() -> None:
    """Null when the turn ends, and two seconds later the sum of what was read and written."""
    office = Office(Script.of(say("So there, then.", queue_s=0, work_s=1)))
    office.after(1)
    at_the_end = office.turn["usage"], office.session["usage"]
    office.after(2)

    assert (None, None) == at_the_end
    assert 5 == office.turn["usage"]["total_tokens"]
    assert office.turn["usage"] == office.session["usage"]


def test_a_sessions_usage_is_that_of_all_its_turns() -> None:
    """The sum; null while one is not measured."""
    office = Office(Script.of(say("So.", queue_s=0, work_s=1)))
    office.after(3)
    first = office.session["usage"]["total_tokens"]
    office.say("And?")
    meanwhile = office.session["usage"]
    office.after(3)
    second = office.turn["usage"]["total_tokens"]

    assert meanwhile is None
    assert first + second == office.session["usage"]["total_tokens"]


@pytest.mark.parametrize(
    ("turn", "code"),
    [
        (fail("rate_limit_exceeded", "Slow down."), "rate_limit_exceeded"),
        (fail("invalid_prompt"), "invalid_request"),
        (truncate(say="Once upon"), "max_output_tokens"),
        (truncate("max_prompt_tokens"), "context_length_exceeded"),
    ],
)
def test_a_failure(turn: Any, code: str) -> None:
    """An answer that is cut has failed too; the session says why, and takes the next message."""
    office = Office(Script.of(turn))
    office.after(10)
    failed = office.turn

    assert ("failed", "failed") == office.statuses
    assert code == failed["error"]["code"]
    assert failed["error"]["message"] == office.session["error"]
    assert failed["completed_at"] is not None
    assert 202 == office.say("Again?")
    assert ("queued", "in_progress") == office.statuses


def test_a_session_that_may_spend_no_more() -> None:
    """Its turn has failed; itself it has not, and takes the next message."""
    office = Office(Script.of(truncate("spending_limit")))
    office.after(10)

    assert ("failed", "budget_reached") == office.statuses
    assert "session_budget_exceeded" == office.turn["error"]["code"]
    assert office.session["error"] is None
    assert 202 == office.say("Again?")
    assert ("queued", "in_progress") == office.statuses


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


# Results -----------------------------------------------------------------------------------------


def test_results_come_one_by_one() -> None:
    """Each leaves the required actions; with the last one the turn goes on."""
    office = Office(TWO_CALLS)
    office.after(1)
    first, second = office.actions
    office.answer(first)
    left = office.actions, office.statuses
    office.answer(second)

    assert ([second], ("waiting", "requires_action")) == left
    assert ([], ("in_progress", "in_progress")) == (office.actions, office.statuses)


def test_results_may_come_together() -> None:
    """Several events of one call are taken in their order."""
    office = Office(TWO_CALLS)
    office.after(1)
    results = [
        {"type": "tool_result", "turn_id": it["turn_id"], "call_id": it["call_id"], "success": True}
        for it in office.actions
    ]

    assert 202 == office.send(*results).status
    assert ("in_progress", "in_progress") == office.statuses


@pytest.mark.parametrize(
    ("result", "read"),
    [
        ({"output": "rain"}, "rain"),
        ({"output": [{"type": "input_text", "text": "ra"}, {"type": "input_text", "text": "in"}]},
         "rain"),
        ({"output": None, "success": False, "error": "No window."}, "No window."),
        ({"output": None}, ""),
    ],
)  # fmt: skip  # a row each
def test_what_the_model_reads_of_a_result(result: Any, read: str) -> None:
    """Its text; or why there is none."""
    seen = []

    def planner(scene: Any) -> Any:
        seen.append(scene.answered)
        return say("So.") if scene.answered else call("look", queue_s=0, work_s=1)

    office = Office(planner)
    office.after(1)
    office.answer(office.actions[0], **result)
    item = office.items[-1]

    assert (("look", "{}", read),) == seen[-1]
    assert ("completed" if result.get("success", True) else "failed") == item["status"]
    assert (result["output"], result.get("error")) == (item["output"], item["error"])


def test_the_same_result_again_does_nothing() -> None:
    """202, also when the turn is over; another one is a conflict."""
    office = Office()
    office.after(3)
    (action,) = office.actions
    office.answer(action)
    turn = office.turn
    again = office.answer(action)
    other = office.answer(action, "snow")
    same = office.turn
    office.after(10)

    assert (202, turn) == (again.status, same)
    assert (409, "conflict_error") == office.refused(other)[::3]
    assert 202 == office.answer(action).status


def test_a_result_of_no_call() -> None:
    """In the words that the client's own helper looks for; nothing has changed."""
    office = Office()
    office.after(3)
    (action,) = office.actions
    before = office.session
    unknown = office.answer({**action, "call_id": "call_x"})
    other = office.answer({**action, "turn_id": "turn_x"})

    assert (400, "Unknown pending tool call: call_x", None, "invalid_request_error") == (
        office.refused(unknown)
    )
    assert (400, "invalid_request_error") == office.refused(other)[::3]
    assert before == office.session


def test_of_several_events_none_is_taken_if_one_is_refused() -> None:
    """Not even those that stand before it."""
    office = Office(TWO_CALLS)
    office.after(1)
    good, _ = office.actions
    result = {"type": "tool_result", "turn_id": good["turn_id"], "success": True}
    answer = office.send(
        {**result, "call_id": good["call_id"]}, {**result, "call_id": "call_x"}, {"type": "cancel"}
    )

    assert 400 == answer.status
    assert 2 == len(office.actions)


def test_no_events_are_no_mistake() -> None:
    """202, if there is such a session; and the key is not used up."""
    office = Office(Script.of(say("So.", work_s=1)))
    office.after(10)

    assert 202 == office.send(key="k").status
    assert 202 == office.say("And?", key="k")
    assert 2 == len(office.turns)


@pytest.mark.parametrize("kind", ["mcp_approval", "computer_use_approval"])
def test_there_is_nothing_to_approve(kind: str) -> None:
    """Nobody asks for an approval here, and an answer to none is refused."""
    office = Office()
    decision = {"type": f"{kind}_request_result", "request_id": "req_1", "response": {}}
    status, message, *_ = office.refused(office.send(decision))

    assert (400, "Unknown pending approval request: req_1") == (status, message)


# Cancelling --------------------------------------------------------------------------------------


def test_a_cancel_has_a_window() -> None:
    """Accepted at once; the turn shows nothing of it for as long as the script says."""
    office = Office(Script.of(hang(), cancel_s=4))
    office.after(3)

    assert 202 == office.cancel()
    assert [("in_progress", "in_progress")] * 2 == office.after(0, 3.9)
    assert [("cancelled", "idle")] == office.after(0.1)


def test_an_answer_may_come_first() -> None:
    """The worker does not know of the cancel yet: the turn is completed within the window."""
    office = Office(Script.of(say("So.", queue_s=0, work_s=2), cancel_s=4))
    office.after(1)
    office.cancel()

    assert [("completed", "idle")] * 2 == office.after(1, 10)


def test_a_turn_that_is_not_started_is_cancelled_all_the_same() -> None:
    """Also when its worker comes within the window."""
    office = Office(Script.of(say("So.", queue_s=1, work_s=10), cancel_s=4))
    office.cancel()

    assert [("in_progress", "in_progress"), ("cancelled", "idle")] == office.after(1, 3)


def test_a_turn_that_waits_wants_nothing_any_more() -> None:
    """The session requires no action, and a result is a conflict; then it is cancelled."""
    office = Office()
    office.after(3)
    (action,) = office.actions
    office.cancel()
    meanwhile = office.statuses, office.actions
    late = office.refused(office.answer(action))

    assert (("waiting", "in_progress"), []) == meanwhile
    assert (409, None, "conflict_error") == (late[0], late[2], late[3])
    assert [("cancelled", "idle")] == office.after(4)
    assert (409, "conflict_error") == office.refused(office.answer(action))[::3]


def test_a_cancel_that_is_never_honoured() -> None:
    """The turn goes on as if nothing had been said."""
    script = Script.of(say("So.", queue_s=1, work_s=20), cancel_s="never")
    office = Office(script)
    office.cancel()

    assert [("in_progress", "in_progress"), ("completed", "idle")] == office.after(10, 11)


def test_an_idle_session_has_nothing_to_cancel() -> None:
    """202 all the same, and in silence."""
    office = Office()
    office.after(3)
    office.cancel()
    office.after(4)
    before = office.session, office.turn

    assert 202 == office.cancel()
    assert before == (office.session, office.turn)
    assert 202 == office.say("And?")
    assert ("queued", "in_progress") == office.statuses


@pytest.mark.parametrize("status", TurnStatus)
def test_who_can_be_cancelled_says_the_table(status: TurnStatus) -> None:
    """Where it has the edge, the turn is cancelled after the window; elsewhere nothing happens."""
    office = Office(Script.of(hang(), cancel_s=4))
    turn_id = office.turn["id"]
    for edge in TURN.path(TURN.initial, status) or ():
        office.sim.control.fire(turn_id, edge.event)
    office.cancel()
    office.after(5)
    turn = office.get(f"{office.path}/turns/{turn_id}")

    assert ("cancelled" if status not in TURN.terminal else status) == turn["status"]


# Steering ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0, 0.5, 1, 4, 8.5])
def test_a_message_steers_the_turn_that_is_on_its_way(seconds: float) -> None:
    """No second turn: what the model is at is drawn anew, from all that was said by then."""
    office = Office(quoting)
    office.after(seconds)
    assert 202 == office.say("Stop")
    office.after(10)
    said, steered, *_, answered = office.items

    assert 1 == len(office.turns)
    assert ("Hi", "Stop", "You said Stop.") == (text(said), text(steered), text(answered))
    assert 3 == len(office.items)  # what was begun before is left incomplete, and not listed


def test_a_turn_at_work_begins_again() -> None:
    """It takes as long as if it had just been started; one that is queued loses no time."""
    early, late = Office(quoting), Office(quoting)
    early.after(0.5)
    late.after(8.5)
    for office in (early, late):
        office.say("Stop")

    assert [("in_progress", "in_progress"), ("completed", "idle")] == early.after(8.4, 0.1)
    assert [("in_progress", "in_progress"), ("completed", "idle")] == late.after(7.9, 0.1)


def test_a_turn_that_waits_reads_a_message_with_the_results() -> None:
    """Its calls wait on."""
    seen = []

    def planner(scene: Any) -> Any:
        seen.append(scene.asked)
        return say("So.") if scene.round else call("look", queue_s=0, work_s=1)

    office = Office(planner)
    office.after(1)
    office.say("Hurry")
    waiting = office.statuses, len(office.actions)
    office.answer(office.actions[0])

    assert (("waiting", "requires_action"), 1) == waiting
    assert ["Hi", "Hurry"] == seen


def test_a_turn_that_is_being_cancelled_is_cancelled_though_it_is_steered() -> None:
    """The message does not take the cancel back."""
    office = Office(Script.of(hang(), cancel_s=4))
    office.after(3)
    office.cancel()
    office.say("Go on!")

    assert [("cancelled", "idle")] == office.after(4)


def test_what_was_begun_is_left_incomplete() -> None:
    """The item of a message that was dropped is there, for who saw it in a stream."""
    office = Office(quoting)
    office.after(8.5)
    office.say("Stop")
    office.after(8)
    turn = office.sim.world.store.turns[office.turn["id"]]
    statuses = [turn.status_of(item) for item in turn.items.values() if item.is_output]

    assert ["incomplete", "completed"] == statuses


# Once --------------------------------------------------------------------------------------------


def test_what_comes_twice_with_a_key_is_done_once() -> None:
    """A message, lost and sent again, starts one turn; with another key, one more."""
    office = Office(Script.of(say("So.", queue_s=0, work_s=1)))
    office.after(1)
    both = [office.say("And?", key="k1") for _ in range(2)]
    office.after(1)
    late = office.say("And?", key="k1")
    other = office.say("And?", key="k2")

    assert [202, 202, 202, 202] == [*both, late, other]
    assert 3 == len(office.turns)


def test_a_key_of_what_was_refused_is_not_used_up() -> None:
    """As the client's helper wants it: it asks again with the same key."""
    office = Office()
    office.after(1)
    result = {"type": "tool_result", "turn_id": office.turn["id"], "success": True}
    early = office.send({**result, "call_id": "call_x"}, key="k")
    office.after(2)
    call_id = office.actions[0]["call_id"]

    assert 400 == early.status
    assert 202 == office.send({**result, "call_id": call_id}, key="k").status
    assert [] == office.actions


def test_a_key_holds_for_one_session() -> None:
    """The same key in another session is another key."""
    office = Office()
    office.say("And?", key="k")
    other = Office()

    assert 202 == other.say("And?", key="k")
    assert 2 == len(other.sim.world.store.sessions[other.id].newest.items)  # type: ignore[union-attr]  # it has one


def test_a_key_is_not_too_long() -> None:
    """At most 256 characters."""
    office = Office()

    assert [202, 400] == [office.say("And?", key="k" * length) for length in (256, 257)]


# Lists, changes, deletion ------------------------------------------------------------------------


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
