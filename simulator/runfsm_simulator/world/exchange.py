"""What the items of an exchange tell: which calls wait for an output, and how far a run has come.

The Responses API keeps no run, and no state of waiting: all of it follows from the items that a
response reads, one after another. What a run has done so far comes after the model's last answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from runfsm.lifecycle import ToolCall
from runfsm_simulator.world.refusals import MissingToolOutput, UnknownToolCall
from runfsm_simulator.world.responsemodels import Item, NewItem
from runfsm_simulator.world.scene import Answered

__all__ = ["Progress", "first_waiting", "progress"]

Items = Sequence[Item | NewItem]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come, as its items tell.

    Attributes:
        round: how often outputs have been handed in.
        answered: the calls of all rounds, with their outputs.
        latest: those of the last round.
    """

    round: int
    answered: Answered
    latest: Answered


def progress(items: Items) -> Progress:
    """How far the run has come whose next response reads these items.

    Raises:
        UnknownToolCall: an output answers no call that comes before it.
        MissingToolOutput: a call has no output.
    """
    _check_answered(items)
    since = _since_last_answer(items)
    outputs = {item.output.call_id: item.output.text for item in since if item.output}
    rounds = [
        tuple((call.name, call.arguments, outputs[call.call_id]) for call in calls)
        for calls in _rounds(since)
    ]
    answered = tuple(call for calls in rounds for call in calls)
    return Progress(len(rounds), answered, rounds[-1] if rounds else ())


def first_waiting(items: Iterable[Item | NewItem]) -> str | None:
    """The id of the first call that has no output."""
    waiting: dict[str, None] = {}  # in their order
    for item in items:
        if item.call:
            waiting[item.call.call_id] = None
        elif item.output:  # a second output of one call is taken, too: nobody tells otherwise
            waiting.pop(item.output.call_id, None)
    return next(iter(waiting), None)


def _check_answered(items: Items) -> None:
    called: set[str] = set()
    for item in items:
        if item.call:
            called.add(item.call.call_id)
        elif item.output and item.output.call_id not in called:
            raise UnknownToolCall(item.output.call_id)
    if (call_id := first_waiting(items)) is not None:
        raise MissingToolOutput(call_id)


def _since_last_answer(items: Items) -> Items:
    """The items of the run that goes on; a message before a call is no answer, but leads to it."""
    last = None
    for at, item in enumerate(items):
        if item.message and item.message.role == "assistant":
            last = at if _is_answer(items[at + 1 :]) else last
    return items if last is None else items[last + 1 :]


def _is_answer(rest: Items) -> bool:
    """Return whether no call comes between an assistant's message and the client's next words."""
    for item in rest:
        if item.call:
            return False
        if item.message and item.message.role != "assistant":
            return True
    return True


def _rounds(items: Items) -> Iterator[list[ToolCall]]:
    """The calls, those in one list that stand next to each other."""
    calls: list[ToolCall] = []
    for item in items:
        if item.call:
            calls.append(item.call)
        elif calls:
            yield calls
            calls = []
