"""Lines for threads: first come, first served, and whoever leaves wakes the next one."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from runfsm import BackendError, CallerError, Lines, ThreadBusy
from runfsm.driver.actions import TakeTurn
from runfsm.driver.lines import Ticket, line_is_full


def _join(
    lines: Lines,
    ring: Callable[[], None] = lambda: None,
    *,
    thread_id: str = "thread_1",
    waiting_max: int = 100,
) -> Ticket:
    ticket = lines.join(thread_id, ring, waiting_max=waiting_max)
    assert ticket is not None
    return ticket


def test_the_first_to_come_is_served_first() -> None:
    """One at a time, in the order of their coming."""
    lines = Lines()
    tickets = [_join(lines) for _ in range(3)]
    turns = []
    for ticket in tickets:
        turns.append([other.is_first for other in tickets[len(turns) :]])
        ticket.leave()

    assert [[True, False, False], [True, False], [True]] == turns


def test_whoever_leaves_rings_the_next_one_alone() -> None:
    """The second hears when the first leaves; the third does not."""
    lines, rung = Lines(), list[int]()
    first, second, _third = (_join(lines, lambda n=n: rung.append(n)) for n in (1, 2, 3))
    first.leave()

    assert ([2], True) == (rung, second.is_first)


def test_whoever_gives_up_in_the_middle_rings_nobody() -> None:
    """It was not its turn, so it is nobody else's now; the order of the others stays."""
    lines, rung = Lines(), list[int]()
    first, second, third = (_join(lines, lambda n=n: rung.append(n)) for n in (1, 2, 3))
    second.leave()
    assert [] == rung
    first.leave()

    assert ([3], True) == (rung, third.is_first)


def test_to_leave_twice_is_to_leave_once() -> None:
    """The second time takes nobody else's turn away, nor rings it again."""
    lines, rung = Lines(), list[int]()
    first, second, third = (_join(lines, lambda n=n: rung.append(n)) for n in (1, 2, 3))
    first.leave()
    first.leave()

    assert ([2], True, False) == (rung, second.is_first, third.is_first)


def test_a_place_that_was_given_up_is_nobodys() -> None:
    """Used after its session, it is the caller's mistake: it neither waits for ever nor crashes."""
    lines = Lines()
    alone, left = _join(lines, thread_id="thread_2"), _join(lines)
    _join(lines)
    for ticket in (alone, left):
        ticket.leave()

        with pytest.raises(CallerError, match=f"session on {ticket.thread_id} is over"):
            _ = ticket.is_first


def test_threads_have_lines_of_their_own() -> None:
    """Nobody waits for another thread's line."""
    lines = Lines()

    assert _join(lines).is_first
    assert _join(lines, thread_id="thread_2").is_first


@pytest.mark.parametrize("waiting_max", [1, 2, 5])
def test_so_many_may_wait_behind_the_first(waiting_max: int) -> None:
    """One more is refused, and changes nothing; when one has left there is room again."""
    lines = Lines()
    tickets = [_join(lines, waiting_max=waiting_max) for _ in range(waiting_max + 1)]

    assert lines.join("thread_1", lambda: None, waiting_max=waiting_max) is None
    assert waiting_max + 1 == lines.waiting("thread_1")
    tickets[-1].leave()
    assert _join(lines, waiting_max=waiting_max).is_first is False


def test_an_empty_line_takes_no_memory() -> None:
    """A service has millions of threads in its life: none stays when nobody wants it."""
    lines = Lines()
    for number in range(100):
        _join(lines, thread_id=f"thread_{number}").leave()

    assert (0, {}) == (lines.waiting("thread_1"), lines._lines)


def test_whoever_is_rung_may_ask_at_once() -> None:
    """The ring comes when the lines are free again: an alarm may take a lock, or look here."""
    lines, turns = Lines(), list[bool]()
    first = _join(lines)
    tickets: list[Ticket] = []
    tickets.append(_join(lines, lambda: turns.append(tickets[0].is_first)))
    leaver = threading.Thread(target=first.leave, daemon=True)
    leaver.start()
    leaver.join(timeout=10)

    assert [True] == turns


def test_many_threads_get_their_turns_one_at_a_time() -> None:
    """Twenty threads, forty turns each: never two at once, and nobody is forgotten."""
    lines, inside, most, served = Lines(), 0, 0, 0

    def work() -> None:
        nonlocal inside, most, served
        for _ in range(40):
            turn = threading.Event()
            ticket = _join(lines, turn.set)
            if not ticket.is_first:
                assert turn.wait(timeout=10)
            inside += 1
            most = max(most, inside)
            served += 1
            inside -= 1
            ticket.leave()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert (800, 1, 0) == (served, most, lines.waiting("thread_1"))


def test_a_full_line_is_told_with_the_setting_to_change() -> None:
    """`ThreadBusy`, which says how many stand there and what allows more."""
    error: BackendError = line_is_full(TakeTurn("thread_1", waiting_max=7, timeout_s=1.0))

    assert isinstance(error, ThreadBusy)
    assert "7 stand in line for thread_1 already: Enqueue(waiting_max=…)" in str(error)


def test_nobody_stands_behind_their_own_place() -> None:
    """Whoever has a place would wait for themselves: that is refused; others take theirs."""
    lines = Lines()
    first = lines.join("thread_1", lambda: None, waiting_max=1, owner=1)

    with pytest.raises(CallerError, match="own place in the line of thread_1"):
        lines.join("thread_1", lambda: None, waiting_max=1, owner=1)
    assert lines.join("thread_2", lambda: None, waiting_max=1, owner=1)
    assert first
    assert lines.join("thread_1", lambda: None, waiting_max=1, owner=2)
    first.leave()
    assert lines.join("thread_1", lambda: None, waiting_max=1, owner=1)
