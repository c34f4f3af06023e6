"""What is created in doubt where nobody can list runs: only a second attempt tells."""

from __future__ import annotations

import pytest

from by_hand import LOCKED, LOST, MESSAGE, Core, K, a_core, a_waiting_core, listed, met, told
from runfsm import BackendError, Fault, Policy, RunCore, ThreadBusy, Wait
from runfsm.driver.actions import Create, Done, FindMessage, ListRuns, Sleep
from runfsm.driver.busy import LINGER_S, OWN_S
from runfsm.driver.replies import Added, Listed, Slept
from runfsm.driver.threadcore import ThreadCore

GRACE_S = Policy().cancel_grace_s


def _unlisted(now: float) -> Listed:
    """The backend knows of no run; there may be some."""
    return Listed((), now, is_whole=False)


def _in_doubt() -> RunCore:
    """The creation's answer was lost, and nobody can say whether there is a run."""
    return a_core(met(LOST), Slept(0.5), _unlisted(0.5))


def _refused(core: Core, now: float = 0.5) -> float:
    """Refuse all, and find nothing, until it is over; the time then."""
    while not isinstance(action := core.next_action(), Done):
        match action:
            case Sleep(delay_s):
                now += delay_s
                core.receive(Slept(now))
            case ListRuns():
                core.receive(_unlisted(now))
            case FindMessage():
                core.receive(Added(None, now))
            case _:
                core.receive(met(LOCKED, now))
    return now


def test_what_nobody_lists_is_tried_again_at_once() -> None:
    """What was looked for may come: the sooner it is tried, the surer the answer."""
    assert [ListRuns, Create] == told(a_core(met(LOST), Slept(0.5)), [_unlisted(0.5)])


def test_a_cancel_while_nobody_can_say_is_not_the_end() -> None:
    """There may be a run: the second attempt, which tells, is still made."""
    core = _in_doubt()
    core.request_cancel()

    assert isinstance(core.next_action(), Create)


@pytest.mark.parametrize(("after_s", "is_over"), [(GRACE_S - 0.1, False), (GRACE_S, True)])
def test_a_doubt_is_raised_when_the_grace_of_a_cancel_is_over(
    after_s: float, *, is_over: bool
) -> None:
    """Not before: and it says that there may be a run, though nobody has seen it."""
    core = _in_doubt()
    core.request_cancel()
    core.receive(met(LOCKED, 0.5 + after_s))

    assert is_over == isinstance(core.error, BackendError)
    assert not is_over or core.error.fault.maybe_applied


def test_who_may_be_locked_out_by_himself_waits_as_long_as_a_run_lives() -> None:
    """Whatever the policy; then the error says that the lock may be his own run's."""
    core = _in_doubt()
    over_at = _refused(core)

    assert 0.5 + OWN_S <= over_at < 0.5 + OWN_S + Policy().pacing.longest_s
    assert isinstance(core.error, ThreadBusy)
    assert core.error.fault.maybe_applied


def test_who_is_locked_out_by_others_waits_no_longer_than_a_lock_lingers() -> None:
    """There is no doubt: nothing was done, and the error says so."""
    core = a_core(met(LOCKED, 0.5))
    over_at = _refused(core)

    assert 0.5 + LINGER_S <= over_at < 0.5 + LINGER_S + Policy().pacing.longest_s
    assert isinstance(core.error, ThreadBusy)
    assert not core.error.fault.maybe_applied


def test_a_message_holds_no_thread() -> None:
    """One in doubt cannot be what locks us out: the lock may linger, and no longer."""
    core = ThreadCore(MESSAGE, 0.0)
    core.receive(met(LOST))
    over_at = _refused(core, 0.0)

    assert over_at < 2 * LINGER_S + Policy().pacing.longest_s
    assert isinstance(core.error, ThreadBusy)


@pytest.mark.parametrize("kind", [K.NOT_FOUND, K.INVALID, K.UNSUPPORTED])
def test_only_who_is_locked_out_makes_do_without_a_list(kind: K) -> None:
    """Of a creation these words are the end, whatever the policy: there is no lock to wait for."""
    core = a_waiting_core(Wait(), met(Fault(kind, "no")))

    assert isinstance(core.error, BackendError)
    assert kind is core.error.fault.kind


@pytest.mark.parametrize("kind", [K.NOT_FOUND, K.INVALID, K.UNSUPPORTED])
def test_who_knocks_and_is_refused_for_another_reason_is_told_that(kind: K) -> None:
    """Runs were listed: so this is about the creation, and not about looks."""
    core = a_waiting_core(Wait(), met(LOCKED), listed(), met(Fault(kind, "no")))

    assert isinstance(core.error, BackendError)
    assert kind is core.error.fault.kind


def test_a_doubt_that_cannot_be_looked_up_is_raised() -> None:
    """Locked out, perhaps by himself, and refused the list: the error says that it may be."""
    core = a_waiting_core(Wait(), met(LOST), Slept(0.5), listed(now=0.5), Slept(1.0))
    core.receive(met(LOCKED, 1.0))
    core.receive(met(Fault(K.UNSUPPORTED, "no list"), 1.0))

    assert isinstance(core.error, BackendError)
    assert (K.UNSUPPORTED, True) == (core.error.fault.kind, core.error.fault.maybe_applied)
