"""The Dockerfile says what is true of the project: its files, its Python, its command."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import typer

from runfsm.cli import app

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "").splitlines()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def told(instruction: str) -> list[str]:
    """What follows an instruction, each time."""
    return [line.partition(" ")[2] for line in LINES if line.startswith(f"{instruction} ")]


def parsed() -> Any:
    """Its command, as the real command line understands it."""
    (entry,) = map(json.loads, told("ENTRYPOINT"))
    program, command, *args = entry
    assert (Path(program).name, command) == ("runfsm", "serve")
    group: Any = typer.main.get_command(app)
    _, loaded, _ = group.resolve_command(group.make_context("runfsm", [command]), [command])
    return loaded.make_context(command, args)


def test_its_python_is_one_that_the_project_is_for() -> None:
    """Named in the classifiers, and not below what is required; the same in both stages."""
    (version,) = {re.match(r"python:([\d.]+)-slim", image)[1] for image in told("FROM")}  # type: ignore[index]  # else it fails
    required = PROJECT["project"]["requires-python"].removeprefix(">=")

    assert f"Programming Language :: Python :: {version}" in PROJECT["project"]["classifiers"]
    assert [*map(int, version.split("."))] >= [*map(int, required.split("."))]


def test_it_copies_all_that_the_build_needs() -> None:
    """Each exists, none is kept away by .dockerignore, and the wheel is made of nothing else."""
    copied = {name for line in told("COPY") if "--from" not in line for name in line.split()[:-1]}
    let_in = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"README.md", *PROJECT["project"]["license-files"], "pyproject.toml"}

    folders = {package.partition("/")[0] for package in wheel["packages"]}

    assert copied == let_in == needed | folders | {*wheel["force-include"]}
    assert all((ROOT / name).exists() for name in copied)


def test_its_command_is_one_of_ours() -> None:
    """Others reach it; so without a token it has no side door."""
    params = parsed().params

    assert ("0.0.0.0", None) == (params["host"], params["control_token"])  # noqa: S104  # in a container


def test_its_port_is_the_commands_own() -> None:
    """And nobody has to be root for it."""
    assert [str(parsed().params["port"])] == told("EXPOSE")
    assert all(user not in {"root", "0"} for user in told("USER"))
    assert told("USER")


def test_what_it_shows_how_to_run_is_understood() -> None:
    """The options in its first lines: those after the image's name."""
    options = [
        option
        for line in LINES
        if line.startswith("#") and "docker run" in line
        for option in re.findall(r" (--[a-z-]+)", line.rpartition(" runfsm")[2])
    ]
    known = {name for param in parsed().command.params for name in param.opts}

    assert ["--state"] == options
    assert set() == {*options} - known
