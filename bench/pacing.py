"""What it costs to learn that a run is ready, against the SDK's `create_and_poll`; virtual time.

The same runs are watched three times, each time by real HTTP requests of the `openai` client:

* by the SDK: `create_and_poll`, `submit_tool_outputs_and_poll`, with its default interval of 1 s
  (it calls `self._sleep`, which sleeps on the virtual clock here);
* by a driver that is blind (`Pacing(learns=False)`);
* by a driver that learns. Its first runs are told in a line of their own.

Every request counts: the creation, the looks, the submits, and one to fetch the messages, which a
user of the SDK does too. Lag is the time from the moment at which the service asks for something,
or is done, to the first answer that says so. Requests and tools take no time, in all three.

Run it by `make bench`; it takes two minutes. Goal: a quarter of the SDK's median lag at no more
requests. It is out of reach where nobody can know: an end that is anywhere within `w` seconds, all
as likely, is found `2w/9n` late on average by the best schedule of `n` looks.
"""

from __future__ import annotations

import json
import random
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from statistics import mean, quantiles
from typing import Any

from runfsm import AssistantsBackend, Pacing, Policy, RunDriver, RunRequest
from runfsm.lifecycle import LIFECYCLE, RunStatus
from runfsm_simulator import Scene, Simulator, TraceEntry, Turn, call, say
from runfsm_simulator.wire.http import Request, Response

RUNS = 300
LEARNING = 50  # runs of a driver that are told apart

#: What a run is like: for each of its turns, how long it is queued and worked on, in seconds.
Run = tuple[tuple[float, float], ...]

#: Where a poll ends, in the SDK and here.
ASKS = {status.value for status in LIFECYCLE.terminal | {RunStatus.REQUIRES_ACTION}}


def answers(draw: random.Random) -> Iterator[Run]:
    """As recorded: queued for 1 to 4 s, and an answer 2 to 3 s later."""
    while True:
        yield ((draw.uniform(1, 4), draw.uniform(2, 3)),)


def tool_rounds(draw: random.Random) -> Iterator[Run]:
    """As recorded: a call 3 to 5 s after the creation; then a short answer."""
    while True:
        asks = (draw.uniform(1, 2), draw.uniform(2, 3))
        yield asks, (draw.uniform(0.5, 1), draw.uniform(2, 3))


def code_interpreter(draw: random.Random) -> Iterator[Run]:
    """As recorded: 10 to 60 s of work."""
    while True:
        yield ((draw.uniform(1, 4), draw.uniform(10, 60)),)


def lognormal(draw: random.Random) -> Iterator[Run]:
    """Half of them within 4 s of work, one in forty beyond 11 s."""
    while True:
        yield ((draw.uniform(0.2, 1), draw.lognormvariate(1.4, 0.5)),)


def long_tail(draw: random.Random) -> Iterator[Run]:
    """Half of them within 4 s of work, one in forty beyond 28 s."""
    while True:
        yield ((draw.uniform(0.2, 1), draw.lognormvariate(1.4, 1.0)),)


def mixed(draw: random.Random) -> Iterator[Run]:
    """Six answers, three runs with a tool round, and one code interpreter of ten, in any order."""
    kinds = [answers(draw)] * 6 + [tool_rounds(draw)] * 3 + [code_interpreter(draw)]
    while True:
        yield next(draw.choice(kinds))


