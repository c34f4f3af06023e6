"""Before whose eyes a run is driven: a person at a terminal, or whoever reads a pipe.

Rule: lines that are over stay on the screen; below them, on a terminal, moves what is under way:
the text as it is written, and the run's life until now.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, Final, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from runfsm.cli.importing import located
from runfsm.cli.strip import strip
from runfsm.cli.telling import Telling, harmless
from runfsm.clock import Clock
from runfsm.driver.core import RunCore
from runfsm.driver.journal import ToolAnswered
from runfsm.driver.live import LiveItem, StepUpdate, TextDelta
from runfsm.driver.outcome import Outcome
from runfsm.errors import RunfsmError
from runfsm.lifecycle.journal import Transition
from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.snapshot import ToolCall

__all__ = ["TerminalView", "View"]

#: Below the text: the strip, and the line about Ctrl-C.
FOOT_LINES: Final = 4


class View(AbstractContextManager[None], Protocol):
    """Who is told of a run; inside the context, while it goes."""

    def asked(self, prompt: str, assistant_id: str) -> None:
        """It begins."""

    def heard(self, item: LiveItem) -> None:
        """It goes on."""

    def noted(self, text: str) -> None:
        """Something beside the run."""

    def cancelling(self) -> None:
        """It was told to cancel, and will be over."""

    def ended(self, outcome: Outcome) -> None:
        """It is over."""

    def failed(self, error: RunfsmError) -> None:
        """It could not be driven to its end."""

    def left(self, core: RunCore | None) -> None:
        """It was left as it is; `None`: before it began."""


class TerminalView:
    """A run, told to a person.

    Args:
        console: where to.
        clock: the run's time.
        arguments: whether to tell what tools are called with.
    """

    def __init__(self, console: Console, clock: Clock, *, arguments: bool) -> None:
        self._console = console
        self._clock = clock
        self._arguments = arguments
        self._telling = Telling(console)
        self._began_at = clock.now()
        self._texts: dict[str, str] = {}  # of each message, until now
        self._hint = "Ctrl-C cancels the run"
        self._moments: list[tuple[float, RunStatus]] = []
        self._live: AbstractContextManager[Any] = nullcontext()
        if console.is_terminal:
            self._live = Live(get_renderable=self.under_way, console=console, transient=True)

    def __enter__(self) -> None:
        self._live.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def asked(self, prompt: str, assistant_id: str) -> None:
        """See `View`."""
        del assistant_id  # of no use to read
        self._telling.said("user", prompt)

    def heard(self, item: LiveItem) -> None:
        """See `View`."""
        match item:
            case TextDelta(message_id, text):
                self._texts[message_id] = self._texts.get(message_id, "") + text
            case ToolCall():
                at_s = self._clock.now() - self._began_at
                self._telling.called(item, at_s, arguments=self._arguments)
            case StepUpdate():
                pass  # the edges of the run tell as much
            case step:
                if isinstance(step, Transition):
                    self._moments.append((step.at or self._began_at, step.edge.dest))
                self._telling.stepped(step, self._began_at)
                if isinstance(step, ToolAnswered) and step.exception:
                    self._telling.noted(located(step.exception))

    def noted(self, text: str) -> None:
        """See `View`."""
        self._telling.noted(text)

    def cancelling(self) -> None:
        """See `View`."""
        self._telling.noted("cancelling ...")
        self._hint = "Ctrl-C leaves the run alone, at once"

    def ended(self, outcome: Outcome) -> None:
        """See `View`."""
        self._telling.ended(outcome)
        self._telling.noted(f"{outcome.ref.run_id} on {outcome.ref.thread_id}")
        self._console.print()
        self._console.print(strip(self._moments, width=self._console.width))

    def failed(self, error: RunfsmError) -> None:
        """See `View`."""
        ref = getattr(error, "ref", None)
        stays = f" ({ref.run_id} on {ref.thread_id} may go on)" if ref else ""
        print(f"runfsm: {error}{stays}", file=sys.stderr)

    def left(self, core: RunCore | None) -> None:
        """See `View`."""
        if core is None or core.snapshot is None:
            self._telling.noted("left before a run was created, as far as is known")
        else:
            seen = core.snapshot
            where = f"{seen.ref.run_id} on {seen.ref.thread_id}"
            self._telling.noted(f"left: {where} goes on; it was {seen.raw_status} at the last look")

    def under_way(self) -> Group:
        """What moves: the end of the text, the strip so far, the time."""
        height = max(1, self._console.height - FOOT_LINES)
        text = harmless("\n".join(self._texts.values()))
        lines = Text(text).wrap(self._console, self._console.width)[-height:]
        now = self._clock.now()
        time = Text(f"{now - self._began_at:9.1f} s  {self._hint}", style="dim")
        if not self._moments:
            return Group(*lines, time)
        return Group(*lines, strip(self._moments, width=self._console.width, until=now), time)
