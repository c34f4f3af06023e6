"""A webhook wakes the driver: it looks at once, and believes what it sees, not what it was told."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import openai

from driving import S
from onroad import OnRoad
from runfsm import (
    BackendError,
    Fault,
    FaultKind,
    FaultMet,
    Pacing,
    Policy,
    Transition,
    WebhookHint,
    WebhookInbox,
)
from runfsm.lifecycle.wires import WIRES
from runfsm_simulator import Script, VirtualClock, Webhook, call, say
from runfsm_simulator.doors.webhooks import SECRET

#: So slow that whoever is not woken is a minute late.
SLOW = Policy(pacing=Pacing(first_s=60, longest_s=60, learns=False))

#: One round of a call, then an answer; each takes the service two seconds.
ROUND = (call("look", queue_s=1, work_s=1), say("It rains.", queue_s=1, work_s=1))


#: The events that tell of the call, and of the answer.
TELLING = {
    "responses": {"response.completed"},
    "agents": {"agent.session.action_required", "agent.session.idle"},
}


def look() -> str:
    """Look out of the window."""
    return "rain"


class Told(OnRoad):
    """A stage whose service sends webhooks, which wake the driver of the run."""

    def __init__(self, road: Any, *turns: Any) -> None:
        super().__init__(
            road,
            Script.of(*turns or ROUND),
            SLOW,
            tools=[look],
            clock=VirtualClock(time.time()),
            webhooks=[Webhook(self.receive)],
        )
        self.hints: list[WebhookHint] = []
        self.inbox = WebhookInbox(openai.OpenAI(api_key="none"), secret=SECRET)

    def receive(self, body: bytes, headers: Mapping[str, str]) -> int:
        """As an app would: read it, and wake the driver."""
        if hint := self.inbox.parse_webhook(body, headers):
            self.hints.append(hint)
            self.told(hint)
        return 204

    def told(self, hint: WebhookHint) -> None:
        """What the app does with a hint."""
        self.driver.wake(hint)

    def hint(self) -> WebhookHint:
        """What a service would tell of the run, by the latest of its names."""
        ref = self.watches[0].core.snapshot.ref
        return WebhookHint("response.completed", [ref.run_id, *ref.chain][-1], "wh_1")

    def seen_at(self) -> dict[str, float]:
        """Drive the run to its end; when each status was seen, in seconds from its creation."""
        began_at = self.clock.now()
        steps = [step for step in self.run().journal if isinstance(step, Transition)]
        return {step.edge.dest: round((step.at or 0) - began_at, 3) for step in steps}


def test_a_run_that_is_told_of_is_seen_at_once(road: Any) -> None:
    """Each hop ends two seconds after its creation, and is seen then, not a minute later."""
    wire = WIRES[road.wire]
    road.must(wire.webhooks.value, wire.webhooks)
    stage = Told(road)
    seen = stage.seen_at()
    over_at = 4.0 if wire.resumed.value is S.QUEUED else 3.0

    assert {"requires_action": 2.0, "completed": over_at}.items() <= seen.items()
    assert TELLING[road.wire] <= {hint.event for hint in stage.hints} <= wire.webhooks.value


def test_without_webhooks_it_is_a_minute_late(road: Any) -> None:
    """What the test above measures is the webhook's doing."""
    stage = Told(road)
    stage.told = lambda _: None  # type: ignore[method-assign]  # an app that does nothing with it

    assert {"requires_action": 60.0, "completed": 120.0}.items() <= stage.seen_at().items()


def test_a_hint_is_not_believed(road: Any) -> None:
    """Told that it is completed long before it is, the driver looks, and goes on waiting."""
    stage = Told(road, say("Hi", queue_s=1, work_s=200))
    taken: list[bool] = []
    outcome = stage.run(lambda watch, _: taken.append(watch.wake(stage.hint())))

    assert S.COMPLETED is outcome.status
    assert {True} == {*taken}


def test_what_is_told_of_others_wakes_nobody(road: Any) -> None:
    """A hint about something that is none of this run's is not ours, and says so."""
    stage = Told(road, say("Hi", queue_s=1, work_s=1))
    strange: list[bool] = []
    stage.run(lambda watch, _: strange.append(watch.wake(WebhookHint("e", "resp_x", "w"))))

    assert {False} == {*strange}


def test_a_service_that_asked_to_slow_down_is_not_asked_sooner(road: Any) -> None:
    """A hint does not end the pause that a 429 has asked for."""
    stage = Told(road, say("Hi", queue_s=1, work_s=200))
    refused = [Fault(FaultKind.RATE_LIMITED, "Slow down.", retry_after_s=30)]
    woken: list[bool] = []

    def refuse() -> None:
        if refused:
            raise BackendError.of(refused.pop())

    def on_step(watch: Any, step: Any) -> None:
        if isinstance(step, FaultMet):
            woken.append(watch.wake(stage.hint()))

    stage.on_call("retrieve", refuse)
    stage.run(on_step)

    assert [False] == woken
