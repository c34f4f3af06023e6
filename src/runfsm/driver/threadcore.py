"""The mind for what an app does on a thread beside runs: add a message, or have it for itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from runfsm.driver.actions import Action, AddMessage, Done, ListRuns
from runfsm.driver.admission import Admission
from runfsm.driver.pacing import Patience
from runfsm.driver.policy import Policy
from runfsm.driver.replies import Reply, check_reply
from runfsm.driver.request import check_id
from runfsm.errors import RunCancelled, RunfsmError
from runfsm.lifecycle.journal import JournalStep

__all__ = ["ThreadCore"]


@dataclass(slots=True)
class ThreadCore:
    """One entry to a thread, in thought. Its two verbs are those of `RunCore`.

    Args:
        entry: the message to add, or `ListRuns`: just wait until no run is active.
        started_at: the time now, Unix seconds.
        policy: what the app wants; above all its `on_busy`.

    Attributes:
        journal: what was met on the way.
        error: why it did not come to pass.

    Raises:
        CallerError: the entry names no thread.

    Example:
        >>> core = ThreadCore(AddMessage("thread_1", "Hi", key="4711"), started_at=0.0)
        >>> core.next_action()
        AddMessage(thread_id='thread_1')
    """

    entry: AddMessage | ListRuns
    started_at: float
    policy: Policy = field(default_factory=Policy)

    journal: list[JournalStep] = field(default_factory=list, init=False)
    error: RunfsmError | None = field(default=None, init=False)
    _now: float = field(init=False)
    _admission: Admission = field(init=False)

    def __post_init__(self) -> None:
        right = "give its id, thread.id; backend.create_thread() makes one"
        check_id("thread_id", self.entry.thread_id, right=right)
        self._now = self.started_at
        key = self.entry.key if isinstance(self.entry, AddMessage) else ""
        self._admission = Admission(
            self.entry,
            on_busy=self.policy.on_busy,
            patience=Patience(self.policy.pacing, key=key),
            journal=self.journal,
            started_at=self.started_at,
            in_line=isinstance(self.entry, ListRuns),  # for itself: no other of ours may be there
        )

    @property
    def message_id(self) -> str | None:
        """The message that is on the thread now."""
        return self._admission.message_id

    def next_action(self) -> Action:
        """What to do now; the same answer until the next `receive`."""
        if self.error is not None or self._admission.is_in:
            return Done()
        return self._admission.next_action(self._now)

    def receive(self, reply: Reply) -> None:
        """Take what came of `next_action()`.

        Raises:
            CallerError: the reply does not answer the action; nothing has changed.
        """
        action = self.next_action()
        check_reply(action, reply)
        self._now = max(self._now, reply.now)
        self._admission.receive(action, reply)
        if (error := self._admission.error) is not None:
            error.journal = tuple(self.journal)
            self.error = error

    def request_cancel(self) -> None:
        """Give up, unless it has come to pass."""
        if self.error is None and not self._admission.is_in:
            self.error = RunCancelled("cancelled before the thread was free", outcome=None)
