"""A turn of the Agents API: how it lives, ends, and is cancelled."""

from __future__ import annotations

from typing import Any

import pytest

from attending import Office, text
from runfsm.lifecycle import TURN, TurnStatus
from runfsm_simulator import Call, Script, calls, fail, hang, say, truncate

# One turn -----------------------------------------------------------------------------------------


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


# Cancelling ---------------------------------------------------------------------------------------


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
