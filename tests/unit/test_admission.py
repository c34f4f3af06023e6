"""How something gets onto a thread that somebody holds, told by hand: each policy, each holder."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from by_hand import (
    LATE,
    LOCKED,
    LOST,
    REFUSED,
    K,
    a_run,
    a_waiting_core,
    another,
    holders,
    knock,
    listed,
    met,
    seen,
    told,
)
from runfsm import (
    BackendError,
    Enqueue,
    Fault,
    Interrupt,
    Reject,
    ThreadBusy,
    Wait,
)
from runfsm.driver.actions import Cancel, Create, Done, FetchMessages, ListRuns, Sleep, TakeTurn
from runfsm.driver.busy import LINGER_S, OnBusy
from runfsm.driver.replies import Faulted, Slept, TurnTaken

WAITING = [Wait(), Interrupt(), Enqueue()]
EVERY: list[OnBusy] = [Reject(), *WAITING]


# Reject ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["run_9", None])
def test_reject_names_the_holder_by_a_look(named: str | None) -> None:
    """Whether or not the refusal names it, the thread's runs do; nothing is waited for."""
    core = a_waiting_core(Reject())

    assert [Create, ListRuns, Done] == told(
        core,
        [met(replace(LOCKED, holder=named)), listed(another("in_progress"), another("failed"))],
    )
    assert isinstance(core.error, ThreadBusy)
    assert "run_9" == core.error.holder
    assert ["run_9"] == holders(core)


UNLISTED = [K.NOT_FOUND, K.INVALID, K.UNSUPPORTED]


@pytest.mark.parametrize(
    ("on_busy", "kind"),
    [*((Reject(), kind) for kind in UNLISTED), *((policy, K.AUTH) for policy in EVERY)],
    ids=str,
)
def test_a_service_that_lists_no_runs_is_believed_that_it_is_locked(
    on_busy: OnBusy, kind: Any
) -> None:
    """Not every look-alike can list runs: the error is the lock, and its holder the one named."""
    fault = replace(LOCKED, holder="run_9")
    core = a_waiting_core(on_busy, met(fault), met(Fault(kind, "No such route.")))

    assert isinstance(core.error, ThreadBusy)
    assert "run_9" == core.error.holder


@pytest.mark.parametrize("kind", UNLISTED)
@pytest.mark.parametrize("on_busy", [Wait(60), Interrupt(60), Enqueue(timeout_s=60)], ids=str)
def test_where_nobody_lists_runs_one_knocks_for_as_long_as_the_policy_waits(
    on_busy: OnBusy, kind: Any
) -> None:
    """Each look is refused, each knock as well; the policy's time ends it, and not a lingering."""
    core, clock = a_waiting_core(on_busy), 0.0
    while not isinstance(action := core.next_action(), Done):
        if isinstance(action, Sleep):
            clock += action.delay_s
            core.receive(Slept(clock))
        elif isinstance(action, TakeTurn):
            core.receive(TurnTaken(clock))
        else:
            fault = LOCKED if isinstance(action, Create) else Fault(kind, "No such route.")
            core.receive(Faulted(fault, clock))

    assert isinstance(core.error, ThreadBusy)
    assert 60.0 == clock


def test_an_account_without_money_is_told_as_that() -> None:
    """It is what the app must know, whoever holds the thread."""
    core = a_waiting_core(Wait(), met(LOCKED), met(Fault(K.QUOTA, "You exceeded your quota.")))

    assert isinstance(core.error, BackendError)
    assert K.QUOTA is core.error.fault.kind


# A lock that lingers -----------------------------------------------------------------------------


@pytest.mark.parametrize("on_busy", EVERY, ids=str)
def test_a_lock_without_a_holder_is_knocked_at_again(on_busy: OnBusy) -> None:
    """No run is active (a second was seen, agency-swarm#268): at once, then after each pause."""
    core = a_waiting_core(on_busy, met(LOCKED), listed(another("completed")))

    assert [Create, Sleep, ListRuns, Create, FetchMessages] == told(
        core, [met(LOCKED), Slept(0.5), listed(now=0.5), seen("completed", now=0.5)]
    )
    assert [] == holders(core)


