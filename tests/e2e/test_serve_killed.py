"""`runfsm serve --state` under kill -9, and with two servers on one file."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import openai
import pytest

from runfsm.cli import main
from runfsm_simulator.doors import wholefile
from serving import running, until

# The SDK warns at every call of this API.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")


def client(url: str) -> openai.OpenAI:
    """An unmodified client."""
    return openai.OpenAI(api_key="sk-any", base_url=f"{url}/v1", max_retries=0)


@pytest.mark.reported(
    "tried as a new user",
    "`runfsm serve --state` was killed with kill -9: nothing was in the file.",
    now="The state is saved while it is served: at most --state-every seconds are lost.",
)
def test_after_a_kill_the_next_server_has_it_all(tmp_path: Path) -> None:
    """Tried as a new user (P8): what was done before the last save is there, with no cleaning up.

    The lock went with the process that held it.
    """
    state = tmp_path / "worlds.json"
    args = ("--state", str(state), "--state-every", "0.05")
    with running(*args) as server, client(server.url) as it:
        assistant = it.beta.assistants.create(model="m", name="Ada")
        thread = it.beta.threads.create(messages=[{"role": "user", "content": "Hello!"}])
        until(lambda: _holds(state, assistant.id, thread.id), what="the state is saved")
        server.process.kill()
        assert -signal.SIGKILL == server.process.wait(timeout=60)
    with running(*args) as server, client(server.url) as it:
        assert "Ada" == it.beta.assistants.retrieve(assistant.id).name
        (message,) = it.beta.threads.messages.list(thread.id).data
        assert [] != message.content


def test_what_a_kill_in_the_middle_of_a_save_leaves_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried as a new user: each such kill left a file as large as the state, for ever.

    Of another state's name, or of a user's, nothing is removed.
    """
    state = tmp_path / "w[1].json"
    with monkeypatch.context() as killed:
        killed.setattr(os, "fsync", _interrupt)  # where a kill may come
        killed.setattr(Path, "unlink", lambda _: None)  # and nothing is removed
        with pytest.raises(KeyboardInterrupt):
            wholefile.write_whole(state, b"half", told="no")
    (left,) = tmp_path.iterdir()
    others = {tmp_path / ".w1.json.abc.unfinished", tmp_path / ".w[1].json.swp"}
    for other in others:
        other.touch()
    with running("--state", str(state)) as server:
        assert (0, "") == server.end(signal.SIGTERM)

    assert not left.exists()
    assert others | {state, tmp_path / "w[1].json.lock"} == set(tmp_path.iterdir())


def _interrupt(_: int) -> None:
    raise KeyboardInterrupt


def _holds(state: Path, *ids: str) -> bool:
    text = state.read_text(encoding="utf-8") if state.exists() else ""
    return all(ident in text for ident in ids)


@pytest.mark.reported(
    "tried as a new user",
    "Two servers on one state file overwrote each other, silently.",
    now="The second one is refused at its start; the message names the file and the process.",
)
def test_a_second_server_on_the_same_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tried as a new user (P9): one line, exit code 2; a link to the file is the same file."""
    state, link = tmp_path / "worlds.json", tmp_path / "link.json"
    link.symlink_to(state)
    with running("--state", str(state)) as server:
        monkeypatch.setattr(sys, "argv", ["runfsm", "serve", "--port", "0", "--state", str(link)])
        with pytest.raises(SystemExit) as refused:
            main()
        out, err = capsys.readouterr()
        assert (0, "") == server.end(signal.SIGTERM)

    assert (2, "") == (refused.value.code, out)
    assert (
        f"runfsm: {link} is held by another server, process {server.process.pid}: end that one, "
        "or give --state another file\n"
    ) == err


def test_what_cannot_be_saved_stops_nobody(tmp_path: Path) -> None:
    """The folder goes away and comes back: told once of each, and served all the while."""
    folder, away = tmp_path / "kept", tmp_path / "away"
    folder.mkdir()
    state = folder / "worlds.json"
    with running("--state", str(state), "--state-every", "0.02") as server:
        with client(server.url) as it:
            it.beta.assistants.create(model="m")
            until(state.exists, what="the state is saved")
            os.rename(folder, away)  # noqa: PTH104  # as the shell's mv does
            it.beta.assistants.create(model="m")
            until(lambda: _failed_saves(it) >= 3, what="three saves have failed")
            os.rename(away, folder)  # noqa: PTH104  # likewise
            later = it.beta.assistants.create(model="m")
            until(lambda: _holds(state, later.id), what="the state is saved again")
        code, err = server.end(signal.SIGTERM)

    assert 0 == code
    assert 1 == err.count("the state cannot be written")
    assert 1 == err.count("the state is saved to")


def _failed_saves(it: openai.OpenAI) -> int:
    root = str(it.base_url).removesuffix("/v1/")
    text = it.get(f"{root}/metrics", cast_to=str)
    lines = [line for line in text.splitlines() if line.startswith("runfsm_state_save_failures")]
    return int(float(lines[0].split()[1]))
