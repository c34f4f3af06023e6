"""One round of tool calls: which are still running, and for how long they may. Pure.

The two loops start the calls, in threads or in tasks, and wait; this file keeps the book. The
first to settle a job wins: an output that comes after the time-out is not taken.
"""

from __future__ import annotations

from runfsm.driver.actions import RunTools, ToolOutput
from runfsm.tools import BoundCall, Toolset

__all__ = ["ToolJob", "ToolRound"]

#: Longer than any run lives; some waits take no infinity.
FOREVER_S = 86_400.0


class ToolJob:
    """One call under way.

    Attributes:
        bound: the tool and its checked arguments.
        timeout_s: how long it may take.
        due_at: the moment at which it is timed out, Unix seconds.
        output: what came of it, once it is settled.
    """

    __slots__ = ("bound", "due_at", "output", "timeout_s")

    def __init__(self, bound: BoundCall, *, timeout_s: float, now: float) -> None:
        self.bound = bound
        self.timeout_s = timeout_s
        self.due_at = now + timeout_s
        self.output: ToolOutput | None = None

    def settle(self, output: ToolOutput) -> None:
        """Take the output, unless there is one."""
        self.output = self.output or output


class ToolRound:
    """The calls of one required action.

    Calls that cannot be made (an unknown tool, arguments that do not fit) are settled at once;
    `jobs` are the others.

    Args:
        tools: what may be called.
        action: what the core asks for.
        timeout_s: the limit for tools that have none of their own.
        now: the time now, Unix seconds.
    """

    def __init__(
        self, tools: Toolset, action: RunTools, *, timeout_s: float | None, now: float
    ) -> None:
        self._slots: list[ToolJob | ToolOutput] = []
        for call in action.calls:
            bound = tools.bind(call)
            if isinstance(bound, BoundCall):
                limits = (bound.tool.timeout_s or timeout_s, action.time_left_s, FOREVER_S)
                limit_s = min(limit for limit in limits if limit is not None)
                self._slots.append(ToolJob(bound, timeout_s=limit_s, now=now))
            else:
                self._slots.append(bound)

    @property
    def jobs(self) -> list[ToolJob]:
        """The calls that can be made."""
        return [slot for slot in self._slots if isinstance(slot, ToolJob)]

    def wait_s(self, now: float) -> float | None:
        """Time out what is late; then the wait until the next is, or `None` if all is settled."""
        # In moments, not in ages: a difference that rounding makes too small by a tick is a wait
        # of nothing, again and again.
        for job in self.jobs:
            if now >= job.due_at:
                job.settle(job.bound.timed_out(job.timeout_s))
        return min((job.due_at - now for job in self.jobs if job.output is None), default=None)

    def abandon(self) -> None:
        """Settle all that is left: the run is to be cancelled, nobody will hand this in."""
        for job in self.jobs:
            call = job.bound
            job.settle(ToolOutput(call.call_id, call.tool.name, "", error="abandoned"))

    @property
    def outputs(self) -> tuple[ToolOutput, ...]:
        """One output for each call, in the order of the calls; only when all are settled."""
        slots = (slot.output if isinstance(slot, ToolJob) else slot for slot in self._slots)
        return tuple(output for output in slots if output is not None)
