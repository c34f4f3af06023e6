"""The view of `runfsm drive` on a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from runfsm.cli.drive.view import TerminalView
from runfsm.driver.journal import ToolAnswered
from runfsm.driver.live import TextDelta
from runfsm.lifecycle.journal import Transition
from runfsm.lifecycle.run import LIFECYCLE
from runfsm_simulator import VirtualClock

WIDTH = 60


@pytest.fixture
def console() -> Console:
    """A terminal of 60 columns and 12 lines, without colours."""
    return Console(file=io.StringIO(), force_terminal=True, no_color=True, width=WIDTH, height=12)


def under_way(view: TerminalView, console: Console) -> list[str]:
    """What moves, as it is now."""
    with console.capture() as captured:
        console.print(view.under_way())
    return captured.get().splitlines()


def test_the_life_so_far_and_the_time_move(console: Console) -> None:
    """Each status is as wide as it was long; the last one lasts until now."""
    clock = VirtualClock()
    view = TerminalView(console, clock, arguments=False)
    create, start = LIFECYCLE.edges[:2]
    view.heard(Transition(clock.now(), create))
    clock.advance(1)
    view.heard(Transition(clock.now(), start))
    clock.advance(9)
    *_, strip, foot = under_way(view, console)

    assert WIDTH - 1 <= len(strip) <= WIDTH
    assert strip.index("in_progress") < 40 < len(strip.rstrip()) + 20
    assert "10.0 s  Ctrl-C cancels the run" in foot


def test_of_a_long_text_the_end_is_in_sight(console: Console) -> None:
    """It takes no more lines than the terminal has, and no control characters get through."""
    view = TerminalView(console, VirtualClock(), arguments=False)
    for n in range(200):
        view.heard(TextDelta("msg_1", f"line {n}\x1b[2J\n"))
    view.heard(TextDelta("msg_1", "the end"))
    lines = under_way(view, console)

    assert len(lines) < console.height
    assert "the end" in lines[-2]
    assert not any("\x1b[2J" in line for line in lines)


def test_after_ctrl_c_it_says_what_the_next_one_does(console: Console) -> None:
    """The first cancels, the second leaves."""
    view = TerminalView(console, VirtualClock(), arguments=False)
    view.cancelling()

    assert "Ctrl-C leaves the run alone, at once" in under_way(view, console)[-1]


def test_what_a_tool_raised_is_shown_with_its_line() -> None:
    """Whoever writes tools at a shell has no log: the kind, the text, the file and the line."""
    console = Console(file=(shown := io.StringIO()), no_color=True, width=200)
    view = TerminalView(console, VirtualClock(), arguments=False)
    try:
        {}["Oslo"]
    except KeyError as error:
        view.heard(ToolAnswered(1.0, "call_1", "look_up", "raised", exception=error))

    assert f"KeyError: 'Oslo' ({__file__}:" in shown.getvalue()
