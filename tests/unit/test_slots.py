"""Who of many may begin: places, threads and their order, without a task or a clock."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfsm import RunRequest
from runfsm.driver.slots import Job, Slots


def on(thread_id: str | None) -> RunRequest:
    """A request on a thread, or on a new one."""
    return RunRequest("asst_1", thread_id=thread_id)


def offered(limit: int, *threads: str | None) -> Slots:
    """Slots to which so many were offered, one after the other."""
    slots = Slots(limit)
    for thread_id in threads:
        slots.offer(on(thread_id))
    return slots


def begun(slots: Slots) -> list[int]:
    """Who begins now, by number."""
    return [job.index for job in slots.begin()]


@pytest.mark.parametrize(
    ("threads", "first"),
    [
        ((None, None, None), [0, 1]),
        (("a", "a", "b"), [0, 2]),
        (("a", "a", "a"), [0]),
        (("a", None, "a"), [0, 1]),
        ((), []),
    ],
)
def test_who_begins_first(threads: tuple[str | None, ...], first: list[int]) -> None:
    """With two places: the earliest, past those whose thread is taken."""
    assert first == begun(offered(2, *threads))


def test_a_place_is_free_when_its_result_is_read() -> None:
    """The end of a run frees its thread, and not yet its place."""
    slots = offered(1, "a", "b")
    (job,) = slots.begin()

    slots.end(job)
    assert ([], False) == (begun(slots), slots.has_room)
    slots.read()
    assert [1] == begun(slots)


def test_who_waited_for_a_thread_goes_before_who_came_later() -> None:
    """When a thread gets free, its next one is begun before a later one of another thread."""
    slots = offered(2, "a", "b", "a", "c")
    first, _ = slots.begin()
    slots.end(first)
    slots.read()

    assert [2] == begun(slots)


def test_a_thread_that_nobody_wants_is_forgotten() -> None:
    """After its last run nothing is kept of it."""
    slots = offered(2, "a", "a")
    for _ in range(2):
        (job,) = slots.begin()
        slots.end(job)

    assert ({}, 0) == (slots._behind, slots.waiting)


def test_no_more_wait_for_their_threads_than_there_are_places() -> None:
    """Then there is no room, though places are free; until one that waits may begin."""
    slots = offered(2, "a", "a")
    (job,) = slots.begin()
    assert slots.has_room
    slots.offer(on("a"))
    assert (False, 2) == (slots.has_room, slots.waiting)

    slots.end(job)
    assert [1] == begun(slots)
    assert not slots.has_room  # both places are taken, one by the result that nobody has read


@given(
    limit=st.integers(1, 4),
    threads=st.lists(st.sampled_from([None, "a", "b", "c"]), max_size=30),
    data=st.data(),
)
def test_everybody_comes_in_turn(
    limit: int, threads: list[str | None], data: st.DataObject
) -> None:
    """Whoever ends and reads in whichever order: all begin, the bounds hold, threads in order."""
    slots = Slots(limit)
    coming, under_way, unread = list(threads), list[Job](), 0
    order: list[Job] = []
    while coming or slots.waiting or under_way or unread:
        moves = ["offer"] * (slots.has_room and bool(coming))
        moves += ["end"] * bool(under_way) + ["read"] * bool(unread)
        assert moves, "nobody can go on"
        match data.draw(st.sampled_from(moves)):
            case "offer":
                slots.offer(on(coming.pop(0)))
            case "end":
                slots.end(under_way.pop(data.draw(st.integers(0, len(under_way) - 1))))
                unread += 1
            case "read":
                slots.read()
                unread -= 1
        new = slots.begin()
        order += new
        under_way += new
        taken = Counter(job.request.thread_id for job in under_way)
        assert len(under_way) + unread <= limit
        assert slots.waiting <= 2 * limit
        assert all(runs == 1 for thread_id, runs in taken.items() if thread_id)

    assert list(range(len(threads))) == sorted(job.index for job in order)
    for thread_id in "abc":
        of_thread = [job.index for job in order if job.request.thread_id == thread_id]
        assert sorted(of_thread) == of_thread
