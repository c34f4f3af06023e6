"""How `runfsm serve` ends: quietly, whatever is going on."""

from __future__ import annotations

import faulthandler
import gc
import signal
import socket
import sys
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest

from runfsm.cli import main
from serving import Server, running, until

# The SDK warns at every call of this API.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

STUCK = "turns: [{hang: true, queue_s: 0}]"
SIGNALS = [signal.SIGTERM, signal.SIGINT]

#: A body of which the rest does not come.
HALF = b"POST /v1/threads HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[Server]:
    """A server whose runs and responses never end; its state is saved at the end only."""
    (tmp_path / "stuck.yaml").write_text(STUCK, encoding="utf-8")
    args = ("--script", str(tmp_path / "stuck.yaml"), "--state", str(tmp_path / "worlds.json"))
    with running(*args, "--state-every", "3600") as server:
        yield server


@contextmanager
def client(server: Server) -> Iterator[openai.OpenAI]:
    """An unmodified client that tries once."""
    with openai.OpenAI(api_key="any", base_url=f"{server.url}/v1", max_retries=0) as it:
        yield it


def run_stream(it: openai.OpenAI) -> Any:
    """A run, told event by event."""
    assistant = it.beta.assistants.create(model="m")
    thread = it.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
    return it.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True)


def response_stream(it: openai.OpenAI) -> Any:
    """A response, likewise."""
    return it.responses.create(model="m", input="Hi", stream=True)


@pytest.mark.reported(
    "tried as a new user",
    "`runfsm serve` was stopped while a stream was open: a traceback of 50 lines.",
    now="It ends quietly, with exit code 0; the stream breaks off, and the state is saved.",
)
@pytest.mark.parametrize("sent", SIGNALS)
@pytest.mark.parametrize("begin", [run_stream, response_stream])
def test_open_streams_do_not_hold_it_up(
    stuck: Server, tmp_path: Path, begin: Any, sent: signal.Signals
) -> None:
    """Tried as a new user (P18): the client sees a broken stream, not a finished one."""
    with client(stuck) as it, begin(it) as stream:
        first = next(iter(stream))
        ended = stuck.end(sent)
        with pytest.raises(Exception, match=r"peer closed connection|Connection error"):
            list(stream)
    thing = getattr(first, "data", None) or first.response

    assert (0, "") == ended
    assert thing.id in (tmp_path / "worlds.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("sent", SIGNALS)
def test_a_call_without_an_answer_does_not_hold_it_up(stuck: Server, sent: signal.Signals) -> None:
    """It is armed to get none; its client sees a lost connection."""
    with client(stuck) as it, ThreadPoolExecutor(1) as pool:
        side_door = f"{stuck.url}/_sim"
        it.post(f"{side_door}/faults", cast_to=object, body={"trouble": "timeout"})
        held = pool.submit(it.models.list)
        until(lambda: _has_no_answer(it, side_door), what="the call is held")
        ended = stuck.end(sent)
        lost = held.exception(timeout=60)

    assert (0, "") == ended
    assert isinstance(lost, openai.APIConnectionError)


@pytest.mark.parametrize("sent", SIGNALS)
def test_a_request_that_is_still_being_sent_does_not_hold_it_up(
    stuck: Server, sent: signal.Signals
) -> None:
    """The rest of its body may never come; its client sees a lost connection, not a refusal."""
    host, _, port = stuck.url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port))) as sender, client(stuck) as it:
        sender.sendall(HALF)
        it.models.list()  # a later connection is answered, so the half has been read
        ended = stuck.end(sent)
        answer = sender.makefile("rb").read()

    assert (0, "") == ended
    assert b"" == answer.partition(b"\r\n\r\n")[2]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_a_terminal_that_is_closed_ends_it_as_sigterm_does(stuck: Server, tmp_path: Path) -> None:
    """The state is saved, and its exit code is 0."""
    with client(stuck) as it, run_stream(it) as stream:
        first = next(iter(stream))
        ended = stuck.end(signal.SIGHUP)

    assert (0, "") == ended
    assert first.data.id in (tmp_path / "worlds.json").read_text(encoding="utf-8")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_under_nohup_it_goes_on_without_its_terminal() -> None:
    """What ignores SIGHUP when it begins goes on ignoring it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited, as from `nohup`
    try:
        with running("--time", "virtual") as server, client(server) as it:
            server.process.send_signal(signal.SIGHUP)
            it.models.list()
            ended = server.end(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGHUP, before)

    assert (0, "") == ended


def _has_no_answer(it: openai.OpenAI, side_door: str) -> bool:
    lines: Any = it.get(f"{side_door}/journal", cast_to=object)
    return any(line["status"] is None for line in lines["requests"])


def test_a_connection_that_was_dropped_on_purpose_is_no_news(stuck: Server) -> None:
    """An armed fault that breaks off an answer is nothing to log."""
    with client(stuck) as it:
        it.post(f"{stuck.url}/_sim/faults", cast_to=object, body={"trouble": "drop"})
        with pytest.raises(openai.APIConnectionError):
            it.models.list()

    assert (0, "") == stuck.end(signal.SIGTERM)


@pytest.mark.parametrize("sent", SIGNALS)
def test_a_signal_right_after_its_first_line_ends_it(
    monkeypatch: pytest.MonkeyPatch, sent: signal.Signals
) -> None:
    """It comes in a callback of the garbage collector, where an exception would be lost."""

    class Thing:
        """Something that the collector may find."""

    def collect() -> None:
        watched = Thing()
        keep = weakref.ref(watched, lambda _: signal.raise_signal(sent))
        del watched
        assert keep() is None

    monkeypatch.setattr(gc, "collect", collect)
    monkeypatch.setattr(sys, "argv", ["runfsm", "serve", "--port", "0"])
    faulthandler.dump_traceback_later(60, exit=True)  # a server that goes on would go on for ever
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        faulthandler.cancel_dump_traceback_later()

    assert 0 == ended.value.code
