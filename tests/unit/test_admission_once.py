"""What is created though its answer was lost is created once, told by hand: look up, then act."""

from __future__ import annotations

from dataclasses import replace

import pytest

from by_hand import (
    GARBLED,
    LOCKED,
    LOST,
    MESSAGE,
    REQUEST,
    K,
    a_core,
    a_run,
    adopted,
    another,
    listed,
    met,
    seen,
    told,
)
from runfsm import (
    BackendError,
    Fault,
    Pacing,
    Policy,
    RunCore,
    ThreadBusy,
    Wait,
)
from runfsm.driver.actions import (
    AddMessage,
    Create,
    CreateThread,
    Done,
    FetchMessages,
    FindMessage,
    ListRuns,
    Sleep,
)
from runfsm.driver.habits import Habits
from runfsm.driver.replies import Added, Reply, Slept, ThreadMade
from runfsm.driver.threadcore import ThreadCore
from runfsm.lifecycle import LIFECYCLE
from runfsm.lifecycle.journal import Transition

FAULTS_MAX = Pacing().faults_max


# Lost creations ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [LOST, GARBLED], ids=["lost", "garbled"])
def test_a_creation_that_was_done_is_taken_over(fault: Fault) -> None:
    """Found by its key among the thread's runs, it is driven on; it was created by us, once."""
    core = a_core()

    assert [Create, Sleep, ListRuns, Sleep] == told(
        core, [met(fault), Slept(0.5), listed(another("completed"), a_run("queued"), now=0.5)]
    )
    assert ["run_1"] == adopted(core)
    assert [] == [s for s in core.journal if isinstance(s, Transition) and s.foreign]


@pytest.mark.parametrize("fault", [LOST, GARBLED], ids=["lost", "garbled"])
def test_a_creation_that_was_not_done_is_repeated(fault: Fault) -> None:
    """It is looked for in vain, and created then; the other runs of the thread are not ours."""
    core = a_core()

    assert [Create, Sleep, ListRuns, Sleep, Create, Sleep] == told(
        core, [met(fault), Slept(0.5), listed(another("failed")), Slept(1.0), seen("queued")]
    )
    assert [] == adopted(core)


@pytest.mark.parametrize("status", sorted(LIFECYCLE.terminal))
def test_a_run_that_is_over_already_is_taken_over_too(status: str) -> None:
    """However long the answer was waited for."""
    core = a_core(met(LOST), Slept(600.0), listed(a_run(status), now=600.0))

    assert isinstance(core.next_action(), FetchMessages)


def test_a_creation_that_locks_us_out_is_our_own() -> None:
    """The look came too early, the second creation finds a lock: it is our own first one's."""
    core = a_core(met(LOST), Slept(0.5), listed(now=0.5), Slept(1.5))

    assert [Create, ListRuns, Sleep] == told(core, [met(LOCKED, 1.5), listed(a_run("queued"))])
    assert ["run_1"] == adopted(core)


@pytest.mark.parametrize("timeout_s", [0.0, 60.0])
def test_our_own_lock_is_found_however_late(timeout_s: float) -> None:
    """The thread was free long ago, and time is up: a look comes before `ThreadBusy` all the same.

    Else a run of ours would go on that nobody knows of.
    """
    core = a_core(met(LOCKED), policy=Policy(on_busy=Wait(timeout_s)))
    told(core, [listed(), met(LOST, 70.0), Slept(70.5), listed(now=70.5), Slept(71.0)])

    assert [Create, ListRuns, Sleep] == told(core, [met(LOCKED, 71.0), listed(a_run("queued"))])
    assert ["run_1"] == adopted(core)


def test_a_lock_of_somebody_else_after_a_lost_creation_is_no_run_of_ours() -> None:
    """Looked up, not found: the holder is another's, and the policy says what to do."""
    core = a_core(met(LOST), Slept(0.5), listed(now=0.5), Slept(1.5), met(LOCKED, 1.5))
    core.receive(listed(another("queued"), now=1.5))

    assert isinstance(core.error, ThreadBusy)
    assert "run_9" == core.error.holder


def test_without_a_key_nothing_is_repeated() -> None:
    """It could not be found again, and twice would cost twice; the error says that it may be."""
    core = RunCore(replace(REQUEST, key=None), 0.0)

    assert [Create, Done] == told(core, [met(LOST)])
    assert isinstance(core.error, BackendError)
    assert core.error.fault.maybe_applied


def test_another_run_of_this_key_is_taken_over_after_a_doubt_only() -> None:
    """An app's own key may be an old one: whoever is not in doubt takes over nothing."""
    core = a_core(met(LOCKED), listed(a_run("completed")))

    assert isinstance(core.next_action(), Create)
    assert [] == adopted(core)


@pytest.mark.parametrize("before", [[], [met(LOCKED), listed()]], ids=["free", "after a lock"])
def test_creations_that_are_lost_again_and_again_end(before: list[Reply]) -> None:
    """Looks that find nothing do not mend them: so many in a row, and it is an error."""
    core, created = a_core(*before), 0
    while not isinstance(action := core.next_action(), Done):
        match action:
            case Create():
                created += 1
                core.receive(met(LOST))
            case ListRuns():
                core.receive(listed())
            case _:
                core.receive(Slept(0.0))

    assert 1 + FAULTS_MAX == created
    assert isinstance(core.error, BackendError)
    assert core.error.fault.maybe_applied


