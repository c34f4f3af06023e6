"""`runfsm simulate`: one script, played to its end in virtual time."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from runfsm.backends import AssistantsBackend
from runfsm.cli.asjson import outcome_to_dict
from runfsm.cli.strip import strip
from runfsm.cli.telling import Telling, new_console
from runfsm.driver.outcome import Outcome
from runfsm.driver.request import RunRequest
from runfsm.driver.sync import RunDriver
from runfsm.driver.watch import Watch
from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.snapshot import ToolCall
from runfsm.tools import BoundCall, Toolset, tool
from runfsm_simulator import Script, Simulator, scenarios

__all__ = ["simulate"]


def simulate(  # noqa: PLR0913  # the options of a command are its parameters
    scenario: Annotated[
        str,
        typer.Argument(help="A shipped scenario, by its name, or a script of yours: a .yaml file."),
    ],
    *,
    seed: Annotated[int, typer.Option(help="The same seed makes the same choices.")] = 0,
    message: Annotated[str, typer.Option(help="What the user says.")] = "Hello!",
    assistant: Annotated[str, typer.Option(help="The assistant's name.")] = "assistant",
    output: Annotated[str, typer.Option(help="What every function answers.")] = "ok",
    answer_after: Annotated[
        float, typer.Option(min=0, help="Seconds that every function takes.")
    ] = 0,
    cancel_at: Annotated[
        float | None, typer.Option(min=0, help="Cancel after so many seconds.")
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(help="Write a tape of it in this file, which `runfsm replay` plays."),
    ] = None,
    bodies: Annotated[
        bool, typer.Option("--bodies", help="With --record: answers in full, not their digests.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object: outcome, trace and journal.")
    ] = False,
) -> None:
    """Play a script to its end, in virtual time, and show what happened when.

    The client answers whatever function is called: this is about the script, not about tools.
    """
    script = scenarios.find(scenario)
    simulator = Simulator(script, seed=seed, record=record, record_bodies=bodies)
    tools = Obliging(output, lambda: simulator.clock.sleep(answer_after))
    # A tape is of what goes over the wire.
    backend = AssistantsBackend(simulator.client()) if record else simulator.backend
    driver = RunDriver(backend, tools, clock=simulator.clock)
    made_id = simulator.control.seed.assistant({"model": "gpt-4o", "name": assistant})
    watch = driver.watch(RunRequest(made_id, message, key=f"simulate-{seed}"))
    with _cancelled(watch, simulator.clock, cancel_at):
        if as_json:
            print(json.dumps(_played(watch, simulator, script), indent=2))
        else:
            _tell(watch, simulator, script, message)


class Obliging(Toolset):
    """Has every tool that is asked for, whatever it is asked with.

    Args:
        output: what each of them answers.
        wait: called before it does.
    """

    def __init__(self, output: str, wait: Callable[[], object]) -> None:
        super().__init__()
        self._output = output
        self._wait = wait

    def bind(self, call: ToolCall) -> BoundCall:
        """See `Toolset.bind`; nothing is refused."""

        def answer() -> str:
            """Answer in a while."""
            self._wait()
            return self._output

        return BoundCall(call.call_id, tool(name=call.name)(answer), {})


@contextmanager
def _cancelled(watch: Watch, clock: Any, after_s: float | None) -> Iterator[None]:
    """Cancel the run from beside, `after_s` seconds after the start."""
    if after_s is None:
        yield
        return
    participant, canceller = clock.participant(), clock.participant(beside=True)

    def cancel() -> None:
        with canceller:
            clock.sleep(after_s)
            watch.cancel()
        canceller.leave()

    thread = threading.Thread(target=cancel, daemon=True)
    with participant:  # time stands still until the run has begun
        thread.start()
        yield
    participant.leave()
    thread.join()


def _tell(watch: Watch, simulator: Simulator, script: Script, message: str) -> None:
    console = new_console()
    telling = Telling(console)
    console.rule(f"[bold]{script.title or script.name}[/bold]", align="left", style="dim")
    if script.about:
        console.print(Padding(Text(script.about, style="dim"), (0, 0, 1, 0)))
    telling.said("user", message)
    began_at = simulator.clock.now()
    for step in watch:
        telling.stepped(step, began_at)
    for tool_name in _hosted(watch.outcome, simulator):
        telling.noted(f"{tool_name} has run by itself, in a step of the run")
    telling.ended(watch.outcome)
    life = [(entry.at, RunStatus(entry.dest)) for entry in simulator.trace]
    console.print()
    console.print(strip(life, width=console.width))


def _played(watch: Watch, simulator: Simulator, script: Script) -> dict[str, Any]:
    for _ in watch:
        pass
    return {
        "script": script.name,
        "outcome": outcome_to_dict(watch.outcome),
        "hosted_tools": _hosted(watch.outcome, simulator),
        "trace": [entry.to_dict() for entry in simulator.trace],
        "journal": [step.to_dict() for step in watch.outcome.journal],
    }


def _hosted(outcome: Outcome, simulator: Simulator) -> list[str]:
    """The tools that needed no client."""
    with simulator.world.operation():
        run = simulator.world.store.run(outcome.ref.thread_id, outcome.ref.run_id)
        return [step.hosted.type for step in run.steps.values() if step.hosted and step.usage]
