"""Time passes by the looks of a client that sleeps by itself.

A driver of ours waits on the simulator's clock; the poll helpers of the SDKs sleep in real time,
between looks at a run or at files that are being indexed, and a virtual clock would stand still
under them for ever; so it would under who polls a step. So here each look that finds nothing new
lets virtual time jump, and the client is told to look again at once.

Rule 1: the first look at a thing in a status is answered as it is; nothing is skipped unseen.

Rule 2: a further look jumps to the next moment at which something happens by itself. In a status
that only the client can end well, it passes 5 s instead, the interval at which the Node SDK polls:
so tools may work while somebody polls, and whoever never answers still comes to the expiry. So it
does where nothing will happen any more: a response that hangs has no expiry, but its client may
have a deadline.

The SDKs have no poll helper for responses and for turns: who polls them sleeps in a loop of their
own, which no header tells from others. With `pacing="everybody"` those are paced too, as `runfsm
serve --time virtual` does.

The world knows nothing of this: to it, somebody moved the clock.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol, runtime_checkable

from runfsm.errors import CallerError
from runfsm.lifecycle import (
    LIFECYCLE,
    RUN_STEP,
    VECTOR_STORE_FILE,
    Actor,
    Confidence,
    Evidence,
    RunStatus,
)
from runfsm_simulator.wire.http import Handle, Request, Response
from runfsm_simulator.world.filemodels import StoreFile
from runfsm_simulator.world.operations import World
from runfsm_simulator.world.reasons import Reason
from runfsm_simulator.world.sessionmodels import SessionTurn

__all__ = ["Movable", "Pace", "Pacing"]

#: Whose looks let time pass: those of the SDKs' poll helpers, everybody's, or nobody's.
Pace = Literal["helpers", "everybody", "nobody"]

RUN: Final = re.compile(r"/v1/threads/([^/]+)/runs/([^/]+)")
STEP: Final = re.compile(r"/v1/threads/([^/]+)/runs/([^/]+)/steps/([^/]+)")
FILE: Final = re.compile(r"/v1/vector_stores/([^/]+)/files/([^/]+)")
RESPONSE: Final = re.compile(r"/v1/responses/([^/]+)")
BATCH: Final = re.compile(r"/v1/vector_stores/([^/]+)/file_batches/([^/]+)")
SESSION: Final = re.compile(r"/v1/agents/sessions/([^/]+)")
TURN: Final = re.compile(r"/v1/agents/sessions/([^/]+)/turns/([^/]+)")

WAITING_S: Final = 5.0
LOOKS_MAX: Final = 10_000  # things whose last look is remembered; a forgotten one costs a look more

#: Where a run stays until its client, or the expiry, moves it.
WAITS_FOR_CLIENT: Final = frozenset(
    status
    for status in RunStatus
    if status not in LIFECYCLE.terminal
    and all(edge.actor is not Actor.SERVICE for edge in LIFECYCLE.allowed(status))
)

POLL_AGAIN: Final = Reason(
    "openai-poll-after-ms: 1 tells a client that polls to look again at once, for time is virtual",
    Evidence(
        "openai-python and openai-node heed it; the real service was never seen sending it",
        Confidence.INFERRED,
    ),
)


@runtime_checkable
class Movable(Protocol):
    """A clock that can be moved by hand: a `VirtualClock`."""

    def now(self) -> float:
        """Unix time in seconds."""

    def advance_to(self, moment: float) -> None:
        """Move time forward to `moment`."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """Something that is not over, as a look finds it.

    Attributes:
        path: where it is looked at.
        state: another one is news.
        of_client: whether it is the client who would have to move it.
    """

    path: str
    state: Hashable
    of_client: bool = False


class Pacing:
    """The door that moves a world's virtual clock for clients that cannot wait on it.

    On a clock that cannot be moved it does nothing.

    Args:
        inner: answers.
        world: whose clock is moved.
        whom: whose looks let time pass.
    """

    def __init__(self, inner: Handle, world: World, whom: Pace) -> None:
        self._inner = inner
        self._world = world
        self._whom = whom
        self._looks: dict[str, Hashable] = {}
        self._clock: Movable | None = None

    def handle(self, request: Request) -> Response:
        """Answer, after some time has passed if the client has looked before."""
        if not self._lets_pass(request) or (clock := self._movable()) is None:
            return self._inner(request)
        awaited = self._awaited(request.path)
        if awaited is None:
            return self._inner(request)
        if self._looks.get(awaited.path) == awaited.state:
            self._pass_time(awaited, clock)
        answer = self._inner(request)
        self._remember(self._awaited(request.path) or awaited)
        headers = {**answer.headers, "openai-poll-after-ms": "1"}
        return replace(answer, headers=headers, reasons=(*answer.reasons, POLL_AGAIN))

    def _movable(self) -> Movable | None:
        """The world's clock, if it can be moved. To ask what it can do takes long: once a clock."""
        clock = self._world.clock
        if clock is not self._clock and isinstance(clock, Movable):
            self._clock = clock
        return self._clock if clock is self._clock else None

    def _lets_pass(self, request: Request) -> bool:
        if self._whom == "nobody" or request.method != "GET" or "stream" in request.query:
            return False
        if self._whom == "everybody":
            return True
        return request.headers.get("x-stainless-poll-helper", "").lower() == "true"

    def _awaited(self, path: str) -> Awaited | None:
        """What a path means, if it is not over."""
        with self._world.operation(), suppress(CallerError):  # that it is not there, others say
            if match := RUN.fullmatch(path):
                run = self._world.store.run(*match.groups())
                if run.status not in LIFECYCLE.terminal:
                    of_client = run.status in WAITS_FOR_CLIENT
                    return Awaited(path, (run.status, run.round), of_client)
            elif match := STEP.fullmatch(path):
                return self._step(path, *match.groups())
            elif match := RESPONSE.fullmatch(path):
                response = self._world.store.response(*match.groups())
                return None if response.is_over else Awaited(path, response.status)
            elif (turn := self._turn(path)) is not None:
                # Not of its client, if nothing is asked of it: a cancel is on its way.
                state = (turn.status, len(turn.calls))
                return None if turn.is_over else Awaited(path, state, bool(turn.calls))
            elif (indexed := self._indexed(path)) is not None:
                left = [file for file in indexed if file.status not in VECTOR_STORE_FILE.terminal]
                return Awaited(path, len(left)) if left else None
        return None

    def _step(self, path: str, thread_id: str, run_id: str, step_id: str) -> Awaited | None:
        """A step; as its run, it may be its client who would have to move it."""
        step = self._world.store.step(thread_id, run_id, step_id)
        if step.status in RUN_STEP.terminal:
            return None
        status = self._world.store.run(thread_id, run_id).status
        return Awaited(path, (step.status, step.ran), status in WAITS_FOR_CLIENT)

    def _turn(self, path: str) -> SessionTurn | None:
        if match := TURN.fullmatch(path):
            return self._world.store.turn(*match.groups())
        if match := SESSION.fullmatch(path):
            return self._world.store.session(*match.groups()).newest
        return None

    def _indexed(self, path: str) -> list[StoreFile] | None:
        files = self._world.files
        if match := FILE.fullmatch(path):
            return [files.attached(*match.groups())]
        if match := BATCH.fullmatch(path):
            return files.in_batch(files.batch(*match.groups()))
        return None

    def _pass_time(self, awaited: Awaited, clock: Movable) -> None:
        due = None if awaited.of_client else self._world.next_due()
        moment = clock.now() + WAITING_S if due is None else due
        with suppress(ValueError):  # somebody else has moved time beyond it already
            clock.advance_to(moment)

    def _remember(self, awaited: Awaited) -> None:
        self._looks.pop(awaited.path, None)  # to the end of the line of those that are forgotten
        self._looks[awaited.path] = awaited.state
        if len(self._looks) > LOOKS_MAX:
            del self._looks[next(iter(self._looks))]
