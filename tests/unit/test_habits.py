"""Facts about what a driver learns of how long runs take."""

from __future__ import annotations

import pickle
import threading

from runfsm import RunEvent
from runfsm.driver.habits import KEPT, LEAST, Habits

MOVE = RunEvent.CREATE


def _learn(habits: Habits, times: int, *, low_s: float, high_s: float) -> None:
    for _ in range(times):
        habits.learn(MOVE, low_s=low_s, high_s=high_s)


def test_few_waits_say_nothing_yet() -> None:
    """One more, and they do."""
    habits = Habits()
    _learn(habits, LEAST - 1, low_s=1.0, high_s=2.0)
    before = habits.next_delay_s(MOVE, 0.0)
    _learn(habits, 1, low_s=1.0, high_s=2.0)

    assert before is None
    assert habits.next_delay_s(MOVE, 0.0) is not None


def test_old_waits_are_forgotten() -> None:
    """After as many new ones as are kept, nobody looks by the old ones any more."""
    habits = Habits()
    _learn(habits, 10 * KEPT, low_s=100.0, high_s=101.0)
    _learn(habits, KEPT, low_s=1.0, high_s=2.0)

    assert habits.next_delay_s(MOVE, 2.5) is None


def test_a_wait_that_outlives_all_is_not_known() -> None:
    """Beyond the longest that was seen, habits have nothing to say."""
    habits = Habits()
    _learn(habits, LEAST, low_s=1.0, high_s=2.0)

    assert habits.next_delay_s(MOVE, 1.9) is not None
    assert habits.next_delay_s(MOVE, 2.0) is None


def test_a_wait_of_no_width_is_learnt_all_the_same() -> None:
    """A reply that already shows the end, at the very moment of the beginning, divides nothing."""
    habits = Habits()
    _learn(habits, LEAST, low_s=0.0, high_s=0.0)

    assert habits.next_delay_s(MOVE, 0.0) is not None


def test_habits_pickle() -> None:
    """What was learnt is there again, and can be added to."""
    habits = Habits()
    _learn(habits, LEAST, low_s=1.0, high_s=2.0)
    twin = pickle.loads(pickle.dumps(habits))  # noqa: S301  # our own bytes
    before = twin.next_delay_s(MOVE, 0.0)
    _learn(twin, KEPT, low_s=5.0, high_s=6.0)

    assert habits.next_delay_s(MOVE, 0.0) == before
    assert 5.0 < (twin.next_delay_s(MOVE, 0.0) or 0.0)


def test_many_threads_learn_and_ask() -> None:
    """Nothing is lost, and nobody sees a half-made schedule."""
    habits = Habits()
    wrong: list[BaseException] = []

    def work() -> None:
        try:
            for turn in range(200):
                habits.learn(MOVE, low_s=turn % 7, high_s=turn % 7 + 0.5)
                assert 0 < (habits.next_delay_s(MOVE, 0.0) or 1.0)
        except BaseException as error:  # noqa: BLE001  # told below
            wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [] == wrong
    assert KEPT == len(pickle.loads(pickle.dumps(habits))._seen[MOVE])  # noqa: S301  # our own bytes
