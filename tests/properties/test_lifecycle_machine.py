"""The shipped `LifecycleMachine` on the simulator: all agree, and all of the table is seen."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from runfsm.lifecycle import LIFECYCLE, RunEvent, RunStatus
from runfsm_simulator.testing import LifecycleMachine
from runfsm_simulator.testing.coverage import counting, measure
from stateful import failure_of

refused_seen: Counter[tuple[RunStatus, RunEvent]] = Counter()
lock_cells: dict[tuple[RunStatus, str], int] = {}


class Counting(LifecycleMachine):
    """It counts what was refused; what was taken, the shipped book of coverage has."""

    def refused(self, status: RunStatus, event: RunEvent) -> None:
        refused_seen[status, event] += 1

    def knocked(self, status: RunStatus, wanted: str, code: int) -> None:
        lock_cells[status, wanted] = code


def test_four_implementations_live_one_life(coverage_report: list[str]) -> None:
    """They agree at every step; every edge, pair, refusal and cell of the lock was seen."""
    with counting() as clerk:
        run_state_machine_as_test(
            Counting,
            settings=settings(
                max_examples=200,
                stateful_step_count=40,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            ),
        )
    measured = measure(clerk.book)
    square = {(s, e) for s in RunStatus for e in RunEvent if e is not RunEvent.CREATE}
    illegal = {cell for cell in square if not LIFECYCLE.allows(*cell)}
    cells = {(status, what) for status in RunStatus for what in ("message", "run")}
    coverage_report += [
        f"edges taken: {measured['edges'].of_all}",
        f"pairs of edges taken: {measured['pairs'].of_all}",
        f"illegal moves refused: {len(refused_seen)} of {len(illegal)}",
        f"thread lock, status x (create message, create run): {len(lock_cells)} of {len(cells)}",
    ]

    assert () == measured.below(100, of=["statuses", "edges", "pairs"])
    assert illegal == set(refused_seen)
    expected = {cell: 400 if LIFECYCLE.locks_thread(cell[0]) else 200 for cell in cells}
    assert expected == lock_cells


class WithoutLock(LifecycleMachine):
    """A service that takes messages at any time."""

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        code, answer = super().call(method, path, body)
        return (200, answer) if path.endswith("/messages") else (code, answer)


class Forgetful(LifecycleMachine):
    """A service that shows a cancelled run as if nobody had cancelled it."""

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        code, answer = super().call(method, path, body)
        if answer.get("status") == "cancelling":
            answer["status"] = "in_progress"
        return code, answer


class Strict(LifecycleMachine):
    """A service that cancels nothing that waits for a client."""

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        waits = path.endswith("/cancel") and self.look()["status"] == "requires_action"
        return (400, {}) if waits else super().call(method, path, body)


@pytest.mark.parametrize(
    ("machine", "told"),
    [
        (WithoutLock, "a message on a thread whose run is queued: expected 400, got 200"),
        (Forgetful, "the tracker saw: expected queued --cancel--> cancelling, got queued --start"),
        (Strict, "requires_action --cancel--> cancelling, sent: expected 200, got 400"),
    ],
)
def test_a_service_that_breaks_the_table_is_found(
    machine: type[LifecycleMachine], told: str
) -> None:
    """By the fewest steps, with what was expected, and how to do it again."""
    failure = failure_of(machine)

    assert told in failure.message
    assert len(failure.steps) <= 3
    assert "@reproduce_failure" in failure.notes
