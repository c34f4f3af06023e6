"""The command: its options, and what is refused before anything begins."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from contextlib import redirect_stdout
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, TextIO

import anyio
import typer

from runfsm.cli.drive import options
from runfsm.cli.drive.asked import Asked
from runfsm.cli.drive.jsonview import JsonView
from runfsm.cli.drive.manyruns import ManyRuns
from runfsm.cli.drive.onerun import OneRun
from runfsm.cli.drive.services import at_url, simulated
from runfsm.cli.drive.tracefile import check_writable
from runfsm.cli.drive.usertools import load_tools
from runfsm.cli.drive.view import TerminalView, View
from runfsm.cli.telling import new_console
from runfsm.driver.busy import Enqueue, Interrupt, OnBusy, Reject, Wait
from runfsm.driver.policy import Policy
from runfsm.errors import CallerError

__all__ = ["drive"]

ON_BUSY: Final[dict[str, Callable[[], OnBusy]]] = {
    "reject": Reject,
    "wait": Wait,
    "interrupt": Interrupt,
    "enqueue": Enqueue,
}


def drive(  # noqa: PLR0913  # the options of a command are its parameters
    prompt: options.Prompt = None,
    *,
    backend: options.Backend = "assistants",
    base_url: options.BaseUrl = None,
    simulate: options.Simulate = False,
    script: options.Script = None,
    seed: options.Seed = None,
    speed: options.Speed = None,
    assistant_id: options.AssistantId = None,
    keep: options.Keep = False,
    model: options.Model = None,
    instructions: options.Instructions = None,
    tools: options.Tools = None,
    thread_id: options.ThreadId = None,
    on_busy: options.OnBusy = "reject",
    deadline_s: options.DeadlineS = None,
    tool_timeout_s: options.ToolTimeoutS = None,
    poll: options.Poll = False,
    as_json: options.AsJson = False,
    show_arguments: options.ShowArguments = False,
    save_trace: options.SaveTrace = None,
    each: options.Each = None,
    limit: options.Limit = 10,
) -> None:
    """Drive a run from the shell, with tools of your own, and watch it live.

    Try: `runfsm drive "How is the weather?" --simulate --tools examples/weather_tools.py`
    (`runfsm examples` writes that file.)

    Exit codes: 0 when the run completed; 1 when it ended otherwise, or the
    service failed; 2 for wrong usage; 130 after Ctrl-C. The first Ctrl-C cancels
    the run, and waits until it is really over; the second leaves at once, and
    says which run goes on.
    """
    _check_usage(prompt, each, save_trace)
    _check_assistant(backend, assistant_id, keep=keep)
    if simulate:
        _check_simulated(base_url, assistant_id, thread_id)
        service = simulated(script, backend, seed=seed or 0, speed=speed)
    else:
        _check_real(script, seed, speed)
        service = at_url(base_url, backend)
    asked = Asked(
        service=service,
        assistant_id=assistant_id,
        is_kept=keep,
        thread_id=thread_id,
        model=model,
        instructions=instructions,
        tools=load_tools(tools or ()),
        policy=_policy(on_busy, deadline_s, tool_timeout_s),
    )
    out = sys.stdout
    with redirect_stdout(sys.stderr if as_json else out):  # what tools print is no JSON
        if prompt is not None:
            view = _view(asked, out, as_json=as_json, show_arguments=show_arguments)
            one = OneRun(asked, view, polls=poll, trace=save_trace)
            raise typer.Exit(anyio.run(_played, asked, partial(one.play, prompt)))
        many = ManyRuns(asked, limit=limit, out=out, as_json=as_json)
        raise typer.Exit(anyio.run(_played, asked, partial(many.play, _prompts(str(each)))))


async def _played(asked: Asked, play: Callable[[], Awaitable[int]]) -> int:
    async with asked.service.client:
        return await play()


def _check_usage(prompt: str | None, each: str | None, save_trace: Path | None) -> None:
    if (prompt is None) == (each is None):
        raise CallerError('what does the user say? runfsm drive "Hello!", or: --each FILE')
    if save_trace is not None:
        if each is not None:
            raise CallerError("--save-trace is for one run, and --each for many; leave one out")
        check_writable(save_trace)


def _check_assistant(backend: str, assistant_id: str | None, *, keep: bool) -> None:
    if backend != "assistants" and (assistant_id is not None or keep):
        raise CallerError(
            f"--backend {backend} has no assistants to name or to keep: leave --assistant and "
            f"--keep out, and say --model, --instructions and --tools"
        )


def _check_simulated(base_url: str | None, assistant_id: str | None, thread_id: str | None) -> None:
    if base_url is not None:
        raise CallerError("--simulate has a service of its own: leave --base-url out")
    if assistant_id is not None or thread_id is not None:
        raise CallerError(
            "a simulator begins empty, and knows no --assistant and no --thread: leave them out, "
            "or let `runfsm serve` keep them, and give its --base-url"
        )


def _check_real(script: str | None, seed: int | None, speed: float | None) -> None:
    for option, value in {"--script": script, "--seed": seed, "--speed": speed}.items():
        if value is not None:
            raise CallerError(f"{option} {value} is for a simulator: add --simulate")


def _policy(on_busy: str, deadline_s: float | None, tool_timeout_s: float | None) -> Policy:
    policy = Policy(on_busy=ON_BUSY[on_busy]())
    try:
        if deadline_s is not None:
            policy = replace(policy, deadline_s=deadline_s)
        return replace(policy, tool_timeout_s=tool_timeout_s)
    except ValueError as error:
        raise CallerError(str(error)) from error


def _view(asked: Asked, out: TextIO, *, as_json: bool, show_arguments: bool) -> View:
    if as_json:
        return JsonView(out, arguments=show_arguments)
    return TerminalView(new_console(), asked.service.clock, arguments=show_arguments)


def _prompts(path: str) -> list[str]:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CallerError(f"the prompts in {path} cannot be read: {error}") from error
    return [line.strip() for line in text.splitlines() if line.strip()]
