"""What was answered to a run's tool calls: each call once, each output once. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from runfsm.driver.request import ToolOutput
from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.snapshot import RunSnapshot, ToolCall

__all__ = ["Answers"]


@dataclass(slots=True)
class Answers:
    """The book of calls and outputs, by call id."""

    _outputs: dict[str, ToolOutput] = field(default_factory=dict)
    _accepted: set[str] = field(default_factory=set)  # by the service

    def take(self, output: ToolOutput) -> None:
        """A tool has answered, or was given up."""
        self._outputs[output.call_id] = output

    def get(self, call_id: str) -> ToolOutput | None:
        """The output of a call, if there is one."""
        return self._outputs.get(call_id)

    def accept(self, outputs: Sequence[ToolOutput]) -> None:
        """The service has taken these."""
        self._accepted |= {output.call_id for output in outputs}

    def missing(self, run: RunSnapshot) -> tuple[ToolCall, ...]:
        """The pending calls that have no output. A call that stands twice is one call."""
        calls = {call.call_id: call for call in run.calls}
        return tuple(call for call_id, call in calls.items() if call_id not in self._outputs)

    def of(self, run: RunSnapshot) -> tuple[ToolOutput, ...]:
        """The outputs of all pending calls, in their order."""
        kinds = {call.call_id: call.kind for call in run.calls}  # a call that stands twice is one
        return tuple(replace(self._outputs[call_id], kind=kind) for call_id, kind in kinds.items())

    def are_accepted(self, run: RunSnapshot) -> bool:
        """Whether the service has taken the outputs of all these calls, whatever it shows now."""
        return bool(run.calls) and self._accepted.issuperset(_call_ids(run))

    def is_old_round(self, run: RunSnapshot) -> bool:
        """Whether it asks for what is answered: a replica that lags still shows the calls."""
        return run.status is RunStatus.REQUIRES_ACTION and self.are_accepted(run)

    def unheard_of(self, outputs: Sequence[ToolOutput], run: RunSnapshot | None) -> str | None:
        """The kind of a call that no tool answers, and that is no function's.

        Of a function, a model understands that there is none; of an approval, say, it would not.
        """
        kinds = {call.call_id: call.kind for call in run.calls} if run else {}
        unknown = (kinds.get(it.call_id) for it in outputs if it.error == "unknown_tool")
        return next((kind for kind in unknown if kind not in {None, "function", "custom"}), None)

    @property
    def failed(self) -> ToolOutput | None:
        """The first output that tells of a failure."""
        # What was abandoned, because the run takes it no more, is no failure of the tool's.
        failed = (o for o in self._outputs.values() if o.error not in {None, "abandoned"})
        return next(failed, None)


def _call_ids(run: RunSnapshot) -> list[str]:
    return [call.call_id for call in run.calls]
