"""What becomes of things that are there: shown, modified, deleted; and which of it a run forbids.

No refusal was ever reported but that of a run that is not over; so each of them is a switch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from runfsm.lifecycle import LIFECYCLE
from runfsm_simulator.world.models import Assistant, Message, Run, Thread
from runfsm_simulator.world.output import so_far
from runfsm_simulator.world.refusals import ChangeLocked, RunActive
from runfsm_simulator.world.responsemodels import Conversation
from runfsm_simulator.world.sessionmodels import Session
from runfsm_simulator.world.sessions import Sessions
from runfsm_simulator.world.switches import WhileLocked

__all__ = ["Changing"]


class Changing(Sessions):
    """What a `World` does with things that are there already. See there."""

    def modify(
        self,
        thing: Assistant | Thread | Message | Run | Conversation | Session,
        changes: Mapping[str, Any],
    ) -> None:
        """Set attributes that the API lets clients modify.

        Raises:
            RunActive: a run is modified before it is over, and a switch does not allow that.
            ChangeLocked: a message is modified while a run is active, and a switch forbids that.
        """
        with self.operation():
            if isinstance(thing, Run) and self.switches.modify_run_while_active == "refuse":
                _check_over(thing)
            if isinstance(thing, Message):
                thread, way = self.store.thread(thing.thread_id), self.switches
                self._check_change(thread, thing.id, "modify", way.modify_message_while_locked)
            for name, value in self.files.kept(changes).items():
                setattr(thing, name, value)

    def delete_thread(self, thread_id: str) -> None:
        """Forget a thread and all that is on it; an active run too, unless a switch forbids that.

        Raises:
            NotFound: there is no such thread.
            ChangeLocked: a run is active on it, and a switch says that it stays.
        """
        with self.operation():
            thread, way = self.store.thread(thread_id), self.switches
            self._check_change(thread, thread_id, "delete", way.delete_thread_while_locked)
            self.store.delete_thread(thread_id)

    def delete_message(self, thread_id: str, message_id: str) -> None:
        """Forget a message; while a run is active too, unless a switch forbids that.

        Raises:
            NotFound: there is no such message.
            ChangeLocked: a run is active on its thread, and a switch says that it stays.
        """
        with self.operation():
            message = self.store.message(thread_id, message_id)
            thread, way = self.store.thread(thread_id), self.switches
            self._check_change(thread, message.id, "delete", way.delete_message_while_locked)
            self.store.delete_message(thread_id, message_id)

    def as_shown(self, message: Message) -> Message:
        """A message as clients see it now: what is being written, they may or may not."""
        run = self.store.runs.get(message.run_id or "")
        if run is None or not self.switches.partial_content:
            return message
        return so_far(run, message, self._engine.now)

    def _check_change(
        self, thread: Thread, id: str, wanted: Literal["modify", "delete"], way: WhileLocked
    ) -> None:
        if way == "refuse" and (holder := thread.holder(self._engine.now)):
            raise ChangeLocked(id, holder.id, wanted)


def _check_over(run: Run) -> None:
    if run.status not in LIFECYCLE.terminal:
        raise RunActive(run.id, run.status)
