"""Load on `runfsm serve`, beside a bare Starlette route under the same uvicorn; ratios.

Both servers are processes of their own, with the same event loop, HTTP parser and settings:

* `runfsm serve`, the command as it is installed, with `--time real` (the default) and `virtual`;
* a Starlette application with one route for each case. GET answers with the JSON of the same run,
  as `JSONResponse` writes it; POST reads its body and answers with the JSON of the same message.

Load comes from `wrk` where it is installed, otherwise from an asyncio client that is much slower
itself, so that its ratios flatter. Connections are kept alive. Rounds go in turns, ours, bare,
ours, bare; a ratio is the median of the rounds' ratios. Each round has a new run, or a new thread.
On a busy machine the last column is the safer witness: processor time for one request, bare / ours,
where the system tells it (Linux).

The time to the first event is that of a run that is created as a stream on a thread that is there,
beside a route that streams the same events.

Run it by `make bench`. Goals, at 1, 8 and 64 connections: 0.7 of the bare route's rate for GET, 0.4
for POST; at most 3 times its p99; at most twice its time to the first event.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from load import Load, Measured, cpu_s, tool

HEADERS = {"Authorization": "Bearer sk-any", "OpenAI-Beta": "assistants=v2"}
CONNECTIONS = (1, 8, 64)
ROUNDS = 5
ROUND_S = 1
STREAMS = 200

FUNCTION = {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}
ASSISTANT = {"model": "gpt-4o", "tools": [{"type": "function", "function": FUNCTION}]}
MESSAGE = {"role": "user", "content": "How is the weather in LA?"}

Json = dict[str, Any]


class Server:
    """A server in a process of its own.

    Args:
        process: it has printed the URL that it listens at.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        line = process.stdout.readline() if process.stdout else ""
        self.port = int(line.rpartition(":")[2])
        self.pid = process.pid

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        """The answer to a request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        sent = None if body is None else json.dumps(body)
        connection.request(method, path, sent, HEADERS)
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        if answer.status != 200:
            raise SystemExit(f"{method} {path}: {answer.status} {read.decode()}")
        parsed: Json = json.loads(read)
        return parsed


@contextmanager
def started(*command: str, told: str = "") -> Iterator[Server]:
    """A server of this command line; ended when the context is left."""
    with subprocess.Popen(  # noqa: S603  # our own programs
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin:
            process.stdin.write(told + "\n")
            process.stdin.flush()
        try:
            yield Server(process)
        finally:
            process.terminate()
            process.wait(timeout=20)


def runfsm_serve(time: str) -> Any:
    """The command, as it is installed beside this Python."""
    return started(
        str(Path(sys.executable).with_name("runfsm")), "serve", "--port=0", f"--time={time}"
    )


def bare(run: Json, message: Json, events: str) -> Any:
    """The bare routes, answering with these."""
    script = str(Path(__file__).with_name("bareroutes.py"))
    told = json.dumps({"run": run, "message": message, "events": events})
    return started(sys.executable, script, told=told)


def new_thread(server: Server, messages: Sequence[Json] = ()) -> str:
    """The path of a new thread with these messages."""
    body = {"messages": [*messages]}
    return f"/v1/threads/{server.call('POST', '/v1/threads', body)['id']}"


def new_run(server: Server, assistant: str) -> str:
    """The path of a new run on a thread of its own."""
    thread = {"messages": [MESSAGE]}
    body = {"assistant_id": assistant, "thread": thread}
    run = server.call("POST", "/v1/threads/runs", body)
    return f"/v1/threads/{run['thread_id']}/runs/{run['id']}"


@dataclass
class Case:
    """One kind of request, at both servers.

    Attributes:
        name: for the table.
        path: makes the path of a round at `runfsm serve`.
        bare_path: at the bare routes.
        body: sent by a POST; `None` for a GET.
        goal: of the ratio of the rates.
    """

    name: str
    path: Callable[[], str]
    bare_path: str
    body: bytes | None
    goal: float


def compare(case: Case, ours: Server, theirs: Server, load: Load) -> None:
    """Print the rows of one case."""
    for connections in CONNECTIONS:
        rounds: list[tuple[Measured, Measured]] = []
        for _ in range(ROUNDS):
            pair = []
            for server, path in ((ours, case.path()), (theirs, case.bare_path)):
                before = cpu_s(server.pid)
                seen = load.run(server.port, path, case.body, connections, ROUND_S)
                seen.cpu_us = (cpu_s(server.pid) - before) / seen.requests * 1e6
                pair.append(seen)
            rounds.append((pair[0], pair[1]))
        print(row(case, connections, rounds), flush=True)


def row(case: Case, connections: int, rounds: list[tuple[Measured, Measured]]) -> str:
    """One line of the table."""

    def each(pick: Callable[[Measured], float]) -> tuple[float, float]:
        return median(pick(one) for one, _ in rounds), median(pick(one) for _, one in rounds)

    rate, bare_rate = each(lambda it: it.rate)
    p50, bare_p50 = each(lambda it: it.p50_ms)
    p99, bare_p99 = each(lambda it: it.p99_ms)
    cpu, bare_cpu = each(lambda it: it.cpu_us)
    ratio = median(one.rate / other.rate for one, other in rounds)
    worst = max(one.max_ms for one, _ in rounds), max(one.max_ms for _, one in rounds)
    by_cpu = f"{bare_cpu / cpu:.2f} ({cpu:.0f}/{bare_cpu:.0f} µs)" if cpu else "-"
    return (
        f"  {case.name:14}{connections:>4}{rate:>9,.0f}{bare_rate:>9,.0f}{ratio:>7.2f}"
        f"  (goal {case.goal}){p50:>8.2f}{bare_p50:>7.2f}{p99:>9.2f}{bare_p99:>7.2f}"
        f"{p99 / bare_p99:>7.1f}{worst[0]:>9.1f}{worst[1]:>7.1f}    {by_cpu}"
    )


def first_events(ours: Server, theirs: Server, assistant: str) -> None:
    """Print the time to the first event of a stream, at both: of the quickest tenth, and medians.

    They are asked by turns, one request at a time, so what else the machine does is in the medians.
    """
    body = {"assistant_id": assistant, "stream": True}
    seen = [
        (
            first_event_s(ours, f"{new_thread(ours, [MESSAGE])}/runs", body) * 1e3,
            first_event_s(theirs, "/stream", body) * 1e3,
        )
        for _ in range(STREAMS)
    ]
    (quick, middle), (bare_quick, bare_middle) = (
        (quantiles(column, n=10)[0], median(column)) for column in zip(*seen, strict=True)
    )
    print(
        f"  first event of a stream: {quick:.2f} ms, bare {bare_quick:.2f} ms,"
        f" {quick / bare_quick:.2f} of it; medians {middle:.2f} and {bare_middle:.2f},"
        f" {middle / bare_middle:.2f} (goal: at most 2)",
        flush=True,
    )


def first_event_s(server: Server, path: str, body: Json) -> float:
    """Seconds from the sending of a request to the first line of its stream."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.connect()
    sent = json.dumps(body)
    started_at = perf_counter()
    connection.request("POST", path, sent, HEADERS)
    answer = connection.getresponse()
    line = answer.readline()
    taken = perf_counter() - started_at
    if not line.startswith(b"event:"):
        raise SystemExit(f"{path}: not an event: {line!r}")
    connection.close()
    return taken


