"""One storm on the Responses wire: the same cases, tools and acts; its truth is read off responses.

A run there is a chain, and the service has no book of it: what is ours has our key, and what a run
came to follows from its responses and from the items of its conversation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from math import floor
from typing import Any, Final

from runfsm import ResponsesBackend, RunEvent, RunStatus
from runfsm.backends.responses_answers import GIVEN_UP
from runfsm.backends.responses_flows import run_id_of
from runfsm.errors import Fault, FaultKind
from runfsm.lifecycle.snapshot import METADATA_KEY
from runfsm_simulator.world.answering import Wanted
from runfsm_simulator.world.models import NewMessage
from runfsm_simulator.world.responsemodels import (
    Conversation,
    Item,
    NewItem,
    Response,
    ToolOutput,
)
from runfsm_simulator.world.terms import Settings, Terms
from stormclient import AsyncShortClient, ShortClient
from storms import Act, Case
from stormstage import Stage
from stormstory import TrueRun

__all__ = ["ChainStage"]

S = RunStatus
MODEL: Final = "gpt-5"

#: As `ResponsesBackend` has it, seconds.
LIFETIME_S: Final = 600.0

#: Ends that leave nothing in the conversation: as if it had never been made.
TRACELESS: Final = frozenset({"failed", "cancelled"})


class ChainStage(Stage):
    """A world in a storm, and a driver in it, on the Responses wire. See `Stage`."""

    def __init__(self, case: Case) -> None:
        self._elsewhere: set[str] = set()  # responses of ours that another process made
        super().__init__(case)

    def _make_thread(self) -> str:
        with self.simulator.world.sheltered():
            return self.simulator.world.create_conversation().id

    def backend(self, *, awaited: bool) -> Any:
        """See `Stage`."""
        make: Any = AsyncShortClient if awaited else ShortClient
        client = make(self.simulator)
        return ResponsesBackend(client, assistants={self.assistant_id: {"model": MODEL}})

    def _hear_request(self, request: Any) -> None:
        """Nothing: to send outputs again is how one learns that they are on their way."""

    def _act_elsewhere(self, act: Act) -> None:
        world, conversation = self.simulator.world, self._conversation
        if conversation is None:
            return
        if act == "foreign_run":
            world.create_response(_wanted(conversation))
        elif act == "foreign_message":
            said = NewMessage(role="user", content=("And I say this.",))
            world.add_items(conversation.id, [NewItem(message=said)])
        elif conversation.newest and act is RunEvent.CANCEL:
            world.cancel_response(conversation.newest.id)
        elif conversation.newest and conversation.newest.metadata:  # ours, in another process
            outputs = [NewItem(output=ToolOutput(it, "")) for it in _dangling(conversation)]
            if outputs:
                metadata = conversation.newest.metadata
                wanted = _wanted(conversation, items=tuple(outputs), metadata=metadata)
                self._elsewhere.add(world.create_response(wanted).id)

    @property
    def _conversation(self) -> Conversation | None:
        return next(reversed(self.simulator.world.store.conversations.values()), None)

    # What truly happened -------------------------------------------------------------------------

    def holder(self) -> str | None:
        """See `Stage`: a response, or the calls of another client's run, which wait."""
        conversation = self._conversation
        if conversation is None:
            return None
        found = conversation.holder(self.clock.now())
        waiting = (it for it in _dangling(conversation) if it not in self._own_calls())
        return found.id if found else next(waiting, None)

    def justifies(self, fault: Fault) -> bool:
        """See `Stage`: calls that another client waits with, of its run or of ours, keep us out.

        And who was told to cancel a run in doubt, and has not found it in time, says so.
        """
        if fault.kind is FaultKind.INVALID and self._conversation:
            return bool(set(_dangling(self._conversation)) - self._calls_shown_to_us())
        core = self._watch and self._watch.core
        in_doubt = fault.maybe_applied and core is not None and core.snapshot is None
        return in_doubt and core.cancel_reason is not None

    def names_of(self, holder: str) -> set[str | None]:
        """See `Stage`: nobody says who it is."""
        return {holder, None}

    @property
    def ours(self) -> list[TrueRun]:
        """See `Stage`: one for each first hop that has left something, or may yet."""
        own = self._own_responses()
        first = [it for it in own if not any(item.output for item in it.input)]
        lasting = [it for it in first if it.status not in TRACELESS] or first[-1:]
        return [self._truth(own) for _ in lasting]

    def _truth(self, own: list[Response]) -> TrueRun:
        kept = [it for it in own if it.status not in TRACELESS]
        # What another process sends is not sent twice by us: nobody refuses the second.
        items = [item for it in kept for item in it.input if it.id not in self._elsewhere]
        written = [item for it in kept for item in it.output]
        return TrueRun(
            id=run_id_of(self.case.key),
            status=_status(own[-1]),
            calls=[(it.call.name, it.call.arguments) for it in written if it.call],
            accepted=[it.output.call_id for it in items if it.output],
            wrote="\n".join(it.message.text for it in written if it.message),
        )

    @property
    def is_mistakable(self) -> bool:
        """See `Stage`: a run is found by what it says, so that one that says nothing is not."""
        return not self.plan.says and any(
            METADATA_KEY not in it.metadata for it in self.simulator.world.store.responses.values()
        )

    @property
    def expires_at(self) -> list[float]:
        """See `Stage`."""
        created = (floor(it.created_at) for it in self._own_responses())  # whole, on the wire
        return [moment + LIFETIME_S for moment in created][:1]

    def true_of(self, status: RunStatus) -> set[RunStatus]:
        """See `Stage`: no service expires a run, and a cancelled one is what it sees of it."""
        return {S.CANCELLED} if status is S.EXPIRED else {status}

    def told_to_cancel(self, run: TrueRun) -> bool:  # noqa: ARG002  # there is one
        """See `Stage`: a cancel is over at once, or was never heard of."""
        return False

    def texts(self) -> Counter[str]:
        """See `Stage`: what stands in the conversations, and what the last response was told.

        One that was cancelled has left nothing of that in its conversation; it was said once.
        """
        conversations = self.simulator.world.store.conversations.values()
        items = [it for conversation in conversations for it in conversation.items.values()]
        last = self._own_responses()[-1:]
        told = {it.id: it for it in (*items, *(it for one in last for it in one.input))}
        return Counter(it.message.text for it in told.values() if it.message)

    def poison(self) -> Iterator[str]:
        """See `Stage`: calls of ours without an answer."""
        for conversation in self.simulator.world.store.conversations.values():
            left = self._own_calls().intersection(_dangling(conversation))
            if left:
                yield f"the conversation is left poisoned: {sorted(left)}"

    def _own_calls(self) -> set[str]:
        return {call.call_id for it in self._own_responses() for call in _calls(it)}

    def _calls_shown_to_us(self) -> set[str]:
        ours = (it for it in self._own_responses() if it.id not in self._elsewhere)
        return {call.call_id for it in ours for call in _calls(it)}

    def _own_responses(self) -> list[Response]:
        responses = self.simulator.world.store.responses.values()
        return [it for it in responses if it.metadata.get(METADATA_KEY) == self.case.key]


def _wanted(conversation: Conversation, **more: Any) -> Wanted:
    terms = Terms("", None, MODEL, None, (), Settings())
    return Wanted(terms=terms, conversation_id=conversation.id, background=True, **more)


def _calls(response: Response) -> Iterable[Any]:
    return [item.call for item in response.output if item.call]


def _dangling(conversation: Conversation) -> list[str]:
    answered = {it.output.call_id for it in conversation.items.values() if it.output}
    calls = [it.call.call_id for it in conversation.items.values() if it.call]
    return [call_id for call_id in dict.fromkeys(calls) if call_id not in answered]


def _status(head: Response) -> RunStatus:
    calls = _calls(head)
    if head.status != "completed" or not calls:
        return RunStatus(str(head.status))
    conversation = head.conversation
    items: list[Item] = [*conversation.items.values()] if conversation else []
    ids = {call.call_id for call in calls}
    given_up = any(
        it.output and it.output.call_id in ids and it.output.output == GIVEN_UP for it in items
    )
    return S.CANCELLED if given_up else S.REQUIRES_ACTION
