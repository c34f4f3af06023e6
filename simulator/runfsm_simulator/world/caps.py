"""What `max_prompt_tokens` and `max_completion_tokens` make of a turn.

Both hold for the whole run, all of its turns together (documentation: with caps of 500 and 1000,
a first turn of 200 and 300 leaves 300 and 700). A turn that would pass one is cut there, and the
run ends `incomplete`:

* an answer, or a message before it, is cut after the last token that is left; recorded is that its
  message is incomplete and its step completed;
* a round of calls is not made, and a hosted tool does not run; the message is empty. No recording
  shows what is written then.

Tokens are those of `tokens.py`, an estimate. A turn that a script itself cuts, or has fail or
hang, is played as it is written.
"""

from __future__ import annotations

from typing import Final

from runfsm_simulator.world.citing import Citation
from runfsm_simulator.world.models import Work
from runfsm_simulator.world.switches import DOCUMENTED, Switches
from runfsm_simulator.world.tokens import CHARACTERS_PER_TOKEN, left, reading, tokens
from runfsm_simulator.world.turns import Truncation, TruncationReason, Turn
from runfsm_simulator.world.turnsteps import MessageStep

__all__ = ["within_caps"]

NOTHING: Final = MessageStep(say="")


def within_caps(run: Work, switches: Switches = DOCUMENTED) -> Turn:
    """The turn that the run is about to play, or so much of it as its caps allow."""
    written_out = switches.completion_cap_reason
    turn = run.turn
    if turn.say is None and turn.call is None:
        return turn
    must, wanted = reading(run)
    to_read, to_write = left(run)
    for taken, step in enumerate(turn.steps):
        if must > to_read:
            return _cut(turn, "max_prompt_tokens", taken)
        if tokens(step.written) > to_write:
            said = step if isinstance(step, MessageStep) else NOTHING
            return _cut(turn, written_out, taken, _first(said.say, to_write), said.cites)
        to_read -= min(wanted, to_read)
        to_write -= tokens(step.written)
        more = tokens(step.written) + tokens(step.found)
        must, wanted = must + more, wanted + more
    if must > to_read:
        return _cut(turn, "max_prompt_tokens", len(turn.steps))
    if _cost(turn) > to_write:
        text = _first(turn.say or "", to_write)
        return _cut(turn, written_out, len(turn.steps), text, turn.cites)
    return turn


def _cost(turn: Turn) -> int:
    """What the model writes at the end of a turn."""
    calls = sum(tokens(call.name + call.arguments_text()) for call in turn.call or ())
    return calls + tokens(turn.say or "")


def _first(text: str, count: float) -> str:
    """So much of a text as these tokens hold."""
    return text[: int(count) * CHARACTERS_PER_TOKEN]


def _cut(
    turn: Turn,
    reason: TruncationReason,
    taken: int,
    text: str = "",
    cites: tuple[Citation, ...] = (),
) -> Turn:
    """The turn, cut after the first steps and `text`."""
    cut = Truncation(reason=reason, say=text)
    steps = turn.steps[:taken]
    return turn.model_copy(
        update={"say": None, "call": None, "truncate": cut, "steps": steps, "cites": cites}
    )
