"""Webhooks of a session wake the driver of its turn: they name the session, and no turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import openai
import pytest

from attending import OF_OPENAI_3
from chains import LOOPS, ROUND
from runfsm import Pacing, Policy, Transition, WebhookHint, WebhookInbox
from runfsm_simulator import Script, Simulator, VirtualClock, Webhook
from runfsm_simulator.doors.webhooks import SECRET
from turning import Turns

pytestmark = OF_OPENAI_3

#: So slow that whoever is not woken is a minute late.
SLOW = Policy(pacing=Pacing(first_s=60, longest_s=60, learns=False))

Hear = Callable[[WebhookHint], object]


class Told(Turns):
    """A stage whose service sends webhooks to an app, which wakes the driver of the run."""

    def __init__(self, *, loop: str | None, wakes: bool = True) -> None:
        super().__init__(loop=loop, policy=SLOW)
        self.wakes = wakes
        self.woken: list[tuple[str, bool]] = []
        self.watch: Any = None
        clock = VirtualClock(time.time())
        self.sim = Simulator(Script.of(*ROUND), clock=clock, webhooks=[Webhook(self.receive)])
        self.backend = self.new_backend()
        self.inbox = WebhookInbox(openai.OpenAI(api_key="none"), secret=SECRET)

    def receive(self, body: bytes, headers: Mapping[str, str]) -> int:
        """As an app would: read it, and wake the driver."""
        hint = self.inbox.parse_webhook(body, headers)
        if hint and self.watch is not None and self.wakes:
            self.woken.append((hint.event, self.watch.wake(hint)))
        return 204

    def seen_at(self) -> dict[str, float]:
        """Drive the run to its end; when each status was seen, in seconds from its creation."""
        began_at = self.sim.clock.now()

        def on_step(watch: Any, _: object) -> None:
            self.watch = watch

        steps = [step for step in self.run(on_step=on_step).journal if isinstance(step, Transition)]
        return {step.edge.dest: round(step.at - began_at, 3) for step in steps}


@pytest.mark.parametrize("loop", LOOPS, ids=str)
def test_a_turn_is_looked_at_when_its_session_is_told_of(loop: str | None) -> None:
    """It waits after two seconds and is over after three, and that is seen then."""
    stage = Told(loop=loop)
    seen = stage.seen_at()

    assert {"requires_action": 2.0, "completed": 3.0}.items() <= seen.items()
    assert {("agent.session.action_required", True), ("agent.session.idle", True)} <= {*stage.woken}


def test_without_webhooks_it_is_a_minute_late() -> None:
    """What the test above measures is the webhooks' doing."""
    seen = Told(loop=None, wakes=False).seen_at()

    assert {"requires_action": 60.0, "completed": 120.0}.items() <= seen.items()


def test_another_session_wakes_nobody() -> None:
    """A hint about it is not ours, and says so."""
    stage = Told(loop=None)
    strange: list[bool] = []
    hint = WebhookHint("agent.session.idle", "sess_x", "wh_x")
    stage.run(on_step=lambda watch, _: strange.append(watch.wake(hint)))

    assert [False] == [*dict.fromkeys(strange)]
