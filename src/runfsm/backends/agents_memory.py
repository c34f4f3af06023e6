"""What a backend on the Agents API keeps in mind, because the service does not.

Which session a thread is, if it is one yet; what waits to be said to it; each creation of which
nothing was heard; the key that a turn was created with; and which turns are being cancelled. Any
thread may read and change it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from runfsm.backends.kept import keep

__all__ = ["Attempt", "Memory"]

#: What the name of a thread begins with that is no session's. The service has no such ids.
OURS: Final = "thread_"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run that is being created, and may be there already.

    Attributes:
        thread_id: where.
        after: the turn that was the newest before; empty, if there was none.
        said: what it begins with, by which it is found.
    """

    thread_id: str
    after: str
    said: tuple[str, ...] = field(repr=False)


@dataclass(slots=True)
class Memory:
    """See above."""

    assistants: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _sessions: dict[str, str] = field(default_factory=dict)  # by thread
    _seen: dict[str, bool] = field(default_factory=dict)  # sessions that there are for sure
    _agents: dict[str, str] = field(default_factory=dict)  # assistants, by session
    _new: dict[str, bool] = field(default_factory=dict)  # threads that nothing was sent to
    _waiting: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    _attempts: dict[str, Attempt] = field(default_factory=dict)
    _keys: dict[str, str] = field(default_factory=dict)  # by turn
    _cancelling: dict[str, bool] = field(default_factory=dict)  # turns
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # Threads -------------------------------------------------------------------------------------

    def new_thread(self) -> str:
        """The name of a thread that is no session yet."""
        thread_id = f"{OURS}{uuid4().hex}"
        with self._lock:
            keep(self._new, thread_id, value=True)
        return thread_id

    def is_new(self, thread_id: str) -> bool:
        """Whether it was named here, and nothing was ever sent to it."""
        return thread_id in self._new

    def session_of(self, thread_id: str) -> str | None:
        """The session that a thread is, as far as that is known."""
        return self._sessions.get(thread_id, None if thread_id.startswith(OURS) else thread_id)

    def found(self, thread_id: str, session_id: str) -> None:
        """A thread is this session; what waited for the one waits for the other."""
        with self._lock:
            keep(self._sessions, thread_id, session_id)
            keep(self._seen, session_id, value=True)
            if waiting := self._waiting.pop(thread_id, None):
                self._waiting.setdefault(session_id, {}).update(waiting)

    def has_seen(self, session_id: str) -> bool:
        """Whether there is such a session for sure: it was made, or found, here."""
        return session_id in self._seen

    def made(self, session_id: str, assistant_id: str) -> None:
        """A session was made for this assistant."""
        with self._lock:
            keep(self._agents, session_id, assistant_id)

    def assistant_of(self, session_id: str) -> str | None:
        """The assistant that a session was made for, if it was made here."""
        return self._agents.get(session_id)

    # Messages ------------------------------------------------------------------------------------

    def add(self, thread_id: str, message: Mapping[str, Any], key: str | None) -> str:
        """A message that waits for the next turn; twice by one key, it is one."""
        message_id = f"msg_{key or uuid4().hex}"
        with self._lock:
            keep(self._waiting.setdefault(self._home(thread_id), {}), message_id, message)
        return message_id

    def find(self, thread_id: str, key: str) -> str | None:
        """The message of a key, if it waits."""
        message_id = f"msg_{key}"
        return message_id if message_id in self._waiting.get(self._home(thread_id), {}) else None

    def waiting(self, thread_id: str) -> dict[str, Any]:
        """The messages that wait, by their ids."""
        with self._lock:
            return dict(self._waiting.get(self._home(thread_id), {}))

    def said(self, thread_id: str, message_ids: Mapping[str, Any]) -> None:
        """These wait no more."""
        with self._lock:
            waiting = self._waiting.get(self._home(thread_id), {})
            for message_id in message_ids:
                waiting.pop(message_id, None)

    def _home(self, thread_id: str) -> str:
        return self.session_of(thread_id) or thread_id

    # Runs ----------------------------------------------------------------------------------------

    def begin(self, key: str | None, attempt: Attempt) -> Attempt:
        """It is going to be made; the same attempt."""
        with self._lock:
            self._new.pop(attempt.thread_id, None)
            if key is not None:
                keep(self._attempts, key, attempt)
        return attempt

    def attempt(self, key: str | None) -> Attempt | None:
        """The attempt of this key, if one was made and it is not known what came of it."""
        return None if key is None else self._attempts.get(key)

    def attempts_on(self, session_id: str) -> list[tuple[str, Attempt]]:
        """Those on one session, with their keys."""
        with self._lock:
            return [
                (key, attempt)
                for key, attempt in self._attempts.items()
                if self._home(attempt.thread_id) == session_id
            ]

    def end(self, key: str | None, turn_id: str | None = None) -> None:
        """It is known what came of it: this turn, or none."""
        if key is None:
            return
        with self._lock:
            self._attempts.pop(key, None)
            if turn_id is not None:
                keep(self._keys, turn_id, key)

    def key_of(self, turn_id: str) -> str | None:
        """The key that a turn was created with, if it was created here."""
        return self._keys.get(turn_id)

    def cancels(self, turn_id: str) -> None:
        """A cancel of this turn was accepted."""
        with self._lock:
            keep(self._cancelling, turn_id, value=True)

    def is_cancelling(self, turn_id: str) -> bool:
        """Whether one was, from here."""
        return turn_id in self._cancelling
