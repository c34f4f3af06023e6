"""The roads from a driver to the simulator, and the fixtures that walk them (`conftest.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import anyio
import openai
import pytest

from attending import OF_OPENAI_3
from runfsm import (
    AgentsBackend,
    AssistantsBackend,
    AsyncRunDriver,
    Outcome,
    Policy,
    ResponsesBackend,
    RunDriver,
    RunRequest,
)
from runfsm.lifecycle.journal import JournalStep
from runfsm.lifecycle.wires import Trait
from runfsm_simulator import Simulator
from sdk_record import HAS_AGENTS

Tools = Iterable[Callable[..., Any]]
OnStep = Callable[[Any, JournalStep], object]


@dataclass(frozen=True)
class Road:
    """One way from a driver to the simulator; every behaviour is tested on each of them.

    Attributes:
        name: of the road.
        loop: the event loop, or `None` for threads.
        backend: makes the backend out of a simulator.
        wire: what is spoken on it.
    """

    name: str
    loop: str | None
    backend: Callable[[Simulator], Any]
    wire: str = "assistants"

    def thread(self, simulator: Simulator) -> str:
        """The id of a new thread, or of what is one there."""
        match self.wire:
            case "assistants":
                return simulator.create_thread()
            case "responses":
                return simulator.world.create_conversation().id
        return "thread_new"  # there is no session before its first run

    @property
    def creates(self) -> str:
        """Where a run is created: the path, with a star."""
        paths = {"assistants": "*/runs", "responses": "*/responses", "agents": "*/sessions*"}
        return paths[self.wire]

    @property
    def looks(self) -> str:
        """Where a run is looked at, likewise."""
        paths = {"assistants": "*/runs/*", "responses": "*/responses/*", "agents": "*/turns/*"}
        return paths[self.wire]

    def statuses(self, simulator: Simulator) -> list[str]:
        """What has become of each run that the service knows, or of each of its hops."""
        store = simulator.world.store
        made = {"assistants": store.runs, "responses": store.responses, "agents": store.turns}
        with simulator.world.operation():
            return [one.status for one in made[self.wire].values()]

    def ask(self, call: Callable[..., Any], *args: Any) -> Any:
        """What one call of a backend gives."""
        return call(*args) if self.loop is None else anyio.run(partial(call, *args))

    def must(self, expresses: object, trait: Trait[Any]) -> None:
        """Skip what this road's wire cannot express, for the reason that its table gives."""
        if not expresses:
            pytest.skip(f"{self.wire}: {trait.told}")

    def drive(
        self,
        simulator: Simulator,
        request: RunRequest,
        *,
        tools: Tools = (),
        policy: Policy | None = None,
        on_step: OnStep | None = None,
    ) -> Outcome:
        """Drive a run to its end; `on_step(watch, step)` hears each step and may cancel."""
        make = RunDriver if self.loop is None else AsyncRunDriver
        driver = make(self.backend(simulator), tools, policy=policy, clock=simulator.clock)
        if self.loop is None:
            return _watch(driver, request, on_step)
        return anyio.run(partial(_watch_async, driver, request, on_step), backend=self.loop)


def _watch(driver: RunDriver, request: RunRequest, on_step: OnStep | None) -> Outcome:
    watch = driver.watch(request)
    for step in watch:
        if on_step:
            on_step(watch, step)
    return watch.outcome


async def _watch_async(
    driver: AsyncRunDriver, request: RunRequest, on_step: OnStep | None
) -> Outcome:
    watch = driver.watch(request)
    async for step in watch:
        if on_step:
            on_step(watch, step)
    return watch.outcome


def _over_asgi(simulator: Simulator) -> Any:
    from runfsm_simulator.doors.asgi import create_app  # noqa: PLC0415  # an extra

    http = import_module(openai.DefaultAsyncHttpxClient.__mro__[1].__module__.split(".")[0])
    transport = http.ASGITransport(app=create_app(simulator))
    return AssistantsBackend(
        openai.AsyncOpenAI(
            api_key="sk-any",
            base_url="http://simulator.invalid/v1",
            http_client=http.AsyncClient(transport=transport),
        )
    )


def _on_responses(simulator: Simulator) -> Any:
    return ResponsesBackend(simulator.client(), assistants=assistants_of(simulator))


