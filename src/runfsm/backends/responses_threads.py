"""Where the past of a thread is kept: in a conversation, or in its latest response.

A conversation takes one response at a time, and its items can be read: what may have been done is
looked up there. Some servers have none; there, each response names the one before
(`previous_response_id`). Such a chain has no lock, and nothing can be looked up in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import uuid4

from runfsm.backends import responses_wire as wire
from runfsm.backends.flow import Flow
from runfsm.backends.responses_answers import Item
from runfsm.backends.responses_recipe import messages_of
from runfsm.errors import BackendError, CallerError, Fault, FaultKind
from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.snapshot import RunSnapshot, ToolCall

__all__ = ["Conversations", "ResponseChains", "Threads"]


class Threads(Protocol):
    """Where the past of threads is kept.

    Attributes:
        can_look: whether what was added can be read.
    """

    can_look: bool

    def create(self, params: Mapping[str, Any]) -> Flow[str]:
        """A new thread: its id."""

    def place(self, thread_id: str, chain: Sequence[str]) -> Mapping[str, Any]:
        """Where the next response goes, as a part of its request."""

    def waiting(self, thread_id: str) -> list[Item]:
        """What must go along with the next run."""

    def add(self, thread_id: str, item: Item) -> Flow[str]:
        """A message at the end of a thread: its id."""

    def last(self, thread_id: str) -> Flow[str]:
        """The id of the last item; empty, if there is none."""

    def latest(self, thread_id: str) -> Flow[tuple[Item, ...]]:
        """The latest items, oldest first."""

    def after(self, thread_id: str, item_id: str) -> Flow[tuple[Item, ...]]:
        """The items after one, oldest first."""

    def give_up(
        self, thread_id: str, items: Sequence[Item], calls: Sequence[ToolCall]
    ) -> Flow[None]:
        """Free a thread of calls that nobody will answer."""

    def note(self, run: RunSnapshot) -> None:
        """A look at a run."""


class Conversations:
    """The past of a thread is a conversation's."""

    can_look = True

    def create(self, params: Mapping[str, Any]) -> Flow[str]:
        """See `Threads`."""
        known = {name: value for name, value in params.items() if value is not None}
        items = messages_of(known.pop("messages", ()))
        if wrong := set(known) - {"metadata", "items"}:
            raise CallerError(
                f"a conversation has no {', '.join(sorted(wrong))}: files are named by the "
                f"assistant's tools; create_thread(messages=…, metadata=…)"
            )
        ids = yield wire.create_conversation({**known, **({"items": items} if items else {})})
        return str(ids[0])

    def place(self, thread_id: str, chain: Sequence[str]) -> Mapping[str, Any]:  # noqa: ARG002  # as the others
        """See `Threads`."""
        return {"conversation": thread_id}

    def waiting(self, thread_id: str) -> list[Item]:  # noqa: ARG002  # as the others
        """See `Threads`."""
        return []

    def add(self, thread_id: str, item: Item) -> Flow[str]:
        """See `Threads`."""
        ids = yield wire.add_items(thread_id, [item])
        return str(ids[0])

    def last(self, thread_id: str) -> Flow[str]:
        """See `Threads`."""
        item_id: str = yield wire.last_item(thread_id)
        return item_id

    def latest(self, thread_id: str) -> Flow[tuple[Item, ...]]:
        """See `Threads`."""
        items: tuple[Item, ...] = yield wire.latest_items(thread_id)
        return items

    def after(self, thread_id: str, item_id: str) -> Flow[tuple[Item, ...]]:
        """See `Threads`."""
        items: tuple[Item, ...] = yield wire.items_after(thread_id, item_id)
        return items

    def give_up(
        self, thread_id: str, items: Sequence[Item], calls: Sequence[ToolCall]
    ) -> Flow[None]:
        """See `Threads`."""
        yield from wire.give_up(thread_id, items, calls)

    def note(self, run: RunSnapshot) -> None:
        """See `Threads`."""


class ResponseChains:
    """The past of a thread is its latest response's. What the head is, is kept here.

    A thread id may also be the id of a response: one goes on from there.
    """

    can_look = False

    def __init__(self) -> None:
        self._heads: dict[str, str | None] = {}
        self._waiting: dict[str, list[Item]] = {}

    def create(self, params: Mapping[str, Any]) -> Flow[str]:
        """See `Threads`."""
        yield from ()
        thread_id = f"thread_{uuid4().hex}"
        self._heads[thread_id] = None
        self._waiting[thread_id] = [*messages_of(params.get("messages") or ())]
        return thread_id

    def place(self, thread_id: str, chain: Sequence[str]) -> Mapping[str, Any]:
        """See `Threads`."""
        head = chain[-1] if chain else self._heads.get(thread_id, thread_id)
        return {"previous_response_id": head} if head else {}

    def waiting(self, thread_id: str) -> list[Item]:
        """See `Threads`."""
        return [*self._waiting.get(thread_id, ())]

    def add(self, thread_id: str, item: Item) -> Flow[str]:
        """See `Threads`."""
        yield from ()
        waiting = self._waiting.setdefault(thread_id, [])
        waiting.append(item)
        return f"msg_{thread_id}_{len(waiting)}"

    def last(self, thread_id: str) -> Flow[str]:  # noqa: ARG002  # as the others
        """See `Threads`."""
        yield from ()
        return ""

    def latest(self, thread_id: str) -> Flow[tuple[Item, ...]]:  # noqa: ARG002  # as the others
        """See `Threads`."""
        yield from ()
        return ()

    def after(self, thread_id: str, item_id: str) -> Flow[tuple[Item, ...]]:
        """See `Threads`: there is no way to look."""
        yield from ()
        said = (
            f"what was added to {thread_id} after {item_id or 'its beginning'} cannot be looked "
            f"up: this server keeps no conversations, and its last answer was lost"
        )
        raise BackendError.of(Fault(FaultKind.UNSUPPORTED, said, maybe_applied=True))

    def give_up(
        self,
        thread_id: str,  # noqa: ARG002  # as the others
        items: Sequence[Item],  # noqa: ARG002  # as the others
        calls: Sequence[ToolCall],  # noqa: ARG002  # as the others
    ) -> Flow[None]:
        """See `Threads`: the thread goes on from before them."""
        yield from ()

    def note(self, run: RunSnapshot) -> None:
        """See `Threads`. A head with calls that nobody will answer is none to go on from."""
        if run.status in {RunStatus.COMPLETED, RunStatus.INCOMPLETE} and run.ref.chain:
            self._heads[run.ref.thread_id] = run.ref.chain[-1]
            self._waiting.pop(run.ref.thread_id, None)
