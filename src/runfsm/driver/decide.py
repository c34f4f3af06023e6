"""What to do next about a run that is there: from what is known to an action. Pure.

In this order: raise, finish, cancel, answer, listen, look. How a run gets there is decided in
`admission.py`.
"""

from __future__ import annotations

from dataclasses import replace

from runfsm.driver.actions import (
    Action,
    Cancel,
    Done,
    FetchMessages,
    Listen,
    Retrieve,
    RunTools,
    Sleep,
    SubmitOutputs,
    TakeKey,
    TakeTurn,
)
from runfsm.driver.known import Known
from runfsm.driver.live import SILENCE_S
from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.snapshot import RunSnapshot

__all__ = ["decide", "in_time"]


def decide(known: Known, run: RunSnapshot) -> Action:
    """What to do next.

    Args:
        known: all that is known.
        run: the latest look, which `known` has too.
    """
    if known.messages is not None:
        return Done()
    if known.parting is not None:
        return Cancel(run.ref)
    if known.is_over:
        return _after_rest(known, FetchMessages(run.ref), look=known.empty > 0)
    return _act(known, run) or _look(known, run)


def in_time(known: Known, action: Action) -> Action:
    """A wait on the way to the run, ended no later than the driver's own time."""
    match action:
        case Sleep(delay_s):
            return _sleep(known, delay_s)
        case TakeTurn(timeout_s=timeout_s) | TakeKey(timeout_s=timeout_s):
            return replace(action, timeout_s=_in_time_s(known, timeout_s))
    return action


def _act(known: Known, run: RunSnapshot) -> Action | None:
    """What the run's status asks of us, if anything but to look again."""
    if known.must_look:
        return None
    if known.cancel_reason is not None or known.has_expired:
        return None if known.is_cancelling else Cancel(run.ref)
    if _can_answer(known, run):
        return _answer(known, run)
    return None


def _can_answer(known: Known, run: RunSnapshot) -> bool:
    waiting = known.status is RunStatus.REQUIRES_ACTION and bool(run.calls)
    waiting = waiting and not known.is_followed
    return waiting and not known.answers.are_accepted(run) and not _may_have_expired(known)


def _may_have_expired(known: Known) -> bool:
    """Whether `expires_at` has passed since the look; then only another look can tell.

    If that look still shows the calls, the service's clock is behind ours, and it decides.
    """
    return known.expires_at is not None and known.seen_at < known.expires_at <= known.now


def _answer(known: Known, run: RunSnapshot) -> Action:
    if missing := known.answers.missing(run):
        look_s = known.policy.pacing.longest_s
        return RunTools(missing, run.ref, _time_left_s(known), look_s)
    return SubmitOutputs(run.ref, known.answers.of(run), known.streaming)


def _time_left_s(known: Known) -> float | None:
    ends = (known.expires_at, known.deadline_at)
    left = (at - known.now for at in ends if at is not None and at > known.now)
    return min(left, default=None)


def _look(known: Known, run: RunSnapshot) -> Action:
    if known.is_listening:
        in_time_s = _in_time_s if run.expires_here else _in_own_time_s
        return Listen(run.ref, in_time_s(known, SILENCE_S))
    return _after_rest(known, Retrieve(run.ref), look=True)


def _after_rest(known: Known, action: Action, *, look: bool) -> Action:
    """The action, once we have slept if there is something to wait for."""
    if known.patience.is_rested or not (look or known.patience.faults):
        return action
    return _sleep(known, known.patience.delay_s(known.now))


def _sleep(known: Known, delay_s: float) -> Sleep:
    # Wanted cancelled, or given up on: then nobody waits for an hour because a service says so, but
    # as long as there is time for another attempt afterwards.
    if known.give_up_at is not None and known.now + delay_s >= known.give_up_at:
        delay_s = min(delay_s, known.policy.pacing.longest_s)
    return Sleep(_in_time_s(known, delay_s))


def _in_time_s(known: Known, delay_s: float) -> float:
    """A wait that ends no later than the next moment that changes everything."""
    if known.expires_at is not None and known.expires_at > known.now:
        delay_s = min(delay_s, known.expires_at - known.now)
    return _in_own_time_s(known, delay_s)


def _in_own_time_s(known: Known, delay_s: float) -> float:
    """As `_in_time_s`, but past the expiry: a service that has one tells of it in the stream."""
    for moment in (known.deadline_at, known.give_up_at):
        if moment is not None and moment > known.now:
            delay_s = min(delay_s, moment - known.now)
    return delay_s
