"""What the tests of faults share: a backend with trouble on its way, and a drive over it.

The trouble is played call by call, on a schedule, around the direct backend; what the service
accepted is read off the simulator's trace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import anyio

from runfsm import AsyncRunDriver, Outcome, Policy, RunDriver, RunRequest, RunSnapshot, Transition
from runfsm.errors import BackendError, Fault, FaultKind, RunfsmError
from runfsm.lifecycle import RunEvent
from runfsm_simulator import Simulator
from runfsm_simulator.world.script import Script, call, say

K = FaultKind

#: More calls than any of these runs needs: beyond, the driver goes in a circle.
CALLS_MAX: Final = 500

VERBS: Final = (
    *("create_thread", "runs", "create", "retrieve", "submit", "cancel", "messages"),
    *("add_message", "find_message"),
)

Trouble = Callable[["Troubled", Callable[[], Any]], Any]
Schedule = Mapping[tuple[str, int], Trouble]  # by verb, and by how many such calls came before

LOOPS = [None, "asyncio"]
LOOP_NAMES = ["threads", "asyncio"]


@dataclass
class Troubled:
    """A backend for threads with trouble on its way; its calls are those of `VERBS`.

    Attributes:
        simulator: the service.
        schedule: what goes wrong; what is not in it goes well.
        always: what goes wrong in every other call.
        calls: verb and arguments of each call.
        looks: the snapshots that were given out.
    """

    simulator: Simulator
    schedule: Schedule = field(default_factory=dict)
    always: Trouble = lambda _self, call: call()  # the default: no trouble
    calls: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    looks: list[RunSnapshot] = field(default_factory=list)

    def __getattr__(self, verb: str) -> Any:
        if verb not in VERBS:
            raise AttributeError(verb)
        return partial(self.ask, verb)

    def ask(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        """One call, with the trouble that is due."""
        before = self.count(verb)
        self.calls.append((verb, args))
        assert len(self.calls) < CALLS_MAX, "the driver goes in a circle"
        trouble = self.schedule.get((verb, before), self.always)
        answer = trouble(self, partial(getattr(self.simulator.backend, verb), *args, **kwargs))
        if isinstance(answer, RunSnapshot):
            self.looks.append(answer)
        return answer

    def count(self, verb: str) -> int:
        """How often this was asked."""
        return sum(verb == called for called, _ in self.calls)

    @property
    def events(self) -> list[RunEvent]:
        """What the service took, oldest first."""
        return [entry.event for entry in self.simulator.trace]


@dataclass
class AsyncTroubled:
    """The same for tasks."""

    inner: Troubled

    def __getattr__(self, verb: str) -> Any:
        ask = getattr(self.inner, verb)

        async def asked(*args: Any, **kwargs: Any) -> Any:
            return ask(*args, **kwargs)

        return asked


# Troubles ----------------------------------------------------------------------------------------


def raising(kind: FaultKind, **fields: Any) -> Trouble:
    """The call is not made; this fault is what is heard."""

    def trouble(_service: Troubled, _call: Callable[[], Any]) -> Any:
        raise BackendError.of(Fault(kind, "No.", **fields))

    return trouble


def lost(_service: Troubled, call: Callable[[], Any]) -> Any:
    """The call is made, and its answer does not arrive."""
    call()
    raise BackendError.of(Fault(K.TRANSIENT, "The answer was lost.", maybe_applied=True))


def garbled(_service: Troubled, call: Callable[[], Any]) -> Any:
    """The call is made, and something on the way answers with a page of its own."""
    call()
    raise BackendError.of(Fault(K.GARBLED, "<html>", maybe_applied=True))


def stale(back: int) -> Trouble:
    """The answer shows the run as it was so many answers ago."""

    def trouble(service: Troubled, call: Callable[[], Any]) -> Any:
        fresh = call()
        past = service.looks[-back:]
        return past[0] if past and isinstance(fresh, RunSnapshot) else fresh

    return trouble


def paused(_service: Troubled, call: Callable[[], Any]) -> Any:
    """The answer shows a tenth status."""
    fresh = call()
    return replace(fresh, raw_status="paused") if isinstance(fresh, RunSnapshot) else fresh


refused = raising(K.TRANSIENT)  # before it had an effect
vanished = raising(K.TRANSIENT, maybe_applied=True)  # the same, but who knows?
limited = raising(K.RATE_LIMITED, retry_after_s=17.0)

TROUBLES: Mapping[str, Trouble] = {
    "refused": refused,
    "vanished": vanished,
    "lost": lost,
    "garbled": garbled,
    "limited": limited,
}

# The stage ---------------------------------------------------------------------------------------


def stage(*turns: Any, **options: Any) -> Simulator:
    """A simulator that plays these turns: one call of `f`, and an answer, unless told otherwise."""
    return Simulator(Script.of(*turns or (call("f", queue_s=1, work_s=1), say("Done.")), **options))


def drive(
    service: Troubled,
    loop: str | None = None,
    *,
    policy: Policy | None = None,
    f: Callable[[], str] = lambda: "42",
    cancel_at: int | None = None,
) -> Outcome:
    """Drive a run; ask to cancel at the given step of its journal, or before it begins at -1."""

    def tool_f() -> str:
        return f()

    tool_f.__name__ = "f"
    clock = service.simulator.clock
    request = RunRequest(service.simulator.create_assistant(), "Hello", key="key_1")
    if loop is None:
        watch = RunDriver(service, [tool_f], policy=policy, clock=clock).watch(request)
        if cancel_at == -1:
            watch.cancel()
        for number, _ in enumerate(watch):
            if number == cancel_at:
                watch.cancel()
        return watch.outcome

    async def main() -> Outcome:
        driver = AsyncRunDriver(AsyncTroubled(service), [tool_f], policy=policy, clock=clock)
        return await driver.run(request)

    return anyio.run(main, backend=loop)


def end(service: Troubled, **options: Any) -> Outcome | RunfsmError:
    """Drive a run to its end, or to the error that ends it: either is well."""
    try:
        return drive(service, **options)
    except RunfsmError as error:
        return error


def foreign(journal: Sequence[Any]) -> list[Any]:
    """The steps that another client took."""
    return [step for step in journal if isinstance(step, Transition) and step.foreign]
