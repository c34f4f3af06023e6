"""How many tokens a text costs: an estimate, so that usage adds up and is the same each time.

Nobody should compare these numbers with a bill. The estimate is one token for each four
characters begun, the rule of thumb of the service's own documentation for English.
"""

from __future__ import annotations

from runfsm_simulator.world.models import Run

__all__ = ["prompt_tokens", "tokens"]

CHARACTERS_PER_TOKEN = 4


def tokens(text: str) -> int:
    """The estimate for one text.

    Example:
        >>> tokens("Sunny, 22 degrees")
        5
    """
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def prompt_tokens(run: Run) -> int:
    """What the model reads in one turn: instructions, thread, and the calls answered so far."""
    read = [
        run.terms.instructions or "",
        *(message.text for message in run.thread.messages.values()),
    ]
    for name, arguments, output in run.answered:
        read += [name, arguments, output]
    return sum(map(tokens, read))
