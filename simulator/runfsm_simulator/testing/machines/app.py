"""A function that takes an `openai` client, used again and again in a drawn world.

It may be a coroutine function: then its client is to be awaited, and asyncio runs it.

What the assistant does (`scripts`), what goes wrong (`faults`), and each latency and race are
drawn; so a failure shrinks to the plainest world in which the app goes wrong. `time.sleep`,
`asyncio.sleep`, `anyio.sleep` and `time.time` are in virtual time meanwhile; an app that waits in
another way waits for real, and a warning names the line. Tasks that sleep at once sleep one after
the other.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import groupby
from typing import Any, ClassVar, Final, Self

import anyio
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from runfsm.errors import CallerError
from runfsm.lifecycle import LIFECYCLE
from runfsm_simulator.doors import transport
from runfsm_simulator.explore.pretend import pretended
from runfsm_simulator.simulator import Simulator
from runfsm_simulator.testing import strategies
from runfsm_simulator.testing.drawn import Drawn
from runfsm_simulator.testing.temporal import Property, check
from runfsm_simulator.wire.http import Request, Response
from runfsm_simulator.world.clock import VirtualClock
from runfsm_simulator.world.models import Run
from runfsm_simulator.world.script import Script
from runfsm_simulator.world.storm import REASONS, Storm
from runfsm_simulator.world.upsets import FOREIGN_TURN

__all__ = ["AppMachine"]

App = Callable[[Any], object]

#: Virtual seconds that one use of an app may last: two hours, for what takes ten minutes.
LASTS_MAX_S: Final = 7_200.0

#: A world is used so often: what is left behind may trouble the next use.
USES_MAX: Final = 3

#: So many lines of what happened are shown with a failure.
LINES_MAX: Final = 16


class Endless(BaseException):
    """Ends an app that does not end by itself. No `Exception`, so that no retry survives it."""


class AppMachine(RuleBasedStateMachine):
    """An app under test: it ends, creates no run twice, and leaves no thread locked.

    That no thread is left locked is asked of an app that returns, and of any in a calm world. One
    that raises since its calls do not get through cannot clean up.

    Make one by `of`, or by a subclass; a subclass may override `prepare` and `use_app`.

    Attributes:
        app: a function of an `openai.OpenAI`; or a coroutine function of an `openai.AsyncOpenAI`.
        scripts: what the assistant does.
        faults: what goes wrong.
        may_raise: what the app may raise.
        runs_max: how many runs one use of the app may create.
        requests_max: how many requests one use may make.
        properties: what must hold of the simulator's trace.
        assistant_id: an assistant that is there from the beginning.
        simulator: the world; not made before the first step.

    Example:
        >>> def my_app(client):
        ...     return client.models.list()
        >>> TestMyApp = AppMachine.of(my_app, runs_max=1).TestCase
    """

    app: ClassVar[App]
    scripts: ClassVar[st.SearchStrategy[Script]] = strategies.scripts()
    faults: ClassVar[st.SearchStrategy[Storm]] = strategies.faults(REASONS.keys() - {"foreign_run"})
    may_raise: ClassVar[tuple[type[Exception], ...]] = (Exception,)
    runs_max: ClassVar[int] = 1
    requests_max: ClassVar[int] = 300
    properties: ClassVar[Iterable[Property]] = ()
    assistant_id: ClassVar[str] = "asst_app"

    @classmethod
    def of(cls, app: App, **settings: Any) -> type[Self]:
        """The machine of an app.

        Args:
            app: a function of an `openai.OpenAI`; or a coroutine function of an
                `openai.AsyncOpenAI`.
            **settings: any of the class's attributes.

        Raises:
            CallerError: it is not callable, or there is no such attribute.
        """
        known = [name for name in AppMachine.__annotations__ if name != "app"]
        if not callable(app):
            raise CallerError(f"AppMachine.of({app!r}): give a function of an openai client")
        if unknown := [name for name in settings if name not in known]:
            raise CallerError(f"AppMachine.of({unknown[0]}=...): there are {', '.join(known)}")
        return type(cls.__name__, (cls,), {"app": staticmethod(app), **settings})

    # What a subclass may override.

    def prepare(self) -> None:
        """Set the stage: by default, the assistant."""
        self.simulator.create_assistant(id=self.assistant_id)

    def use_app(self, client: Any) -> object:
        """Use the app once: by default, call it with the client. It may be a coroutine method."""
        return type(self).app(client)

    # The rules.

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """A world."""
        script = data.draw(self.scripts, label="script")
        self.storm = data.draw(self.faults, label="storm")
        self.simulator = Simulator(
            script,
            storm=self.storm,
            clock=VirtualClock(),
            chooser=Drawn(data),
            pacing="everybody",
        )
        self.requests, self.uses = 0, 0
        self.prepare()

    @precondition(lambda self: self.uses < USES_MAX)
    @rule()
    def use(self) -> None:
        """The app is used, and judged."""
        self.uses += 1
        world = self.simulator.world
        before, self.requests, self.began = {*world.store.runs}, 0, self.simulator.clock.now()
        error = self._used()
        with world.operation():
            fresh = [run for run in world.store.runs.values() if run.id not in before]
        self._judge([run for run in fresh if run.turn is not FOREIGN_TURN], error)

    @rule(seconds=st.sampled_from([1.0, 30.0, 700.0]))
    def time_passes(self, seconds: float) -> None:
        """Time passes between two uses."""
        self.simulator.clock.advance(seconds)

    def _used(self) -> Exception | None:
        clock = self.simulator.clock
        app = getattr(type(self), "app", None)
        time = pretended(clock, app, slept=self._stop_in_time, read=clock.now)
        with time, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of the client's methods
            try:
                ends = self._ends()
            except self.may_raise as error:
                return error
        if not ends:
            self._fail(f"it does not end: {self.requests} requests")
        return None

    def _ends(self) -> bool:
        """Use the app, by a loop of its own if it has to be awaited; whether it has ended."""
        ways = (getattr(type(self), "app", None), self.use_app)
        is_async = any(map(inspect.iscoroutinefunction, ways))
        client = (transport.async_client if is_async else transport.client)(self._handle)
        ends = True
        try:
            made = self.use_app(client)
            if inspect.iscoroutine(made):
                anyio.run(_awaited, made)
        except* Endless:  # by itself, or out of a group of tasks
            ends = False
        return ends

    def _handle(self, request: Request) -> Response:
        self.requests += 1
        self._stop_in_time()
        return self.simulator.handle(request)

    def _stop_in_time(self) -> None:
        lasts_s = self.simulator.clock.now() - self.began
        if self.requests > self.requests_max or lasts_s > LASTS_MAX_S:
            raise Endless

    def _judge(self, runs: list[Run], error: Exception | None) -> None:
        how = f"raised {type(error).__name__}" if error else "returned"
        if len(runs) > self.runs_max:
            self._fail(f"it created {len(runs)} runs, and may create {self.runs_max}")
        active = [run for run in runs if LIFECYCLE.locks_thread(run.status)]
        if active and (error is None or self.storm.is_calm):
            self._fail(f"it {how}, and its run is {active[0].status}: the thread is locked")
        check(self.simulator.trace, *self.properties)

    def _fail(self, what: str) -> None:
        story = sorted(self._story(), key=lambda one: one[0])
        lines: list[str] = []
        for told, same in groupby(story, key=lambda one: one[1]):
            times = [at for at, _ in same]
            again = f"  (and {len(times) - 1} times more)" if times[1:] else ""
            lines.append(f"{times[0] - self.began:9.3f}  {told}{again}")
        raise AssertionError("\n".join([f"the app: {what}", *lines[-LINES_MAX:]]))

    def _story(self) -> Iterator[tuple[float, str]]:
        """What was asked, and what happened, since the app was begun; with its time."""
        for asked in self.simulator.control.journal.requests[-self.requests :]:
            yield asked.at, f"{asked.method} {asked.path} → {asked.status or 'no answer'}"
        for entry in self.simulator.trace:
            if entry.at >= self.began:
                yield entry.at, str(entry).split("  ", 1)[1]


async def _awaited(made: Awaitable[object]) -> object:
    return await made