def _on_responses_async(simulator: Simulator) -> Any:
    return ResponsesBackend(simulator.async_client(), assistants=assistants_of(simulator))


def _on_agents(simulator: Simulator) -> Any:
    return AgentsBackend(simulator.client(), assistants=assistants_of(simulator))


def _on_agents_async(simulator: Simulator) -> Any:
    return AgentsBackend(simulator.async_client(), assistants=assistants_of(simulator))


def assistants_of(simulator: Simulator) -> dict[str, dict[str, Any]]:
    """The assistants that a simulator has, as an app would write them down."""
    return {
        one.id: {"model": one.model, "instructions": one.instructions, "tools": [*one.tools]}
        for one in simulator.world.store.assistants.values()
    }


ROADS: Mapping[str, Road] = {
    road.name: road
    for road in (
        Road("direct", None, lambda simulator: simulator.backend),
        Road("direct-asyncio", "asyncio", lambda simulator: simulator.async_backend),
        Road("direct-trio", "trio", lambda simulator: simulator.async_backend),
        Road("sdk", None, lambda simulator: AssistantsBackend(simulator.client())),
        Road(
            "sdk-asyncio", "asyncio", lambda simulator: AssistantsBackend(simulator.async_client())
        ),
        Road("sdk-trio", "trio", lambda simulator: AssistantsBackend(simulator.async_client())),
        Road("asgi-asyncio", "asyncio", _over_asgi),
        Road("responses", None, _on_responses, "responses"),
        Road("responses-asyncio", "asyncio", _on_responses_async, "responses"),
        Road("responses-trio", "trio", _on_responses_async, "responses"),
        Road("agents", None, _on_agents, "agents"),
        Road("agents-asyncio", "asyncio", _on_agents_async, "agents"),
        Road("agents-trio", "trio", _on_agents_async, "agents"),
    )
}


def _marked(roads: Iterable[Road]) -> list[Any]:
    of_3 = {"agents": [OF_OPENAI_3]}
    return [pytest.param(road, id=road.name, marks=of_3.get(road.wire, [])) for road in roads]


def _by(wire: str) -> list[Any]:
    return _marked(road for road in ROADS.values() if road.wire == wire)


@pytest.fixture(params=_marked(ROADS.values()))
def road(request: pytest.FixtureRequest) -> Road:
    """Each of the roads in turn."""
    found: Road = request.param
    return found


@pytest.fixture
def direct() -> Road:
    """The shortest of the roads, against which the others are held."""
    return ROADS["direct"]


@pytest.fixture(params=_by("assistants"))
def assistants(request: pytest.FixtureRequest) -> Road:
    """Each of the roads on the Assistants wire, for what is its own."""
    found: Road = request.param
    return found


@pytest.fixture(params=_by("responses"))
def responses(request: pytest.FixtureRequest) -> Road:
    """Each of the roads on the Responses wire, for what is its own."""
    found: Road = request.param
    return found


@pytest.fixture(params=_by("agents"))
def agents(request: pytest.FixtureRequest) -> Road:
    """Each of the roads on the wire of the Agents API, for what is its own."""
    found: Road = request.param
    return found


@pytest.fixture(params=_marked(road for road in ROADS.values() if road.loop is None))
def threads(request: pytest.FixtureRequest) -> Road:
    """Each of the roads for threads, for what tasks do not have."""
    found: Road = request.param
    return found


@pytest.fixture(params=_marked(road for road in ROADS.values() if road.loop is not None))
def tasks(request: pytest.FixtureRequest) -> Road:
    """Each of the roads for tasks, for what threads do not have."""
    found: Road = request.param
    return found


@pytest.fixture(params=_marked(it for it in ROADS.values() if not it.name.startswith("direct")))
def http(request: pytest.FixtureRequest) -> Road:
    """Each of the roads through a client, for what comes of HTTP."""
    found: Road = request.param
    return found


@pytest.fixture
def wires() -> Mapping[str, Road]:
    """One road on each wire that the client speaks, all through it."""
    names = ("sdk", "responses", "agents")[: 3 if HAS_AGENTS else 2]
    return {ROADS[name].wire: ROADS[name] for name in names}
