"""What is sent to a session of the Agents API: results, messages that steer; and each once."""

from __future__ import annotations

from typing import Any

import pytest

from attending import Office, text
from runfsm_simulator import Call, Script, call, calls, hang, say

TWO_CALLS = Script.of(
    calls(Call(name="look"), Call(name="hear"), queue_s=0, work_s=1), say("So.", work_s=1)
)


def quoting(scene: Any) -> Any:
    """An answer to what was said last, after a second in the queue and eight at work."""
    return say(f"You said {scene.asked}.", queue_s=1, work_s=8)


# Results ------------------------------------------------------------------------------------------


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


# Steering -----------------------------------------------------------------------------------------


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


# Once ---------------------------------------------------------------------------------------------


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
