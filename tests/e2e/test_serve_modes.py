"""Served worlds, met by the unmodified client over a real socket."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import openai
import pytest

Served = Callable[..., AbstractContextManager[str]]

# The SDK warns at every call of this API.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

THREAD: Any = {"messages": [{"role": "user", "content": "Hello!"}]}
STUCK = "turns: [{hang: true, queue_s: 1}]"


@pytest.fixture(scope="module")
def virtual(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server in virtual time, with a world for each key, whose runs never answer."""
    script = tmp_path_factory.mktemp("scripts") / "stuck.yaml"
    script.write_text(STUCK, encoding="utf-8")
    with served("--time", "virtual", "--worlds", "key", "--script", str(script)) as url:
        yield url


def client(url: str, key: str = "sk-any", **options: Any) -> openai.OpenAI:
    """An unmodified client."""
    return openai.OpenAI(api_key=key, base_url=f"{url}/v1", **options)


def sim(it: openai.OpenAI, method: str, path: str, body: Any = None) -> Any:
    """What the side door answers, in the world of this client's key."""
    root = str(it.base_url).removesuffix("/v1/")
    call = it.get if method == "GET" else it.post
    more = {} if body is None else {"body": body}
    return call(f"{root}/_sim{path}", cast_to=object, **more)


def hello(it: openai.OpenAI) -> Any:
    """A run that the SDK's own helper polls until it stops."""
    assistant = it.beta.assistants.create(model="gpt-4o")
    return it.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=THREAD)


def test_ten_minutes_expire_under_the_poll_helper_in_four_looks(virtual: str) -> None:
    """It sleeps in real time between them, and is told to sleep for a millisecond."""
    with client(virtual) as it:
        began = time.perf_counter()
        run = hello(it)
        took = time.perf_counter() - began
        now = sim(it, "GET", "/clock")["now"]
        looks = [line for line in sim(it, "GET", "/journal")["requests"] if line["method"] == "GET"]

    assert ("expired", 600) == (run.status, now - run.created_at)
    assert 3 == len(looks)
    assert took < 3  # one sleep of the helper's own choice, on a slow machine


def test_clients_in_parallel_do_not_meet(virtual: str) -> None:
    """Each key has a clock of its own: no run is expired by the looks of another's client."""

    def drive(number: int) -> tuple[str, float]:
        with client(virtual, f"sk-{number}") as it:
            run = hello(it)
            return run.status, sim(it, "GET", "/clock")["now"] - run.created_at

    with ThreadPoolExecutor(8) as pool:
        assert {("expired", 600.0)} == set(pool.map(drive, range(8)))


def test_a_stream_is_read_at_once(virtual: str) -> None:
    """In virtual time a stream does not wait either."""
    with client(virtual, "sk-stream") as it:
        assistant = it.beta.assistants.create(model="gpt-4o")
        stream = it.beta.threads.create_and_run(
            assistant_id=assistant.id, thread=THREAD, stream=True
        )
        events = [event.event for event in stream]

    assert "thread.created" == events[0]
    assert "thread.run.expired" == events[-1]


def test_an_armed_fault_drops_the_connection(virtual: str) -> None:
    """The client has a connection error, and its call was applied."""
    with client(virtual, "sk-drop", max_retries=0) as it:
        sim(it, "POST", "/faults", {"trouble": "drop", "applied": True})
        with pytest.raises(openai.APIConnectionError):
            it.beta.threads.create(metadata={"a": "b"})
        lines = sim(it, "GET", "/journal")["requests"]

    assert [("POST", "/v1/threads", None)] == [
        (line["method"], line["path"], line["status"]) for line in lines
    ]


def test_an_armed_fault_gives_no_answer(virtual: str) -> None:
    """The client waits as long as it is told to, and no longer."""
    with client(virtual, "sk-wait", max_retries=0, timeout=0.2) as it:
        sim(it, "POST", "/faults", {"trouble": "timeout"})
        with pytest.raises(openai.APITimeoutError):
            it.beta.threads.create()


def test_in_manual_time_nothing_moves_but_by_hand(served: Served) -> None:
    """Neither by looks nor by itself; each jump is one event."""
    with served("--time", "manual") as url, client(url) as it:
        assistant = it.beta.assistants.create(model="gpt-4o")
        run = it.beta.threads.create_and_run(assistant_id=assistant.id, thread=THREAD)
        seen = []
        for _ in range(4):
            looks = {
                it.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).status
                for _ in range(3)
            }
            seen.append(looks)
            sim(it, "POST", "/clock/jump")

    assert [{"queued"}, {"in_progress"}, {"in_progress"}, {"completed"}] == seen


def test_real_time_can_be_fast(served: Served, tmp_path: Path) -> None:
    """At a hundred thousand times its speed, the same ten minutes pass by themselves."""
    script = tmp_path / "stuck.yaml"
    script.write_text(STUCK, encoding="utf-8")
    with (
        served("--speed", "100000", "--script", str(script)) as url,
        client(url) as it,
    ):
        assistant = it.beta.assistants.create(model="gpt-4o")
        run = it.beta.threads.create_and_run_poll(
            assistant_id=assistant.id, thread=THREAD, poll_interval_ms=5
        )

    assert "expired" == run.status
