"""A run told on a terminal, line by line: when, what status, which event by whose hand."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from runfsm.cli.strip import STYLES
from runfsm.driver.journal import ToolAnswered
from runfsm.driver.outcome import Outcome
from runfsm.lifecycle.journal import JournalStep, Transition
from runfsm.lifecycle.run import LIFECYCLE, RunStatus
from runfsm.lifecycle.snapshot import ToolCall

__all__ = ["Telling", "amount", "harmless", "new_console", "status_text"]

WIDTH: Final = 96  # longer lines are hard to read, however wide the window is

#: What a terminal obeys, but for line breaks and tabs.
SURROGATES: Final = range(0xD800, 0xE000)  # half a character each, which no terminal can be sent
CONTROLS: Final = {
    code: "�" for code in (*range(32), *range(127, 160), *SURROGATES) if chr(code) not in "\n\t"
}


def new_console() -> Console:
    """A console on standard output, no wider than one can read."""
    console = Console(highlight=False)
    console.width = min(console.width, WIDTH)
    return console


def status_text(status: RunStatus) -> Text:
    """A status with its mark and in its colour."""
    mark = "■" if status in LIFECYCLE.terminal else "●"
    return Text(f"{mark} {status}", style=STYLES[status])


def amount(number: int, thing: str) -> str:
    """How many there are: "1 call", "1,224 calls"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def harmless(text: str) -> str:
    """Return a text without what a terminal would obey, or cannot show."""
    return text.translate(CONTROLS)


class Telling:
    """A run as lines on a terminal: when, what status, which event by whose hand."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def said(self, role: str, text: str) -> None:
        """See `scenes.Teller`."""
        self._line("", Text.assemble((f"{role}: ", "bold"), harmless(text)))

    def noted(self, text: str, *, refused: bool = False) -> None:
        """See `scenes.Teller`."""
        self._line("", Text(harmless(text), style="red" if refused else "dim italic"))

    def stepped(self, step: JournalStep, began_at: float) -> None:
        """See `scenes.Teller`."""
        time = "" if step.at is None else f"{step.at - began_at:.1f} s"
        if isinstance(step, Transition):
            edge = step.edge
            hand = "another client" if step.foreign else str(edge.actor)
            how = f"{edge.event} by {hand}{' (not seen)' if step.inferred else ''}"
            self._line(
                time, status_text(edge.dest).append(f"{'':{18 - len(edge.dest)}}{how}", "dim")
            )
        elif isinstance(step, ToolAnswered):
            self._line(time, Text(f"  {step.name}() {step.error or 'answered'}", style="dim"))
        else:
            self._line(time, Text(f"  {step}", style="dim"))

    def called(self, call: ToolCall, at_s: float, *, arguments: bool = False) -> None:
        """The model wants a tool called, `at_s` seconds after the beginning."""
        written = call.arguments if arguments else ""
        self._line(f"{at_s:.1f} s", Text(harmless(f"  {call.name}({written}) called"), style="dim"))

    def ended(self, outcome: Outcome) -> None:
        """See `scenes.Teller`."""
        if outcome.text:
            self.said("assistant", outcome.text)
        if outcome.error:
            answer = f"last_error: {outcome.error.code}: {outcome.error.message}"
            self.noted(answer, refused=True)
        if outcome.incomplete_reason:
            self.noted(f"incomplete_details: {outcome.incomplete_reason}", refused=True)

    def _line(self, time: str, text: Text) -> None:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(width=9, justify="right", style="dim")
        grid.add_column()
        grid.add_row(time, text)
        self._console.print(grid)
