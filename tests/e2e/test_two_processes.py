"""Drivers in processes of their own, on one thread of one served simulator.

No line is shared: the service's lock alone keeps them apart.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import openai
import pytest

from oneofmany import ON_BUSY, SPEED
from runfsm import AssistantsBackend

Served = Callable[..., AbstractContextManager[str]]
Runs = list[tuple[str, str]]

PROCESSES, ROUNDS = 3, 4
WORKER = Path(__file__).parents[1] / "support" / "oneofmany.py"

#: Answers of creations that are lost: the run is there all the same, and so is the message.
LOST = [
    {"method": "POST", "path": path, "trouble": "answer", "status": 500, "applied": True}
    for path in ("/v1/threads/*/messages", "/v1/threads/*/runs")
    for _ in range(2)
]


def _get(client: openai.OpenAI, path: str) -> Any:
    options: Any = {"headers": {"OpenAI-Beta": "assistants=v2"}}
    return client.get(path, cast_to=object, options=options)


def _work(url: str, assistant_id: str, thread_id: str, on_busy: str) -> Runs:
    """What came of every run of every process."""
    told: Runs = []
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                subprocess.Popen(  # noqa: S603  # our own program
                    [
                        *(sys.executable, "-W", "error", str(WORKER)),
                        *(url, assistant_id, thread_id, str(number), on_busy, str(ROUNDS)),
                    ],
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for number in range(PROCESSES)
        ]
        for worker in workers:
            stack.callback(worker.kill)  # none outlives a test that fails
        for worker in workers:
            printed, _ = worker.communicate(timeout=60)
            assert 0 == worker.returncode
            told += [(run_id, status) for run_id, status in json.loads(printed)]
    return told


@pytest.mark.parametrize("on_busy", ON_BUSY)
def test_nothing_is_lost_and_nothing_runs_twice(served: Served, on_busy: str) -> None:
    """Each message stands once, each run was created once, no two at the same time; all are told.

    By the service's own books: the thread's messages, and the edges that its runs took. Some of
    the creations are not answered.
    """
    with (
        served("--speed", f"{SPEED:g}") as url,
        openai.OpenAI(api_key="sk-any", base_url=f"{url}/v1") as client,
    ):
        backend = AssistantsBackend(client)
        assistant_id = backend.create_assistant(model="gpt-4o")
        thread_id = backend.create_thread()
        for fault in LOST:
            client.post(f"{url}/_sim/faults", cast_to=object, body=fault)
        told = _work(url, assistant_id, thread_id, on_busy)
        messages = _get(client, f"/threads/{thread_id}/messages?limit=100")["data"]
        edges = _get(client, f"{url}/_sim/journal?last=1000")["transitions"]
        armed = _get(client, f"{url}/_sim/faults")["faults"]

    said = Counter(
        message["content"][0]["text"]["value"] for message in messages if message["role"] == "user"
    )
    expected = [
        f"{kind} {name} {number}"
        for kind in ("message", "run")
        for name in range(PROCESSES)
        for number in range(ROUNDS)
    ]
    assert Counter(expected) == said

    ends = {edge["run_id"]: edge["dest"] for edge in edges}
    assert ends == dict(told)
    assert PROCESSES * ROUNDS == len(told) == len(ends)

    in_turn = [run_id for run_id in ends for edge in edges if edge["run_id"] == run_id]
    assert in_turn == [edge["run_id"] for edge in edges]
    assert [] == armed
