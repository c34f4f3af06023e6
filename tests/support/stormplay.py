"""A storm played by threads, by asyncio and by trio, judged each time, and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Final

import anyio

from driving import LOOPS, in_time
from stormchains import ChainStage
from stormjudge import judge
from storms import Case
from stormstage import Stage
from stormstory import Call, Story
from stormturns import TurnStage

__all__ = ["STAGES", "Played", "play", "told"]

#: By wire.
STAGES: Final[Mapping[str, type[Stage]]] = {
    "assistants": Stage,
    "responses": ChainStage,
    "agents": TurnStage,
}

#: How long a drive may take, in true seconds: a second at most, where nobody else is at work.
WITHIN_S: Final = 120.0


@dataclass(frozen=True)
class Played:
    """What came of a case.

    Attributes:
        case: which.
        ended: how, in a word or two.
        calls: how many calls of the service it took.
        broken: a line for each rule that was broken.
    """

    case: Case
    ended: str
    calls: int
    broken: tuple[str, ...]


def play(case: Case) -> Played:
    """Play it by threads and by tasks. All of them must tell the same story."""
    broken: list[str] = []
    stories: list[Story] = []
    for loop in LOOPS:
        name = loop or "threads"
        try:
            stage, story = _drive(case, loop)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is not what a drive raises
            broken.append(f"{name}: {type(error).__name__}: {error}")
            continue
        broken += [f"{name}: {line}" for line in judge(stage, story)]
        if stage.plan.streams:
            story = replace(story, calls=_at_their_moments(story))
        stories.append(story)
        if differ := _differ(story, stories[0]):
            broken.append(f"{name}: another story: {', '.join(differ)}")
    ended, calls = (str(stories[0]), len(stories[0].calls)) if stories else ("broken", 0)
    return Played(case, ended, calls, tuple(broken))


def _at_their_moments(story: Story) -> tuple[Call, ...]:
    """What it asked at each moment: each question once, and in an order of their own.

    A stream is read by a thread, or a task, beside the driver's. Which of two is the first to ask
    at one moment of virtual time is the processor's choice, as is whether a stream that broke asks
    for its rest once more before it hears of a cancel; neither says anything about the driver. That
    nothing is *done* twice, the service's books say.
    """
    return tuple(sorted({*story.calls}, key=lambda call: (call.at, call.name, str(call.fault))))


def _differ(one: Story, other: Story) -> list[str]:
    """In what they differ: the names of the fields."""
    names = (field.name for field in fields(Story))
    return [name for name in names if getattr(one, name) != getattr(other, name)]


def told(case: Case) -> str:
    """What happens in a case, line by line: what the driver saw, and what was true."""
    stage, story = _drive(case, None)
    lines = [f"{case}: {case.plan.storm}", f"{case.plan.policy}", f"{dict(case.plan.acts)}", ""]
    seen = [(step.at or 0.0, f"driver   {step}") for step in story.journal]
    asked = [(call.at, f"call     {call.name}  {call.fault or ''}") for call in story.calls]
    true = [
        (entry.at, f"service  {str(entry).partition('  ')[2]}") for entry in stage.simulator.trace
    ]
    for at, line in sorted(seen + asked + true, key=lambda told: told[0]):
        lines.append(f"{at - stage.started_at:9.3f}  {line}")
    return "\n".join([*lines, "", f"ended: {story}", *play(case).broken])


def _drive(case: Case, loop: str | None) -> tuple[Stage, Story]:
    stage = STAGES[case.wire](case)
    if loop is None:
        return stage, in_time(stage.drive, within_s=WITHIN_S)
    drive = partial(anyio.run, stage.drive_async, backend=loop)
    return stage, in_time(drive, within_s=WITHIN_S)
