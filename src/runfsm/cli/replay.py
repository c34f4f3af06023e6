"""`runfsm replay`: a tape, played against a new world; or a drive's trace, walked and judged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from runfsm.cli.judge.command import judged
from runfsm.cli.keys import HINT, is_pressed_by_somebody, wants_next
from runfsm.cli.strip import strip
from runfsm.cli.telling import amount, harmless, new_console, status_text
from runfsm.errors import CallerError
from runfsm.lifecycle.run import RunStatus
from runfsm.textfile import lines_of
from runfsm_simulator import scenarios
from runfsm_simulator.replay.player import Played, play
from runfsm_simulator.replay.tape import FORMAT, Tape

__all__ = ["replay"]

#: An id of the API, and as much of it as is shown.
ID: Final = re.compile(r"\b([a-z]+_\w{4})\w{16,}")

#: What is shown of a call's arguments: none of them holds what anybody said.
SHOWN: Final = ("thread_id", "run_id", "event", "status", "seconds", "seed", "snapshot_id")


def replay(
    trace: Annotated[
        Path,
        typer.Argument(
            help="Written by `runfsm simulate --record`, `runfsm serve --record`, "
            "`Simulator(record=…)`; or by `runfsm drive --save-trace`."
        ),
    ],
    *,
    step: Annotated[
        bool,
        typer.Option(
            "--step",
            help="Walk it: Enter (or any key) for the next step, q to leave. Without a terminal, "
            "all steps at once.",
        ),
    ] = False,
    script: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Who plays, if the tape has no more than a name: a script or a scenario.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object: how much is equal, what differs.")
    ] = False,
) -> None:
    """Play a tape against a new world: the same requests must get the same answers, byte for byte.

    Its choices are those of the tape. The first difference is named, and ends it: exit code 1.
    A drive's trace has no choices; it is walked, and judged as `runfsm judge` does.

    `runfsm replay tape.jsonl --step` shows a request, a call or an edge, and waits for Enter.
    """
    if not _is_tape(trace):
        judged(str(trace), as_json=as_json, step=step)
        return
    planner = scenarios.live(script) if script else None
    tape = Tape.read(trace)
    played = play(tape, script=planner)
    counted = _Counted()
    console = new_console()
    if step and is_pressed_by_somebody():
        console.print(Text(HINT, "dim"))
    for one in counted.over(played):
        if step and not as_json and not _walked(console, one, tape.head.start):
            console.print(Text(f"left at line {one.line}: what comes after is not played", "dim"))
            return
    if as_json:
        print(json.dumps(counted.to_dict(), indent=2))
    else:
        _sum_up(console, counted)
    if counted.difference:
        raise typer.Exit(code=1)


def _is_tape(path: Path) -> bool:
    try:
        with path.open("rb") as file, lines_of(file) as lines:
            return f'"{FORMAT}"' in lines.readline(1_000)
    except (OSError, ValueError) as error:
        problem = error.strerror if isinstance(error, OSError) else error
        raise CallerError(f"the trace {path} cannot be read: {problem}") from error


class _Counted:
    """How much of each kind was played, and the path of each run."""

    def __init__(self) -> None:
        self.counts = {"request": 0, "call": 0, "read": 0, "edge": 0, "choice": 0}
        self.moments: dict[str, list[tuple[float, RunStatus]]] = {}
        self.difference: Played | None = None

    def over(self, played: Iterable[Played]) -> Iterator[Played]:
        """Each line, counted when it was played."""
        for one in played:
            for kind in self.counts.keys() & one.step.keys():
                self.counts[kind] += 1
            if edge := one.step.get("edge"):
                moment = edge["at"], RunStatus(edge["dest"])
                self.moments.setdefault(edge["run_id"], []).append(moment)
            if one.difference:
                self.difference = one
            yield one

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        first = self.difference
        return {
            "equal": first is None,
            **{f"{kind}s": count for kind, count in self.counts.items()},
            "difference": first
            and first.difference
            and {"line": first.line, **asdict(first.difference)},
        }


# On a terminal -----------------------------------------------------------------------------------


def _walked(console: Console, one: Played, start: float) -> bool:
    """Show a line, and wait for a key if there is somebody to press one; whether to go on."""
    told = _told(one.step)
    if told is None and one.difference is None:
        return True  # a choice is shown by what comes of it
    at = one.step.get("at") or one.step.get("edge", {}).get("at")
    grid = Table.grid(padding=(0, 2))
    for _ in range(2):
        grid.add_column(width=9, justify="right", style="dim")
    grid.add_column()
    grid.add_row(f"line {one.line}", f"{at - start:.1f} s" if at else "", told or Text())
    console.print(grid)
    return wants_next()


def _short(text: str) -> str:
    """Ids, cut as far as one can still tell them apart."""
    return ID.sub(r"\1…", text.replace("/v1/", "/", 1))


def _shown(arguments: Mapping[str, Any]) -> str:
    known = {**arguments, **arguments.get("ref", {})}
    return ", ".join(str(known[name]) for name in SHOWN if known.get(name) is not None)


def _told(step: Mapping[str, Any]) -> Text | None:
    match step:
        case {"request": {"method": method, "path": path}, "answer": {"status": status}}:
            return Text(harmless(_short(f"{method} {path} → {status or 'no answer'}")))
        case {"call": call, "with": arguments, "answer": answer}:
            trouble = f" → {answer['raised']}" if "raised" in answer else ""
            return Text(harmless(_short(f"{call}({_shown(arguments)}){trouble}")))
        case {"read": number}:
            return Text(f"a block of stream {number}", "dim")
        case {"edge": edge}:
            how = _short(f"  {edge['event']} by {edge['actor']}, {edge['run_id']}")
            return status_text(RunStatus(edge["dest"])).append(harmless(how), "dim")
    return None


def _sum_up(console: Console, counted: _Counted) -> None:
    every = chain.from_iterable(counted.moments.values())
    began_at = min((at for at, _ in every), default=0.0)
    for run_id, moments in counted.moments.items():
        since = [(at - began_at, status) for at, status in moments]
        console.print(Text(harmless(run_id), "dim"))
        console.print(strip(since, width=console.width))
    amounts = ", ".join(amount(count, kind) for kind, count in counted.counts.items() if count)
    first = counted.difference
    if first is None:
        console.print(Text(f"equal: {amounts}", "bold green"))
    else:
        console.print(
            Text(f"line {first.line} differs: ", "bold red").append(
                harmless(str(first.difference)), "red"
            )
        )
        console.print(Text(f"until then: {amounts}", "dim"))
