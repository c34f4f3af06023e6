"""What is known of a thread's lock: who refuses us, for whose sake, and since when. Pure.

A lock that nobody holds any more may linger (`busy.py`): we are refused though no run is active.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from runfsm.driver.busy import LINGER_S, Interrupt, OnBusy
from runfsm.errors import BackendError, Fault, FaultKind
from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.snapshot import RunRef, RunSnapshot

__all__ = ["Lock"]


@dataclass(slots=True)
class Lock:
    """A thread's lock, as it is known. Times are Unix seconds.

    Attributes:
        fault: the latest refusal.
        since: when it was met first.
        holder: the run that holds it, at the latest look; `None` if none was active.
        free_since: since when no run is seen to be active though we are refused; and
        bears_until: until when that is borne.
        is_looked_at: whether there was a look since the latest refusal.
        has_lingered: whether the latest refusal was the last one to bear from nobody.
        told: ids of the holders that were told to cancel.
    """

    fault: Fault
    since: float
    holder: RunSnapshot | None = None
    free_since: float | None = None
    bears_until: float = 0.0
    is_looked_at: bool = False
    has_lingered: bool = False
    told: set[str] = field(default_factory=set)

    @classmethod
    def by(cls, holder: RunSnapshot | None, thread_id: str | None, now: float) -> Lock:
        """A lock that was seen before we were refused."""
        said = f"Thread {thread_id} has an active run {_id(holder)}."
        return cls(Fault(FaultKind.LOCKED, said, holder=_id(holder)), now)

    @property
    def is_lingering(self) -> bool:
        """Whether nobody holds it, and it may still pass."""
        return self.free_since is not None and not self.has_lingered

    def refuse(self, fault: Fault, now: float) -> None:
        """We were refused, for the first time or again."""
        if fault.holder is not None and fault.holder != self.fault.holder:
            self.free_since = None  # somebody new
        self.fault, self.is_looked_at = fault, False
        # Not the end yet: a look says who holds it now; it may be somebody new, or our own run.
        self.has_lingered = self.free_since is not None and now >= self.bears_until

    def see(self, holder: RunSnapshot | None, now: float, *, at_least_until: float) -> bool:
        """A look showed who holds it, or nobody; say whether that is new.

        Args:
            holder: who.
            now: the time.
            at_least_until: as long as nobody is seen, a refusal is borne until then.
        """
        is_new = _id(holder) != _id(self.holder)
        self.holder, self.is_looked_at = holder, True
        if holder is None:
            self.free_since = now if self.free_since is None else self.free_since
            self.bears_until = max(self.free_since + LINGER_S, at_least_until)
        else:
            self.free_since = None
            self.fault = replace(self.fault, holder=holder.ref.run_id)
        return is_new

    def victim(self, on_busy: OnBusy) -> RunRef | None:
        """The holder, if it is to be told to cancel and was not yet."""
        holder = self.holder
        if holder is None or not isinstance(on_busy, Interrupt):
            return None
        spared = holder.ref.run_id in self.told or holder.status is RunStatus.CANCELLING
        return None if spared else holder.ref

    def error(self, now: float) -> BackendError:
        """What to raise for it when there is no more time."""
        waited_s = now - self.since
        still = f" Still so after {waited_s:.0f} s." if waited_s > 0 else ""
        return BackendError.of(replace(self.fault, message=f"{self.fault.message}{still}"))


def _id(run: RunSnapshot | None) -> str | None:
    return run.ref.run_id if run else None
