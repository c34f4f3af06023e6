"""Finds what a run wrote, also where messages do not say which run wrote them. Pure.

Self-hosted servers leave `run_id` null, leave it out or put something else there, ignore `order`
and `run_id` in the query, and cut pages as they like (samuelint/langchain-openai-api-bridge PR 19,
MLT-OSS/open-assistant-api PR 57). There, a run's messages are the assistant's since the run began:
its lock kept everybody else out.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from runfsm.backends import assistants_wire as wire
from runfsm.backends.assistants_answers import read_message
from runfsm.backends.base import Capabilities
from runfsm.backends.fields import number_in
from runfsm.backends.flow import Flow
from runfsm.backends.kept import keep
from runfsm.errors import BackendError
from runfsm.lifecycle.snapshot import RunMessage, RunRef

__all__ = ["Written"]

LOG: Final = logging.getLogger("runfsm.backends")

#: The pages of a thread that are read at most: of a server that ignores `order`, the last counts.
PAGES_MAX: Final = 100


@dataclass(slots=True)
class Written:
    """The messages of runs, and what was seen of how the service marks them.

    Attributes:
        capabilities: what the service can do, as far as it was seen not to.
    """

    capabilities: Capabilities = field(default_factory=Capabilities)
    _is_faithful: bool = False  # a message has named its run
    _empty: dict[RunRef, bool] = field(default_factory=dict)  # runs whose list was empty before

    def messages(self, ref: RunRef) -> Flow[Sequence[RunMessage]]:
        """Return what a run wrote, oldest first."""
        listed = yield from _listed(ref.thread_id, ref.run_id)
        ours = [it for it in listed if it.run_id == ref.run_id]
        self._is_faithful = self._is_faithful or bool(ours)
        if not (ours or self._is_faithful):
            ours = yield from self._unnamed(ref, listed)
        return [read_message(message) for message in reversed(ours)]

    def _unnamed(self, ref: RunRef, listed: Sequence[Any]) -> Flow[list[Any]]:
        """Return the run's messages by time and place, newest first."""
        if not listed and not self._was_empty(ref):
            return []  # most likely it wrote none; who misses one asks again
        if not listed:  # the filter knows no run: without it, they may be there
            listed = yield from _listed(ref.thread_id, None)
        if not listed:
            return []
        began_at, others = yield from _beginning(ref)
        found = [it for it in _latest(listed) if it.run_id not in others and _since(it, began_at)]
        if found and self.capabilities.names_runs:
            self.capabilities = Capabilities(names_runs=False)
            said = "messages on %s do not name their run: the assistant's since %s began are taken"
            LOG.warning(said, ref.thread_id, ref.run_id)
        return found

    def _was_empty(self, ref: RunRef) -> bool:
        was_empty = self._empty.pop(ref, False)
        keep(self._empty, ref, value=True)
        return was_empty


def _listed(thread_id: str, run_id: str | None) -> Flow[list[Any]]:
    """Return the thread's latest messages, newest first, at least as far as a run's may reach."""
    listed: list[Any] = []
    after: str | None = None
    for _ in range(PAGES_MAX):
        page: wire.Page = yield wire.list_messages(thread_id, run_id, after)
        seen = {message.id for message in listed}
        new = [message for message in page.messages if message.id not in seen]
        listed += new
        after = new[-1].id if new else None
        if not (after and page.has_more) or _is_far_enough(listed):
            break
    return listed[::-1] if _is_ascending(listed) else listed


def _is_far_enough(listed: Sequence[Any]) -> bool:
    """Return whether, newest first, the list reaches back beyond the latest run."""
    first, last = _times(listed)
    is_descending = first > last or (first == last and listed[0].role != "user")
    return is_descending and any(message.role == "user" for message in listed)


def _is_ascending(listed: Sequence[Any]) -> bool:
    """Return whether a list is oldest first, though it was asked for the other way."""
    first, last = _times(listed)
    if first == last:  # all in one second: an answer comes after its question
        return [message.role for message in (*listed[:1], *listed[-1:])] == ["user", "assistant"]
    return first < last


def _times(listed: Sequence[Any]) -> tuple[float, float]:
    """Return the times at which the first and the last of these messages were created."""
    times = [number_in(message.created_at) or 0.0 for message in listed] or [0.0]
    return times[0], times[-1]


def _beginning(ref: RunRef) -> Flow[tuple[float | None, Collection[str]]]:
    """Return when a run was created, if that is known, and the ids of the thread's other runs."""
    try:
        runs = yield wire.list_runs(ref.thread_id)
    except BackendError:
        runs = []
    ours = next((run for run in runs if run.ref == ref), None)
    if ours is None:
        ours = yield wire.retrieve_run(ref)
    return ours.created_at, {run.ref.run_id for run in runs} - {ref.run_id}


def _latest(listed: Sequence[Any]) -> list[Any]:
    """Return the assistant's messages after the latest of a user, newest first."""
    users = (at for at, message in enumerate(listed) if message.role == "user")
    latest = listed[: next(users, len(listed))]
    return [message for message in latest if message.role == "assistant"]


def _since(message: Any, began_at: float | None) -> bool:
    created_at = number_in(message.created_at)
    return created_at is None or began_at is None or created_at >= began_at
