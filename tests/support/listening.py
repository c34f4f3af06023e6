"""What the tests of streams share: a run that is listened to, down a road, and what it told."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio

from driving import in_time
from runfsm import AsyncRunDriver, Outcome, Policy, RunDriver, RunRequest, TextDelta, Transition
from runfsm.lifecycle.journal import JournalStep
from runfsm_simulator import Simulator

OnItem = Callable[[Any, Any], object]


@dataclass
class Told:
    """What `driver.stream` told of one run.

    Attributes:
        items: in their order.
        outcome: how the run ended.
    """

    items: list[Any] = field(default_factory=list)
    outcome: Outcome = field(init=False)

    @property
    def text(self) -> str:
        """All that was told of texts, joined."""
        return "".join(item.text for item in self.items if isinstance(item, TextDelta))

    @property
    def journal(self) -> list[Any]:
        """The steps among the items."""
        return [item for item in self.items if isinstance(item, JournalStep)]

    @property
    def faults(self) -> list[tuple[str, str]]:
        """The faults that were met: what was asked, and the kind."""
        return [(it.action, str(it.fault)) for it in self.journal if it.kind == "fault_met"]

    @property
    def names(self) -> list[str]:
        """The items in short; pieces of one text are one."""
        names = [_name(item) for item in self.items]
        return [
            name
            for name, before in zip(names, [None, *names], strict=False)
            if (name, before) != ("text", "text")
        ]


def _name(item: Any) -> str:
    match item:
        case Transition():
            return str(item.edge.event)
        case TextDelta():
            return "text"
    parts = (getattr(item, name, None) for name in ("type", "status", "name", "action", "reason"))
    return " ".join([type(item).__name__, *(str(part) for part in parts if part)])


def edges(outcome: Outcome) -> list[tuple[Any, ...]]:
    """The edges of its journal, without how they were seen."""
    steps = (step for step in outcome.journal if isinstance(step, Transition))
    return [(step.edge.source, step.edge.event, step.edge.dest, step.foreign) for step in steps]


def stream(
    road: Any,
    simulator: Simulator,
    request: RunRequest,
    *,
    tools: Iterable[Callable[..., Any]] = (),
    policy: Policy | None = None,
    on_item: OnItem | None = None,
) -> Told:
    """Listen to a run until it is over; `on_item(stream, item)` hears each item."""
    make = RunDriver if road.loop is None else AsyncRunDriver
    driver: Any = make(road.backend(simulator), tools, policy=policy, clock=simulator.clock)
    listen: Any = partial(_listen if road.loop is None else _listen_async, driver, request, on_item)
    told: Told = in_time(
        listen if road.loop is None else partial(anyio.run, listen, backend=road.loop)
    )
    nothing_is_left(simulator)
    return told


def _listen(driver: RunDriver, request: RunRequest, on_item: OnItem | None) -> Told:
    told = Told()
    with driver.stream(request) as run:
        for item in run:
            told.items.append(item)
            if on_item:
                on_item(run, item)
    told.outcome = run.outcome
    return told


async def _listen_async(
    driver: AsyncRunDriver, request: RunRequest, on_item: OnItem | None
) -> Told:
    told = Told()
    async with driver.stream(request) as run:
        async for item in run:
            told.items.append(item)
            if on_item:
                on_item(run, item)
    told.outcome = run.outcome
    return told


def nothing_is_left(simulator: Simulator) -> None:
    """No thread that reads, no participant that holds time, nobody who listens, no open generator.

    The garbage is collected, so that what was not closed warns here.
    """
    for thread in threading.enumerate():
        if thread.name == "runfsm-stream":
            thread.join(timeout=10)
            assert not thread.is_alive(), "a thread still reads a stream"
    gc.collect()
    assert 0 == simulator.clock._busy, "a participant still holds time"
    assert {} == simulator.world._engine.happenings._listeners, "a stream is still listened to"
