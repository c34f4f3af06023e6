"""One behaviour: a function, a service that chooses as it is told, and what came of the two."""

from __future__ import annotations

import inspect
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final, Literal

import anyio

from runfsm.errors import CallerError
from runfsm.lifecycle import RunStatus
from runfsm_simulator.doors import transport
from runfsm_simulator.explore.adversary import Adversary, storm_of
from runfsm_simulator.explore.asked import Asked, Line
from runfsm_simulator.explore.choosers import Choice, Enumerated
from runfsm_simulator.explore.pretend import pretended
from runfsm_simulator.explore.roads import Port, wired
from runfsm_simulator.explore.watch import Known, Stopped, Watch, Why
from runfsm_simulator.simulator import Simulator
from runfsm_simulator.world.clock import VirtualClock
from runfsm_simulator.world.trace import TraceEntry

__all__ = ["Behaviour", "End", "Explored", "Point", "Stage", "came_of", "needs", "told_of"]

#: What is explored: a function that takes an `openai` client, or one of the names in `GIVEN`.
Explored = Callable[..., Any]

#: Parameters that are given by their names; the first one that has another name gets the client.
GIVEN: Final = ("client", "clock", "backend", "assistant_id")

#: How a function ended.
End = Literal["returned", "raised"] | Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a function did under one sequence of choices.

    Attributes:
        choices: where the service might have done something else, and what it did.
        taken: the index of the option of each.
        end: how it ended; `"visited"`: from its last answer on, it is known already.
        result: what it returned.
        error: what it raised; `SystemExit`, too.
        where: from which line of its own file.
        asked: its requests.
        runs: the runs that it made, as they were left: id and status.
        edges: the edges that all runs took.
        story: who did what, and when.
        loop_from: how many of the choices came before an endless loop.
        simulator: the service, as it was left.
        points: from where it can be gone on; if there are none, it is played anew.
    """

    choices: tuple[Choice, ...]
    taken: tuple[int, ...]
    end: End
    result: Any
    error: Exception | SystemExit | None
    where: str
    asked: tuple[Asked, ...]
    runs: tuple[tuple[str, RunStatus], ...]
    edges: tuple[TraceEntry, ...]
    story: tuple[Line, ...]
    loop_from: int | None
    simulator: Simulator
    points: tuple[Point, ...] = ()

    @property
    def deviations(self) -> tuple[Choice, ...]:
        """The choices that were not the harmless ones."""
        pairs = zip(self.choices, self.taken, strict=True)
        return tuple(choice for choice, index in pairs if index)


@dataclass(frozen=True, slots=True)
class Point:
    """From where a behaviour can be gone on.

    Attributes:
        made: how many choices had been made.
        play: goes on from there, as `Stage.play` does from the beginning.
    """

    made: int
    play: Callable[[Enumerated, Known | None], Behaviour]


def needs(function: Explored) -> tuple[str, ...]:
    """What a function wants to be given, in the order of its parameters.

    Raises:
        CallerError: it takes no client, or more than a search can give.
    """
    name = getattr(function, "__name__", repr(function))
    wrong = f"{name}: give a function that takes an openai client, as def {name}(client)"
    if not callable(function):
        raise CallerError(f"{wrong}; this is a {type(function).__name__}")
    parameters = inspect.signature(function).parameters.values()
    empty = inspect.Parameter.empty
    positional = [
        it for it in parameters if it.kind in {it.POSITIONAL_ONLY, it.POSITIONAL_OR_KEYWORD}
    ]
    wanted = [it.name for it in positional if it.default is empty or it.name in GIVEN]
    if wanted and wanted[0] not in GIVEN:
        wanted[0] = "client"
    if not {"client", "backend"} & {*wanted} or not {*wanted} <= {*GIVEN}:
        told = f"{name}({', '.join(it.name for it in positional)})"
        raise CallerError(
            f"{wrong}. Here is {told}; of other parameters, a search can give "
            "clock and assistant_id; bind the rest, or give it a default"
        )
    return tuple(wanted)


class Stage:
    """Where a function is played, as often as one likes.

    Args:
        function: what is explored. It may be a coroutine function.
        faults: which faults may strike, by the fields of `Storm`.

    Raises:
        CallerError: no function that can be played, or no such fault.
    """

    #: Whether a behaviour's end is sooner played than compared with what is known.
    is_quick: ClassVar = False

    def __init__(self, function: Explored, *, faults: Sequence[str] = ()) -> None:
        self.function = function
        self.faults = tuple(faults)
        self._needs = needs(function)
        self._is_async = inspect.iscoroutinefunction(function)
        self._storm = storm_of(faults)
        self._adversary = Adversary()

    def play(self, chooser: Enumerated, known: Known | None = None) -> Behaviour:
        """Play it once.

        Args:
            chooser: decides what the service does.
            known: says whether what follows a state need not be played.

        Raises:
            Diverged: the choices do not fit what happens.
        """
        watch = self._begun(chooser)
        watch.known, watch.tells_time = known, "clock" in self._needs
        given = [self._given(name, watch) for name in self._needs]
        clock = watch.simulator.clock
        with (
            pretended(clock, self.function, slept=watch.slept, read=watch.read_clock),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore", DeprecationWarning)  # of the client's methods
            ending = came_of(partial(self._call, given))
        return told_of(watch, *ending, where=_where(ending[2], self.function))

    def _begun(self, chooser: Enumerated) -> Watch:
        simulator = Simulator(
            self._adversary,
            clock=VirtualClock(),
            chooser=chooser,
            storm=self._storm,
            pacing="nobody",
        )
        return Watch(simulator, chooser)

    def _call(self, given: Sequence[Any]) -> Any:
        if self._is_async:
            return anyio.run(partial(self.function, *given))
        return self.function(*given)

    def _given(self, name: str, watch: Watch) -> Any:
        simulator = watch.simulator
        if name == "clock":
            return simulator.clock
        if name == "backend":
            return Port(watch)
        if name == "assistant_id":
            return simulator.create_assistant()
        make = transport.async_client if self._is_async else transport.client
        return make(wired(watch))


def came_of(call: Callable[[], Any]) -> tuple[End, Any, Exception | SystemExit | None]:
    """How a call ended, and what it returned or raised."""
    try:
        return "returned", call(), None
    except Stopped as stopped:
        return stopped.why, None, None
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever it is, it came of it
        return "raised", None, error


def told_of(  # noqa: PLR0913  # what came of it; all but four by keyword
    watch: Watch,
    end: End,
    result: Any,
    error: Exception | SystemExit | None,
    *,
    where: str = "",
    points: Sequence[Point] = (),
) -> Behaviour:
    """What was seen of a behaviour, and how it ended."""
    return Behaviour(
        choices=tuple(watch.chooser.choices),
        taken=tuple(watch.chooser.taken),
        end=end,
        result=result,
        error=error,
        where=where,
        asked=tuple(watch.asked),
        runs=tuple((run.id, run.status) for run in watch.ours),
        edges=watch.simulator.trace,
        story=tuple(watch.story),
        loop_from=watch.loop_from if end == "endless" else None,
        simulator=watch.simulator,
        points=tuple(points),
    )


def _where(error: BaseException | None, function: Explored) -> str:
    """The innermost line of the function's own file that an error came through."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if error is None or code is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == code.co_filename]
    return f"line {lines[-1]}" if lines else ""
