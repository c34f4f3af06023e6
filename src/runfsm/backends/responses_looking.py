"""A run on the Responses wire, looked at: by its head, or by what it has left. Pure.

A run is a chain of responses, one for each hop: its status is the head's, but for what the service
does not say (`lifecycle/wires/chain.py`).

Rule: no call is left unanswered. A hop that fails, or is cancelled, leaves nothing in its
conversation, not even the outputs that it was created with: then the calls that these answered are
given up, or nobody could use the conversation any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from runfsm.backends import responses_wire as wire
from runfsm.backends.flow import Flow
from runfsm.backends.responses_answers import Hop, Item, Past, dangling
from runfsm.backends.responses_memory import Memory
from runfsm.backends.responses_record import Record
from runfsm.backends.responses_threads import Threads
from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.snapshot import (
    METADATA_KEY,
    RunMessage,
    RunRef,
    RunSnapshot,
    ToolCall,
    Usage,
)

__all__ = ["Looking"]

S = RunStatus


class Looking:
    """What a backend sees of runs.

    Args:
        memory: what is kept in mind.
        threads: where the past of threads is kept.
        expires_after_s: how long a run may take from its creation; `None`: for ever.
    """

    def __init__(self, memory: Memory, threads: Threads, *, expires_after_s: float | None) -> None:
        self.memory = memory
        self._threads = threads
        self._expires_after_s = expires_after_s

    def retrieve(self, ref: RunRef) -> Flow[RunSnapshot]:
        """A run, as its head shows it; or as the conversation does, if that is further."""
        record = Record.of(ref)
        if record.given_up:
            return self.computed(ref, record, S.CANCELLED)
        if record.is_blind(ref):
            items = yield from self._threads.after(ref.thread_id, record.after or "")
            return self.told(ref, record, Past.of(items))
        hop = yield wire.retrieve_response(ref.chain[-1])
        if hop.id != ref.chain[-1]:
            self.memory.learn(keeps_ids=False)
            ref = replace(ref, chain=(*ref.chain[:-1], hop.id))
        run = self.look(ref, record, hop)
        if run.status is S.REQUIRES_ACTION:
            return (yield from self._look_further(run))
        yield from self.tidy(run, hop)
        return run

    def _look_further(self, run: RunSnapshot) -> Flow[RunSnapshot]:
        """Whether somebody has answered the head's calls: we, say, and did not hear of it."""
        items = yield from self._threads.latest(run.ref.thread_id)
        ids = {call.call_id for call in run.calls}
        first = next((at for at, item in enumerate(items) if ids & _names(item)), None)
        if first is None:  # they are not there yet: the head knows best
            return run
        past = Past.of(items[first:])
        left = {call.call_id for call in past.calls}
        if waiting := tuple(call for call in run.calls if call.call_id in left):
            return replace(run, calls=waiting)
        after, known = str(items[first].get("id")), len(run.ref.chain)
        return self.told(run.ref, replace(Record.of(run.ref), after=after, known=known), past)

    def look(self, ref: RunRef, record: Record, hop: Hop) -> RunSnapshot:
        """A run, of which this response is the head."""
        is_first = record.created_at is None and record.after is None
        created_at = hop.created_at if is_first else record.created_at
        usage = {**record.usage, **({hop.id: hop.usage} if hop.usage else {})}
        record = replace(record, created_at=created_at, usage=usage)
        calls = hop.calls if hop.status == S.COMPLETED else ()
        return self._snapshot(
            ref,
            record,
            raw_status=hop.status,
            means=S.REQUIRES_ACTION if calls else None,
            calls=calls,
            error=hop.error,
            incomplete_reason=hop.incomplete_reason,
            raw=hop.raw,
        )

    def left_by(self, run: RunSnapshot, hop: Hop) -> set[str]:
        """The calls that may have no answer, now that a run is over with this response."""
        if not run.is_terminal or run.status is S.COMPLETED:
            return set()
        answering = {call_id for call_id, _ in Record.of(run.ref).answering}
        return answering | {call.call_id for call in dangling(hop.items)}

    def told(self, ref: RunRef, record: Record, past: Past) -> RunSnapshot:
        """A run, as the items of its conversation tell of it."""
        return self.computed(ref, record, past.status, past.calls)

    def computed(
        self, ref: RunRef, record: Record, status: RunStatus, calls: tuple[ToolCall, ...] = ()
    ) -> RunSnapshot:
        """A run of which no response says where it is."""
        return self._snapshot(ref, record, raw_status=str(status), means=status, calls=calls)

    def _snapshot(self, ref: RunRef, record: Record, **shown: Any) -> RunSnapshot:
        run = RunSnapshot(
            ref=replace(ref, record=record.to_json()),
            created_at=record.created_at,
            usage=_sum(record.usage.values()),
            key=(record.recipe.get("metadata") or {}).get(METADATA_KEY),
            # What fails leaves nothing in its conversation, not even what it was created with.
            keeps_input=self._threads.can_look and (len(ref.chain) > 1 or record.after is not None),
            **shown,
        )
        limit_s = self._expires_after_s
        if limit_s is not None and not run.is_terminal:
            begun_at = record.created_at
            expires_at = None if begun_at is None else begun_at + limit_s
            run = replace(run, expires_at=expires_at, expires_here=True, expires_after_s=limit_s)
        self._threads.note(run)
        return self.memory.note(run)

    def messages(self, ref: RunRef) -> Flow[list[RunMessage]]:
        """What a run has written: hop by hop, and what only the conversation has."""
        record = Record.of(ref)
        found: list[RunMessage] = []
        for response_id in ref.chain[: record.known] if record.after is not None else ref.chain:
            hop = yield wire.retrieve_response(response_id)
            found += hop.messages
        if record.after is not None:
            items = yield from self._threads.after(ref.thread_id, record.after)
            found += [it for it in Past.of(items).messages if it.message_id not in _ids(found)]
        return found

    # Tidying up.

    def tidy(self, run: RunSnapshot, hop: Hop) -> Flow[None]:
        """Free the thread of what a run has left that is over with this response."""
        if left := self.left_by(run, hop):
            yield from self.free(run.ref.thread_id, left)

    def free(self, thread_id: str, call_ids: Collection[str] | None) -> Flow[int]:
        """Give up those of these calls that have no answer, or all; how many there were."""
        items = yield from self._threads.latest(thread_id)
        found = dangling(items)
        left = [it for it in found if call_ids is None or it.call_id in call_ids]
        yield from self._threads.give_up(thread_id, items, left)
        return len(left)


def _names(item: Item) -> set[Any]:
    return {item.get("call_id"), item.get("id")}


def _ids(messages: Iterable[RunMessage]) -> set[str]:
    return {message.message_id for message in messages}


def _sum(usages: Iterable[Sequence[int]]) -> Usage | None:
    counts = [*zip(*usages, strict=True)]
    return Usage(*map(sum, counts)) if counts else None
