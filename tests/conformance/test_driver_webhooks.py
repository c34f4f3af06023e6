"""A webhook wakes the driver: it looks at once, and believes what it sees, not what it was told."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import openai
import pytest

from chains import LOOPS, ROUND, Chains
from runfsm import Pacing, Policy, RunStatus, WebhookHint, WebhookInbox
from runfsm_simulator import ArmedFault, Script, Simulator, VirtualClock, Webhook, say
from runfsm_simulator.doors.webhooks import SECRET

#: So slow that whoever is not woken is a minute late.
SLOW = Policy(pacing=Pacing(first_s=60, longest_s=60, learns=False))


class Told(Chains):
    """A stage whose service sends webhooks, which wake the driver of the run."""

    def __init__(self, *turns: Any, loop: str | None = None, **settings: Any) -> None:
        super().__init__(*turns, loop=loop, policy=SLOW, **settings)
        self.hints: list[WebhookHint] = []
        self.watch: Any = None
        self.sim = Simulator(
            Script.of(*turns or ROUND),
            clock=VirtualClock(time.time()),
            webhooks=[Webhook(self.receive)],
        )
        self.backend = self.new_backend()
        self.thread = self.sim.client().conversations.create().id
        self.inbox = WebhookInbox(openai.OpenAI(api_key="none"), secret=SECRET)

    def receive(self, body: bytes, headers: Mapping[str, str]) -> int:
        """As an app would: read it, and wake the driver."""
        if hint := self.inbox.parse_webhook(body, headers):
            self.hints.append(hint)
            self.told(hint)
        return 204

    def told(self, hint: WebhookHint) -> None:
        """What the app does with a hint."""
        if self.watch is not None:
            self.watch.wake(hint)

    def seen_at(self) -> dict[str, float]:
        """Drive the run to its end; when each status was seen, in seconds from its creation."""
        began_at = self.sim.clock.now()

        def on_step(watch: Any, _: object) -> None:
            self.watch = watch

        journal = self.run(on_step=on_step).journal
        return {
            step.edge.dest: round(step.at - began_at, 3)
            for step in journal
            if hasattr(step, "edge")
        }


@pytest.mark.parametrize("loop", LOOPS)
def test_a_run_that_is_told_of_is_seen_at_once(loop: str | None) -> None:
    """Each hop ends two seconds after its creation, and is seen then, not a minute later."""
    stage = Told(loop=loop)
    seen = stage.seen_at()
    assert {"requires_action": 2.0, "completed": 4.0}.items() <= seen.items()
    assert ["response.completed", "response.completed"] == [hint.event for hint in stage.hints]


def test_without_webhooks_it_is_a_minute_late() -> None:
    """What the test above measures is the webhook's doing."""
    stage = Told()
    stage.told = lambda _: None  # type: ignore[method-assign]  # an app that does nothing with it
    assert {"requires_action": 60.0, "completed": 120.0}.items() <= stage.seen_at().items()


def test_a_hint_is_not_believed() -> None:
    """Told that it is completed long before it is, the driver looks, and goes on waiting."""
    stage = Told(say("Hi", queue_s=1, work_s=200))
    lies: list[bool] = []

    def lie(watch: Any, _: Any) -> None:
        response_id = stage.responses[0].id
        lies.append(watch.wake(WebhookHint("response.completed", response_id, "wh_1")))

    outcome = stage.run(on_step=lie)
    assert RunStatus.COMPLETED is outcome.status
    assert all(lies)


def test_what_is_told_of_others_wakes_nobody() -> None:
    """A hint about a response that is none of this run's is not ours, and says so."""
    stage = Told(say("Hi", queue_s=1, work_s=1))
    strange: list[bool] = []
    stage.run(on_step=lambda watch, _: strange.append(watch.wake(WebhookHint("e", "resp_x", "w"))))
    assert [False] == [*dict.fromkeys(strange)]


def test_a_service_that_asked_to_slow_down_is_not_asked_sooner() -> None:
    """A hint does not end the pause that a 429 has asked for."""
    stage = Told(say("Hi", queue_s=1, work_s=200))
    refused = ArmedFault(
        method="GET", path="/v1/responses/*", status=429, headers={"retry-after": "30"}
    )
    stage.sim.control.faults.arm(refused)
    woken: list[bool] = []

    def on_step(watch: Any, step: Any) -> None:
        if step.kind == "fault_met":
            woken.append(watch.wake(WebhookHint("e", stage.responses[0].id, "w")))

    stage.run(on_step=on_step)
    assert [False] == woken