@pytest.mark.parametrize("on_busy", EVERY, ids=str)
def test_a_lock_that_lingers_is_borne_for_five_seconds(on_busy: OnBusy) -> None:
    """Then it is `ThreadBusy`; under a policy that waits for holders too: there is none."""
    core = a_waiting_core(on_busy)
    ended_at = knock(core, lists=[listed()] * 20)

    assert isinstance(core.error, ThreadBusy)
    assert core.error.holder is None
    assert LINGER_S <= ended_at <= 2 * LINGER_S


def test_reject_bears_a_lock_that_lingers_for_no_longer() -> None:
    """Its last knock is when the five seconds are over."""
    assert LINGER_S == knock(a_waiting_core(Reject()), lists=[listed()] * 20)


def test_a_lock_of_somebody_new_does_not_linger() -> None:
    """The thread was seen free long ago, and a fault lay between: the new holder is waited for."""
    core = a_waiting_core(
        Wait(), met(LOCKED), listed(), met(REFUSED, 0.0), Slept(30.0), met(LOCKED, 30.0)
    )
    core.receive(listed(another("queued"), now=30.0))

    assert isinstance(core.next_action(), Sleep)
    assert ["run_9"] == holders(core)


def test_each_holder_may_leave_a_lock_that_lingers() -> None:
    """The five seconds are counted from when nobody is there any more, whatever was before."""
    core = a_waiting_core(Wait(), met(LOCKED), listed(), met(LOCKED), Slept(1.0))
    told(core, [listed(another("queued"), now=1.0), Slept(20.0), listed(now=20.0)])

    assert 20.0 + LINGER_S == knock(core, lists=[listed()] * 20, now=20.0)


# Wait --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on_busy", [Wait(), Enqueue()], ids=str)
def test_a_holder_is_looked_at_until_it_is_over(on_busy: OnBusy) -> None:
    """With a pause before each look, and none before the creation."""
    core = a_waiting_core(on_busy, met(LOCKED))

    assert [ListRuns, Sleep, ListRuns, Sleep, ListRuns, Create] == told(
        core,
        [
            listed(another("queued")),
            Slept(0.5),
            listed(another("cancelling"), now=0.5),
            Slept(1.0),
            listed(another("cancelled"), now=1.0),
        ],
    )
    assert ["run_9"] == holders(core)


@pytest.mark.parametrize("on_busy", WAITING, ids=str)
def test_a_holder_after_the_first_is_told_too(on_busy: OnBusy) -> None:
    """Somebody else was quicker: the second holder stands in the journal, after the first."""
    core = a_waiting_core(on_busy)
    lists = [listed(another("cancelling", run_id)) for run_id in ("run_8", "run_8", "run_9")]
    core.receive(met(LOCKED))
    for now, reply in enumerate(lists):
        core.receive(replace(reply, now=float(now)))
        core.receive(Slept(now + 0.5))

    assert ["run_8", "run_9"] == holders(core)


@pytest.mark.parametrize("on_busy", [Wait(7.0), Interrupt(7.0), Enqueue(timeout_s=7.0)], ids=str)
def test_whoever_waits_gives_up_in_time(on_busy: OnBusy) -> None:
    """Seven seconds mean seven: with a last look then, whose holder the error names."""
    core = a_waiting_core(on_busy)
    lists = [listed(another("cancelling", f"run_{n}")) for n in range(20)]
    ended_at = knock(core, lists=lists)

    assert isinstance(core.error, ThreadBusy)
    assert holders(core)[-1] == core.error.holder
    assert "Still so after 7 s" in str(core.error)
    assert 7.0 == ended_at


@pytest.mark.parametrize("on_busy", [Wait(0), Interrupt(0), Enqueue(timeout_s=0)], ids=str)
def test_who_will_not_wait_is_told_who_holds_the_thread(on_busy: OnBusy) -> None:
    """With a timeout of nothing there is one look, and nobody is cancelled."""
    core = a_waiting_core(on_busy, met(LOCKED))

    assert [ListRuns, Done] == told(core, [listed(another("queued"))])
    assert isinstance(core.error, ThreadBusy)
    assert "run_9" == core.error.holder


