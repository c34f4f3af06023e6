"""Which of many requests may begin now. Pure: told what happened, it says who is next.

Rule 1: a request takes one of so many places when it begins, and has it until its result is read.
So who reads slowly has no more results waiting than there are places.

Rule 2: a thread takes one run at a time. A request whose thread is taken waits without a place, and
others pass it by; those of one thread go first come, first served.

Rule 3: no request is asked for before there is a place for it, and no more than there are places
wait for their threads. So `requests` may be endless.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field

from runfsm.driver.request import RunRequest

__all__ = ["Job", "Slots"]


@dataclass(frozen=True, slots=True, order=True)
class Job:
    """A request, and which one of them all it is, from 0 on: the earlier is the lesser."""

    index: int
    request: RunRequest = field(compare=False)


class Slots:
    """The places, and who waits for what.

    Args:
        limit: how many places there are.

    Example:
        >>> slots = Slots(limit=2)
        >>> slots.offer(RunRequest("asst_1", thread_id="thread_1"))
        >>> slots.offer(RunRequest("asst_1", thread_id="thread_1"))  # waits for the first
        >>> slots.offer(RunRequest("asst_1", thread_id="thread_2"))
        >>> [job.index for job in slots.begin()]
        [0, 2]
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._free = limit
        self._offered = 0
        self._ready: list[Job] = []  # a heap: the earliest first; their threads are theirs
        self._behind: dict[str, deque[Job]] = {}  # of each thread that is taken, who waits for it
        self._parked = 0

    @property
    def waiting(self) -> int:
        """How many have been offered and have not begun."""
        return len(self._ready) + self._parked

    @property
    def has_room(self) -> bool:
        """Whether another request can be made use of."""
        return self._free > len(self._ready) and self._parked < self._limit

    def offer(self, request: RunRequest) -> None:
        """Here is another request."""
        job = Job(self._offered, request)
        self._offered += 1
        if request.thread_id in self._behind:
            self._behind[request.thread_id].append(job)
            self._parked += 1
            return
        if request.thread_id is not None:  # a new thread is nobody else's
            self._behind[request.thread_id] = deque()
        heapq.heappush(self._ready, job)

    def begin(self) -> list[Job]:
        """Those that begin now; each has a place from here on."""
        jobs = [heapq.heappop(self._ready) for _ in range(min(self._free, len(self._ready)))]
        self._free -= len(jobs)
        return jobs

    def end(self, job: Job) -> None:
        """It is over: its thread is the next one's. Its place is kept for its result."""
        thread_id = job.request.thread_id
        if thread_id is None:
            return
        if behind := self._behind[thread_id]:
            heapq.heappush(self._ready, behind.popleft())
            self._parked -= 1
        else:
            del self._behind[thread_id]

    def read(self) -> None:
        """A result was read: its place is free."""
        self._free += 1
