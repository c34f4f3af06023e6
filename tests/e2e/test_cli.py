"""Facts about the command line, as a user meets it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import openai
import pytest
import uvicorn

from runfsm import AssistantsBackend, RunRequest, RunStatus
from runfsm.cli import main

INSTANT = """\
turns:
  - call: {name: now, arguments: {}}
    queue_s: 0
    work_s: 0
  - say: At once.
    queue_s: 0
    work_s: 0
"""


EVERYWHERE = "0.0.0.0"  # noqa: S104  # the case that has to be told

Runfsm = Callable[..., "Said"]
Served = Callable[..., AbstractContextManager[str]]


@dataclass(frozen=True)
class Said:
    """What the command line said, white space folded, and its exit code."""

    code: object
    out: str
    err: str


@pytest.fixture
def runfsm(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runfsm:
    """The command line, in this process: starting another one takes a second each."""

    def run(*args: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["runfsm", *args])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        return Said(caught.value.code, " ".join(out.split()), " ".join(err.split()))

    return run


def test_the_demo_shows_every_ending_and_the_lock(runfsm: Runfsm) -> None:
    """One command, no key, no network: all nine statuses and both refusals are on the screen."""
    said = runfsm("demo")

    assert (0, "") == (said.code, said.err)
    assert set() == {status for status in RunStatus if f" {status} " not in said.out}
    assert "It is 72 °F in Los Angeles, also known as LA." in said.out
    assert "Can't add messages to" in said.out
    assert "already has an active run" in said.out


def test_the_version_is_that_of_the_package(runfsm: Runfsm) -> None:
    """`runfsm --version` prints one line: what is installed."""
    said = runfsm("--version")

    assert (0, f"runfsm {version('runfsm')}", "") == (said.code, said.out, said.err)


def test_the_lifecycle_as_json_has_9_statuses_and_19_edges_with_evidence(runfsm: Runfsm) -> None:
    """Every edge in the machine-readable table names a source and a confidence."""
    table = json.loads(runfsm("lifecycle", "--format", "json").out)

    assert (9, 19) == (len(table["statuses"]), len(table["edges"]))
    evidence = [edge["evidence"] for edge in table["edges"]]
    assert all(one["source"] and one["confidence"] for one in evidence)


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (("lifecycle", "pizza"), "no lifecycle 'pizza'; choose one of run, run-step"),
        (("lifecycle", "--format", "png"), "no format 'png' to draw in; choose one of mermaid"),
        (("demo", "opera"), "no scene opera; there are weather"),
        (("serve", "--script", "no-such.yaml"), "no-such.yaml"),
        (("serve", "--port", "70000"), "Invalid value for '--port'"),
        (("serve", "--host", "no.such.host.invalid"), "cannot listen on no.such.host.invalid"),
        (("serve", "--time", "real", "--speed", "0"), "give a positive number"),
        (("serve", "--time", "manual", "--speed", "2"), "--speed is for --time real"),
        (("serve", "--time", "warped"), "Invalid value for '--time'"),
        (("fly",), "No such command"),
    ],
)
def test_a_users_mistake_is_told_without_a_traceback(
    runfsm: Runfsm, args: tuple[str, ...], complaint: str
) -> None:
    """Exit code 2, a line that says what would be right, and no line of Python."""
    said = runfsm(*args)

    assert 2 == said.code
    assert complaint in said.err
    assert "Traceback" not in said.err


def test_a_mistake_in_a_script_is_told_with_file_and_line(runfsm: Runfsm, tmp_path: Path) -> None:
    """`serve` says where in the file, and what was expected there."""
    script = tmp_path / "wrong.yaml"
    script.write_text("turns:\n  - sya: Hello\n", encoding="utf-8")
    said = runfsm("serve", "--script", str(script))

    assert 2 == said.code
    assert "wrong.yaml:2:" in said.err
    assert "say" in said.err


def test_the_server_answers_the_official_client(served: Served, tmp_path: Path) -> None:
    """A run of two turns over a real socket, on a port that the system picked."""
    script = tmp_path / "instant.yaml"
    script.write_text(INSTANT, encoding="utf-8")
    with (
        served("--script", str(script)) as url,
        openai.OpenAI(api_key="sk-any", base_url=f"{url}/v1") as client,
    ):
        backend = AssistantsBackend(client)
        assistant = backend.create_assistant(model="gpt-4o", instructions="Be quick.")
        ref = backend.create(RunRequest(assistant, "What time is it?")).ref
        waiting = backend.retrieve(ref)
        client.post(
            f"/threads/{ref.thread_id}/runs/{ref.run_id}/submit_tool_outputs",
            body={"tool_outputs": [{"tool_call_id": waiting.calls[0].call_id, "output": "now"}]},
            cast_to=object,
            options={"headers": {"OpenAI-Beta": "assistants=v2"}},
        )

        assert ("requires_action", "completed") == (
            waiting.raw_status,
            backend.retrieve(ref).raw_status,
        )
        assert ["At once."] == [message.text for message in backend.messages(ref)]


async def _ask_side_door(app: Any) -> int:
    """The status that somebody on this machine gets, who knows the token if there is one."""
    http = import_module(openai.DefaultAsyncHttpxClient.__mro__[1].__module__.split(".")[0])
    transport = http.ASGITransport(app=app, client=("127.0.0.1", 1))
    async with http.AsyncClient(transport=transport) as caller:
        answer = await caller.get("http://127.0.0.1/_sim/", headers={"authorization": "Bearer t"})
        return int(answer.status_code)


@pytest.mark.parametrize(
    ("args", "off"),
    [
        (("--host", EVERYWHERE), True),
        (("--host", EVERYWHERE, "--control-token", "t"), False),
        (("--host", "127.0.0.1"), False),
    ],
)
def test_a_server_that_others_reach_says_that_it_has_no_side_door(
    runfsm: Runfsm, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], *, off: bool
) -> None:
    """Unless it has a token; and `/_sim/` is then a path like any other."""
    apps = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, **_: apps.append(self.config.app))
    said = runfsm("serve", "--port", "0", *args)
    status = anyio.run(_ask_side_door, apps[0])

    assert off == ("No side door /_sim/" in said.out)
    assert (404 if off else 200) == status
