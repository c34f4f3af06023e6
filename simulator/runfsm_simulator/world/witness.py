"""Who is told what is done in all worlds of this process: nobody, unless somebody asks.

Rule 1: a witness only looks. It is told in the middle of an operation, so it must neither wait nor
act; and whether there is one changes nothing.

Rule 2: what is told is a place, not a thing: which edge, which call, which fault, and the status of
the run that it met. No ids, no texts.

Of the process rather than of one world, as a coverage tool is: tests make simulators wherever they
like, and copies of worlds (forks, snapshots) then need no care. Unlike a trace it forgets nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Any, Final, Protocol

from runfsm.errors import BackendError, IllegalTransition
from runfsm.lifecycle import Edge, RunEvent, RunStatus
from runfsm_simulator.world.models import Run, Work
from runfsm_simulator.world.refusals import ChangeLocked, RunActive, ThreadLocked
from runfsm_simulator.world.store import Store

__all__ = ["WITNESSES", "Witness", "Witnesses", "work_met"]

#: What the state of a run forbids. All else that is refused says nothing about a status.
FORBIDDEN: Final = (IllegalTransition, ThreadLocked, RunActive, ChangeLocked)


class Witness(Protocol):
    """Who wants to know. Any thread may tell it."""

    def moved(self, work: Work, edge: Edge[Any, RunEvent]) -> None:
        """A run, or a response, has taken an edge of its table."""

    def called(self, call: str, met: RunStatus | None, *, refused: bool) -> None:
        """A call found its run, or the newest one of its thread, in a status (`None`: no run).

        Args:
            call: method and path, ids by their names: `"GET /v1/threads/{thread_id}/runs"`.
            met: the status before the call.
            refused: whether it was that status that forbade it.
        """

    def struck(self, fault: str, met: RunStatus | None) -> None:
        """A fault of a storm, by its field, struck when the run that it met was in a status."""


class Witnesses:
    """All of them, as one."""

    def __init__(self) -> None:
        self._present: tuple[Witness, ...] = ()
        self._changing = Lock()

    @property
    def present(self) -> bool:
        """Whether there is any."""
        return bool(self._present)

    def admit(self, witness: Witness) -> None:
        """Tell `witness` too, from now on."""
        with self._changing:
            self._present = (*self._present, witness)

    def dismiss(self, witness: Witness) -> None:
        """Tell `witness` no more."""
        with self._changing:
            self._present = tuple(one for one in self._present if one is not witness)

    def moved(self, work: Work, edge: Edge[Any, RunEvent]) -> None:
        """See `Witness.moved`."""
        for witness in self._present:
            witness.moved(work, edge)

    def struck(self, fault: str, met: Work | None) -> None:
        """See `Witness.struck`. A fault that a response met is not told."""
        if isinstance(met, Run | None):
            for witness in self._present:
                witness.struck(fault, met.status if met else None)

    def calling(
        self, call: str, store: Store, ids: Mapping[str, str | None]
    ) -> AbstractContextManager[None]:
        """A call, while it is answered: see `Witness.called`.

        What is refused for another reason (a wrong id, a wrong body) is not told.

        Args:
            call: method and path.
            store: where the run is looked up.
            ids: those in the path, by their names.
        """
        if not self._present:
            return nullcontext()
        met = work_met(
            store,
            thread_id=ids.get("thread_id") or ids.get("session_id"),
            run_id=ids.get("run_id") or ids.get("turn_id"),
        )
        if not isinstance(met, Run | None):
            return nullcontext()
        return self._called(call, met.status if met else None)

    @contextmanager
    def _called(self, call: str, met: RunStatus | None) -> Iterator[None]:
        try:
            yield
        except (BackendError, *FORBIDDEN) as error:
            if isinstance(error.__cause__ or error, FORBIDDEN):
                self._tell(call, met, refused=True)
            raise
        self._tell(call, met, refused=False)

    def _tell(self, call: str, met: RunStatus | None, *, refused: bool) -> None:
        for witness in self._present:
            witness.called(call, met, refused=refused)


def work_met(
    store: Store, *, thread_id: str | None = None, run_id: str | None = None
) -> Work | None:
    """What a call that names these meets: the run itself, or its thread's newest.

    A response or a turn likewise; of a session, its newest turn.
    """
    if run_id:
        return store.runs.get(run_id) or store.responses.get(run_id) or store.turns.get(run_id)
    if session := store.sessions.get(thread_id or ""):
        return session.newest
    thread = store.threads.get(thread_id or "")
    return next(reversed(thread.runs.values()), None) if thread else None


#: Those of this process.
WITNESSES: Final = Witnesses()
