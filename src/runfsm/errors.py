"""Every error that runfsm raises, as one tree; the first question it answers is *whose fault*.

::

    RunfsmError
     ├─ CallerError               your side asked for what cannot be; nothing has changed
     │   ├─ IllegalTransition     an event that is not allowed here (.status .event .allowed)
     │   ├─ UnknownNameError      a status or an event that there is not (.given .known .nearest)
     │   ├─ ModelError            an object that a machine cannot take as its model
     │   ├─ TableError            a lifecycle table that makes no sense
     │   ├─ ToolDefinitionError   a function that cannot become a tool (.tool .parameter)
     │   └─ ScriptError           a script or scenario with a mistake (.where .problems)
     ├─ BackendError              the other side, or the way to it, answered with a fault (.fault)
     │   └─ ThreadBusy            another run holds the thread (.holder)
     ├─ AnomalyError              the other side broke the lifecycle (strict trackers only)
     ├─ ToolError                 a tool failed, and `on_tool_error="raise"` (.tool .call_id)
     └─ RunNotCompleted           raised by `Outcome.raise_for_status()` (.outcome)
         ├─ RunCancelled  RunExpired  RunFailed  RunIncomplete
         └─ DeadlineExceeded      the driver's own deadline passed first

Standard library only: the simulator and the lifecycle import this file, and nothing beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = [
    "AnomalyError",
    "BackendError",
    "CallerError",
    "DeadlineExceeded",
    "Fault",
    "FaultKind",
    "IllegalTransition",
    "ModelError",
    "RunCancelled",
    "RunExpired",
    "RunFailed",
    "RunIncomplete",
    "RunNotCompleted",
    "RunfsmError",
    "ScriptError",
    "TableError",
    "ThreadBusy",
    "ToolDefinitionError",
    "ToolError",
    "UnknownNameError",
]


class RunfsmError(Exception):
    """The root: `except RunfsmError` catches all that runfsm raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Python would call the class with the text alone; an error crosses to another process
        # with its fields.
        return _revived, (type(self), self.args, self.__dict__.copy())


# Your side ---------------------------------------------------------------------------------------


class CallerError(RunfsmError):
    """Your side asked for something that cannot be. Nothing has changed."""


class IllegalTransition(CallerError):  # noqa: N818  # named as the field names it
    """An event that the lifecycle does not allow in this status. Nothing has changed.

    Attributes:
        status: where the run is (`None`: it was not created yet).
        event: what was asked for.
        allowed: the events that are legal in `status`, in the order of the table.
    """

    def __init__(self, message: str, *, status: Any, event: Any, allowed: Sequence[Any]) -> None:
        super().__init__(message)
        self.status = status
        self.event = event
        self.allowed = tuple(allowed)


class UnknownNameError(CallerError, ValueError):
    """A status or an event, written as text, that the lifecycle does not have.

    Attributes:
        given: what was got.
        known: the names that there are, in the table's order.
        nearest: the one that was probably meant, or `None`.
    """

    def __init__(
        self, message: str, *, given: Any, known: Sequence[str], nearest: str | None
    ) -> None:
        super().__init__(message)
        self.given = given
        self.known = tuple(known)
        self.nearest = nearest


class ModelError(CallerError, ValueError):
    """An object that a machine cannot take as its model: the message says what to do instead."""


class TableError(CallerError):
    """A lifecycle table that makes no sense: the message names the rows."""


