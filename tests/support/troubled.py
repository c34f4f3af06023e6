"""What the tests of faults share: a backend with trouble on its way, and a drive over it.

The trouble is played call by call, on a schedule. On a road that has a wire it comes over the wire:
it befalls the request that a call is there for, the first that writes, or, of a call that only
looks, the first of all. What the service took is read in its own books.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from inspect import iscoroutinefunction
from typing import Any, Final

import anyio

from driving import in_time
from runfsm import AsyncRunDriver, Outcome, Policy, RunDriver, RunRequest, RunSnapshot, Transition
from runfsm.cli.cases.books import books_of
from runfsm.errors import BackendError, Fault, FaultKind, RunfsmError
from runfsm.lifecycle import RunEvent
from runfsm_simulator import ArmedFault, Simulator
from runfsm_simulator.world.script import Script, call, say

K = FaultKind

#: More calls than any of these runs needs: beyond, the driver goes in a circle.
CALLS_MAX: Final = 500

WRITES: Final = ("create_thread", "create", "submit", "cancel", "add_message")
#: How a gateway says that nothing came: in the client's process, no line can break on the way.
NOBODY_THERE: Final = {"status": 504}

VERBS: Final = (*WRITES, "runs", "retrieve", "messages", "find_message")


@dataclass(frozen=True)
class Port:
    """The shortest of the roads that `roads.py` has, for tests that need no other."""

    loop: str | None = None
    name: str = "direct"
    wire: str = "assistants"

    def backend(self, simulator: Simulator) -> Any:
        """The simulator's own."""
        return simulator.backend if self.loop is None else simulator.async_backend


PORTS: Final = (Port(), Port("asyncio"))


def _as_it_is(_service: Troubled, answer: Any) -> Any:
    return answer


