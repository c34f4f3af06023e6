"""A core that looks for its key before it makes a run, told by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from by_hand import GARBLED, LOCKED, LOST, REF, REFUSED, a_run, another, listed, met, seen
from runfsm import BackendError, Fault, FaultKind, Pacing, Policy, RunCore, RunRequest, Wait
from runfsm.driver.actions import (
    Cancel,
    Create,
    CreateThread,
    Done,
    FetchMessages,
    ListRuns,
    Retrieve,
    RunTools,
    Sleep,
    TakeKey,
)
from runfsm.driver.journal import RunAdopted, ThreadHeld
from runfsm.driver.replies import KeyTaken, Listed, Slept, ThreadMade
from runfsm.driver.rerun import is_of

REQUEST: Final = RunRequest("asst_1", "Hi", "thread_1", key="key_1", idempotent=True)
NOTHING: Final = KeyTaken(None, 0.0)
UNROUTED: Final = Fault(FaultKind.NOT_FOUND, "no such route", status_code=404)


def _core(*replies: Any, request: RunRequest = REQUEST, **policy: Any) -> RunCore:
    core = RunCore(request, 0.0, Policy(**policy))
    for reply in replies:
        core.receive(reply)
    return core


def test_the_key_is_taken_then_looked_for_then_used() -> None:
    """First in this process, then on the thread; then the run is created."""
    assert isinstance(_core().next_action(), TakeKey)
    assert ListRuns("thread_1") == _core(NOTHING).next_action()
    assert isinstance(_core(NOTHING, listed()).next_action(), Create)


def test_a_run_that_is_still_looked_for_is_not_let_go() -> None:
    """Nobody knows yet whose it is."""
    assert not _core().is_let_go
    assert not _core(NOTHING).is_let_go


def test_a_key_is_waited_for_until_the_deadline() -> None:
    """Whoever holds it may drive for long."""
    action = _core(deadline_s=50).next_action()

    assert isinstance(action, TakeKey)
    assert 50 == action.timeout_s


def test_a_run_of_the_process_that_is_over_gives_its_outcome() -> None:
    """It is looked at, and its messages are fetched."""
    core = _core(KeyTaken(a_run("completed"), 1.0))

    assert FetchMessages(REF) == core.next_action()


def test_a_run_of_the_process_that_was_left_is_driven() -> None:
    """Nobody else here drives it: its tools are called."""
    core = _core(KeyTaken(a_run("requires_action", "call_1"), 1.0))

    assert isinstance(core.next_action(), RunTools)


def test_a_run_of_somebody_else_is_only_looked_at() -> None:
    """Its tools are the other driver's, and so is the run when the follower is interrupted."""
    core = _core(NOTHING, listed(a_run("requires_action", "call_1")))

    assert isinstance(core.next_action(), Sleep)
    assert core.is_let_go
    core.receive(Slept(1.0))
    assert Retrieve(REF) == core.next_action()
    core.receive(seen("completed", now=2.0))
    assert FetchMessages(REF) == core.next_action()


def test_a_follower_may_ask_to_cancel() -> None:
    """That is the app's wish about its piece of work."""
    core = _core(NOTHING, listed(a_run("in_progress")))
    core.request_cancel()

    assert not core.is_let_go
    assert Cancel(REF) == core.next_action()


def test_the_lock_decides_between_two_processes() -> None:
    """Both have looked, one has created: the other is locked out, looks again, and follows."""
    locked = Fault(FaultKind.LOCKED, "already has an active run", status_code=400)
    core = _core(NOTHING, listed(), met(locked))
    assert ListRuns("thread_1") == core.next_action()
    core.receive(listed(a_run("in_progress")))

    assert core.snapshot is not None
    assert core.is_let_go
    assert not [it for it in core.journal if isinstance(it, ThreadHeld)]


def test_whoever_waits_for_another_run_looks_ever_more_rarely() -> None:
    """The key is looked for in each list, which makes no list news."""
    core = _core(NOTHING, listed(), met(LOCKED), on_busy=Wait())
    delays: list[float] = []
    now = 0.0
    while len(delays) < 3:
        core.receive(listed(another("in_progress"), now=now))
        action = core.next_action()
        assert isinstance(action, Sleep)
        delays.append(action.delay_s)
        now += action.delay_s
        core.receive(Slept(now))

    assert [0.5, 0.75, 1.125] == delays


def test_faults_of_the_search_are_over_when_it_is() -> None:
    """A list that came ends the row of failures: the creation may fail as often as any."""
    core = _core(NOTHING, met(REFUSED), Slept(1.0), listed(), pacing=Pacing(faults_max=1))

    assert isinstance(core.next_action(), Create)
    core.receive(met(REFUSED))
    assert isinstance(core.next_action(), Sleep)