def shifting(draw: random.Random) -> Iterator[Run]:
    """Answers; all of a sudden, in the middle, they take 5 s longer."""
    yield from islice(answers(draw), RUNS // 2)
    for ((queue_s, work_s),) in answers(draw):
        yield ((queue_s, work_s + 5),)


DISTRIBUTIONS: tuple[Callable[[random.Random], Iterator[Run]], ...] = (
    answers,
    tool_rounds,
    code_interpreter,
    lognormal,
    long_tail,
    mixed,
    shifting,
)


@dataclass
class Told:
    """What some runs came to."""

    requests: list[int] = field(default_factory=list)  # of each run
    lags_s: list[float] = field(default_factory=list)  # of each time that it was ready

    def lag_s(self, percent: int) -> float:
        """A percentile of the lag."""
        return quantiles(self.lags_s, n=100, method="inclusive")[percent - 1]


class Observed(Simulator):
    """A service that plays one run after another, and notes when its client knows."""

    def __init__(self) -> None:
        super().__init__(self._turn, pacing="nobody")
        self._run: Run = ()
        self._known: TraceEntry | None = None
        self.assistant_id = self.create_assistant()
        self.told = Told()

    def _turn(self, scene: Scene) -> Turn:
        queue_s, work_s = self._run[scene.round]
        if scene.round == len(self._run) - 1:
            return say("It is ten past nine.", queue_s=queue_s, work_s=work_s)
        return call("get_time", queue_s=queue_s, work_s=work_s)

    def stage(self, run: Run) -> str:
        """A thread for the next run."""
        self._run = run
        self.told.requests.append(0)
        thread_id = self.create_thread()
        self.add_message(thread_id, "What time is it?")
        return thread_id

    def handle(self, request: Request) -> Response:
        """Answer, and take note."""
        self.told.requests[-1] += 1
        answer = super().handle(request)
        body = json.loads(answer.body)
        if body.get("object") == "thread.run" and body["status"] in ASKS:
            ready = self.trace[-1]
            if ready != self._known:
                self.told.lags_s.append(self.clock.now() - ready.at)
            self._known = ready
        return answer


def get_time() -> str:
    """What a clock shows."""
    return "09:10"


def by_sdk(runs: list[Run]) -> Told:
    """What the helpers of the SDK make of them."""
    service = Observed()
    client: Any = service.client()
    helpers = client.beta.threads.runs
    helpers._sleep = service.clock.sleep  # noqa: SLF001  # what its `poll` sleeps by
    for run in runs:
        thread_id = service.stage(run)
        seen = helpers.create_and_poll(thread_id=thread_id, assistant_id=service.assistant_id)
        while seen.status == "requires_action":
            calls = seen.required_action.submit_tool_outputs.tool_calls
            outputs = [{"tool_call_id": asked.id, "output": get_time()} for asked in calls]
            seen = helpers.submit_tool_outputs_and_poll(
                run_id=seen.id, thread_id=thread_id, tool_outputs=outputs
            )
        client.beta.threads.messages.list(thread_id, run_id=seen.id)
    return service.told


def by_driver(runs: list[Run], pacing: Pacing) -> tuple[Told, Told]:
    """What one driver makes of them: of the first ones, and of the others."""
    service = Observed()
    backend = AssistantsBackend(service.client())
    driver = RunDriver(backend, [get_time], policy=Policy(pacing=pacing), clock=service.clock)
    told = []
    for part in (runs[:LEARNING], runs[LEARNING:]):
        service.told = Told()
        for run in part:
            driver.run(RunRequest(service.assistant_id, thread_id=service.stage(run)))
        told.append(service.told)
    return told[0], told[1]


def compare(kind: Callable[[random.Random], Iterator[Run]]) -> None:
    """Print one distribution: the same runs, watched three times."""
    runs = list(islice(kind(random.Random(7)), RUNS + LEARNING))
    sdk = by_sdk(runs[LEARNING:])
    _, blind = by_driver(runs, Pacing(learns=False))
    learning, learnt = by_driver(runs, Pacing())
    print(f"{kind.__name__}: {kind.__doc__}")
    for name, told in (
        ("SDK", sdk),
        ("driver, blind", blind),
        ("driver, learnt", learnt),
        (f"  its first {LEARNING}", learning),
    ):
        requests, median_s = mean(told.requests), told.lag_s(50)
        print(
            f"  {name:16} {requests:8.1f} {median_s:11.2f} {told.lag_s(95):8.2f}"
            f" {requests / mean(sdk.requests):13.2f} {median_s / sdk.lag_s(50):8.2f}"
        )


def main() -> None:
    """Print all of them."""
    warnings.simplefilter("ignore", DeprecationWarning)  # the SDK says so of its helpers
    print(f"{RUNS} runs each       requests  median lag      p95    of the SDK's: requests, lag")
    for kind in DISTRIBUTIONS:
        compare(kind)


if __name__ == "__main__":
    main()
