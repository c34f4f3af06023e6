"""A client that was used before a fork is refused in the child, and only there."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from runfsm import AssistantsBackend, CallerError, ResponsesBackend, RunDriver, RunRequest
from runfsm.driver import forked
from runfsm_simulator import Script, Simulator, hang, say

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def _in_child(work: Callable[[], str]) -> str:
    """What a forked child has to say."""
    read_fd, write_fd = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, from Python 3.12 on
        pid = os.fork()
    if pid == 0:
        try:
            said = work()
        except BaseException as error:  # noqa: BLE001  # the child must not go on with the tests
            said = f"{type(error).__name__}: {error}"
        os.write(write_fd, said.encode())
        os._exit(0)
    os.close(write_fd)
    with os.fdopen(read_fd) as pipe:
        told = pipe.read()
    os.waitpid(pid, 0)
    return told


@pytest.mark.reported(
    "langfuse PR 1658, urllib3#850",
    "A driver that was used before a fork shared its connections with the child: mixed answers.",
    now="The child gets CallerError at its first request: make the client there.",
)
@needs_fork
def test_a_client_that_was_used_is_refused_in_the_child() -> None:
    """Its connections are the parent's (langfuse PR 1658, urllib3#850); a new one works."""
    simulator = Simulator(Script.of(say("Hello!")))
    request = RunRequest(simulator.create_assistant(), "Hi")
    driver = RunDriver(simulator.backend, clock=simulator.clock)

    def calls() -> str:
        said: list[str] = []
        for call in (lambda: driver.run(request), lambda: driver.add_message("thread_1", "Hi")):
            with pytest.raises(CallerError, match="used before the fork") as caught:
                call()
            said.append(type(caught.value).__name__)
        return " ".join(said)

    assert "Hello!" == driver.run(request).text
    assert "CallerError CallerError" == _in_child(calls)
    assert "Hello!" == driver.run(request).text


@needs_fork
def test_a_client_that_was_not_used_works_in_the_child() -> None:
    """A server that loads the app before it forks has a driver, and no connection."""
    simulator = Simulator(Script.of(say("Hello!")))
    request = RunRequest(simulator.create_assistant(), "Hi")
    driver = RunDriver(simulator.backend, clock=simulator.clock)

    assert "Hello!" == _in_child(lambda: driver.run(request).text)
    assert "Hello!" == driver.run(request).text


@needs_fork
def test_a_child_does_not_cancel_its_parents_run() -> None:
    """A block that the child leaves is the parent's, whose run goes on."""
    simulator = Simulator(Script.of(hang()))
    driver = RunDriver(simulator.backend, clock=simulator.clock)

    def leave() -> str:
        watch.__exit__(None, None, None)
        return " ".join(entry.event for entry in simulator.trace)

    with driver.watch(RunRequest(simulator.create_assistant(), "Hi")) as watch:
        next(watch)
        assert "cancel" not in _in_child(leave)
        assert "CallerError" in _in_child(lambda: str(next(watch)))
        watch.close()


def test_what_cannot_be_remembered_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend that is no key of a dictionary is used as before."""
    backend: list[str] = []
    forked.check_process(backend)
    monkeypatch.setattr(os, "getpid", lambda: -1)

    forked.check_process(backend)
    assert not forked.is_forked(backend)


def test_another_process_is_told_by_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a real fork, for systems that have none."""
    simulator = Simulator(Script.of(say("Hello!")))
    forked.check_process(simulator.backend)
    monkeypatch.setattr(os, "getpid", lambda: -1)

    with pytest.raises(CallerError, match="in the child"):
        forked.check_process(simulator.backend)


@pytest.mark.parametrize("wire", [AssistantsBackend, ResponsesBackend])
def test_connections_are_told_apart_not_clients(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy by `with_options` shares them, and a backend may use them without a driver."""
    client = Simulator(Script.of(say("Hello!"))).client()
    wire(client).create_thread()
    monkeypatch.setattr(os, "getpid", lambda: -1)

    for same in (client, client.with_options(timeout=5)):
        with pytest.raises(CallerError, match="in the child"):
            wire(same).create_thread()


def test_tasks_tell_them_apart_likewise(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, for a backend of tasks."""
    backend = AssistantsBackend(Simulator(Script.of(say("Hello!"))).async_client())
    anyio.run(backend.create_thread)
    monkeypatch.setattr(os, "getpid", lambda: -1)

    with pytest.raises(CallerError, match="in the child"):
        anyio.run(backend.create_thread)
