"""One storm on the Agents API: the same cases, tools and acts; its truth is read off sessions.

A run there is a turn, and no turn has our key: it is ours if it begins with what we say. Nobody is
locked out: a message to a session that is at work steers its turn, and must never be ours that
does, unless another client came between our look and our message; and then we must say so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import floor
from typing import Any, Final

from attending import AGENT, HEADERS, SESSIONS
from runfsm import AgentsBackend, RunEvent, RunStatus
from runfsm.errors import Fault, FaultKind
from runfsm.lifecycle import TurnStatus
from runfsm_simulator.wire.http import Request
from runfsm_simulator.world.models import NewMessage
from runfsm_simulator.world.sessionmodels import Session, SessionTurn, TurnItem
from runfsm_simulator.world.sessions import Cancel, Said
from stormchains import LIFETIME_S, MODEL
from stormclient import AsyncShortClient, ShortClient
from storms import Act, Plan
from stormstage import BEFORE, QUESTION, Stage
from stormstory import TrueRun

__all__ = ["TurnStage"]

S = RunStatus

#: What somebody said there before.
BEGUN: Final = {"environment": {"type": "none"}, "agent": AGENT, "input": "Hello."}
HELLO: Final = Request("POST", f"/v1{SESSIONS}", {}, HEADERS, json.dumps(BEGUN).encode())
#: And what another client says meanwhile.
ALSO: Final = NewMessage("user", ("And I say this.",))

STATUSES: Final = {
    TurnStatus.QUEUED: S.QUEUED,
    TurnStatus.IN_PROGRESS: S.IN_PROGRESS,
    TurnStatus.WAITING: S.REQUIRES_ACTION,
    TurnStatus.CANCELLED: S.CANCELLED,
    TurnStatus.FAILED: S.FAILED,
    TurnStatus.COMPLETED: S.COMPLETED,
}


class TurnStage(Stage):
    """A world in a storm, and a driver in it, on the Agents API. See `Stage`."""

    def _planned(self, plan: Plan) -> Plan:
        """A turn begins with a word."""
        return replace(plan, says=True)

    def _make_thread(self) -> str:
        """A session whose first turn is over."""
        world = self.simulator.world
        with world.sheltered():
            made = self.simulator.handle(HELLO)
            session = world.store.session(made.json()["id"])
            if session.active:  # it is wherever the script brings it at once
                world.fire(session.active.id, RunEvent.CONFIRM_CANCEL)
            return session.id

    def backend(self, *, awaited: bool) -> Any:
        """See `Stage`."""
        make: Any = AsyncShortClient if awaited else ShortClient
        client = make(self.simulator)
        return AgentsBackend(client, assistants={self.assistant_id: {"model": MODEL}})

    def _hear_request(self, request: Any) -> None:
        """Nothing: a result that came before is taken once more, and changes nothing."""

    def _act_elsewhere(self, act: Act) -> None:
        world, session = self.simulator.world, self._session
        if session is None:
            return
        if act in {"foreign_run", "foreign_message"}:  # here it is the same
            world.send(session.id, [Said((ALSO,))])
        elif act is RunEvent.CANCEL:
            world.send(session.id, [Cancel()])
        elif session.newest:
            world.fire(session.newest.id, RunEvent(act))

    @property
    def _session(self) -> Session | None:
        return next(reversed(self.simulator.world.store.sessions.values()), None)

    # What truly happened -------------------------------------------------------------------------

    def holder(self) -> str | None:
        """See `Stage`."""
        active = self._session and self._session.active
        return active.id if active else None

    def justifies(self, fault: Fault) -> bool:
        """See `Stage`: who has steered another client's turn is told so."""
        return fault.kind is FaultKind.UNSUPPORTED and bool(self.steered)

    @property
    def ours(self) -> list[TrueRun]:
        """See `Stage`."""
        return [_truth(turn) for turn in self._turns() if _is_ours(turn)]

    @property
    def steered(self) -> int:
        """See `Stage`: another client came between our look and our message."""
        return sum(QUESTION in _said(turn) and not _is_ours(turn) for turn in self._turns())

    @property
    def expires_at(self) -> list[float]:
        """See `Stage`."""
        return [floor(it.created_at) + LIFETIME_S for it in self._turns() if _is_ours(it)]

    def true_of(self, status: RunStatus) -> set[RunStatus]:
        """See `Stage`: no service expires a turn, and a cancelled one is what it sees of it."""
        return {S.CANCELLED} if status is S.EXPIRED else {status}

    def texts(self) -> Counter[str]:
        """See `Stage`: what stands in the sessions, and what waits in our memory for a run."""
        return Counter(said for turn in self._turns() for said in _said(turn)) | self._waiting

    @property
    def _waiting(self) -> Counter[str]:
        """What is lost with us, and not before: one that may have been said waits on as well."""
        memory = self.driver._backend._flows.memory
        waiting = memory.waiting(self.thread_id).values() if self.thread_id else ()
        return Counter(message["content"] for message in waiting)

    def _turns(self) -> Iterator[SessionTurn]:
        yield from self.simulator.world.store.turns.values()


def _is_ours(turn: SessionTurn) -> bool:
    return _said(turn)[:1] in ([BEFORE], [QUESTION])


def _said(turn: SessionTurn) -> list[str]:
    messages = (item.message for item in turn.items.values())
    return [message.text for message in messages if message and message.role == "user"]


def _truth(turn: SessionTurn) -> TrueRun:
    items = turn.items.values()
    written = [it for it in items if it.message and it.message.role == "assistant"]
    whole = [it for it in written if turn.status_of(it) == "completed"]  # no other is listed
    calls = {it.call.call_id: it.call for it in items if it.call}  # one may stand there twice
    return TrueRun(
        id=turn.id,
        status=S.INCOMPLETE if turn.incomplete_reason else STATUSES[turn.status],
        calls=[(call.name, call.arguments) for call in calls.values()],
        accepted=[*turn.results],
        wrote=_texts(whole),
        cut=_texts(it for it in written if it not in whole),
    )


def _texts(items: Iterable[TurnItem]) -> str:
    return "\n".join(it.message.text for it in items if it.message)
