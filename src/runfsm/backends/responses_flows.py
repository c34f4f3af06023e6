"""What each call of a backend takes on the Responses wire, as one or more HTTP calls. Pure.

Each flow is a generator of calls, which `flow.py` runs, by threads or by tasks. How a run is looked
at, and tidied up after, is in `responses_looking.py`; here is what begins and ends one.

Rule: what is about to be added is noted before it is sent, and looked up before it is sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from typing import Any, Final, TypeVar

from runfsm.backends import responses_wire as wire
from runfsm.backends.call import Call
from runfsm.backends.content import responses_content
from runfsm.backends.flow import Flow
from runfsm.backends.responses_answers import Hop, Item, Past, said_by
from runfsm.backends.responses_looking import Looking
from runfsm.backends.responses_memory import Attempt
from runfsm.backends.responses_recipe import assistant_id_of, messages_of, recipe_of
from runfsm.backends.responses_record import Record
from runfsm.backends.responses_stream import LegReader
from runfsm.driver.content import MessageContent
from runfsm.driver.request import RunRequest, ToolOutput, checked_options
from runfsm.errors import BackendError, Fault, FaultKind
from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.snapshot import METADATA_KEY, RunRef, RunSnapshot, has_room_for_key

__all__ = ["Flows", "Leg"]

T = TypeVar("T")

S = RunStatus

#: Not found, not allowed, not implemented.
NO_SUCH_CALL: Final = frozenset({404, 405, 501})

#: What a poisoned conversation says to whoever comes next.
UNANSWERED: Final = "No tool output found for"


@dataclass(frozen=True, slots=True)
class Leg:
    """A response that is about to be created.

    Attributes:
        call: what creates it.
        ref: the run that it will be a hop of, as it is named so far.
        record: what is known of the run then.
        key: the run's, if this is its first hop.
    """

    call: Call[Hop]
    ref: RunRef
    record: Record
    key: str | None = None


class Flows(Looking):
    """The calls of a backend, as flows. See `Looking` for its arguments."""

    # Assistants and threads ----------------------------------------------------------------------

    def create_assistant(self, params: Mapping[str, Any], assistant_id: str | None = None) -> str:
        """Keep what an assistant is, once it is known to make sense; its id."""
        checked = checked_options(params, "assistant")
        recipe_of(checked, {})
        assistant_id = assistant_id or assistant_id_of(checked)
        self.memory.keep_assistant(assistant_id, checked)
        return assistant_id

    def create_thread(self, params: Mapping[str, Any]) -> Flow[str]:
        """A new thread."""
        thread_id = yield from self._threads.create(checked_options(params, "thread"))
        return thread_id if params else self.memory.made_empty(thread_id)

    def add_message(self, thread_id: str, content: MessageContent, key: str | None) -> Flow[str]:
        """A user's message."""
        item = {"type": "message", "role": "user", "content": responses_content(content)}
        if key is not None:
            yield from self._begin(key, thread_id, filter(None, [said_by(item)]))
        try:
            message_id = yield from self._threads.add(thread_id, item)
        except BackendError as error:
            self._refused(key, error)
            raise
        self._added(key)
        return message_id

    def find_message(self, thread_id: str, key: str) -> Flow[str | None]:
        """The message of a key, if an attempt to add it was made here, and is there."""
        attempt = self.memory.attempt(key)
        if attempt is None or attempt.thread_id != thread_id:
            return None
        items = yield from self._threads.after(thread_id, attempt.after)
        place = _place_of(attempt.said, items)
        return None if place is None else str(items[place - 1].get("id"))

    # Creating ------------------------------------------------------------------------------------

    def create(self, request: RunRequest) -> Flow[RunSnapshot]:
        """A new run."""
        return (yield from self._send((yield from self.first_leg(request))))

    def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> Flow[RunSnapshot]:
        """The next hop of a run."""
        return (yield from self._send((yield from self.next_leg(ref, outputs))))

    def _send(self, leg: Leg) -> Flow[RunSnapshot]:
        try:
            hop = yield leg.call
        except BackendError as error:
            raise self.refused(leg, error) from error
        return self.begun(leg, hop)

    def first_leg(self, request: RunRequest) -> Flow[Leg]:
        """The first response of a run, about to be created."""
        recipe = recipe_of(self.memory.assistant(request.assistant_id), request.options)
        metadata = request.options.get("metadata") or {}
        if request.key is not None and has_room_for_key(metadata):
            metadata = {**metadata, METADATA_KEY: request.key}
        if metadata:
            recipe["metadata"] = metadata
        items = _items_of(request)
        thread_id = request.thread_id or (yield from self.create_thread({}))
        if request.key is not None:
            said = [it for item in items if (it := said_by(item))]
            yield from self._begin(request.key, thread_id, said, recipe)
        given = [*self._threads.waiting(thread_id), *items]
        body = {**recipe, "input": given, **self._threads.place(thread_id, ())}
        ref = RunRef("responses", run_id_of(request.key), thread_id)
        return Leg(wire.create_response(body), ref, Record(recipe), request.key)

    def next_leg(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> Flow[Leg]:
        """The next response of a run, about to be created with the outputs of all its calls."""
        yield from ()  # it takes no call
        record = Record.of(ref)
        place = self._threads.place(ref.thread_id, ref.chain)
        body = {**record.recipe, "input": [wire.output_item(one) for one in outputs], **place}
        answering = tuple((output.call_id, output.kind) for output in outputs)
        return Leg(wire.create_response(body), ref, replace(record, answering=answering))

    def begun(self, leg: Leg, hop: Hop) -> RunSnapshot:
        """The run, now that a response of it was created."""
        self._added(leg.key)
        self.memory.learn(in_background=hop.in_background)
        run_id = leg.ref.run_id or hop.id
        chain = (*leg.ref.chain, hop.id)
        return self.look(replace(leg.ref, run_id=run_id, chain=chain), leg.record, hop)

    def refused(self, leg: Leg, error: BackendError) -> BackendError:
        """The error of a response that was not created, or may not have been."""
        self._refused(leg.key, error)
        fault = error.fault
        if UNANSWERED not in fault.message:
            return error
        if leg.record.answering:
            return _answered_before(leg, error)
        thread_id = leg.ref.thread_id
        attempt = self.memory.attempt(leg.key) if leg.key is not None else None
        if attempt and attempt.is_again:  # they may be our own first attempt's
            return BackendError.of(replace(fault, kind=FaultKind.LOCKED))
        if holder := next(iter(self.memory.runs_on(thread_id)), None):
            return BackendError.of(replace(fault, kind=FaultKind.LOCKED, holder=holder.run_id))
        said = (
            f"{fault.message} A run on {thread_id} was left in the middle of its calls: answer "
            f"them (driver.resume), or give them up: backend.free_thread({thread_id!r})"
        )
        return BackendError.of(replace(fault, message=said))

    def reader(self, leg: Leg) -> LegReader:
        """What reads the stream of a leg. An end that leaves calls behind is left to a look."""

        def shown(hop: Hop) -> RunSnapshot | None:
            run = self.begun(leg, hop)
            return None if self.left_by(run, hop) else run

        return LegReader(leg.call, shown=shown, refused=partial(self.refused, leg))

    # Attempts.

    def _begin(
        self,
        key: str,
        thread_id: str,
        said: Iterable[tuple[str, str]],
        recipe: Mapping[str, Any] | None = None,
    ) -> Flow[None]:
        """Note what is about to be added; a second time, it is still after the same item."""
        before = self.memory.attempt(key)
        is_again, is_empty = before is not None, self.memory.is_empty(thread_id)
        after = before.after if before else ""
        if not (is_again or is_empty):
            after = yield from _before(self._threads.last(thread_id))
        self.memory.begin(key, Attempt(thread_id, after, tuple(said), recipe, is_again=is_again))

    def _added(self, key: str | None) -> None:
        if key is not None:
            self.memory.end(key)

    def _refused(self, key: str | None, error: BackendError) -> None:
        attempt = self.memory.attempt(key) if key is not None else None
        # A refusal of the second attempt says nothing of the first one: then the note stays.
        if attempt and not (error.fault.maybe_applied or attempt.is_again):
            self._added(key)

    # Listing -------------------------------------------------------------------------------------

    def runs(self, thread_id: str) -> Flow[list[RunSnapshot]]:
        """The runs on a thread of which this backend knows; newest first."""
        known = self.memory.runs_on(thread_id)
        found: list[RunSnapshot] = []
        for key, attempt in self.memory.attempts_on(thread_id):
            items = yield from self._threads.after(thread_id, attempt.after)
            if (place := _place_of(attempt.said, items)) is not None:
                found.append(self._found(key, attempt, items, place))
        for ref in known:
            run = yield from self.retrieve(ref)
            found.append(run)
        return found

    def _found(self, key: str, attempt: Attempt, items: Sequence[Item], place: int) -> RunSnapshot:
        """The run of an attempt of which nothing was heard, and that was done."""
        self.memory.end(key)
        after = str(items[place - 1].get("id")) if place else attempt.after
        record = Record(attempt.recipe or {}, after=after)
        ref = RunRef("responses", run_id_of(key), attempt.thread_id)
        return self.told(ref, record, Past.of(items[place:]))

    # Ending --------------------------------------------------------------------------------------

    def cancel(self, ref: RunRef) -> Flow[RunSnapshot]:
        """The run, cancelled: by the service, or by giving its calls up."""
        record = Record.of(ref)
        if record.is_blind(ref):
            return (yield from self._give_up(ref, None))
        try:
            hop = yield wire.cancel_response(ref.chain[-1])
        except BackendError as error:
            if _is_no_such_call(error.fault, ref.chain[-1]):
                return (yield from self._cannot_cancel(ref, error))
            if error.fault.kind is not FaultKind.ALREADY_TERMINAL:
                raise
            return (yield from self._give_up(ref, error))
        run = self.look(ref, record, hop)
        try:
            yield from self.tidy(run, hop)
        except BackendError as error:  # the cancel itself was taken
            raise BackendError.of(replace(error.fault, maybe_applied=True)) from error
        return run

    def _cannot_cancel(self, ref: RunRef, error: BackendError) -> Flow[RunSnapshot]:
        """A server without that call: what waits for us can be given up all the same."""
        run = yield from self.retrieve(ref)
        if run.is_terminal or run.status is S.REQUIRES_ACTION:
            return (yield from self._give_up(ref, None))
        self.memory.learn(can_cancel=False)
        said = f"this server cannot cancel {ref.chain[-1]}, which goes on: {error.fault.message}"
        raise BackendError.of(replace(error.fault, kind=FaultKind.UNSUPPORTED, message=said))

    def _give_up(self, ref: RunRef, refusal: BackendError | None) -> Flow[RunSnapshot]:
        """A run whose head is over is cancelled here, if it waits for us."""
        run = yield from self.retrieve(ref)
        if run.status is not S.REQUIRES_ACTION:
            said = f"Cannot cancel a run that is {run.raw_status}."
            raise refusal or BackendError.of(Fault(FaultKind.ALREADY_TERMINAL, said))
        items = yield from self._threads.latest(ref.thread_id)
        yield from self._threads.give_up(ref.thread_id, items, run.calls)
        record = replace(Record.of(run.ref), given_up=True)
        return replace(self.computed(run.ref, record, S.CANCELLED), raw_status=run.raw_status)

    def free_thread(self, thread_id: str) -> Flow[int]:
        """Give up every call on a thread that has no answer; how many there were."""
        return (yield from self.free(thread_id, None))


def _before(flow: Flow[T]) -> Flow[T]:
    """A flow before anything is done: what goes wrong now leaves nothing done."""
    try:
        return (yield from flow)
    except BackendError as error:
        raise BackendError.of(replace(error.fault, maybe_applied=False)) from error


def _answered_before(leg: Leg, error: BackendError) -> BackendError:
    """The outputs of a run are refused, for the sake of calls that are none of those."""
    message = error.fault.message
    if any(call_id in message for call_id, _ in leg.record.answering):
        return error
    said = (
        f"{message} That is no call of {leg.ref.run_id} that we were shown: another client has "
        "handed in its outputs, and what came of them calls again. Let one driver drive a run; "
        "another process takes it over by driver.resume(core)"
    )
    return BackendError.of(replace(error.fault, message=said))


def _is_no_such_call(fault: Fault, response_id: str) -> bool:
    """Whether the server has no cancel: a response that it does not know, it would name."""
    if fault.kind is FaultKind.UNSUPPORTED:
        return True
    return fault.status_code in NO_SUCH_CALL and response_id not in fault.message


def run_id_of(key: str | None) -> str:
    """The id of the run of a key; empty without one: then its first response's id will do."""
    return f"run_{blake2b(key.encode(), digest_size=12).hexdigest()}" if key is not None else ""


def _items_of(request: RunRequest) -> list[Item]:
    items = messages_of(request.options.get("additional_messages") or ())
    if request.message is not None:
        content = responses_content(request.message)
        items.append({"type": "message", "role": "user", "content": content})
    return [*items]


def _place_of(said: Sequence[tuple[str, str]], items: Sequence[Item]) -> int | None:
    """Where among these items a run goes on after what was said with it; `None`: it is not there.

    Of a run that says nothing: where there is anything but what somebody else says.
    """
    heard = [said_by(item) for item in items]
    if not said:
        is_ours = bool(items) and (heard[0] is None or heard[0][0] == "assistant")
        return 0 if is_ours else None
    ends = range(len(said), len(items) + 1)
    return next((end for end in ends if heard[end - len(said) : end] == [*said]), None)