@pytest.mark.parametrize("fault", [REFUSED, replace(REFUSED, retry_after_s=3600.0)])
def test_faults_do_not_make_waiting_longer(fault: Fault) -> None:
    """A look that fails when time is up is the end, however long the service wishes to be spared.

    It is no storm of looks either.
    """
    core = a_waiting_core(Wait(7.0), met(LOCKED), listed(another("queued")))

    assert [Sleep, ListRuns, Sleep, ListRuns, Done] == told(
        core, [Slept(6.9), met(fault, 6.9), Slept(7.0), met(fault, 7.0)]
    )
    assert isinstance(core.error, ThreadBusy)
    assert "run_9" == core.error.holder


def test_looks_that_keep_failing_end_the_wait() -> None:
    """A service that is gone is told as that, long before the wait is over."""
    core = a_waiting_core(Wait(), met(LOCKED), listed(another("queued")))
    now = 0.0
    while not isinstance(action := core.next_action(), Done):
        now += action.delay_s if isinstance(action, Sleep) else 0.0
        core.receive(Slept(now) if isinstance(action, Sleep) else met(REFUSED, now))

    assert isinstance(core.error, BackendError)
    assert K.TRANSIENT is core.error.fault.kind
    assert now < 60


# Interrupt ---------------------------------------------------------------------------------------


def test_interrupt_cancels_the_holder_and_waits_until_it_is_over() -> None:
    """One cancel, then looks: `cancelling` still holds the thread (Chainlit#573)."""
    core = a_waiting_core(Interrupt(), met(LOCKED))

    assert [ListRuns, Cancel, Sleep, ListRuns, Sleep, ListRuns, Create] == told(
        core,
        [
            listed(another("in_progress")),
            replace(seen("cancelling"), snapshot=another("cancelling")),
            Slept(0.5),
            listed(another("in_progress"), now=0.5),  # a replica that lags
            Slept(1.0),
            listed(another("cancelled"), now=1.0),
        ],
    )


def test_interrupt_cancels_each_holder() -> None:
    """Somebody else was quicker: it is cancelled too."""
    core = a_waiting_core(Interrupt(), met(LOCKED), listed(another("queued", "run_8")))
    first = core.next_action()
    core.receive(replace(seen("cancelling"), snapshot=another("cancelling", "run_8")))
    core.receive(Slept(0.5))
    core.receive(listed(another("queued", "run_9"), another("cancelled", "run_8"), now=0.5))

    assert [Cancel(another("queued", "run_8").ref), Cancel(another("queued", "run_9").ref)] == [
        first,
        core.next_action(),
    ]


def test_a_holder_that_is_cancelling_is_not_cancelled_again() -> None:
    """Somebody else did: it is only waited for."""
    core = a_waiting_core(Interrupt(), met(LOCKED), listed(another("cancelling")))

    assert isinstance(core.next_action(), Sleep)


def test_a_cancel_of_a_holder_may_lose() -> None:
    """It was over already: look again, create."""
    core = a_waiting_core(Interrupt(), met(LOCKED), listed(another("in_progress")))

    assert [Cancel, Sleep, ListRuns, Create] == told(
        core, [met(LATE), Slept(0.5), listed(another("completed"), now=0.5)]
    )


def test_a_cancel_of_a_holder_is_repeated_after_a_fault() -> None:
    """After a pause; twice does no harm."""
    core = a_waiting_core(Interrupt(), met(LOCKED), listed(another("in_progress")))

    assert [Cancel, Sleep, Cancel] == told(core, [met(LOST), Slept(0.5)])


def test_a_cancel_of_a_holder_is_none_of_ours() -> None:
    """Who interrupted a holder has not tried to cancel its own run: that is still to be done."""
    interrupted = [
        met(LOCKED),
        listed(another("queued")),
        replace(seen("cancelling"), snapshot=another("cancelling")),
        Slept(0.5),
        listed(now=0.5),
        seen("queued", now=0.5),
        Slept(9.9),
        met(REFUSED, 10.0),
    ]
    core = a_waiting_core(Interrupt(), *interrupted, deadline_s=10.0, cancel_grace_s=0.0)

    assert Cancel(a_run("queued").ref) == core.next_action()
    assert not core.is_over