def first_events_text(server: Server, assistant: str) -> str:
    """The events that are sent at once when a run is created."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    path = f"{new_thread(server, [MESSAGE])}/runs"
    body = {"assistant_id": assistant, "stream": True}
    connection.request("POST", path, json.dumps(body), HEADERS)
    answer = connection.getresponse()
    lines = [answer.readline().decode() for _ in range(6)]  # created, queued
    connection.close()
    return "".join(lines)


def main() -> None:
    """Print a table for each way of time."""
    print(f"`runfsm serve` beside a bare Starlette route; load by {tool()}, {ROUNDS} rounds each")
    print(
        "                conns     rate     bare  ratio           p50 ms   bare   p99 ms   bare"
        "  ratio  worst ms   bare    by CPU"
    )
    for time in ("real", "virtual"):
        print(f"--time {time}")
        with ExitStack() as stack:
            all_of(time, stack)


def all_of(time: str, stack: ExitStack) -> None:
    """Print the table of one way of time."""
    ours = stack.enter_context(runfsm_serve(time))
    assistant = ours.call("POST", "/v1/assistants", ASSISTANT)["id"]
    run = ours.call("GET", new_run(ours, assistant))
    message = ours.call("POST", f"{new_thread(ours)}/messages", MESSAGE)
    theirs = stack.enter_context(bare(run, message, first_events_text(ours, assistant)))
    load = Load(Path(stack.enter_context(tempfile.TemporaryDirectory())), HEADERS)
    posted = json.dumps(MESSAGE).encode()
    get = Case("GET run", lambda: new_run(ours, assistant), "/run", None, 0.7)
    post = Case("POST message", lambda: f"{new_thread(ours)}/messages", "/message", posted, 0.4)
    compare(get, ours, theirs, load)
    compare(post, ours, theirs, load)
    first_events(ours, theirs, assistant)


if __name__ == "__main__":
    main()