def test_what_is_found_in_the_process_was_found() -> None:
    """The journal says so, and when."""
    core = _core(KeyTaken(a_run("completed"), 1.0))

    assert [RunAdopted(1.0, "run_1", found=True)] == core.journal[:1]


def test_what_is_found_on_the_thread_was_found() -> None:
    """The same."""
    core = _core(NOTHING, listed(a_run("in_progress"), now=2.0))

    assert [RunAdopted(2.0, "run_1", found=True)] == core.journal[:1]


def test_a_run_that_was_found_is_as_old_as_the_look_at_most() -> None:
    """Where the service does not say when it expires, its time counts from when it was found."""
    run = replace(a_run("in_progress"), expires_at=None, expires_here=True, expires_after_s=60.0)
    core = _core(KeyTaken(run, 100.0), Slept(159.0), deadline_s=None)

    assert not isinstance(core.next_action(), Cancel)
    core.receive(seen("in_progress", now=159.5))
    core = _core(KeyTaken(run, 100.0), Slept(160.0), deadline_s=None)
    assert Cancel(REF) == core.next_action()


def test_a_creation_that_was_lost_is_looked_up_as_any() -> None:
    """After the search, a run of the key is our own: it is driven, and not followed."""
    core = _core(NOTHING, listed(), met(LOST, now=1.0), Slept(2.0))
    assert ListRuns("thread_1") == core.next_action()
    core.receive(listed(a_run("requires_action", "call_1"), now=2.0))

    assert isinstance(core.next_action(), RunTools)
    assert [RunAdopted(2.0, "run_1")] == [it for it in core.journal if isinstance(it, RunAdopted)]


def test_a_list_that_fails_is_asked_for_again() -> None:
    """A fault that may pass says nothing about whether runs can be listed."""
    core = _core(NOTHING, met(REFUSED), Slept(1.0))

    assert ListRuns("thread_1") == core.next_action()


def test_on_a_thread_that_is_new_nothing_is_looked_for() -> None:
    """The run is made at once."""
    request = replace(REQUEST, thread_id=None)
    core = _core(NOTHING, ThreadMade("thread_1", 0.0), request=request)

    assert isinstance(core.next_action(), Create)


def test_a_thread_that_cannot_be_made_is_no_list_that_cannot_be_read() -> None:
    """The refusal of another call is the app's to know."""
    request = replace(REQUEST, thread_id=None)
    core = _core(NOTHING, request=request)
    assert isinstance(core.next_action(), CreateThread)
    core.receive(met(Fault(FaultKind.INVALID, "no such tool", status_code=400)))

    assert Done() == core.next_action()
    assert isinstance(core.error, BackendError)


@pytest.mark.parametrize("idempotent", [True, False])
def test_a_holder_that_cannot_be_listed_is_not_looked_for(*, idempotent: bool) -> None:
    """Though the key could be, or was not: one knocks."""
    request = replace(REQUEST, idempotent=idempotent)
    first = (NOTHING, listed()) if idempotent else ()
    core = _core(*first, met(LOCKED), met(UNROUTED), request=request, on_busy=Wait())

    assert isinstance(core.next_action(), Create)


def test_a_key_that_was_taken_is_no_answer_of_the_service() -> None:
    """What answers the first request in other words is the wrong address."""
    core = _core(NOTHING, met(GARBLED))

    assert Done() == core.next_action()
    assert isinstance(core.error, BackendError)


def test_a_list_that_is_refused_for_the_key_is_raised() -> None:
    """A wrong API key is no look-alike that cannot list."""
    core = _core(NOTHING, met(Fault(FaultKind.AUTH, "Incorrect API key", status_code=401)))

    assert Done() == core.next_action()
    assert isinstance(core.error, BackendError)


@pytest.mark.parametrize("kind", [FaultKind.NOT_FOUND, FaultKind.UNSUPPORTED, FaultKind.INVALID])
def test_a_server_that_cannot_list_is_asked_for_a_run(kind: FaultKind) -> None:
    """There, the process alone knows of keys."""
    core = _core(NOTHING, met(Fault(kind, "no such route", status_code=404)))

    assert isinstance(core.next_action(), Create)


@pytest.mark.parametrize(
    ("found", "is_ours"),
    [
        ("key", True),
        ("key/1", True),
        ("key/12", True),
        ("key/x", False),
        ("key/²", False),  # a digit, and no number
        ("key/01", False),
        ("key2", False),
        ("1", False),
    ],
)
def test_a_further_run_is_the_same_events(found: str, *, is_ours: bool) -> None:
    """A run that was made again after a rate limit has a number behind the key."""
    assert is_ours == is_of("key", found)


def test_a_list_that_is_not_whole_is_waited_after_like_any() -> None:
    """Whoever waits for a lock does not ask without a pause."""
    core = _core(NOTHING, listed(), met(LOCKED), on_busy=Wait())
    core.receive(Listed([another("in_progress")], 0.0, is_whole=False))

    assert Sleep(0.5) == core.next_action()
