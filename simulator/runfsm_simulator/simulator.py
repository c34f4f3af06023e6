"""`Simulator`: the whole service in one object. It joins the rooms, and decides nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from runfsm.latemodule import LateModule
from runfsm_simulator import scenarios
from runfsm_simulator.doors.beginning import Beginning
from runfsm_simulator.doors.control import Control
from runfsm_simulator.doors.direct import DirectBackend
from runfsm_simulator.doors.directaio import AsyncDirectBackend
from runfsm_simulator.doors.faults import Faults
from runfsm_simulator.doors.journal import Journal
from runfsm_simulator.doors.pacing import Pace, Pacing
from runfsm_simulator.doors.permissive import Permissive
from runfsm_simulator.doors.seeding import Seeding
from runfsm_simulator.doors.stormdoor import StormDoor
from runfsm_simulator.doors.striker import Striker
from runfsm_simulator.doors.webhooks import Webhook, Webhooks
from runfsm_simulator.wire.dialects import canonical
from runfsm_simulator.wire.http import Handle, Request, Response
from runfsm_simulator.wire.profiles import ProfileName
from runfsm_simulator.wire.routes import Router
from runfsm_simulator.world.chooser import Chooser
from runfsm_simulator.world.clock import VirtualClock
from runfsm_simulator.world.engine import WorldClock
from runfsm_simulator.world.operations import World
from runfsm_simulator.world.script import Planner
from runfsm_simulator.world.sensible import sensible
from runfsm_simulator.world.storm import Storm
from runfsm_simulator.world.switches import DOCUMENTED, Switches
from runfsm_simulator.world.trace import TraceEntry

if TYPE_CHECKING:
    import openai
else:
    openai = LateModule("openai")

__all__ = ["Simulator"]


class Simulator:
    """OpenAI's Assistants API v2, offline and in virtual time.

    Nothing happens between two calls but what the clock brings: move it by hand, let a driver wait
    on it, or let time pass by the looks of a client that polls.

    Args:
        script: what the simulated assistant does: a `Script`, any function from a `Scene` to a
            `Turn`, the path of a YAML file, or the name of a shipped scenario (`"weather"`).
            Without one it does what is sensible: it calls the tools that it is offered, then
            answers.
        seed: of every choice that the script leaves open: latencies, ids.
        clock: anything with `now()`, in Unix seconds; a `VirtualClock` of its own if `None`.
        chooser: makes those choices in place of the seed.
        pacing: whose looks at a run let virtual time pass: those of the SDKs' poll helpers
            (`create_and_poll`), which cannot wait on the clock; `"everybody"`'s; or `"nobody"`'s.
        profile: the form of the bodies: `"wire"` as recorded, or `"spec"` as the published schema
            demands, for clients that validate strictly.
        storm: what goes wrong by itself, and how often; nothing does if `None`.
        switches: which way the service goes where nobody recorded any (`runfsm switches` lists
            them); as documented if `None`.
        webhooks: who is told of the ends of responses in background mode, and of sessions.
        permissive: answer every request from a stage of its own, for test suites that are generated
            with a client; rules about state are off, and nothing is kept.
        record: a file to write a tape in, which `runfsm replay` plays: choices, requests, calls of
            the direct port and of `control`, answers, edges. It holds what clients sent, save
            their keys, and is readable by its owner only.
        record_bodies: write the answers in full; digests of them otherwise.

    Attributes:
        world: what stands behind the wire.
        control: the powers that only a simulator has: time, seeds, faults, snapshots, reasons.
        backend: the shortest road, for a `RunDriver`.
        async_backend: the same, for an `AsyncRunDriver`.
        recorder: writes the tape, if one is written.

    Raises:
        ScriptError: the file has a mistake, or there is no such file or scenario.
        CallerError: nothing can be recorded in the file.

    Example:
        >>> from runfsm_simulator import Simulator
        >>> from runfsm_simulator.world.script import Script, say
        >>> simulator = Simulator(Script.of(say("Hello!", queue_s=1, work_s=2)))
        >>> thread_id = simulator.create_thread()
        >>> _ = simulator.add_message(thread_id, "Hi")
        >>> run = simulator.world.create_run(thread_id, simulator.create_assistant())
        >>> simulator.clock.advance(3)
        >>> [entry.event.value for entry in simulator.trace]
        ['create', 'start', 'complete']
    """

    def __init__(  # noqa: PLR0913  # its settings; all but the script by keyword
        self,
        script: Planner | str | os.PathLike[str] | None = None,
        *,
        seed: int = 0,
        clock: WorldClock | None = None,
        chooser: Chooser | None = None,
        pacing: Pace = "helpers",
        profile: ProfileName = "wire",
        storm: Storm | None = None,
        switches: Switches | None = None,
        webhooks: Iterable[Webhook] = (),
        permissive: bool = False,
        record: str | os.PathLike[str] | None = None,
        record_bodies: bool = False,
    ) -> None:
        clock = VirtualClock() if clock is None else clock
        if record is not None:
            from runfsm_simulator.replay import recorder  # noqa: PLC0415  # few are recorded

            clock, chooser = recorder.prepared(clock, chooser, seed)
        beginning = Beginning(
            _planner(script),
            at=clock.now(),
            seed=seed,
            chooser=chooser,
            storm=storm or Storm(),
            switches=switches or DOCUMENTED,
        )
        self.world = World(beginning.planner, clock=clock, chooser=beginning.chooser_for(None))
        self.world.storm = beginning.storm
        self.world.switches = beginning.switches
        self._remake = partial(
            Simulator,
            beginning.planner,
            seed=seed,
            chooser=chooser,
            pacing=pacing,
            profile=profile,
            storm=storm,
            switches=switches,
            webhooks=(webhooks := tuple(webhooks)),
            permissive=permissive,
        )
        self.backend = DirectBackend(self.world)
        self.async_backend = AsyncDirectBackend(self.backend)
        wire = Router(self.world, profile=profile)
        router = Permissive(profile=profile) if permissive else wire
        # The doors, from the inmost to the one that a request comes to first.
        paced = Pacing(router.handle, self.world, pacing)
        stormy = StormDoor(paced.handle, Striker(self.world))
        faults = Faults(stormy.handle)
        journal = Journal(faults.handle, self.world)
        self._door: Handle = journal.handle
        self.control = Control(
            self.world,
            faults=faults,
            journal=journal,
            seed=Seeding(wire.handle, self.world),
            webhooks=Webhooks(self.world),
            beginning=beginning,
        )
        self.recorder = None
        if record is not None:
            self.recorder = tape = recorder.begun(
                record,
                beginning,
                world=self.world,
                pacing=pacing,
                profile=profile,
                permissive=permissive,
                bodies=record_bodies,
            )
            self._door = tape.door(journal.handle)
            tape.attend(self)
        for webhook in webhooks:
            self.control.webhooks.register(webhook)

    @property
    def clock(self) -> Any:
        """The world's clock; another one after `control.reset` or `control.restore`."""
        # Any: who gave a clock knows what it can do; who gave none has a `VirtualClock`.
        return self.world.clock

    @property
    def trace(self) -> tuple[TraceEntry, ...]:
        """The latest edges that runs took, oldest first."""
        return self.world.trace

    def handle(self, request: Request) -> Response:
        """Answer one request of the API. Any thread may ask.

        Raises:
            NoAnswer: a fault was armed that gives none.
        """
        return self._door(canonical(request))

    def fork(self) -> Simulator:
        """Another simulator whose world is as this one's is now, and goes its own way.

        Its clock is its own. Armed faults, the journal and the snapshots stay here.

        Raises:
            CallerError: the clock cannot begin again at this moment.
        """
        saved = self.world.save()
        twin = self._remake()
        twin.world.restore(saved)
        return twin

    def client(self, **options: Any) -> openai.OpenAI:
        """A real client of the `openai` package whose service this is.

        Args:
            **options: further arguments of `openai.OpenAI`.
        """
        from runfsm_simulator.doors import transport  # noqa: PLC0415  # openai takes a second

        return transport.client(self.handle, **options)

    def async_client(self, **options: Any) -> openai.AsyncOpenAI:
        """The same, to be awaited."""
        from runfsm_simulator.doors import transport  # noqa: PLC0415  # as above

        return transport.async_client(self.handle, **options)

    def transport(self) -> Any:
        """A transport of the HTTP library that the SDK uses (httpx2, or httpx), sync and async.

        To mount beside real traffic, in a client of your own:

        Example:
            >>> import httpx2                                             # doctest: +SKIP
            >>> mounts = {"https://api.openai.com": simulator.transport()}  # doctest: +SKIP
            >>> client = httpx2.Client(mounts=mounts)                     # doctest: +SKIP
        """
        from runfsm_simulator.doors import transport  # noqa: PLC0415  # as above

        return transport.transport(self.handle)

    # A stage for a test or a lesson, without a client.

    def create_assistant(
        self,
        *,
        model: str = "gpt-4o",
        instructions: str | None = "You are helpful.",
        tools: Iterable[Mapping[str, Any]] = (),
        id: str | None = None,
    ) -> str:
        """A new assistant.

        Args:
            model: any name; nobody looks at it.
            instructions: what it is told.
            tools: in the wire's form.
            id: chosen; the world makes one up if `None`.

        Returns:
            Its id.

        Raises:
            CallerError: the API does not take such an assistant, or such an id.
        """
        body = {"model": model, "instructions": instructions, "tools": list(tools)}
        return self.control.seed.assistant(body, id=id)

    def create_thread(self, *, id: str | None = None) -> str:
        """A new, empty thread; its id, which may be chosen."""
        return self.control.seed.thread({}, id=id)

    def add_message(self, thread_id: str, text: str) -> str:
        """What a user says, at the end of a thread; the message's id.

        Raises:
            CallerError: there is no such thread, or a run is active on it.
        """
        return self.control.seed.message(thread_id, {"role": "user", "content": text})


def _planner(script: Planner | str | os.PathLike[str] | None) -> Planner:
    if script is None:
        return sensible
    if isinstance(script, str | os.PathLike):
        return scenarios.find(script)
    return script