class ToolDefinitionError(CallerError, TypeError):
    """A function that cannot become a tool, told where it is defined.

    Attributes:
        tool: the tool's name.
        parameter: the offending parameter, or `None` when the tool as a whole is at fault.
    """

    def __init__(self, message: str, *, tool: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self.tool = tool
        self.parameter = parameter


class ScriptError(CallerError, ValueError):
    """A script or a scenario with a mistake: where it stands, and what was expected.

    Attributes:
        where: the file, or `"script"` for one made in Python.
        problems: one line for each mistake, with line number or path.
    """

    def __init__(self, where: str, problems: Sequence[str]) -> None:
        super().__init__("\n".join([f"{where}: not a valid script", *(f"  {p}" for p in problems)]))
        self.where = where
        self.problems = tuple(problems)


# The other side ----------------------------------------------------------------------------------


class FaultKind(StrEnum):
    """What kind of trouble a call met, whatever the backend calls it."""

    LOCKED = "locked"  # another run holds the thread
    RATE_LIMITED = "rate_limited"  # slow down, then again
    QUOTA = "quota"  # the account is out of money: again is no use
    TRANSIENT = "transient"  # the network or the server: again may help
    NOT_FOUND = "not_found"
    ALREADY_TERMINAL = "already_terminal"  # a cancel that came too late, or twice
    STALE_ACTION = "stale_action"  # tool outputs that the run does not take any more
    AUTH = "auth"
    TOO_LARGE = "too_large"  # a tool's output, or the request, is longer than the service takes
    INVALID = "invalid"  # the request itself is wrong
    UNSUPPORTED = "unsupported"  # this backend cannot do that
    GARBLED = "garbled"  # an answer that is none of this API's: a proxy's page, half a body


@dataclass(frozen=True, slots=True)
class Fault:
    """One call's trouble, in words that every backend shares.

    Attributes:
        kind: what to do about it follows from this alone.
        message: the service's own words.
        retry_after_s: how long the service asks to wait, in seconds.
        retry_at: until when it asks to wait, Unix seconds, if it gave a date instead.
        maybe_applied: whether the call may have taken effect all the same (a timed-out create).
        holder: for `LOCKED`, the id of the run that holds the thread, if the service named it.
        status_code: the HTTP status, if there was an answer.
        request_id: the service's id of the request, to quote in a report.
    """

    kind: FaultKind
    message: str
    retry_after_s: float | None = None
    maybe_applied: bool = False
    holder: str | None = None
    status_code: int | None = None
    request_id: str | None = None
    retry_at: float | None = None

    def wait_s(self, now: float) -> float | None:
        """Return how long the service asks to wait from `now` on; `None` if it does not ask."""
        if self.retry_at is None:
            return self.retry_after_s
        return max(0.0, self.retry_at - now)


class BackendError(RunfsmError):
    """The service, or the way to it, answered with a fault.

    Attributes:
        fault: what happened, in words that every backend shares.
        ref: the run that was being driven (a `RunRef`), or `None` if none was created.
        journal: what the driver had seen and done until then.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault
        self.ref: Any = None
        self.journal: tuple[Any, ...] = ()

    @classmethod
    def of(cls, fault: Fault) -> BackendError:
        """The error of a fault: `ThreadBusy` for a lock, `BackendError` for the rest."""
        return ThreadBusy(fault) if fault.kind is FaultKind.LOCKED else cls(fault)


class ThreadBusy(BackendError):  # noqa: N818  # what one says: the thread is busy
    """Another run holds the thread: no message and no run can be added until it is over."""

    @property
    def holder(self) -> str | None:
        """The id of the run that holds the thread, if the service named it."""
        return self.fault.holder


class AnomalyError(RunfsmError):
    """The other side showed what the lifecycle says cannot be. Raised by strict trackers only."""

    def __init__(self, anomaly: Any) -> None:
        super().__init__(str(anomaly))
        self.anomaly = anomaly


# How a run ended ---------------------------------------------------------------------------------


class ToolError(RunfsmError):
    """A tool failed, and the driver was told `on_tool_error="raise"`; the run was cancelled.

    The exception that the tool raised, if it raised one, is the `__cause__`.
    """

    def __init__(self, message: str, *, tool: str, call_id: str) -> None:
        super().__init__(message)
        self.tool = tool
        self.call_id = call_id
        self.outcome: Any = None


class RunNotCompleted(RunfsmError):  # noqa: N818  # the five below are named after the statuses
    """A run ended, but not `completed`.

    Attributes:
        outcome: everything that is known about it (an `Outcome`); `None` if it was cancelled
            before a run was created.
    """

    def __init__(self, message: str, *, outcome: Any) -> None:
        super().__init__(message)
        self.outcome = outcome


class RunCancelled(RunNotCompleted):
    """Somebody cancelled the run, and the cancel won."""


class RunExpired(RunNotCompleted):
    """The run reached its `expires_at`, usually with tool outputs missing."""


class RunFailed(RunNotCompleted):
    """The service gave up: see `outcome.error` for its code and message."""


class RunIncomplete(RunNotCompleted):
    """The answer was cut short: see `outcome.incomplete_reason`."""


class DeadlineExceeded(RunNotCompleted):
    """The driver's own `deadline_s` passed first; the run was told to cancel."""


def _revived(kind: type[RunfsmError], args: tuple[Any, ...], state: dict[str, Any]) -> RunfsmError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error
