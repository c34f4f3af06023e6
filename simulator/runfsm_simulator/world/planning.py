"""Asking the planner: what it is shown, and what it may answer."""

from __future__ import annotations

from collections.abc import Iterable

from runfsm.errors import CallerError
from runfsm_simulator.world.models import Message, NewMessage
from runfsm_simulator.world.scene import Pick, Scene
from runfsm_simulator.world.script import Planner, Turn
from runfsm_simulator.world.terms import Terms

__all__ = ["Answered", "Planning"]

#: (name, arguments, output) of the calls of one run that have been answered.
Answered = tuple[tuple[str, str, str], ...]


class Planning:
    """A planner, and the way to ask it.

    Args:
        planner: says what the simulated model does.
        pick: the chooser's, for a planner that wants to choose.
    """

    def __init__(self, planner: Planner, pick: Pick) -> None:
        self._planner = planner
        self._pick = pick

    def next_turn(
        self,
        terms: Terms,
        messages: Iterable[Message | NewMessage],
        *,
        round: int = 0,
        answered: Answered = (),
    ) -> Turn:
        """What the simulated model does when the run is picked up next.

        Raises:
            CallerError: the planner returned something else than a turn.
        """
        turn = self._planner(
            Scene(
                round=round,
                tools=terms.tools,
                messages=tuple((message.role, message.text) for message in messages),
                answered=answered,
                instructions=terms.instructions,
                tool_choice=terms.settings.tool_choice,
                pick=self._pick,
                parallel_tool_calls=terms.settings.parallel_tool_calls,
            )
        )
        if not isinstance(turn, Turn):
            raise CallerError(f'the planner returned {turn!r}; return a turn: say("Hello!")')
        return turn
