"""What a live drive tells beside its journal, in the same order whoever drives. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from runfsm.driver.actions import Action, RunTools
from runfsm.driver.live import LiveItem, StepUpdate, TextDelta, Transcript
from runfsm.driver.replies import Fetched, Heard, Reply

__all__ = ["Narrator"]


class Narrator:
    """Tells the calls that a model asks for, and each piece of text once.

    What a broken stream did not say, or a backend that cannot stream, is told in one piece when
    the messages are there: who prints each `TextDelta` has printed the whole answer in the end.
    """

    __slots__ = ("_transcript",)

    def __init__(self) -> None:
        self._transcript = Transcript()

    def before(self, action: Action) -> Iterator[LiveItem]:
        """What is to be told before this is done."""
        if isinstance(action, RunTools):
            yield from action.calls

    def after(self, reply: Reply) -> Iterator[LiveItem]:
        """What is to be told after this came of it."""
        match reply:
            case Heard(TextDelta() as delta):
                self._transcript.note(delta)
                yield delta
            case Heard(StepUpdate() as step):
                yield step
            case Fetched(messages):
                for delta in self._transcript.rest(messages):
                    self._transcript.note(delta)
                    yield delta
