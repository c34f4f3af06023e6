"""Play a client's scenarios against the server, and compare what was seen with what must be."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from clientenvs import program_command
from clientlist import HERE, Client
from clientscenarios import SCENARIOS, differences, scenarios_of
from clientworld import World

__all__ = ["Cell", "play_client", "problem_of", "program_environment", "served", "to_play"]

PLAY_TIMEOUT_S: Final = 90.0

#: What the programs' environment has: nothing of the caller's keys, and no client phones home.
OPT_OUTS: Final = {
    "AGENT_FRAMEWORK_DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_TELEMETRY": "False",
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
    "OTEL_SDK_DISABLED": "true",
}
KEPT: Final = ("HOME", "LANG", "PATH", "SYSTEMROOT", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Cell:
    """The result of a scenario.

    Attributes:
        scenario: its name.
        problem: what was not as it must be; empty if all was.
    """

    scenario: str
    problem: str = ""


@contextmanager
def served() -> Iterator[str]:
    """The URL of `runfsm serve`, with a world for each API key, in virtual time."""
    options = ("--port", "0", "--time", "virtual", "--worlds", "key")
    with subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, "-m", "runfsm", "serve", *options], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            found = re.fullmatch(r"Listening on (http://\S+)\n", line)
            if found is None:
                raise SystemExit(f"runfsm serve does not listen; it printed {line!r}")
            yield found[1]
        finally:
            server.terminate()


def to_play(client: Client) -> list[str]:
    """Return the scenarios that a client can express."""
    return [name for name in scenarios_of(client.wire) if name not in client.cannot]


def play_client(client: Client, version: str, url: str) -> list[Cell]:
    """Play all that a client can express.

    Raises:
        NotHere: its environment cannot be made on this machine.
    """
    command = program_command(client, version)
    prefix = f"sk-{client.name}-{version}"
    names = to_play(client)
    worlds = {name: World(url, f"{prefix}-{name}") for name in names}
    try:
        for name, world in worlds.items():
            world.play(SCENARIOS[name].script)
        lines, log = _run([*command, f"{url}/v1", prefix, *names])
        return [Cell(name, problem_of(client, name, lines, log, worlds[name])) for name in names]
    finally:
        for world in worlds.values():
            world.end()


def program_environment() -> dict[str, str]:
    """Return the environment of a program: the opt-outs, and nothing that is a secret."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, **OPT_OUTS, "PYTHONPATH": str(HERE / "lib")}


def _run(command: list[str]) -> tuple[dict[str, dict[str, Any]], str]:
    """The program's lines, by scenario, and its log."""
    with subprocess.Popen(  # noqa: S603  # our own program
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=program_environment(),
    ) as program:
        try:
            out, log = program.communicate(timeout=PLAY_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            program.kill()
            out, log = program.communicate()
            log += f"\ngiven up after {PLAY_TIMEOUT_S:g} s"
    lines = [json.loads(line) for line in out.splitlines() if line.startswith('{"scenario"')]
    return {line["scenario"]: line for line in lines}, log


def problem_of(
    client: Client, name: str, lines: dict[str, dict[str, Any]], log: str, world: World
) -> str:
    """Return what is wrong with a scenario; an empty text if nothing is."""
    if name not in lines:
        return f"the program printed no line for it: {' '.join(log.split())[-300:]}"
    line, scenario = lines[name], SCENARIOS[name]
    if line["outcome"] != "ok":
        return " ".join(line["text"].split())[:600]
    wrong = list(differences(scenario, line["saw"]))
    if scenario.ended != world.ended():
        wrong.append(f"the server: expected {scenario.ended}, got {world.ended()}")
    if scenario.is_remembered and not world.remembers(client.wire):
        wrong.append("the server: the second turn does not have the first one before it")
    return "; ".join(wrong)