def _nothing(_service: Troubled) -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What befalls one call.

    Attributes:
        fault: what is heard in place of the answer, where there is no wire; `None`: the answer.
        on_wire: what comes over the wire in its place: fields of `ArmedFault`.
        applied: whether what was asked is done all the same.
        before: what somebody else does just before.
        shows: what becomes of the answer.
    """

    fault: Fault | None = None
    on_wire: Mapping[str, Any] = field(default_factory=dict)
    applied: bool = False
    before: Callable[[Troubled], object] = _nothing
    shows: Callable[[Troubled, Any], Any] = _as_it_is


Schedule = Mapping[tuple[str, int], Trouble]  # by verb, and by how many such calls came before

FINE: Final = Trouble()


@dataclass
class Troubled:
    """A backend with trouble on its way; its calls are those of `VERBS`.

    Attributes:
        simulator: the service.
        schedule: what goes wrong; what is not in it goes well.
        always: what goes wrong in every other call.
        road: by which the service is reached.
        calls: verb and arguments of each call.
        looks: the snapshots that were given out.
    """

    simulator: Simulator
    schedule: Schedule = field(default_factory=dict)
    always: Trouble = FINE
    road: Any = PORTS[0]
    calls: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    looks: list[RunSnapshot] = field(default_factory=list)

    def __post_init__(self) -> None:
        road, simulator = self.road, self.simulator
        self.assistant_id = simulator.create_assistant()
        self._backend: Any = road.backend(simulator)
        self._has_wire = not road.name.startswith("direct")
        self._books = books_of(simulator, road.wire)

    def __getattr__(self, name: str) -> Any:
        if name == "capabilities":
            return self._backend.capabilities  # the direct port has none, and says so
        if name not in VERBS:
            raise AttributeError(name)
        is_awaited = iscoroutinefunction(getattr(self._backend, name))
        return partial(self._ask_async if is_awaited else self._ask, name)

    def _ask(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        with self._troubling(verb, args) as shown:
            answer = getattr(self._backend, verb)(*args, **kwargs)
        return shown(answer)

    async def _ask_async(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        with self._troubling(verb, args) as shown:
            answer = await getattr(self._backend, verb)(*args, **kwargs)
        return shown(answer)

    @contextmanager
    def _troubling(self, verb: str, args: tuple[Any, ...]) -> Iterator[Callable[[Any], Any]]:
        """One call, with the trouble that is due; what makes its answer the one that is shown."""
        trouble = self.schedule.get((verb, self.count(verb)), self.always)
        self.calls.append((verb, args))
        assert len(self.calls) < CALLS_MAX, "the driver goes in a circle"
        trouble.before(self)
        with self._on_the_wire(verb, trouble) if self._has_wire else _beside_it(trouble):
            yield partial(self._show, trouble)

    @contextmanager
    def _on_the_wire(self, verb: str, trouble: Trouble) -> Iterator[None]:
        faults = self.simulator.control.faults
        if trouble.fault:
            method = "POST" if verb in WRITES else "GET"
            lost = self.road.name.startswith("asgi") and "trouble" in trouble.on_wire
            on_wire = NOBODY_THERE if lost else trouble.on_wire
            faults.arm(ArmedFault(method=method, applied=trouble.applied, **on_wire))
        try:
            yield
        finally:
            missed = faults.armed
            faults.disarm()
        assert not missed, f"{verb} sends nothing that this could befall"

    def _show(self, trouble: Trouble, answer: Any) -> Any:
        shown = trouble.shows(self, answer)
        if isinstance(shown, RunSnapshot):
            self.looks.append(shown)
        return shown

    def count(self, verb: str) -> int:
        """How often this was asked."""
        return sum(verb == called for called, _ in self.calls)

    @property
    def events(self) -> list[RunEvent]:
        """What has happened to runs at the service."""
        return [event for run in self._books.runs for event in run.events]


@contextmanager
def _beside_it(trouble: Trouble) -> Iterator[None]:
    if trouble.fault and not trouble.applied:
        raise BackendError.of(trouble.fault)
    yield
    if trouble.fault:
        raise BackendError.of(trouble.fault)


# Troubles ----------------------------------------------------------------------------------------


def limiting(retry_after_s: int) -> Trouble:
    """Too many requests, and so long to wait; nothing is done."""
    headers = {"retry-after": str(retry_after_s)}
    fault = Fault(K.RATE_LIMITED, "No.", retry_after_s=float(retry_after_s))
    return Trouble(fault=fault, on_wire={"status": 429, "headers": headers})


def showing(change: Callable[[Troubled, RunSnapshot], RunSnapshot]) -> Trouble:
    """The answer shows a run otherwise than it is."""

    def shows(service: Troubled, answer: Any) -> Any:
        return change(service, answer) if isinstance(answer, RunSnapshot) else answer

    return Trouble(shows=shows)


def stale(back: int) -> Trouble:
    """The answer shows the run as it was so many answers ago."""
    return showing(lambda service, fresh: next(iter(service.looks[-back:]), fresh))


# Before it had an effect: "not now", of a server that is too busy to say more.
refused = Trouble(fault=Fault(K.TRANSIENT, "No."), on_wire={"status": 409})
# The same, but who knows?
vanished = Trouble(fault=Fault(K.TRANSIENT, "No.", maybe_applied=True), on_wire={"trouble": "drop"})
# The call is made, and its answer does not arrive.
lost = Trouble(
    fault=Fault(K.TRANSIENT, "The answer was lost.", maybe_applied=True),
    on_wire={"trouble": "timeout"},
    applied=True,
)
# The call is made, and something on the way answers with a page of its own.
garbled = Trouble(
    fault=Fault(K.GARBLED, "<html>", maybe_applied=True),
    on_wire={"status": 200, "headers": {"content-type": "text/html"}, "body": "<html>"},
    applied=True,
)
limited = limiting(17)
# The answer shows a tenth status.
paused = showing(lambda _, fresh: replace(fresh, raw_status="paused", means=None))

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
    *,
    policy: Policy | None = None,
    f: Callable[[], str] = lambda: "42",
    cancel_at: int | None = None,
    assistant_id: str | None = None,
) -> Outcome:
    """Drive a run; ask to cancel at the given step of its journal, or before it begins at -1."""

    def tool_f() -> str:
        return f()

    tool_f.__name__ = "f"
    loop = service.road.loop
    make: Any = RunDriver if loop is None else AsyncRunDriver
    request = RunRequest(assistant_id or service.assistant_id, "Hello", key="key_1")
    driver = make(service, [tool_f], policy=policy, clock=service.simulator.clock)
    watch = driver.watch(request)
    if cancel_at == -1:
        watch.cancel()
    if loop is not None:
        in_time(partial(anyio.run, _hear_async, watch, cancel_at, backend=loop))
    else:
        in_time(partial(_hear, watch, cancel_at))
    outcome: Outcome = watch.outcome
    return outcome


def _hear(watch: Any, cancel_at: int | None) -> None:
    for number, _ in enumerate(watch):
        if number == cancel_at:
            watch.cancel()


async def _hear_async(watch: Any, cancel_at: int | None) -> None:
    number = 0
    async for _ in watch:
        if number == cancel_at:
            watch.cancel()
        number += 1


def end(service: Troubled, **options: Any) -> Outcome | RunfsmError:
    """Drive a run to its end, or to the error that ends it: either is well."""
    try:
        return drive(service, **options)
    except RunfsmError as error:
        return error


def foreign(journal: Sequence[Any]) -> list[Any]:
    """The steps that another client took."""
    return [step for step in journal if isinstance(step, Transition) and step.foreign]
