"""What an app wants of its driver, in one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from runfsm.driver.busy import OnBusy, Reject
from runfsm.driver.pacing import Pacing, check_number
from runfsm.errors import CallerError

__all__ = ["Policy", "policy_of"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the app wants of its driver.

    Attributes:
        deadline_s: seconds from the start after which the run is cancelled; `None`: never. The
            service's own limit is 600 s after creation, so the default outlives it: it is for a
            service that forgets its own clock.
        cancel_grace_s: how long a cancel may take before the driver gives up on the run.
        tool_timeout_s: for tools without a timeout of their own; `None`: as long as the run can
            still take the output.
        on_busy: what to do when another run holds the thread: `Reject()`, `Wait(timeout_s=…)`,
            `Interrupt()` or `Enqueue()`.
        on_interrupt: what becomes of the run when whoever drives it is interrupted (its task is
            cancelled, Ctrl-C), or gives up because the service fails: `"cancel"` it, or `"leave"`
            it to go on alone. Alone it holds its thread until it is over.
        on_tool_error: `"tell"` the model what went wrong, or cancel the run and `"raise"`.
        rerun_on_rate_limit: how many further runs to make, at most, when a run fails with
            `rate_limit_exceeded`, each when the service says that it is due. Off by default: its
            tools may be called again, and what they did before stays done.
        pacing: how often to look.

    Raises:
        ValueError: a number or a word that makes no sense.

    Example:
        >>> from runfsm import Wait
        >>> Policy(deadline_s=120, on_busy=Wait(timeout_s=30)).on_busy
        Wait(timeout_s=30)
    """

    deadline_s: float | None = 900.0
    cancel_grace_s: float = 60.0
    tool_timeout_s: float | None = None
    on_busy: OnBusy = field(default_factory=Reject)
    on_interrupt: Literal["cancel", "leave"] = "cancel"
    on_tool_error: Literal["tell", "raise"] = "tell"
    pacing: Pacing = field(default_factory=Pacing)
    rerun_on_rate_limit: int = field(default=0, kw_only=True)

    def __post_init__(self) -> None:
        check_number("cancel_grace_s", self.cancel_grace_s, at_least=0)
        if self.deadline_s is not None:
            check_number("deadline_s", self.deadline_s, at_least=0)
        if self.tool_timeout_s is not None:
            check_number("tool_timeout_s", self.tool_timeout_s, above=0)
        check_number("rerun_on_rate_limit", self.rerun_on_rate_limit, at_least=0, whole=True)
        _check_word("on_tool_error", self.on_tool_error, "tell", "raise")
        _check_word("on_interrupt", self.on_interrupt, "cancel", "leave")
        if not isinstance(self.on_busy, OnBusy):
            raise ValueError(  # noqa: TRY004  # as for every other setting
                f"on_busy is {self.on_busy!r}; say Reject(), Wait(), Interrupt() or Enqueue()"
            )
        if not isinstance(self.pacing, Pacing):
            raise ValueError(f"pacing is {self.pacing!r}; say Pacing(first_s=1.0)")  # noqa: TRY004  # as above


def policy_of(wanted: Policy | None) -> Policy:
    """The policy that a driver was given, or the usual one.

    Raises:
        CallerError: it is none.
    """
    if wanted is None or isinstance(wanted, Policy):
        return wanted or Policy()
    raise CallerError(f"policy={wanted!r}: a driver takes a Policy; say Policy(on_busy=Wait())")


def _check_word(name: str, word: object, *words: str) -> None:
    if word not in words:
        raise ValueError(f"{name} is {word!r}; say {' or '.join(map(repr, words))}")
