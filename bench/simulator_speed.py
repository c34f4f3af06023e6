"""What the simulator costs, against the least that could answer at all; ratios, side by side.

* GET of a run over HTTP: `runfsm serve`'s application, against a bare Starlette route that returns
  the same bytes, both behind uvicorn in one process of their own, asked by turns;
* an SDK call on the in-process transport, against the SDK on a `MockTransport` that always gives
  the same answer;
* many runs in one world: memory a run, and the time of one look, as their number grows.

Run it by `make bench`. Goals: at least 0.5 of the bare route's rate, at most 1.25 of the static
transport's time, and flat.
"""

from __future__ import annotations

import gc
import http.client
import importlib
import threading
import tracemalloc
from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

import openai
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from runfsm import RunRef
from runfsm.clock import SystemClock
from runfsm_simulator import Script, Simulator, hang
from runfsm_simulator.doors.asgi import create_app

HEADERS = {"Authorization": "Bearer sk-any", "OpenAI-Beta": "assistants=v2"}
STILL = Script.of(hang(queue_s=100_000), cancel_s="never")
REQUESTS = 300
REPEATS = 9
SIZES = (1_000, 10_000, 100_000)


def seconds(work: Callable[[], object], times: int) -> float:
    """Wall time of one call, over `times` of them."""
    gc.collect()
    started = perf_counter()
    for _ in range(times):
        work()
    return (perf_counter() - started) / times


def by_turns(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Median seconds of each, asked by turns, after a warm-up."""
    seconds(ours, REQUESTS), seconds(theirs, REQUESTS)
    pairs = [(seconds(ours, REQUESTS), seconds(theirs, REQUESTS)) for _ in range(REPEATS)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def one_run(simulator: Simulator) -> str:
    """The path of a run that stays queued."""
    thread = simulator.create_thread()
    simulator.add_message(thread, "Hello")
    run = simulator.world.create_run(thread, simulator.create_assistant())
    return f"/v1/threads/{thread}/runs/{run.id}"


class Served:
    """An application behind uvicorn, in a thread, with a connection that is kept open."""

    def __init__(self, app: Any) -> None:
        self._server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
        threading.Thread(target=self._server.run, daemon=True).start()
        while not self._server.started:
            pass
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def get(self, path: str) -> bytes:
        """The body of an answer."""
        self._connection.request("GET", path, headers=HEADERS)
        return self._connection.getresponse().read()


def over_http() -> None:
    """GET of a run, and the same bytes from a bare route."""
    simulator = Simulator(STILL, clock=SystemClock())
    path = one_run(simulator)
    served = Served(create_app(simulator))
    body = served.get(path)

    async def answer(_: HttpRequest) -> Response:
        return Response(body, media_type="application/json")

    bare = Served(Starlette(routes=[Route("/{path:path}", answer)]))
    ours, theirs = by_turns(lambda: served.get(path), lambda: bare.get(path))
    print("GET of a run over HTTP     rate, simulator / bare Starlette route")
    print(f"  {len(body)} bytes               {theirs / ours:.2f}   ", end="")
    print(f"({1 / ours:.0f} / {1 / theirs:.0f} requests a second)")


def in_process() -> None:
    """A look through the SDK, and the same through a transport with one answer."""
    simulator = Simulator(STILL)
    path = one_run(simulator).removeprefix("/v1")
    options: Any = {"headers": {"OpenAI-Beta": "assistants=v2"}}
    client = simulator.client()
    kept = client.get(path, cast_to=object, options=options)
    library = importlib.import_module(
        openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]
    )
    static = openai.OpenAI(
        api_key="sk-any",
        base_url="http://static.invalid/v1",
        http_client=library.Client(
            transport=library.MockTransport(lambda _: library.Response(200, json=kept))
        ),
    )
    ours, theirs = by_turns(
        lambda: client.get(path, cast_to=object, options=options),
        lambda: static.get(path, cast_to=object, options=options),
    )
    print("SDK call in process        time, simulator / static MockTransport")
    print(f"                           {ours / theirs:.2f}   ", end="")
    print(f"({ours * 1e6:.0f} µs / {theirs * 1e6:.0f} µs)")


def many_runs() -> None:
    """Memory of a run, and the time of one look, in worlds of growing size."""
    print("runs in one world          bytes a run    µs a look")
    first: tuple[float, float] | None = None
    for size in SIZES:
        tracemalloc.start()
        simulator = Simulator(STILL)
        assistant = simulator.create_assistant()
        world = simulator.world
        for _ in range(size):
            run = world.create_run(world.create_thread().id, assistant)
        used, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        look = partial(simulator.backend.retrieve, _ref(run))
        look_s = median(seconds(look, 200) for _ in range(REPEATS))
        first = first or (used / size, look_s)
        bar = "#" * round(20 * look_s / first[1])
        print(f"  {size:>9,}            {used / size:>10.0f}   {look_s * 1e6:>9.1f}   {bar}")


def _ref(run: Any) -> Any:
    return RunRef("assistants", run.id, run.thread.id)


def main() -> None:
    """Print all three."""
    over_http()
    in_process()
    many_runs()


if __name__ == "__main__":
    main()
