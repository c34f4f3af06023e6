"""What a backend on the Responses wire keeps in mind, because the service does not.

The assistants, which are the app's own; the runs under way, as nobody lists them; and each attempt
to add something whose answer has not come, to look it up before it is made again. Any thread may
read and change it. What is kept for long is bounded: the oldest is forgotten.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runfsm.backends.base import Capabilities
from runfsm.backends.kept import keep
from runfsm.errors import BackendError, Fault, FaultKind
from runfsm.lifecycle.snapshot import RunRef, RunSnapshot

__all__ = ["Attempt", "Memory"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that is being added to a thread, and may be there already.

    Attributes:
        thread_id: where.
        after: the item that was the thread's last before; empty, if there was none.
        said: who says what: the items by which it is found.
        recipe: of the run, if it is one.
        is_again: whether another one was made before, of which nothing was heard.
    """

    thread_id: str
    after: str
    said: tuple[tuple[str, str], ...] = field(repr=False)
    recipe: Mapping[str, Any] | None = field(default=None, repr=False)
    is_again: bool = False


@dataclass(slots=True)
class Memory:
    """See above.

    Attributes:
        capabilities: what the service can do: by its contract, but for what was seen.
    """

    capabilities: Capabilities
    _assistants: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _runs: dict[str, RunRef] = field(default_factory=dict)
    _attempts: dict[str, Attempt] = field(default_factory=dict)
    _empty: dict[str, bool] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def learn(self, **seen: bool) -> None:
        """What was seen of the service; that it does as it should is no news."""
        if not all(seen.values()):
            self.capabilities = replace(self.capabilities, **seen)

    # Assistants ----------------------------------------------------------------------------------

    def keep_assistant(self, assistant_id: str, params: Mapping[str, Any]) -> None:
        """An assistant of the app. All of them are kept."""
        self._assistants[assistant_id] = params

    def assistant(self, assistant_id: str) -> Mapping[str, Any]:
        """Its parameters.

        Raises:
            BackendError: there is no such assistant.
        """
        found = self._assistants.get(assistant_id)
        if found is None:
            said = (
                f"No assistant found with id '{assistant_id}': the service has none any more, so "
                f"say what it is: ResponsesBackend(client, assistants={{'{assistant_id}': "
                f"{{'model': …, 'instructions': …}}}}), or backend.create_assistant(…)"
            )
            raise BackendError.of(Fault(FaultKind.NOT_FOUND, said))
        return found

    # Runs ----------------------------------------------------------------------------------------

    def note(self, run: RunSnapshot) -> RunSnapshot:
        """A look at a run; the same look. A run that is over is not under way any more."""
        with self._lock:
            if run.is_terminal:
                self._runs.pop(run.ref.run_id, None)
            else:
                keep(self._runs, run.ref.run_id, run.ref)
        return run

    def runs_on(self, thread_id: str) -> list[RunRef]:
        """The runs under way on a thread, as far as they are known; newest first."""
        with self._lock:
            return [ref for ref in reversed(self._runs.values()) if ref.thread_id == thread_id]

    # Threads -------------------------------------------------------------------------------------

    def made_empty(self, thread_id: str) -> str:
        """A new thread, and nothing on it; the same id."""
        with self._lock:
            keep(self._empty, thread_id, value=True)
        return thread_id

    def is_empty(self, thread_id: str) -> bool:
        """Whether nobody has put anything on it; who asks, is about to."""
        with self._lock:
            return self._empty.pop(thread_id, False)

    # Attempts ------------------------------------------------------------------------------------

    def attempt(self, key: str) -> Attempt | None:
        """The attempt of this key, if one was made and it is not known what came of it."""
        return self._attempts.get(key)

    def begin(self, key: str, attempt: Attempt) -> None:
        """It is going to be made."""
        with self._lock:
            keep(self._attempts, key, attempt)

    def end(self, key: str) -> None:
        """It is known what came of it."""
        with self._lock:
            self._attempts.pop(key, None)

    def attempts_on(self, thread_id: str) -> list[tuple[str, Attempt]]:
        """The runs that may have been created on a thread, with their keys."""
        with self._lock:
            return [
                (key, attempt)
                for key, attempt in self._attempts.items()
                if attempt.thread_id == thread_id and attempt.recipe is not None
            ]
