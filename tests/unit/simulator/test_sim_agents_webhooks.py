"""Webhooks of sessions: what becomes of one is told, under the session's id and with no more."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import openai
import pytest

from attending import OF_OPENAI_3, TWO_ROUNDS, Office
from runfsm.lifecycle.wires import AGENTS
from runfsm_simulator import Call, Script, VirtualClock, Webhook, calls, fail, hang, say, truncate
from runfsm_simulator.doors.webhooks import SECRET
from runfsm_simulator.wire.webhook_events import EVENTS

PREFIX = "agent.session."


class Told:
    """An office whose service sends webhooks, all of which arrive at once unless one does not."""

    def __init__(self, script: Any = TWO_ROUNDS, *statuses: int, **options: Any) -> None:
        self.letters: list[tuple[bytes, Mapping[str, str]]] = []
        self._statuses = list(statuses)
        self.office = Office(script, webhooks=[Webhook(self.receive)], **options)

    def receive(self, body: bytes, headers: Mapping[str, str]) -> int:
        """A receiver."""
        self.letters.append((body, headers))
        return self._statuses.pop(0) if self._statuses else 204

    @property
    def events(self) -> list[Any]:
        """What was told so far."""
        return [json.loads(body) for body, _ in self.letters]

    @property
    def names(self) -> list[str]:
        """Of what kind."""
        return [event["type"].removeprefix(PREFIX) for event in self.events]

    def pass_s(self, seconds: float) -> None:
        """Let time pass, and have what is due carried."""
        self.office.sim.clock.advance(seconds)
        self.office.sim.control.next_due()


def test_a_session_with_a_round_of_results() -> None:
    """Told when it becomes something else, and not when its turn is picked up."""
    told = Told()
    told.pass_s(3)
    told.office.answer(*told.office.actions)
    told.pass_s(2)
    told.office.say("And now?")

    assert [
        *("created", "in_progress", "action_required", "in_progress", "idle", "in_progress")
    ] == told.names
    assert {told.office.id} == {event["data"]["id"] for event in told.events}


@pytest.mark.parametrize(
    ("turn", "ends"),
    [
        (say("So."), ["idle"]),
        (fail(), ["failed"]),
        (truncate(), ["failed"]),
        (truncate("spending_limit"), []),
    ],
)
def test_the_ends_of_a_turn(turn: Any, ends: list[str]) -> None:
    """What the session is then; that its limit is reached, no webhook has a word for."""
    told = Told(Script.of(turn))
    told.pass_s(60)

    assert ["created", "in_progress", *ends] == told.names


def test_a_cancel_is_told_when_it_is_through() -> None:
    """Not when it is accepted, which nothing shows."""
    told = Told(Script.of(hang(queue_s=0), cancel_s=4))
    told.pass_s(1)
    told.office.cancel()
    told.pass_s(3)
    before = told.names
    told.pass_s(1)

    assert (["created", "in_progress"], ["idle"]) == (before, told.names[2:])


def test_one_round_is_told_once() -> None:
    """Not once for each of its calls, and not when a part of the results is in."""
    told = Told(Script.of(calls(*[Call(name="look")] * 2, queue_s=0, work_s=1), say("So.")))
    told.pass_s(2)
    told.office.answer(told.office.actions[0])

    assert ["created", "in_progress", "action_required"] == told.names
    assert {"type": "function_call"} == told.events[2]["data"]["required_action"]


def test_what_does_not_arrive_comes_again() -> None:
    """As the letters of responses do."""
    told = Told(TWO_ROUNDS, 500)
    told.pass_s(6)

    first, *_, again = (headers["webhook-id"] for _, headers in told.letters)
    assert first == again
    assert "created" == told.names[-1]


def test_all_that_is_told_is_in_the_table_of_the_wire() -> None:
    """There is no event without evidence; of environments, there is nothing to tell here."""
    told = {event for event in EVENTS if event.startswith(PREFIX)}

    assert told == {event for event in AGENTS.webhooks.value if event.startswith(PREFIX)}


@OF_OPENAI_3
def test_the_client_types_it() -> None:
    """As the event that it is, with all that its type must have."""
    told = Told(clock=VirtualClock(time.time()))
    told.pass_s(3)
    client = openai.OpenAI(api_key="none", _strict_response_validation=True)
    typed = [client.webhooks.unwrap(*letter, secret=SECRET) for letter in told.letters]

    assert [
        "AgentSessionCreatedWebhookEvent",
        "AgentSessionInProgressWebhookEvent",
        "AgentSessionActionRequiredWebhookEvent",
    ] == [type(event).__name__ for event in typed]
    for event in typed:
        type(event).model_validate(event.to_dict(), strict=True)
