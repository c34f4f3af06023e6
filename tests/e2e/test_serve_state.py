"""`runfsm serve --state` and `--script FOLDER`: what a server keeps, and what it follows."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import openai
import pytest
import uvicorn

from runfsm.cli import main
from serving import running

Served = Callable[..., AbstractContextManager[str]]

# The SDK warns at every call of this API.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")


def client(url: str, key: str = "sk-any") -> openai.OpenAI:
    """An unmodified client."""
    return openai.OpenAI(api_key=key, base_url=f"{url}/v1")


def hello(it: openai.OpenAI, name: str | None = None) -> Any:
    """A run that the SDK's own helper polls until it stops."""
    assistant = it.beta.assistants.create(model="gpt-4o", name=name)
    thread: Any = {"messages": [{"role": "user", "content": "Hello!"}]}
    return it.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=thread)


def test_a_server_goes_on_where_another_one_ended(served: Served, tmp_path: Path) -> None:
    """With all worlds, their things and their uploads; the run of each key expires in its time.

    What is played is given anew each time: here a scenario, by its name.
    """
    args = ("--state", str(tmp_path / "worlds.json"), "--worlds", "key", "--time", "manual")
    args += ("--script", "stuck")
    ids = {}
    with served(*args) as url:
        for key in ("sk-1", "sk-2"):
            with client(url, key) as it:
                assistant = it.beta.assistants.create(model="m", name=key, instructions="Hang.")
                run = it.beta.threads.create_and_run(assistant_id=assistant.id)
                file = it.files.create(file=("a.bin", bytes(range(256))), purpose="vision")
                ids[key] = assistant.id, run.thread_id, run.id, file.id
    with served(*args) as url:
        for key, (assistant_id, thread_id, run_id, file_id) in ids.items():
            with client(url, key) as it:
                it.post(f"{url}/_sim/clock/advance", cast_to=object, body={"seconds": 600})
                assert key == it.beta.assistants.retrieve(assistant_id).name
                run = it.beta.threads.runs.retrieve(run_id, thread_id=thread_id)
                assert "expired" == run.status
                assert bytes(range(256)) == it.files.content(file_id).read()


def test_sigterm_ends_it_as_gracefully(tmp_path: Path) -> None:
    """As `docker stop` does: the state is there, readable by its owner, and the exit code is 0."""
    state = tmp_path / "worlds.json"
    command = [sys.executable, "-W", "error", "-m", "runfsm", "serve", "--port", "0"]
    with subprocess.Popen(  # noqa: S603  # our own program
        [*command, "--state", str(state)], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert "Listening" in server.stdout.readline()
        server.send_signal(signal.SIGTERM)

        assert 0 == server.wait(timeout=20)
    assert 0o600 == stat.S_IMODE(state.stat().st_mode)


Runfsm = Callable[..., tuple[object, str]]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runfsm:
    """`runfsm serve` in this process, whose server does as it is told: exit code and stderr."""

    def run(serving: Callable[[], None], *args: str) -> tuple[object, str]:
        monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: serving())
        monkeypatch.setattr(sys, "argv", ["runfsm", "serve", "--port", "0", *args])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code, " ".join(capsys.readouterr().err.split())

    return run


def never() -> None:
    """Nothing is served."""
    pytest.fail("it served")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_the_state_is_written_at_the_end(
    serve: Runfsm, tmp_path: Path, sent: signal.Signals
) -> None:
    """However it is told to end; and then the signals are as they were."""
    state, before = tmp_path / "worlds.json", signal.getsignal(signal.SIGTERM)

    assert (0, "") == serve(lambda: signal.raise_signal(sent), "--state", str(state))
    assert state.exists()
    assert before == signal.getsignal(signal.SIGTERM)


def test_the_state_is_written_after_a_crash(serve: Runfsm, tmp_path: Path) -> None:
    """What clients have done is worth keeping then, too."""

    def crash() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        serve(crash, "--state", str(tmp_path / "worlds.json"))
    assert (tmp_path / "worlds.json").exists()


def test_a_damaged_state_is_refused_and_kept(serve: Runfsm, tmp_path: Path) -> None:
    """Nothing is served, and nothing is written in its place."""
    state = tmp_path / "worlds.json"
    serve(lambda: None, "--state", str(state))
    damaged = state.read_bytes() + b"{}\n"
    state.write_bytes(damaged)
    code, err = serve(never, "--state", str(state))

    assert 2 == code
    assert "not taken, and left as it is: it is damaged" in err
    assert damaged == state.read_bytes()
    assert {state, Path(f"{state}.lock")} == {*tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("--state", "no/such/worlds.json"), "there is no such folder"),
        (("--state", "."), "that is no file"),
        (("--state", "worlds.json", "--permissive"), "--permissive keeps nothing"),
        (("--script", "umbrela"), "no such scenario; there are"),
    ],
)
def test_what_cannot_be_is_told_before_it_serves(
    serve: Runfsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], why: str
) -> None:
    """Rather than at the end, when there is something to lose."""
    monkeypatch.chdir(tmp_path)
    code, err = serve(never, *args)

    assert 2 == code
    assert why in err


def test_a_folder_is_served_and_followed(served: Served, tmp_path: Path) -> None:
    """Each assistant plays its own script, one that comes later too."""
    at_once = "turns: [{{say: {}, queue_s: 0, work_s: 0}}]"
    (tmp_path / "default.yaml").write_text(at_once.format("Anybody."), encoding="utf-8")
    answers = []
    with served("--script", str(tmp_path), "--time", "virtual") as url, client(url) as it:
        for _ in range(2):
            run = hello(it, name="umbrella")
            messages = it.beta.threads.messages.list(run.thread_id, run_id=run.id)
            answers += [part.text.value for part in messages.data[0].content if part.type == "text"]
            (tmp_path / "umbrella.yaml").write_text(at_once.format("Take one."), encoding="utf-8")

    assert ["Anybody.", "Take one."] == answers


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_broken_edit_is_told_once_and_what_was_good_is_played_on(
    tmp_path: Path, kind: str
) -> None:
    """In a line of the log, and at the side door as long as it is so; the server goes on."""
    script = tmp_path / "default.yaml"
    script.write_text("turns: [{say: Good., queue_s: 0, work_s: 0}]", encoding="utf-8")
    played = str(tmp_path if kind == "folder" else script)
    with running("--time", "virtual", "--script", played) as server, client(server.url) as it:
        script.write_text("turns: [{sya: Bad.}]", encoding="utf-8")
        statuses = {hello(it).status for _ in range(2)}
        told: Any = it.get(f"{server.url}/_sim/script", cast_to=object)
        code, err = server.end(signal.SIGTERM)

    (problem,) = told["problems"]
    assert "did you mean 'say'?; what it said before is played on" in problem
    assert (0, {"completed"}, f"WARNING: {problem}\n") == (code, statuses, err)
