"""What a backend's behaviours are played on: its calls, noted, and the runs that they make.

Rule: as `stage.py`: what goes wrong while the stage is set is no failure of the behaviour that
wants it. A fault that is no `BackendError` is one wherever it comes up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from runfsm.driver.request import RunRequest, ToolOutput
from runfsm.errors import BackendError
from runfsm.lifecycle import LIFECYCLE, RunRef, RunSnapshot, RunStatus
from runfsm.lifecycle.journal import Transition
from runfsm.lifecycle.tracker import RunTracker
from runfsm_simulator.testing.conformance.behaviour import NotSo, Unreached
from runfsm_simulator.testing.conformance.stage import LOOK_S, PATIENCE_S, Clock

__all__ = ["BackendStage", "Called"]

RUNS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Called:
    """One call of a backend, and what came of it: a status, a kind of fault, or what it raised."""

    method: str
    run_id: str | None
    came: str

    def is_about(self, run_id: str) -> bool:
        """Whether it is about this run."""
        return self.run_id == run_id

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {"method": self.method, "run_id": self.run_id, "came": self.came}


class BackendStage:
    """A backend, and what is needed to see how it behaves.

    Args:
        backend: to be called from a thread.
        another: another backend of the same service.
        assistant_id: who answers.
        calls: options of a run that makes the model call functions.
        clock: to wait by.

    Attributes:
        exchanges: the calls, oldest first.
        odd_steps: what the trackers found odd: run id, and what it is.
    """

    def __init__(
        self,
        backend: Any,
        *,
        another: Any,
        assistant_id: str,
        calls: Mapping[str, Any],
        clock: Clock,
    ) -> None:
        self.backend = backend
        self.another = another
        self.assistant_id = assistant_id
        self.exchanges: list[Called] = []
        self.odd_steps: list[tuple[str, str]] = []
        self._calls = calls
        self._clock = clock
        self._trackers: dict[str, RunTracker] = {}
        self._keys = count(1)

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """A call that is expected to work.

        Raises:
            NotSo: it raised what a backend never raises.
            Unreached: it met a fault.
        """
        came = self._came(method, args, lambda: getattr(self.backend, method)(*args, **kwargs))
        if isinstance(came, BackendError):
            raise Unreached(f"{method} met a fault: {came.fault.kind}")
        return came

    def fault(self, method: str, *args: Any, **kwargs: Any) -> BackendError:
        """The fault of a call that is expected to meet one.

        Raises:
            NotSo: it met none, or raised something else.
        """
        came = self._came(method, args, lambda: getattr(self.backend, method)(*args, **kwargs))
        if isinstance(came, BackendError):
            return came
        raise NotSo(f"what {method} did", "a BackendError", _label(came))

    def heard(self, method: str, *args: Any) -> list[Any]:
        """All events of a stream; a fault that ends it is the last of them."""
        events: list[Any] = []

        def listen() -> None:
            for event in getattr(self.backend, method)(*args):
                self._note(event)
                events.append(event)

        came = self._came(method, args, listen)
        return [*events, came] if isinstance(came, BackendError) else events

    def _came(self, method: str, args: Any, call: Callable[[], Any]) -> Any:
        """What a call gave, or its fault."""
        try:
            came = call()
        except BackendError as error:
            came = error
        except Exception as error:
            raise NotSo(f"what {method} raised", "a BackendError", type(error).__name__) from error
        run_id = next((arg.run_id for arg in args if isinstance(arg, RunRef)), None)
        if isinstance(came, RunSnapshot):
            run_id = came.ref.run_id
        self.exchanges.append(Called(method, run_id, _label(came)))
        self._note(came)
        return came

    def _note(self, came: Any) -> None:
        if not isinstance(came, RunSnapshot):
            return
        run_id = came.ref.run_id
        if run_id in self._trackers or len(self._trackers) < RUNS_MAX:
            tracker = self._trackers.setdefault(run_id, RunTracker())
            for step in tracker.observe(came, own={"cancel", "submit_tool_outputs"}):
                if not isinstance(step, Transition):
                    self.odd_steps.append((run_id, str(step)))

    # What is set ---------------------------------------------------------------------------------

    def request(self, thread_id: str | None = None, *, calls: bool = False) -> RunRequest:
        """A request with a key of its own."""
        options = self._calls if calls else {}
        key = f"check-{next(self._keys)}-{id(self):x}"
        return RunRequest(self.assistant_id, "Hello!", thread_id, options, key=key)

    def thread(self) -> str:
        """A new thread."""
        return str(self.call("create_thread"))

    def calling(self) -> RunSnapshot:
        """A run that waits for outputs."""
        request = self.request(self.thread(), calls=True)
        run = self.later(self.call("create", request), stays={RunStatus.REQUIRES_ACTION})
        if run.status is not RunStatus.REQUIRES_ACTION:
            raise Unreached(f"the model called no function: its run is {run.raw_status}")
        return run

    def ended(self) -> RunSnapshot:
        """A run that is completed."""
        run = self.later(self.call("create", self.request(self.thread())))
        if run.status is not RunStatus.COMPLETED:
            raise Unreached(f"a run that should answer is {run.raw_status}")
        return run

    def later(self, run: RunSnapshot, *, stays: Collection[RunStatus] = ()) -> RunSnapshot:
        """The run, when it is over or has one of these statuses."""
        waited_s = 0.0
        while run.status not in LIFECYCLE.terminal and run.status not in stays:
            if waited_s > PATIENCE_S:
                raise Unreached(f"after {PATIENCE_S:.0f} s a run is still {run.raw_status}")
            self._clock.alarm().wait(LOOK_S)
            waited_s += LOOK_S
            run = self.call("retrieve", run.ref)
        return run

    @staticmethod
    def outputs(run: RunSnapshot) -> list[ToolOutput]:
        """An output for each call."""
        return [ToolOutput(call.call_id, call.name, "42") for call in run.calls]


def _label(came: Any) -> str:
    """What came of a call, in a word; never what anybody said."""
    if isinstance(came, BackendError):
        return f"{type(came).__name__}: {came.fault.kind}"
    return came.raw_status if isinstance(came, RunSnapshot) else type(came).__name__
