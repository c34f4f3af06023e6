"""One behaviour: a function, a service that chooses as it is told, and what came of the two."""

from __future__ import annotations

import inspect
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

import anyio

from runfsm.errors import CallerError
from runfsm.lifecycle import RunStatus
from runfsm_simulator.doors import transport
from runfsm_simulator.explore.adversary import Adversary, storm_of
from runfsm_simulator.explore.asked import Asked, Line, without_body
from runfsm_simulator.explore.choosers import Choice, Enumerated
from runfsm_simulator.explore.pretend import pretended
from runfsm_simulator.explore.roads import Port, wired
from runfsm_simulator.explore.watch import Stopped, Watch
from runfsm_simulator.simulator import Simulator
from runfsm_simulator.world.clock import VirtualClock
from runfsm_simulator.world.trace import TraceEntry

__all__ = ["Behaviour", "End", "Explored", "Stage", "needs"]

#: What is explored: a function that takes an `openai` client, or one of the names in `GIVEN`.
Explored = Callable[..., Any]

#: Parameters that are given by their names; the first one that has another name gets the client.
GIVEN: Final = ("client", "clock", "backend", "assistant_id")

#: How a function ended.
End = Literal["returned", "raised", "endless", "visited"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a function did under one sequence of choices.

    Attributes:
        choices: where the service might have done something else, and what it did.
        taken: the index of the option of each.
        end: how it ended; `"visited"`: from its last answer on, it is known already.
        result: what it returned.
        error: what it raised.
        where: from which line of its own file.
        asked: its requests.
        runs: the runs that it made, as they were left: id and status.
        edges: the edges that all runs took.
        story: who did what, and when.
        loop_from: how many of the choices came before an endless loop.
        simulator: the service, as it was left.
    """

    choices: tuple[Choice, ...]
    taken: tuple[int, ...]
    end: End
    result: Any
    error: Exception | None
    where: str
    asked: tuple[Asked, ...]
    runs: tuple[tuple[str, RunStatus], ...]
    edges: tuple[TraceEntry, ...]
    story: tuple[Line, ...]
    loop_from: int | None
    simulator: Simulator

    @property
    def deviations(self) -> tuple[Choice, ...]:
        """The choices that were not the harmless ones."""
        pairs = zip(self.choices, self.taken, strict=True)
        return tuple(choice for choice, index in pairs if index)


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

    def __init__(self, function: Explored, *, faults: Sequence[str] = ()) -> None:
        self.function = function
        self._needs = needs(function)
        self._is_async = inspect.iscoroutinefunction(function)
        self._storm = storm_of(faults)

    def play(
        self, chooser: Enumerated, *, known: Callable[[bytes], bool] = lambda _: False
    ) -> Behaviour:
        """Play it once.

        Args:
            chooser: decides what the service does.
            known: says whether what follows a state need not be played.

        Raises:
            Diverged: the choices do not fit what happens.
        """
        clock = VirtualClock()
        simulator = Simulator(
            Adversary(), clock=clock, chooser=chooser, storm=self._storm, pacing="nobody"
        )
        watch = Watch(simulator, chooser, known, tells_time="clock" in self._needs)
        end, result, error = self._run(simulator, watch)
        trace = simulator.trace
        return Behaviour(
            choices=tuple(chooser.choices),
            taken=tuple(chooser.taken),
            end=end,
            result=result,
            error=error,
            where=_where(error, self.function),
            asked=tuple(map(without_body, watch.asked)),
            runs=tuple((run.id, run.status) for run in watch.ours),
            edges=trace,
            story=tuple(watch.story),
            loop_from=watch.loop_from if end == "endless" else None,
            simulator=simulator,
        )

    def _run(self, simulator: Simulator, watch: Watch) -> tuple[End, Any, Exception | None]:
        given = [self._given(name, simulator, watch) for name in self._needs]
        names = getattr(inspect.unwrap(self.function), "__globals__", {})
        with (
            pretended(simulator.clock, names, slept=watch.slept, read=watch.read_clock),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore", DeprecationWarning)  # of the client's methods
            try:
                if self._is_async:
                    result = anyio.run(partial(self.function, *given))
                else:
                    result = self.function(*given)
            except Stopped as stopped:
                return ("endless" if stopped.why == "endless" else "visited"), None, None
            except Exception as error:  # noqa: BLE001  # whatever it is, it is what came of it
                return "raised", None, error
        return "returned", result, None

    def _given(self, name: str, simulator: Simulator, watch: Watch) -> Any:
        if name == "clock":
            return simulator.clock
        if name == "backend":
            return Port(simulator, watch)
        if name == "assistant_id":
            return simulator.create_assistant()
        make = transport.async_client if self._is_async else transport.client
        return make(wired(simulator, watch))


def _where(error: Exception | None, function: Explored) -> str:
    """The innermost line of the function's own file that an error came through."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if error is None or code is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == code.co_filename]
    return f"line {lines[-1]}" if lines else ""
