"""The tools of a storm: quick, slow, too slow or raising. Each counts its calls by their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from runfsm.tools import Toolset
from runfsm_simulator.world.clock import VirtualClock

__all__ = ["IN_USE", "NAMES", "TOOLS", "Use"]

# No two of these, and no sum of a few, are the same: what happens at one and the same instant may
# happen in any order, where threads do it.
NAPS: Final[Mapping[str, float]] = {
    "naps": 2.137,
    "naps_async": 3.719,
    "sleeps": 40.313,
    "oversleeps": 700.9,  # longer than a run lives
}

#: What a model calls; most of it is quick, and one is no tool.
NAMES: Final = (*["quick"] * 8, "raises", *NAPS, "unheard_of")


@dataclass(frozen=True)
class Use:
    """How the tools are used in one drive.

    Attributes:
        clock: to sleep on.
        called: how often each tool was called with each number.
    """

    clock: VirtualClock
    called: Counter[tuple[str, int]]


#: Of the drive in whose context a tool runs; to make tools anew for each drive takes long.
IN_USE: ContextVar[Use] = ContextVar("in use")


def quick(number: int) -> str:
    """Answer at once."""
    IN_USE.get().called["quick", number] += 1
    return "fine"


def raises(number: int) -> str:
    """Fail."""
    IN_USE.get().called["raises", number] += 1
    raise ValueError("odd")


def naps(number: int) -> str:
    """Take a while."""
    return _sleep("naps", number)


async def naps_async(number: int) -> str:
    """Take a while, as a task."""
    use = IN_USE.get()
    use.called["naps_async", number] += 1
    await use.clock.async_sleep(NAPS["naps_async"])
    return "rested"


def sleeps(number: int) -> str:
    """Take long."""
    return _sleep("sleeps", number)


def oversleeps(number: int) -> str:
    """Take longer than a run lives."""
    return _sleep("oversleeps", number)


def _sleep(name: str, number: int) -> str:
    use = IN_USE.get()
    use.called[name, number] += 1
    use.clock.sleep(NAPS[name])
    return "rested"


TOOLS: Final = Toolset([quick, raises, naps, naps_async, sleeps, oversleeps])
