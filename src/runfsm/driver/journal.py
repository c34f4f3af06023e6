"""What the driver did and met, beside what the run went through (`lifecycle/journal.py`).

As there: ids, names, kinds and times; no arguments, no outputs, no message texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, ClassVar, Final, Self

from runfsm.driver.request import ToolOutput
from runfsm.errors import Fault, FaultKind
from runfsm.lifecycle import journal as lifecycle
from runfsm.lifecycle.journal import JournalStep
from runfsm.lifecycle.run import LIFECYCLE
from runfsm.lifecycle.snapshot import Usage

__all__ = [
    "CancelReason",
    "CancelWanted",
    "DriveEnded",
    "FaultMet",
    "GaveUp",
    "NoText",
    "OutputTooLarge",
    "RunAdopted",
    "RunAgain",
    "ThreadHeld",
    "ToolAnswered",
    "step_from_dict",
]


class CancelReason(StrEnum):
    """Why the driver cancels a run."""

    ASKED = "asked"  # the app called `cancel()`
    DEADLINE = "deadline"  # the driver's own deadline passed
    TOOL_ERROR = "tool_error"  # a tool failed, and `on_tool_error="raise"`
    INTERRUPTED = "interrupted"  # who drove it was: Ctrl-C, or a cancelled task
    FAULT = "fault"  # the service failed for too long; that is raised when the cancel is sent


@dataclass(frozen=True, slots=True)
class ToolAnswered(JournalStep):
    """A call has its output.

    A step is written when the whole round has its outputs; what each call took is told apart.

    Attributes:
        call_id: which call.
        name: the tool's name, as the model wrote it.
        error: the kind of failure that the output tells of, if any.
        began_at: when the tool was called, Unix seconds; `None` if that is not known.
        took_s: the seconds until it had answered, or was given up.
        exception: the one that the tool raised, for observers in this process; it is not saved,
            and no part of `to_dict`, equality or `repr`.
    """

    kind: ClassVar[str] = "tool_answered"
    call_id: str
    name: str
    error: str | None
    began_at: float | None = None
    took_s: float | None = None
    exception: BaseException | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, output: ToolOutput, at: float) -> Self:
        """The step of an output."""
        told = (output.call_id, output.name, output.error, output.began_at, output.took_s)
        return cls(at, *told, exception=output.exception)

    def to_dict(self) -> dict[str, Any]:
        """See `JournalStep.to_dict`; the exception is no JSON."""
        told = JournalStep.to_dict(self)
        del told["exception"]
        return told

    def __reduce__(self) -> tuple[Any, ...]:
        # Not with the exception: see `ToolOutput`.
        return type(self), (
            self.at,
            self.call_id,
            self.name,
            self.error,
            self.began_at,
            self.took_s,
        )

    def __str__(self) -> str:
        return f"tool {self.name} ({self.call_id}): {self.error or 'answered'}"


@dataclass(frozen=True, slots=True)
class OutputTooLarge(JournalStep):
    """The service refused an output as too large; the model is told so in its place.

    Attributes:
        call_id: whose output.
        name: the tool's name, as the model wrote it.
        size: how many characters it had.
    """

    kind: ClassVar[str] = "output_too_large"
    call_id: str
    name: str
    size: int

    def __str__(self) -> str:
        return f"tool {self.name} ({self.call_id}): its {self.size} characters are too many"


@dataclass(frozen=True, slots=True)
class FaultMet(JournalStep):
    """A call to the service failed.

    Attributes:
        action: what was asked: `"Retrieve"`.
        fault: what happened.
        status_code: the HTTP status, if there was an answer.
        request_id: the service's id of the request, to quote in a report; no part of equality, as
            it is another one each time.
    """

    kind: ClassVar[str] = "fault_met"
    action: str
    fault: FaultKind
    status_code: int | None
    request_id: str | None = field(default=None, compare=False)

    @classmethod
    def of(cls, fault: Fault, action: str, at: float) -> FaultMet:
        """The step of a fault."""
        return cls(at, action, fault.kind, fault.status_code, fault.request_id)

    def __str__(self) -> str:
        code = f" (HTTP {self.status_code})" if self.status_code else ""
        return f"{self.action} met a fault: {self.fault}{code}"


@dataclass(frozen=True, slots=True)
class CancelWanted(JournalStep):
    """From here on the driver wants the run cancelled."""

    kind: ClassVar[str] = "cancel_wanted"
    reason: CancelReason

    def __str__(self) -> str:
        return f"the driver cancels: {self.reason}"


@dataclass(frozen=True, slots=True)
class GaveUp(JournalStep):
    """The cancel never took effect; the driver left the run as it was."""

    kind: ClassVar[str] = "gave_up"
    status: str

    def __str__(self) -> str:
        return f"gave up: still {self.status}, though told to cancel"


@dataclass(frozen=True, slots=True)
class ThreadHeld(JournalStep):
    """Another run holds the thread. `policy` is what is done about it: `"wait"`."""

    kind: ClassVar[str] = "thread_held"
    holder: str | None
    policy: str

    def __str__(self) -> str:
        return f"the thread is held by {self.holder or 'another run'}: {self.policy}"


@dataclass(frozen=True, slots=True)
class RunAdopted(JournalStep):
    """A run was found by its key, and taken over: a creation that was not answered had made it.

    Attributes:
        run_id: the run.
        found: whether it was there before this request: an idempotent one, delivered again.
    """

    kind: ClassVar[str] = "run_adopted"
    run_id: str
    found: bool = False

    def __str__(self) -> str:
        if self.found:
            return f"{self.run_id} was made by this key before: its outcome is taken"
        return f"the creation that got no answer had made {self.run_id}: taken over"


@dataclass(frozen=True, slots=True)
class NoText(JournalStep):
    """A completed run has no text: no message of it was found, or none has a text in it.

    Attributes:
        messages: how many messages of it there are.
    """

    kind: ClassVar[str] = "no_text"
    messages: int

    def __str__(self) -> str:
        if not self.messages:
            return "completed, and no message of it was found"
        return f"completed, and no text is in its {self.messages} message(s)"


@dataclass(frozen=True, slots=True)
class RunAgain(JournalStep):
    """The run failed for its model's rate limit, and the policy has another one made.

    Attributes:
        run_id: the run that failed.
        number: which further run comes next, from 1 on.
        delay_s: the wait before it, in seconds.
    """

    kind: ClassVar[str] = "run_again"
    run_id: str
    number: int
    delay_s: float

    def __str__(self) -> str:
        return f"{self.run_id} met a rate limit: another run in {self.delay_s:g} s ({self.number})"


@dataclass(frozen=True, slots=True)
class DriveEnded(JournalStep):
    """Nobody drives the run any more: it is over, or failed, or was left.

    Observers hear it last. It stands in no journal: a core that is saved and resumed is driven
    more than once.

    Attributes:
        status: the last known one; `None` if no run was created.
        error: which error was raised, by its name: `"ThreadBusy"`.
        elapsed_s: seconds since the run was asked for.
        usage: tokens, once the run is over.
    """

    kind: ClassVar[str] = "drive_ended"
    status: str | None
    error: str | None
    elapsed_s: float
    usage: Usage | None = None

    def to_dict(self) -> dict[str, Any]:
        """See `JournalStep.to_dict`; the tokens stand beside the rest."""
        told = JournalStep.to_dict(self)
        del told["usage"]
        return told | (asdict(self.usage) if self.usage else {})

    def __str__(self) -> str:
        tokens = f", {self.usage.total_tokens} tokens" if self.usage else ""
        return f"{self._how} after {self.elapsed_s:.1f} s{tokens}"

    @property
    def _how(self) -> str:
        if self.error is not None:
            return f"ended in {self.error}"
        ended = self.status in LIFECYCLE.terminal
        return f"ended {self.status}" if ended else f"left {self.status or 'before its creation'}"


KINDS: Final[Mapping[str, type[JournalStep]]] = {
    step.kind: step
    for step in (
        ToolAnswered,
        OutputTooLarge,
        FaultMet,
        CancelWanted,
        GaveUp,
        ThreadHeld,
        RunAdopted,
        NoText,
        RunAgain,
        DriveEnded,
    )
}

#: The fields that are more than JSON.
WORDS: Final[Mapping[str, type[StrEnum]]] = {"fault": FaultKind, "reason": CancelReason}


def step_from_dict(data: Mapping[str, Any]) -> JournalStep:
    """The step of a JSON object that `to_dict` made: one of the driver's, or of the tracker's.

    Raises:
        ValueError: it is none: an unknown kind or word, or an edge that the lifecycle has not.
        KeyError: a field is missing.

    Example:
        >>> step = GaveUp(1.5, "cancelling")
        >>> step_from_dict(step.to_dict()) == step
        True
    """
    kind = KINDS.get(data["kind"])
    if kind is None:
        return lifecycle.step_from_dict(data)
    if kind is DriveEnded:
        data = {**data, "usage": _usage(data)}
    values = {field.name: data[field.name] for field in fields(kind) if field.name != "exception"}
    words = {name: WORDS[name](value) for name, value in values.items() if name in WORDS}
    return kind(**values | words)


def _usage(data: Mapping[str, Any]) -> Usage | None:
    names = [field.name for field in fields(Usage)]
    return Usage(*(data[name] for name in names)) if names[0] in data else None
