"""The ten thousand storms: what goes wrong in each, what is driven through it, and by which policy.

A case is a name and a seed, `timeout/17`; everything else about it is drawn from these two. The
names: each fault of `Storm` alone, two at a time (`pair`), and as many as a swarm has (`swarm`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Final, Literal, Self

from runfsm import Policy, RunEvent
from runfsm.driver.busy import Enqueue, Interrupt, OnBusy, Reject, Wait
from runfsm.driver.pacing import Pacing
from runfsm_simulator import Seeded, Storm
from runfsm_simulator.world.script import Call, Script, Turn, calls, fail, hang, say, truncate
from runfsm_simulator.world.storm import REASONS, SECONDS
from stormtools import NAMES

__all__ = ["STREAMS", "Act", "Case", "Plan", "fixed_set"]

#: How many seeds each name has; 10,000 cases together.
ALONE: Final = 200
PAIRS: Final = 1_700
SWARMS: Final = 2_500

#: Faults that strike only where a run is listened to.
STREAMS: Final = frozenset({"cut", "no_done", "error_event", "hangs"})

#: How likely a fault strikes that is alone; and after how many seconds the storm is over. A driver
#: with the usual patience bears about ten.
STRENGTHS: Final = (1.0, 0.5, 0.2, 0.05)
HEALS_S: Final = (30.0, 120.0, 3.0)

#: What another client, or the app, does in the midst of a drive.
Act = Literal["cancel", "leave", "foreign_run", "foreign_message"] | RunEvent

ACTS: Final[tuple[Act, ...]] = (
    "cancel",
    "cancel",
    "leave",
    "leave",
    "foreign_run",
    "foreign_message",
    RunEvent.CANCEL,
    RunEvent.SUBMIT_TOOL_OUTPUTS,
)


@dataclass(frozen=True)
class Case:
    """One of them. `str(case)` is its name, and `Case.named` the way back.

    What happens in a case is the same on each wire.
    """

    weather: str
    seed: int
    wire: str = "assistants"

    def __str__(self) -> str:
        return f"{'' if self.wire == 'assistants' else self.wire + ':'}{self.drawn_from}"

    @property
    def drawn_from(self) -> str:
        """Its name, on whatever wire."""
        return f"{self.weather}/{self.seed}"

    @classmethod
    def named(cls, name: str) -> Self:
        """The case of a name that `str` gave."""
        wire, _, rest = name.rpartition(":")
        weather, _, seed = rest.partition("/")
        return cls(weather, int(seed), wire or "assistants")

    @property
    def key(self) -> str:
        """The key of its run; the back-off's jitter comes from it."""
        return f"storm {self.drawn_from}"

    @cached_property
    def plan(self) -> Plan:
        """What is to happen."""
        draw = Random(self.drawn_from)
        storm = _storm(self, draw)
        return Plan(
            storm=storm,
            script=_script(draw),
            policy=_policy(draw),
            acts=_acts(draw),
            has_thread=draw.random() < 0.8,
            adds_message=draw.random() < 0.3,
            says=draw.random() < 0.8,
            streams=_streams(self, storm, draw),
        )


@dataclass(frozen=True)
class Plan:
    """What is to happen in a case.

    Attributes:
        storm: what goes wrong.
        script: what each run on the stage does.
        policy: what the app wants of its driver.
        acts: what somebody does, each before the driver's call of this number.
        has_thread: whether there is a thread already.
        adds_message: whether the driver adds a message to it, before the run.
        says: whether the run brings a message.
        streams: whether the run is listened to, by way of the SDK.
    """

    storm: Storm
    script: Script
    policy: Policy
    acts: Mapping[int, Act]
    has_thread: bool
    adds_message: bool
    says: bool
    streams: bool


def fixed_set(wire: str = "assistants") -> Iterator[Case]:
    """All 10,000, those of a seed beside each other."""
    sizes = {**dict.fromkeys(REASONS, ALONE), "pair": PAIRS, "swarm": SWARMS}
    for seed in range(max(sizes.values())):
        yield from (Case(weather, seed, wire) for weather, size in sizes.items() if seed < size)


def _storm(case: Case, draw: Random) -> Storm:
    """A swarm, as it is drawn; or one or two faults, of each strength in turn."""
    turn, strength = divmod(case.seed, len(STRENGTHS))
    heal_after_s = HEALS_S[turn % len(HEALS_S)]
    if case.weather == "swarm":
        return Storm.swarm(Seeded(case.seed), heal_after_s=heal_after_s)
    names = draw.sample([*REASONS], 2) if case.weather == "pair" else [case.weather]
    strengths = {name: STRENGTHS[strength] * SECONDS.get(name, 1.0) for name in names}
    return Storm(**strengths, heal_after_s=heal_after_s)


def _streams(case: Case, storm: Storm, draw: Random) -> bool:
    if case.weather in STREAMS:
        return True
    return any(getattr(storm, fault) for fault in STREAMS) and draw.random() < 0.2  # they take long


def _script(draw: Random) -> Script:
    rounds = [_round(draw) for _ in range(draw.choice([0, 1, 1, 1, 2, 3]))]
    cancel_s = draw.choice([None, None, None, 0.0, 31.7, "never"])
    return Script.of(*rounds, _ending(draw), cancel_s=cancel_s)


def _round(draw: Random) -> Turn:
    # Each call has a number of its own, by which a tool that is called can tell which call it is.
    made = [
        Call(name=draw.choice(NAMES), arguments={"number": draw.getrandbits(32)})
        for _ in range(draw.choice([1, 1, 2, 3]))
    ]
    return calls(*made, queue_s=_seconds(draw), work_s=_seconds(draw))


def _ending(draw: Random) -> Turn:
    kind = draw.choice(["say"] * 8 + ["fail", "truncate", "hang"])
    times = {"queue_s": _seconds(draw), "work_s": _seconds(draw)}
    match kind:
        case "fail":
            return fail(**times)
        case "truncate":
            return truncate(say="Do", **times)
        case "hang":
            return hang(queue_s=times["queue_s"])
    return say("Done.", **times)


def _seconds(draw: Random) -> float:
    longest = draw.choice([0.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 30.0, 300.0])
    return draw.uniform(0.0, longest)


def _policy(draw: Random) -> Policy:
    busy: list[OnBusy] = [Reject(), Wait(), Wait(timeout_s=7.1), Interrupt(), Enqueue()]
    return Policy(
        deadline_s=draw.choice([None, None, 0.0, 4.9, 61.7, *[900.0] * 7]),
        cancel_grace_s=draw.choice([0.0, 20.3, 60.0, 60.0, 60.0]),
        tool_timeout_s=draw.choice([None, 3.3, 30.0]),
        on_busy=draw.choice(busy),
        on_interrupt=draw.choice(["cancel", "cancel", "leave"]),
        on_tool_error=draw.choice(["tell", "tell", "tell", "raise"]),
        pacing=draw.choice([Pacing(), Pacing(), Pacing(first_s=0.07), Pacing(faults_max=20)]),
    )


def _acts(draw: Random) -> Mapping[int, Act]:
    return {draw.randrange(16): draw.choice(ACTS) for _ in range(draw.choice([0, 0, 0, 1, 1, 2]))}
