"""How many tokens a text costs: an estimate, so that usage adds up and is the same each time.

Nobody should compare these numbers with a bill. The estimate is one token for each four
characters begun, the rule of thumb of the service's own documentation for English.

Each step of a run is one call of the model, and reads all over again: the instructions, the
messages, the run's own messages and calls so far with their outputs, what hosted tools have found.
What is left of `max_prompt_tokens` bounds the reading, as the documentation says: the thread is
truncated to it, and `truncation_strategy` may leave older messages out. What cannot be left out is
everything but the older messages.
"""

from __future__ import annotations

import math
from typing import Final

from runfsm_simulator.world.models import Work

__all__ = ["CHARACTERS_PER_TOKEN", "left", "prompt_tokens", "reading", "tokens"]

CHARACTERS_PER_TOKEN: Final = 4


def tokens(text: str) -> int:
    """The estimate for one text.

    Example:
        >>> tokens("Sunny, 22 degrees")
        5
    """
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def prompt_tokens(run: Work) -> int:
    """What the model reads when it is called now."""
    _, wanted = reading(run)
    bound, _ = left(run)
    return int(min(wanted, bound))


def reading(run: Work) -> tuple[int, int]:
    """What the model must read if it is called now, and what it reads if nothing is left out."""
    thread = [tokens(one.text) for one in run.thread.messages.values() if one.run_id != run.id]
    last = run.terms.settings.truncation_strategy.get("last_messages")
    kept = thread[-last:] if last else thread
    must = sum(kept[-1:]) + tokens(run.terms.instructions or "") + _work_so_far(run)
    return must, must + sum(kept[:-1])


def _work_so_far(run: Work) -> int:
    hosted = [step.hosted for step in run.steps.values() if step.hosted]
    read = [text for call in run.answered for text in call]
    read += [text for ran in hosted for text in (ran.written, ran.found)]
    read += [step.message.text for step in run.steps.values() if step.message]
    return sum(map(tokens, read))


def left(run: Work) -> tuple[float, float]:
    """What is left of the run's caps, for reading and for writing; infinity where there is none."""
    settings, steps = run.terms.settings, run.steps.values()
    return (
        _or_infinity(settings.max_prompt_tokens) - sum(step.prompt_tokens for step in steps),
        _or_infinity(settings.max_completion_tokens)
        - sum(step.completion_tokens for step in steps),
    )


def _or_infinity(cap: int | None) -> float:
    return math.inf if cap is None else cap