def test_a_look_up_that_fails_leaves_the_doubt_in_the_error() -> None:
    """When the runs cannot be listed, the error says that there may be one."""
    core = a_core(met(LOST), Slept(0.5), met(Fault(K.AUTH, "No."), 0.5))

    assert isinstance(core.error, BackendError)
    assert (K.AUTH, True) == (core.error.fault.kind, core.error.fault.maybe_applied)


def test_a_look_up_that_is_refused_leaves_the_doubt_though_it_is_locked() -> None:
    """The lock may be our own run's: the error says that there may be one, and no `ThreadBusy`."""
    core = a_core(met(LOST), Slept(0.5), listed(now=0.5), Slept(1.5), met(LOCKED, 1.5))
    core.receive(met(Fault(K.AUTH, "No."), 1.5))

    assert isinstance(core.error, BackendError)
    assert (K.AUTH, True) == (core.error.fault.kind, core.error.fault.maybe_applied)


def test_nothing_is_learnt_of_a_run_that_was_taken_over() -> None:
    """How long it has run is not known: its driver's habits stay as they are."""
    habits = Habits()
    core = RunCore(REQUEST, 0.0, habits=habits)
    found = [met(LOST), Slept(60.0), listed(a_run("queued"), now=60.0), Slept(61.0)]
    told(core, [*found, seen("completed", now=61.0)])

    assert {} == habits._seen


# Faults that leave no doubt ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", [K.TRANSIENT, K.RATE_LIMITED])
def test_what_was_refused_is_repeated_without_a_look(kind: K) -> None:
    """It cannot have been done: after a pause, the same again."""
    core = a_core()

    assert [Create, Sleep, Create] == told(core, [met(Fault(kind, "No.")), Slept(0.5)])


@pytest.mark.parametrize("kind", [K.QUOTA, K.AUTH, K.INVALID, K.NOT_FOUND, K.UNSUPPORTED])
def test_what_will_not_pass_is_told_at_once(kind: K) -> None:
    """No second request."""
    core = a_core(met(Fault(kind, "No.")))

    assert isinstance(core.error, BackendError)
    assert kind is core.error.fault.kind


def test_a_garbled_first_answer_is_the_wrong_address() -> None:
    """Nobody has ever answered in this API's words: a page is no hiccup, and not asked for again.

    What was looked up in its words, though, is one (the page came from something on the way).
    """
    new_thread = RunCore(replace(REQUEST, thread_id=None), 0.0)
    new_thread.receive(met(replace(GARBLED, maybe_applied=False)))
    never_answered = a_core(met(GARBLED), Slept(0.5), met(GARBLED, 0.5))

    assert isinstance(new_thread.error, BackendError)
    assert isinstance(never_answered.error, BackendError)
    assert never_answered.error.fault.maybe_applied


def test_a_thread_that_is_but_a_name_is_no_answer() -> None:
    """Where the service makes none, the page that comes next is still its first word."""
    made, named = (RunCore(replace(REQUEST, thread_id=None), 0.0) for _ in "12")
    made.receive(ThreadMade("thread_1", 0.0))
    named.receive(ThreadMade("thread_1", 0.0, is_there=False))
    for core in (made, named):
        core.receive(met(replace(GARBLED, maybe_applied=False)))

    assert None is made.error
    assert isinstance(named.error, BackendError)


def test_a_thread_may_be_made_twice() -> None:
    """An empty thread too many does no harm: it is not looked for."""
    core = RunCore(replace(REQUEST, thread_id=None), 0.0)

    assert [CreateThread, Sleep, CreateThread, Create] == told(
        core, [met(LOST), Slept(0.5), ThreadMade("thread_1", 0.5)]
    )


@pytest.mark.parametrize(
    ("said", "goes_on"),
    [("No thread found with id 'thread_1'.", True), ("No assistant found: 'asst_1'.", False)],
)
def test_a_new_thread_that_is_not_found_is_a_lag(said: str, *, goes_on: bool) -> None:
    """A replica has not heard of it yet (Flowise#3426). An assistant is the app's, and no lag."""
    core = RunCore(replace(REQUEST, thread_id=None), 0.0)
    core.receive(ThreadMade("thread_1", 0.0))
    core.receive(met(Fault(K.NOT_FOUND, said, status_code=404)))

    assert goes_on == isinstance(core.next_action(), Sleep)


# Messages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [LOST, GARBLED], ids=["lost", "garbled"])
@pytest.mark.parametrize("found", ["msg_1", None])
def test_a_lost_message_is_looked_up_by_its_key(fault: Fault, found: str | None) -> None:
    """If it is there, that was it; if not, it is added again."""
    core = ThreadCore(MESSAGE, 0.0)
    after = [Done] if found else [Sleep, AddMessage, Done]
    again: list[Reply] = [] if found else [Slept(1.5), Added("msg_1", 1.5)]

    assert [AddMessage, Sleep, FindMessage, *after] == told(
        core, [met(fault), Slept(0.5), Added(found, 0.5), *again]
    )
    assert (None, "msg_1") == (core.error, core.message_id)


def test_a_message_that_is_locked_out_after_a_doubt_is_looked_up_again() -> None:
    """It may be there: the run that locks the thread may have begun after it."""
    core = ThreadCore(MESSAGE, 0.0)
    told(core, [met(LOST), Slept(0.5), Added(None, 0.5), Slept(1.5), met(LOCKED, 1.5)])

    assert [FindMessage, Done] == told(core, [Added("msg_1", 1.5)])
