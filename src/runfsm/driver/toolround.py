"""One round of tool calls: which are still running, and for how long they may. Pure.

The two loops start the calls, in threads or in tasks, and wait; this file keeps the book. The
first to settle a job wins: an output that comes after the time-out is not taken.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any, Final

from runfsm.driver.actions import RunTools
from runfsm.driver.request import ToolOutput
from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.snapshot import RunSnapshot
from runfsm.tools import BoundCall, Toolset

__all__ = ["ToolJob", "ToolRound"]

#: Longer than any run lives; some waits take no infinity.
FOREVER_S: Final = 86_400.0

#: For the model, in case the run still takes it after all.
GIVEN_UP: Final = "The call was given up: the run was about to end."


class ToolJob:
    """One call under way.

    Attributes:
        bound: the tool and its checked arguments.
        timeout_s: how long it may take.
        left_s: how long the run can still take its output.
        due_at: the moment at which the first of both is over, Unix seconds.
        began_at: the moment at which it was made.
        output: what came of it, once it is settled.
        took_s: how long that took, once it is known.
        awaitable: what a plain function has returned, where an event loop is to await it.
    """

    __slots__ = (
        "awaitable",
        "began_at",
        "bound",
        "due_at",
        "left_s",
        "output",
        "timeout_s",
        "took_s",
    )

    def __init__(self, bound: BoundCall, *, timeout_s: float, left_s: float, now: float) -> None:
        self.bound = bound
        self.timeout_s = timeout_s
        self.left_s = left_s
        self.due_at = now + min(timeout_s, left_s)
        self.began_at = now
        self.output: ToolOutput | None = None
        self.took_s: float | None = None
        self.awaitable: Awaitable[Any] | None = None

    def take_awaitable(self) -> Awaitable[Any] | None:
        """Return what is to be awaited, once; `None` if nothing is, or the call is settled."""
        awaitable, self.awaitable = self.awaitable, None
        return awaitable

    def drop_awaitable(self) -> None:
        """Have nobody await it: a coroutine that is only dropped warns."""
        if (close := getattr(self.take_awaitable(), "close", None)) is not None:
            close()

    def settle(self, output: ToolOutput) -> bool:
        """Take the output, unless there is one; return whether it was taken."""
        self.output = self.output or output
        return self.output is output

    def note_time(self, now: float) -> None:
        """Note how long it took, if it is settled, and was not at the last look."""
        if self.output is not None and self.took_s is None:
            self.took_s = now - self.began_at

    @property
    def timed(self) -> ToolOutput | None:
        """The output, with its times."""
        if self.output is None:
            return None
        return replace(self.output, began_at=self.began_at, took_s=self.took_s)

    def be_late(self) -> None:
        """Settle it as what it is: too slow by its own limit, or too late for the run."""
        if self.timeout_s <= self.left_s:
            self.settle(self.bound.timed_out(self.timeout_s))
        else:
            self.abandon()

    def abandon(self) -> None:
        """Settle it: the run can take no output any more, or nobody will hand it in."""
        self.settle(
            ToolOutput(self.bound.call_id, self.bound.tool.name, GIVEN_UP, error="abandoned")
        )


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
        self._action = action
        self._look_at = now + action.look_s
        self._slots: list[ToolJob | ToolOutput] = []
        for call in action.calls:
            bound = tools.bind(call)
            if isinstance(bound, BoundCall):
                limit_s = bound.tool.timeout_s or timeout_s or FOREVER_S
                left_s = FOREVER_S if action.time_left_s is None else action.time_left_s
                self._slots.append(ToolJob(bound, timeout_s=limit_s, left_s=left_s, now=now))
            else:
                self._slots.append(bound)

    @property
    def jobs(self) -> list[ToolJob]:
        """The calls that can be made."""
        return [slot for slot in self._slots if isinstance(slot, ToolJob)]

    @property
    def returned(self) -> list[ToolJob]:
        """The calls whose functions have returned an awaitable that nobody awaits yet."""
        return [job for job in self.jobs if job.awaitable is not None]

    def wait_s(self, now: float) -> float | None:
        """Settle what is late; then the wait until the next is, or `None` if all is settled.

        While it waits, the loop looks at the run each `look_s`.
        """
        # In moments, not in ages: a difference that rounding makes too small by a tick is a wait
        # of nothing, again and again.
        for job in self.jobs:
            if now >= job.due_at:
                job.be_late()
            job.note_time(now)
        due = [job.due_at for job in self.jobs if job.output is None]
        return max(0.0, min([*due, self._look_at]) - now) if due else None

    def is_look_due(self, now: float) -> bool:
        """Whether it is time to look at the run; if so, the next time is later."""
        if now < self._look_at:
            return False
        self._look_at = now + self._action.look_s
        return True

    def see(self, run: RunSnapshot) -> None:
        """Abandon what this look shows that the run does not want any more.

        A run that is not waiting may be an old view of it; only what cannot come back counts.
        """
        ours = {call.call_id for call in self._action.calls}
        asks_others = bool(run.calls) and ours.isdisjoint(call.call_id for call in run.calls)
        if run.is_terminal or run.status is RunStatus.CANCELLING or asks_others:
            self.abandon()

    def abandon(self) -> None:
        """Settle all that is left."""
        for job in self.jobs:
            job.abandon()

    @property
    def outputs(self) -> tuple[ToolOutput, ...]:
        """One output for each call, in the order of the calls; only when all are settled."""
        slots = (slot.timed if isinstance(slot, ToolJob) else slot for slot in self._slots)
        return tuple(output for output in slots if output is not None)
