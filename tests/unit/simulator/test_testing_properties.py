"""What must hold of any run: of the simulator's traces, of journals, while it happens."""

from __future__ import annotations

import gc
from dataclasses import replace

import pytest

from runfsm import LIFECYCLE, Outcome, RunDriver, RunEvent, RunRequest, RunStatus, RunTracker
from runfsm_simulator import Script, Simulator, TraceEntry, call, say
from runfsm_simulator.testing import (
    ENDS,
    RUN_PROPERTIES,
    Monitor,
    PropertyBroken,
    check,
    event,
    into,
    lifecycle_properties,
    never,
    one_active_run,
    properties_of,
)


@pytest.fixture
def driven() -> tuple[Simulator, Monitor, Outcome]:
    """A run of one tool round, monitored."""
    simulator = Simulator(Script.of(call("f"), say("Hi")))
    monitor = Monitor([*RUN_PROPERTIES, ENDS])
    driver = RunDriver(simulator.backend, clock=simulator.clock, observers=[monitor])
    outcome = driver.run(RunRequest(simulator.create_assistant(), "Hello"))
    return simulator, monitor, outcome


def test_a_run_keeps_them(driven: tuple[Simulator, Monitor, Outcome]) -> None:
    """In the service's trace, in the driver's journal, and to a monitor of it."""
    simulator, monitor, outcome = driven

    check(simulator.trace, *properties_of(simulator), ENDS)
    check(outcome.journal, *RUN_PROPERTIES, ENDS)
    assert [] == monitor.reports


def _entry(run: str, source: RunStatus | None, event: RunEvent, dest: RunStatus) -> TraceEntry:
    actor = next(edge.actor for edge in LIFECYCLE.edges if edge.event is event)
    return TraceEntry(0.0, run, source, event, dest, actor)


S, E = RunStatus, RunEvent
CREATED = _entry("run_1", None, E.CREATE, S.QUEUED)
FAILED = _entry("run_1", S.QUEUED, E.FAIL, S.FAILED)
SUBMITTED = _entry("run_1", S.REQUIRES_ACTION, E.SUBMIT_TOOL_OUTPUTS, S.QUEUED)


@pytest.mark.parametrize(
    ("trace", "told"),
    [
        ([CREATED, FAILED, FAILED], "never an edge after a terminal status"),
        ([CREATED, CREATED], "after → queued, start or cancel or fail or expire"),
        ([SUBMITTED, SUBMITTED], "never submit_tool_outputs after submit_tool_outputs"),
        (
            [CREATED, replace(CREATED, run_id="run_2")],
            "for each thread: never create after create, until the end of the run",
        ),
    ],
)
def test_each_can_be_broken(trace: list[TraceEntry], told: str) -> None:
    """By a service that does what the lifecycle does not allow."""
    one_thread = one_active_run(lambda _: "thread_1")
    broken = [what for what in (*RUN_PROPERTIES, one_thread) if _is_broken(trace, what)]

    assert [what for what in broken if told in repr(what)]


def _is_broken(trace: list[TraceEntry], what: object) -> bool:
    try:
        check(trace, what)  # type: ignore[arg-type]  # it is a property
    except PropertyBroken:
        return True
    return False


def test_a_run_that_is_not_over_breaks_nothing(
    driven: tuple[Simulator, Monitor, Outcome],
) -> None:
    """At each step of its life, but that it is to end."""
    simulator, _, _ = driven
    for length in range(1, len(simulator.trace)):
        check(simulator.trace[:length], *properties_of(simulator))
        with pytest.raises(PropertyBroken, match="the trace ends here"):
            check(simulator.trace[:length], ENDS)


def test_an_impossible_look_is_told() -> None:
    """A monitor that listens to a tracker hears of what cannot be, once."""
    monitor = Monitor()
    tracker = RunTracker(on_step=monitor.see)
    for status in ("queued", "completed", "in_progress", "queued"):
        tracker.observe(status)

    assert len(monitor.reports) == 1
    assert "completed → in_progress" in str(monitor.reports[0].step)
    with pytest.raises(PropertyBroken, match="never what the lifecycle says cannot be"):
        monitor.check()


def test_the_table_says_it_once_a_status() -> None:
    """One property for what is final, and one for each status that is not."""
    lasting = set(LIFECYCLE.statuses) - LIFECYCLE.terminal

    assert 1 + len(lasting) == len(lifecycle_properties(LIFECYCLE))


def test_a_monitor_tells_at_once_and_hurts_nothing() -> None:
    """The run goes on; each run that breaks it is reported, whatever the others do."""
    simulator = Simulator(Script.of(say("Hi")))
    told: list[PropertyBroken] = []
    monitor = Monitor([never(into("completed")), never(event("cancel"))], on_broken=told.append)
    driver = RunDriver(simulator.backend, clock=simulator.clock, observers=[monitor])
    outcomes = [driver.run(RunRequest(simulator.create_assistant(), "Hello")) for _ in range(2)]

    assert [S.COMPLETED] * 2 == [outcome.status for outcome in outcomes]
    assert monitor.reports == told
    assert ["never → completed"] * 2 == [repr(one.broken) for one in told]


def test_a_monitor_follows_a_growing_trace() -> None:
    """Each step is taken once, however often one asks; at the end, what is open is told."""
    simulator, monitor = Simulator(Script.of(say("Hi"))), Monitor([never(event("start")), ENDS])
    thread_id = simulator.create_thread()
    simulator.add_message(thread_id, "Hello")
    simulator.world.create_run(thread_id, simulator.create_assistant())
    for _ in range(3):
        monitor.follow(simulator.trace)
        simulator.clock.advance(2.5)
    monitor.end()

    assert len(simulator.trace) == 3
    assert ["never start"] == [repr(one.broken) for one in monitor.reports][:1]


def test_a_monitor_keeps_nothing_of_runs_that_are_left() -> None:
    """Neither of one that was driven to its end nor of one whose core is gone."""
    simulator, monitor = Simulator(Script.of(say("Hi"))), Monitor()
    driver = RunDriver(simulator.backend, clock=simulator.clock, observers=[monitor])
    driver.run(RunRequest(simulator.create_assistant(), "Hello"))
    watch = driver.watch(RunRequest(simulator.create_assistant(), "Hello"))
    next(iter(watch))
    watch.close()
    del watch
    gc.collect()

    assert {} == monitor._of_core
