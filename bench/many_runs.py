"""Ten thousand runs at once in one process: `AsyncRunDriver.map`, against plain asyncio tasks.

A plain task does what one writes without a driver: it makes a thread with the question, waits in
the SDK's `create_and_poll`, and fetches the answer. The runs are as recorded (queued for 1 to 4 s,
an answer 2 to 3 s later), and all are under way at once, in virtual time: the driver waits on the
simulator's clock; for the SDK's helper, which sleeps by itself, each look lets time pass.

Each line is measured in a fresh process: the CPU time from the first request to the last answer (in
virtual time nobody waits), and by how much the highest resident set (RSS) has grown. The simulated
service lives in the same process; the first line is what it takes alone.

Run it by `make bench`; ten thousand through the SDK take some minutes (`bench/many_runs.py 1000` is
quicker). Goals, on the same road: no less than 0.8 of the plain tasks' runs a second, though a
driver keeps a journal, can repeat and can cancel; and no more than their memory.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import sys
import warnings
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from time import process_time
from typing import Any

from runfsm import AssistantsBackend, AsyncRunDriver, RunRequest
from runfsm_simulator import Script, Simulator, between, say
from runfsm_simulator.wire.http import Request, Response

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
QUESTION = "What time is it?"
ANSWER = say("It is ten past nine.", queue_s=between(1, 4), work_s=between(2, 3))
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # of `ru_maxrss`, in bytes


class Observed(Simulator):
    """A service that counts what it is asked."""

    requests = 0

    def handle(self, request: Request) -> Response:
        """Answer, and count."""
        self.requests += 1
        return super().handle(request)


@dataclass(frozen=True)
class Cost:
    """What a line came to, for one run."""

    cpu_s: float
    memory: float
    requests: float


async def service_alone(service: Observed, assistant_id: str, runs: int) -> int:
    """The threads, messages and runs, and nobody who waits for them."""
    for _ in range(runs):
        service.backend.create(RunRequest(assistant_id, QUESTION))
    service.clock.advance(600)
    return runs


async def plain_tasks(service: Observed, assistant_id: str, runs: int) -> int:
    """A task for each run, with the SDK's helper."""
    client: Any = service.async_client()

    async def ask() -> bool:
        asked = {"role": "user", "content": QUESTION}
        thread = await client.beta.threads.create(messages=[asked])
        run = await client.beta.threads.runs.create_and_poll(
            thread_id=thread.id, assistant_id=assistant_id
        )
        answers = await client.beta.threads.messages.list(thread.id, run_id=run.id)
        return run.status == "completed" and bool(answers.data[0].content[0].text.value)

    return sum(await asyncio.gather(*(ask() for _ in range(runs))))


async def map_over_sdk(service: Observed, assistant_id: str, runs: int) -> int:
    """The driver's map, through the SDK."""
    backend = AssistantsBackend(service.async_client())
    return await _map(AsyncRunDriver(backend, clock=service.clock), assistant_id, runs)


async def map_direct(service: Observed, assistant_id: str, runs: int) -> int:
    """The driver's map, on the simulator's direct port."""
    driver = AsyncRunDriver(service.async_backend, clock=service.clock)
    return await _map(driver, assistant_id, runs)


async def _map(driver: AsyncRunDriver, assistant_id: str, runs: int) -> int:
    requests = (RunRequest(assistant_id, QUESTION) for _ in range(runs))
    answered = 0
    async with driver.map(requests, limit=runs) as results:
        async for result in results:
            answered += bool(result.raise_for_status().text)
    return answered


Line = Callable[[Observed, str, int], Awaitable[int]]
LINES: dict[str, Line] = {
    "service alone": service_alone,
    "plain tasks, SDK": plain_tasks,
    "map, SDK": map_over_sdk,
    "map, direct port": map_direct,
}


def measure(name: str, runs: int) -> Cost:
    """One line, in this process, which should be fresh."""
    warnings.simplefilter("ignore", DeprecationWarning)  # the SDK says so of its helpers
    asyncio.run(_one(name, 20))  # imports and caches are nobody's
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = process_time()
    requests = asyncio.run(_one(name, runs))
    cpu_s = process_time() - began
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return Cost(cpu_s / runs, grown * RSS_UNIT / runs, requests / runs)


async def _one(name: str, runs: int) -> int:
    service = Observed(Script.of(ANSWER))
    answered = await LINES[name](service, service.create_assistant(), runs)
    assert answered == runs, f"{name}: {runs - answered} runs without an answer"  # noqa: S101  # or the numbers mean nothing
    return service.requests


def main() -> None:
    """Print the table."""
    costs = {}
    print(f"{RUNS:,} runs at once      runs/s   requests a run   µs a request   KiB a run")
    for name in LINES:
        fresh = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(max_workers=1, mp_context=fresh) as process:
            costs[name] = cost = process.submit(measure, name, RUNS).result()
        asked = f"{cost.requests:.1f}" if cost.requests else "-"
        each = f"{cost.cpu_s / cost.requests * 1e6:.0f}" if cost.requests else "-"
        rate, memory = 1 / cost.cpu_s, cost.memory / 1024
        print(f"  {name:18} {rate:10.0f} {asked:>16} {each:>14} {memory:11.1f}", flush=True)
    world, plain, ours = (costs[name] for name in list(LINES)[:3])
    print(f"map / plain tasks, on the same road: runs/s {plain.cpu_s / ours.cpu_s:.2f}, ", end="")
    print(f"memory without the service's {_beyond(ours, world) / _beyond(plain, world):.2f}")


def _beyond(cost: Cost, world: Cost) -> float:
    return cost.memory - world.memory


if __name__ == "__main__":
    main()
