"""The fixture `runfsm_server`: the test's simulator, for code that makes its own client."""

from __future__ import annotations

import socket
from urllib.request import urlopen

import pytest

from runfsm_pytest.server import serving
from runfsm_simulator import Simulator

pytest_plugins = ["pytester"]

USES_A_CLIENT_OF_ITS_OWN = '''
import subprocess
import sys
import urllib.request

import openai
import pytest

PROGRAM = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
import openai
client = openai.OpenAI()
assistant = client.beta.assistants.create(model="gpt-4o")
run = client.beta.threads.create_and_run_poll(
    assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "Hi"}]})
print(run.status, client.beta.threads.messages.list(run.thread_id).data[0].content[0].text.value)
"""


def told_by_another_process():
    command = [sys.executable, "-c", PROGRAM]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.runfsm_script("expiry")
def test_it_plays_the_tests_script(runfsm_server, simulator):
    assert told_by_another_process().startswith("requires_action")
    assert runfsm_server.simulator is simulator
    assert ["create", "start", "require_action"] == [entry.event for entry in simulator.trace]


def test_a_subprocess_finds_it(runfsm_server):
    assert told_by_another_process().startswith("completed ")


def test_a_client_of_this_process_finds_it(runfsm_server, virtual_clock):
    with openai.OpenAI() as client:
        assert str(client.base_url).startswith(str(runfsm_server))
        assert client.models.list().data
    with urllib.request.urlopen(f"{runfsm_server}/_sim/") as answer:
        assert 200 == answer.status


def test_without_it_nothing_is_set(monkeypatch):
    import os
    assert "OPENAI_BASE_URL" not in os.environ
'''


@pytest.mark.reported(
    "tried as a new user",
    "Code that makes its own client, a subprocess or Node had no fixture: a URL, with the "
    "environment set.",
    now="`runfsm_server` serves the test's simulator and sets OPENAI_BASE_URL and OPENAI_API_KEY.",
)
def test_code_with_a_client_of_its_own(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A subprocess finds the test's simulator by its environment (tried as a new user)."""
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(USES_A_CLIENT_OF_ITS_OWN)
    # In a process of its own: pytester forgets the modules that a run in this one has loaded, and a
    # client whose HTTP library is loaded twice does not know its errors again.
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=4)


def test_it_stops_at_once_and_quietly(capfd: pytest.CaptureFixture[str]) -> None:
    """What is under way when the test is over is broken off: no traceback, no waiting.

    Here a call that is armed to get no answer, and one of which half the body has come.
    """
    with socket.socket() as held, socket.socket() as half:
        with serving(Simulator()) as server:
            host, _, port = server.url.removeprefix("http://").rpartition(":")
            urlopen(f"{server.url}/_sim/faults", b'{"trouble": "timeout"}').close()  # noqa: S310  # ours
            for request, part in ((held, b""), (half, b"Content-Length: 99\r\n")):
                request.connect((host, int(port)))
                request.sendall(b"POST /v1/threads HTTP/1.1\r\nHost: x\r\n" + part + b"\r\n")
            urlopen(f"{server.url}/_sim/").close()  # noqa: S310  # a later one: those have been read

        assert ("", "") == capfd.readouterr()


def test_it_needs_the_extra(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without uvicorn, the test that asks for it fails with what to install."""
    monkeypatch.setitem(__import__("sys").modules, "uvicorn", None)
    pytester.makepyfile("def test_it(runfsm_server): ...")

    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*needs uvicorn*pip install 'runfsm*server*'"])
