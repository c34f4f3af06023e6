"""One of several processes that share a thread of one served simulator, and nothing else.

`python oneofmany.py URL ASSISTANT THREAD NAME ON_BUSY ROUNDS`: so many times a message, then a run,
by a driver of its own; what came of each run, as JSON, is all it prints.
"""

from __future__ import annotations

import json
import sys
from typing import Final

import openai

from runfsm import (
    AssistantsBackend,
    Enqueue,
    Interrupt,
    Policy,
    RunDriver,
    RunRequest,
    SystemClock,
    Wait,
)

__all__ = ["ON_BUSY", "SPEED"]

#: How fast the server's time goes, and so the drivers'.
SPEED: Final = 60.0

#: Long enough for all to come in, whoever comes first: an hour is a minute.
ON_BUSY: Final = {policy.__name__: policy(timeout_s=3600) for policy in (Wait, Enqueue, Interrupt)}


def main(url: str, assistant_id: str, thread_id: str, name: str, *how: str) -> None:
    """Work in turns with the others."""
    on_busy, rounds = how
    policy, clock = Policy(on_busy=ON_BUSY[on_busy], deadline_s=None), SystemClock(speed=SPEED)
    ended = []
    with openai.OpenAI(api_key="sk-any", base_url=f"{url}/v1") as client:
        driver = RunDriver(AssistantsBackend(client), policy=policy, clock=clock)
        for number in range(int(rounds)):
            driver.add_message(thread_id, f"message {name} {number}")
            request = RunRequest(assistant_id, f"run {name} {number}", thread_id)
            outcome = driver.run(request)
            ended.append([outcome.ref.run_id, outcome.status])
    print(json.dumps(ended))  # noqa: T201  # to the test that began it


if __name__ == "__main__":
    main(*sys.argv[1:])
