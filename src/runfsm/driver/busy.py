"""What to do when another run holds the thread: one frozen value, `Policy.on_busy`.

A thread takes no message and no run while a run on it is not over (OpenAI's deep dive; reports:
openai-python#1023, agency-swarm#12). Whichever policy: a lock that lingers though no run is active
any more (about a second was seen, agency-swarm#268) is waited out for `LINGER_S`. Where a service
does not say who holds the thread, a holder is waited for as a lock that lingers is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from runfsm.driver.pacing import check_number

__all__ = ["LINGER_S", "OWN_S", "Enqueue", "Interrupt", "OnBusy", "Reject", "Wait"]

LINGER_S: Final = 5.0

#: As long as a run lives: whatever the policy, a lock that may be our own run's is waited out,
#: where nobody can say whose it is.
OWN_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Reject:
    """Raise `ThreadBusy`, which names the holder."""

    timeout_s: ClassVar[float] = 0.0

    def __str__(self) -> str:
        return "reject"


@dataclass(frozen=True, slots=True)
class Wait:
    """Look at the holder until it is over, and go on.

    Attributes:
        timeout_s: raise `ThreadBusy` after so many seconds. The service ends a run after 600 s.

    Raises:
        ValueError: a number that makes no sense; of all these policies.
    """

    timeout_s: float = 600.0

    def __post_init__(self) -> None:
        check_number("timeout_s", self.timeout_s, at_least=0)

    def __str__(self) -> str:
        return "wait"


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Cancel the holder, wait until it is really over, and go on.

    A cancel may lose, and `cancelling` still holds the thread (Chainlit#573).

    Attributes:
        timeout_s: raise `ThreadBusy` after so many seconds.
    """

    timeout_s: float = 60.0

    def __post_init__(self) -> None:
        check_number("timeout_s", self.timeout_s, at_least=0)

    def __str__(self) -> str:
        return "interrupt"


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Stand in line: first come, first served among all who share the driver's `lines`.

    At the head of the line it waits for a holder from elsewhere, as `Wait` does.

    Attributes:
        waiting_max: how many may stand in the line of one thread; one more gets `ThreadBusy`.
        timeout_s: raise `ThreadBusy` after so many seconds, in the line and at its head.
    """

    waiting_max: int = 100
    timeout_s: float = 600.0

    def __post_init__(self) -> None:
        check_number("waiting_max", self.waiting_max, at_least=1, whole=True)
        check_number("timeout_s", self.timeout_s, at_least=0)

    def __str__(self) -> str:
        return "enqueue"


OnBusy = Reject | Wait | Interrupt | Enqueue
