"""What the events of a session tell of one of its turns. Pure: bytes in, events out.

They are live: what came before the stream was open is never told, but that an item may be shown as
far as it had come. So a message is told piece by piece only if its beginning was heard; of any
other, the driver has the text at the end. An `error` is no end: what becomes of the turn comes
after it (openai-python: `AgentSessionStream`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from runfsm.backends.agents_answers import Turn, read_actions, read_turn
from runfsm.backends.faults import not_this_api
from runfsm.backends.responses_answers import message_of
from runfsm.backends.sse import EventReader
from runfsm.driver.live import StepUpdate, StreamEvent, TextDelta
from runfsm.errors import BackendError
from runfsm.lifecycle.snapshot import RunSnapshot, ToolCall
from runfsm.lifecycle.turn import TurnStatus

__all__ = ["TurnReader"]

Shown = Callable[[Turn, tuple[ToolCall, ...]], RunSnapshot]

#: What the name of each event begins with.
OF_SESSION: Final = "agent.session."


class TurnReader:
    """Reads a session's events, until the turn is over or waits for its client.

    Args:
        turn: as it was when the stream was open.
        shown: makes a look at the run out of a look at the turn and its calls.

    Attributes:
        is_over: whether there is nothing more to be heard.
    """

    __slots__ = ("_begun", "_events", "_shown", "_turn", "is_over")

    def __init__(self, turn: Turn, shown: Shown) -> None:
        self._turn = turn
        self._shown = shown
        self._events = EventReader()
        self._begun: set[str] = set()  # messages
        self.is_over = turn.is_over or turn.is_waiting

    def feed(self, chunk: bytes) -> Iterator[StreamEvent]:
        """What a piece of the body tells.

        Raises:
            BackendError: it is none of this API's.
        """
        try:
            for _, data in self._events.feed(chunk):
                if not self.is_over and (told := self._read(json.loads(data))) is not None:
                    yield told
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BackendError.of(not_this_api(f"not an event of this API: {error}")) from error

    def _read(self, event: Mapping[str, Any]) -> StreamEvent | None:
        kind = str(event["type"]).removeprefix(OF_SESSION)
        if kind == "requires_action":
            return self._wait(event["session"])
        if event.get("turn_id") != self._turn.id:
            return None
        match kind:
            case "turn.output_text.delta" if event["item_id"] in self._begun:
                return TextDelta(event["item_id"], str(event["delta"]))
            case "turn.item.added" | "turn.item.done":
                return self._step(event["item"], is_done=kind.endswith("done"))
            case _ if "turn" in event:
                return self._look(read_turn(event["turn"]))
        return None

    def _look(self, turn: Turn, calls: tuple[ToolCall, ...] = ()) -> RunSnapshot:
        self._turn = turn
        self.is_over = turn.is_over or turn.is_waiting
        return self._shown(turn, calls)

    def _wait(self, session: Any) -> RunSnapshot | None:
        """The session waits; that our turn does, only its calls say."""
        calls = tuple(call for turn_id, call in read_actions(session) if turn_id == self._turn.id)
        if not calls:
            return None
        return self._look(read_turn({**self._turn.raw, "status": TurnStatus.WAITING}), calls)

    def _step(self, item: Mapping[str, Any], *, is_done: bool) -> StepUpdate | None:
        item_id, message = str(item["id"]), message_of(item)
        if message is None and not str(item["type"]).endswith("_call"):
            return None
        if message and not (is_done or message.text):
            self._begun.add(item_id)
        name = "message_creation" if message else "tool_calls"
        return StepUpdate(item_id, name, "completed" if is_done else "in_progress", raw=item)
