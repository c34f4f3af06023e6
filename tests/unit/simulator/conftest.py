"""A stage for the simulator's tests: one simulator, asked through its wire, without an SDK."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from responding import Desk
from runfsm.lifecycle import LIFECYCLE, RunStatus
from runfsm_simulator import Script, Simulator, Storm, say
from runfsm_simulator.wire.http import Request, Response
from struck import ANSWER, Client, OverPort, OverSdk

HEADERS = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


BLOCK = re.compile(rb"event: (\S+)\ndata: ([^\n]*)\n\n")


def parsed(block: bytes) -> tuple[str, Any]:
    """An event: its name, and its data (`[DONE]` is no JSON)."""
    found = BLOCK.fullmatch(block)
    assert found is not None, block
    name, data = found[1].decode(), found[2].decode()
    return name, data if data == "[DONE]" else json.loads(data)


class Stage:
    """A simulator with an assistant, a thread and a user's message on it."""

    def __init__(self, script: Any = None, **options: Any) -> None:
        self.sim = Simulator(script or Script.of(say("Hello!", queue_s=1, work_s=2)), **options)
        self.assistant_id = self.sim.create_assistant(tools=[WEATHER])
        self.thread_id = self.sim.create_thread()
        self.sim.add_message(self.thread_id, "Hi")
        self.thread = f"/v1/threads/{self.thread_id}"

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> Response:
        data = b"" if body is None else json.dumps(body).encode()
        asked = {name: [value] for name, value in query.items()}
        return self.sim.handle(Request(method, path, asked, HEADERS, data))

    def get(self, path: str, **query: str) -> Any:
        return self._ok(self.ask("GET", path, **query))

    def post(self, path: str, body: Any = None) -> Any:
        return self._ok(self.ask("POST", path, body))

    def delete(self, path: str) -> Any:
        return self._ok(self.ask("DELETE", path))

    def refused(
        self, method: str, path: str, body: Any = None, **query: str
    ) -> tuple[int, dict[str, Any]]:
        """The status and the error of a request that is answered with one."""
        answer = self.ask(method, path, body, **query)
        return answer.status, answer.json()["error"]

    def create_run(self, **body: Any) -> str:
        """A run on the thread; the path under which it is found."""
        run = self.post(f"{self.thread}/runs", {"assistant_id": self.assistant_id, **body})
        return f"{self.thread}/runs/{run['id']}"

    def stream(self, path: str, **body: Any) -> Iterator[tuple[str, Any]]:
        """The events of a stream, read as they come: (name, data)."""
        answer = self.ask("POST", path, {"stream": True, **body})
        assert answer.status == 200, answer.body
        assert answer.stream is not None
        return map(parsed, answer.stream)

    def stream_run(self, **body: Any) -> Iterator[tuple[str, Any]]:
        """The events of a new run on the thread."""
        return self.stream(f"{self.thread}/runs", assistant_id=self.assistant_id, **body)

    def run_in(self, status: RunStatus) -> str:
        """The path of a run that a hand has brought into `status`."""
        run = self.create_run()
        for edge in LIFECYCLE.path(RunStatus.QUEUED, status) or ():
            self.sim.world.fire(run.rpartition("/")[2], edge.event)
        return run

    def everything(self) -> tuple[Any, ...]:
        """All that a client can see of the thread: to compare before and after a refusal."""
        runs = self.get(f"{self.thread}/runs")
        steps = [self.get(f"{self.thread}/runs/{run['id']}/steps") for run in runs["data"]]
        messages = self.get(f"{self.thread}/messages", limit="100")
        return self.get(self.thread), messages, runs, steps

    def advance(self, seconds: float) -> None:
        self.sim.clock.advance(seconds)

    @staticmethod
    def _ok(answer: Response) -> Any:
        assert answer.status == 200, answer.body
        return answer.json()


@pytest.fixture
def make_stage() -> Callable[..., Stage]:
    """Makes a `Stage` for a script (a greeting after three seconds if there is none)."""
    return Stage


@pytest.fixture
def stage() -> Stage:
    """A `Stage` for that greeting."""
    return Stage()


@pytest.fixture(params=[OverSdk, OverPort], ids=["sdk", "direct"])
def client(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Makes a client of a script in a storm, on each of the two roads."""
    made = []

    def make(script: Any = ANSWER, *, chooser: Any = None, **storm: Any) -> Client:
        made.append(request.param(script, chooser=chooser, storm=Storm(**storm)))
        return made[-1]

    yield make
    for one in made:
        if isinstance(one, OverSdk):
            one.client.close()


@pytest.fixture(params=["sync", "async"])
def make_desk(request: pytest.FixtureRequest) -> Callable[..., Desk]:
    """Makes a `Desk` with either client of the SDK."""
    return partial(Desk, kind=request.param)


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    """A `Desk` for two hops."""
    return make_desk()
