"""Whole runs out of generated scripts, tools, policies and cancels: what holds for all of them."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from functools import partial

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from driving import Stage, WatchfulClock, in_time
from runfsm import (
    LIFECYCLE,
    Outcome,
    Pacing,
    Policy,
    RunEvent,
    Transition,
)
from runfsm.driver.journal import FaultMet, GaveUp, ToolAnswered
from runfsm.errors import FaultKind
from runfsm_simulator.world.script import (
    Call,
    Script,
    calls,
    fail,
    hang,
    say,
    truncate,
)

SECONDS = st.sampled_from([0.0, 0.25, 1.0, 7.3, 59.9, 599.0, 601.0, 5000.0])
NAMES = ["fine", "raises", "naps", "naps_async", "sleeps", "oversleeps", "unheard_of"]
CALLS = st.builds(
    Call, name=st.sampled_from(NAMES), arguments=st.sampled_from([{}, {}, {}, "{", {"x": 1}])
)
ROUNDS = st.builds(
    lambda made, queue_s, work_s: calls(*made, queue_s=queue_s, work_s=work_s),
    st.lists(CALLS, min_size=1, max_size=4),
    SECONDS,
    SECONDS,
)
ENDINGS = st.one_of(
    st.builds(partial(say, "Done."), queue_s=SECONDS, work_s=SECONDS),
    st.builds(fail, queue_s=SECONDS, work_s=SECONDS),
    st.builds(partial(truncate, say="Do"), queue_s=SECONDS, work_s=SECONDS),
    st.builds(hang, queue_s=SECONDS),
)
SCRIPTS = st.builds(
    lambda rounds, ending, cancel_s: Script.of(*rounds, ending, cancel_s=cancel_s),
    st.lists(ROUNDS, max_size=3),
    ENDINGS,
    st.one_of(SECONDS, st.just("never")),
)
POLICIES = st.builds(
    Policy,
    deadline_s=st.sampled_from([None, 0.1, 4.9, 61.7, 900.0]),
    cancel_grace_s=st.sampled_from([0.0, 20.3, 60.0]),
    tool_timeout_s=st.sampled_from([None, 0.1, 3.3, 30.0]),
    pacing=st.sampled_from([Pacing(), Pacing(first_s=0.07), Pacing(first_s=40.0, longest_s=40.0)]),
)
CANCELS = st.none() | st.integers(0, 12)  # at this step of the journal


@settings(max_examples=300)
@given(script=SCRIPTS, policy=POLICIES, cancel_at=CANCELS)
def test_every_run_ends_well(script: Script, policy: Policy, cancel_at: int | None) -> None:
    """It ends, in time, in a terminal status or given up; the journal is one path of the table.

    Nobody else is suspected, no call is answered twice, no round is handed in twice, and the thread
    is free again.
    """
    stage = Stage(script, policy)
    outcome = in_time(lambda: stage.drive(cancel_at))
    gave_up = any(isinstance(step, GaveUp) for step in outcome.journal)
    answered = [step.call_id for step in outcome.journal if isinstance(step, ToolAnswered)]

    assert gave_up or outcome.status in LIFECYCLE.terminal
    _check_path(outcome)
    assert len(set(answered)) == len(answered)
    assert len(set(stage.submitted)) == len(stage.submitted)
    deadline_s = 600.0 if policy.deadline_s is None else policy.deadline_s
    bound_s = min(deadline_s, 600.0) + policy.cancel_grace_s + policy.pacing.longest_s
    assert stage.clock.now() <= stage.started_at + bound_s
    if gave_up:
        assert RunEvent.CANCEL in {entry.event for entry in stage.simulator.trace}
    else:
        stage.simulator.add_message(outcome.ref.thread_id, "Thanks.")


def _check_path(outcome: Outcome) -> None:
    steps = [step for step in outcome.journal if isinstance(step, Transition)]
    status = None
    for step in steps:
        assert step.edge in LIFECYCLE.edges
        assert status == step.edge.source
        assert not step.foreign
        status = step.edge.dest
    assert outcome.status == status
    assert not [s for s in outcome.journal if s.kind in {"anomaly", "unknown_status"}]
    # The only trouble there can be is a cancel that came too late.
    faults = {step.fault for step in outcome.journal if isinstance(step, FaultMet)}
    assert faults <= {FaultKind.ALREADY_TERMINAL}


@settings(max_examples=100)
@given(
    script=SCRIPTS, policy=POLICIES, cancel_at=CANCELS, loop=st.sampled_from(["asyncio", "trio"])
)
def test_tasks_tell_the_same_story(
    script: Script, policy: Policy, cancel_at: int | None, loop: str
) -> None:
    """The async driver's outcome, journal and all, is the sync one's."""
    by_threads, by_tasks = Stage(script, policy), Stage(script, policy)
    expected = in_time(lambda: by_threads.drive(cancel_at))
    outcome = in_time(lambda: anyio.run(partial(by_tasks.drive_async, cancel_at), backend=loop))

    assert expected == outcome
    assert by_threads.clock.now() == by_tasks.clock.now()


@settings(max_examples=100)
@given(script=SCRIPTS, policy=POLICIES, cut=st.integers(0, 12))
def test_a_run_goes_on_in_another_driver(script: Script, policy: Policy, cut: int) -> None:
    """Pickled at any step, left, and resumed by a fresh driver, it ends as if nothing had been."""
    whole, parts = Stage(script, policy), Stage(script, policy)
    expected = in_time(whole.drive)

    def in_parts() -> Outcome:
        watch = parts.driver.watch(parts.request)
        core = watch.core
        for number, _ in enumerate(watch):
            if number == cut:
                core = pickle.loads(pickle.dumps(watch.core))  # noqa: S301  # our own bytes
                break
        watch.close()
        rest = parts.driver.resume(core)
        for _ in rest:
            pass
        return rest.outcome

    assert expected == in_time(in_parts)


@settings(max_examples=50)
@given(
    scripts=st.lists(SCRIPTS, min_size=2, max_size=3),
    policy=POLICIES,
    loop=st.sampled_from(["asyncio", "trio"]),
)
def test_runs_beside_each_other_do_not_meet(
    scripts: Sequence[Script], policy: Policy, loop: str
) -> None:
    """Several runs in one loop and one time: each one's outcome is the one it has alone."""
    alone = [in_time(Stage(script, policy).drive) for script in scripts]
    clock = WatchfulClock()
    stages = [Stage(script, policy, clock) for script in scripts]
    found: dict[int, Outcome] = {}

    async def one(number: int) -> None:
        found[number] = await stages[number].drive_async()

    async def main() -> None:
        gate = clock.participant()  # until all have begun, nobody may jump
        async with anyio.create_task_group() as tasks:
            for number in range(len(stages)):
                tasks.start_soon(one, number)
            await anyio.wait_all_tasks_blocked()
            gate.leave()

    in_time(lambda: anyio.run(main, backend=loop))

    assert alone == [found[number] for number in range(len(stages))]
