"""What the tests of cores share: replies as a service would give them, told by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, Protocol

from runfsm import (
    Enqueue,
    Fault,
    FaultKind,
    Policy,
    RunAdopted,
    RunCore,
    RunRef,
    RunRequest,
    RunSnapshot,
    ThreadHeld,
)
from runfsm.driver.actions import Action, AddMessage, Done, ListRuns, Sleep
from runfsm.driver.replies import Faulted, Fetched, Listed, Reply, Seen, Slept, ToolsRan, TurnTaken
from runfsm.driver.request import ToolOutput
from runfsm.lifecycle import LIFECYCLE, RunMessage, ToolCall

K = FaultKind

REF: Final = RunRef("assistants", "run_1", "thread_1")
REQUEST: Final = RunRequest("asst_1", "Hello", thread_id="thread_1", key="key_1")
MESSAGE: Final = AddMessage("thread_1", "Hello", key="key_1")

LOST: Final = Fault(K.TRANSIENT, "timed out", maybe_applied=True)
REFUSED: Final = Fault(K.TRANSIENT, "connection refused")
GARBLED: Final = Fault(K.GARBLED, "<html>", maybe_applied=True)
LATE: Final = Fault(K.ALREADY_TERMINAL, "Cannot cancel run with status 'completed'.")
STALE: Final = Fault(K.STALE_ACTION, "do not accept tool outputs", status_code=400)
LOCKED: Final = Fault(K.LOCKED, "Thread thread_1 already has an active run.", status_code=400)


class Core(Protocol):
    """Either kind of core: two verbs."""

    def next_action(self) -> Action:
        """What to do now."""

    def receive(self, reply: Reply) -> object:
        """Take what came of it."""


def a_run(
    status: str, *call_ids: str, run_id: str = "run_1", key: str | None = "key_1"
) -> RunSnapshot:
    """A run of thread_1, ours unless said otherwise, with these calls pending."""
    ended = status in LIFECYCLE.terminal
    return RunSnapshot(
        RunRef("assistants", run_id, "thread_1"),
        status,
        tuple(ToolCall(call_id, "f", "{}") for call_id in call_ids),
        created_at=0.0,
        expires_at=None if ended else 600.0,
        key=key,
    )


def another(status: str, run_id: str = "run_9") -> RunSnapshot:
    """A run of thread_1 that somebody else created."""
    return a_run(status, run_id=run_id, key=None)


def seen(status: str, *call_ids: str, now: float = 0.0) -> Seen:
    """The service shows our run."""
    return Seen(a_run(status, *call_ids), now)


def listed(*runs: RunSnapshot, now: float = 0.0) -> Listed:
    """The service lists the thread's runs."""
    return Listed(runs, now)


def ran(*call_ids: str, error: str | None = None, now: float = 0.0) -> ToolsRan:
    """The tools have answered these calls."""
    return ToolsRan([ToolOutput(call_id, "f", "42", error) for call_id in call_ids], now)


def fetched(*texts: str, now: float = 0.0) -> Fetched:
    """The run wrote these messages."""
    return Fetched([RunMessage("msg_1", "assistant", text) for text in texts], now)


def told(core: Core, replies: Iterable[Reply]) -> list[type[Action]]:
    """What the core asks for, while it is told these replies, and at the end."""
    kinds: list[type[Action]] = []
    for reply in replies:
        kinds.append(type(core.next_action()))
        core.receive(reply)
    return [*kinds, type(core.next_action())]


def met(fault: Fault, now: float = 0.0) -> Faulted:
    """The call met a fault."""
    return Faulted(fault, now)


# Cores -------------------------------------------------------------------------------------------


def a_core(*replies: Reply, policy: Policy | None = None) -> RunCore:
    """A core for `REQUEST` that was told these."""
    core = RunCore(REQUEST, 0.0, policy or Policy())
    for reply in replies:
        core.receive(reply)
    return core


def a_waiting_core(on_busy: Any, *replies: Reply, **policy: Any) -> RunCore:
    """The same under a policy; at the head of its line, if it stands in one."""
    first = [TurnTaken(0.0)] if isinstance(on_busy, Enqueue) else []
    return a_core(*first, *replies, policy=Policy(on_busy=on_busy, **policy))


def holders(core: RunCore) -> list[str | None]:
    """Who was met holding the thread, in the order of the journal."""
    return [step.holder for step in core.journal if isinstance(step, ThreadHeld)]


def adopted(core: RunCore) -> list[str]:
    """The runs that were taken over."""
    return [step.run_id for step in core.journal if isinstance(step, RunAdopted)]


def knock(core: RunCore, *, lists: Iterable[Listed], now: float = 0.0) -> float:
    """Answer pauses with time and creations with a lock, until it is over; the time then."""
    looks = iter(lists)
    while not isinstance(action := core.next_action(), Done):
        match action:
            case Sleep(delay_s):
                now += delay_s
                core.receive(Slept(now))
            case ListRuns():
                core.receive(replace(next(looks), now=now))
            case _:
                core.receive(met(LOCKED, now))
    return now
