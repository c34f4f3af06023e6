"""The Dockerfile says what is true of the project: its files, its Python, its command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

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


@contextmanager
def answering(status: int) -> Iterator[tuple[str, list[str]]]:
    """A server that answers everything with one status, and what was asked of it."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


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
    needed |= {"locks/server.txt"}

    folders = {package.partition("/")[0] for package in wheel["packages"]}

    assert copied == let_in == needed | folders | {*wheel["force-include"]}
    assert all((ROOT / name).exists() for name in copied)


def test_it_installs_what_is_locked_and_nothing_else() -> None:
    """First the lock, by its hashes; then the project, which brings nothing with it."""
    locked, project = [line for line in told("RUN") if "pip install" in line]

    assert "--require-hashes -r locks/server.txt" in locked
    assert project.endswith("--no-deps --no-build-isolation .")


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (401, 1)])
def test_it_is_healthy_while_healthz_answers(status: int, code: int) -> None:
    """By its own Python, at its own port; no curl is in the image."""
    (check,) = told("HEALTHCHECK")
    program, flag, script = json.loads(check.partition(" CMD ")[2])
    port = str(parsed().params["port"])
    with answering(status) as (url, asked):
        done = subprocess.run(  # noqa: S603  # the Dockerfile's words, at another address
            [sys.executable, flag, script.replace(f"http://127.0.0.1:{port}", url)],
            check=False,
            capture_output=True,
        )

    assert program == "/opt/runfsm/bin/python"
    assert (code, ["/healthz"]) == (done.returncode, asked)


def test_the_compose_file_waits_for_it() -> None:
    """Its app begins when the service is healthy, and finds it by its name and port."""
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    ours, port = services["runfsm"], parsed().params["port"]
    options = {name for param in parsed().command.params for name in param.opts}

    assert {"runfsm": {"condition": "service_healthy"}} == services["app"]["depends_on"]
    assert f"http://runfsm:{port}/v1" == services["app"]["environment"]["OPENAI_BASE_URL"]
    assert [f"{port}:{port}"] == ours["ports"]
    assert {word for word in ours["command"] if word.startswith("--")} <= options
    compile(services["app"]["command"][-1], "app", "exec")


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
