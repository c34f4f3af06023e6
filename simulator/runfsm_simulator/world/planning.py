"""Asking the planner: what it is shown, and what it may answer."""

from __future__ import annotations

from collections.abc import Iterable

from runfsm.errors import CallerError
from runfsm_simulator.world.chooser import Chooser
from runfsm_simulator.world.models import Message, NewMessage
from runfsm_simulator.world.scene import Answered, Scene
from runfsm_simulator.world.script import Planner, Turn
from runfsm_simulator.world.terms import Terms

__all__ = ["Planning"]


class Planning:
    """A planner, and the way to ask it.

    Args:
        planner: says what the simulated model does.
        chooser: for a planner that wants to choose.
    """

    def __init__(self, planner: Planner, chooser: Chooser) -> None:
        self._planner = planner
        self._chooser = chooser

    def next_turn(
        self,
        terms: Terms,
        messages: Iterable[Message | NewMessage],
        *,
        round: int = 0,
        answered: Answered = (),
        latest: Answered = (),
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
                pick=self._chooser.pick,
                parallel_tool_calls=terms.settings.parallel_tool_calls,
                latest=latest,
                assistant_id=terms.assistant_id,
                assistant_name=terms.assistant_name,
                response_format=terms.settings.response_format,
                between=self._chooser.between,
            )
        )
        if not isinstance(turn, Turn):
            raise CallerError(f'the planner returned {turn!r}; return a turn: say("Hello!")')
        return turn
