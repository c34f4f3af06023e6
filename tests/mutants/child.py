"""Child processes: each does one piece of work, says something, and leaves nothing behind."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from tempfile import TemporaryFile
from typing import Final, NoReturn

__all__ = ["BROKEN", "CRASH", "TIME", "be_child", "in_child"]

#: What is said of a child that takes too long; of one that ends without a word, by memory that runs
#: out, say.
TIME: Final = "(time)"
CRASH: Final = "(crash)"

#: What is said of a child whose work itself went wrong: nothing is known of the mutant then.
BROKEN: Final = "(broken)"

#: Who eats more is stopped.
MEMORY_MAX: Final = 2**31

#: How much longer than of the processor a child may take by the clock.
WAITING: Final = 4

PAUSE_S: Final = 0.002


def in_child(work: Callable[[], str], limit_s: float) -> str:
    """What the work gives, done in a child of this process; or else `TIME`, `CRASH`, `BROKEN`.

    Args:
        work: what to do.
        limit_s: of the processor; by the clock it is more, for the machine may be others', too.
    """
    until = time.monotonic() + WAITING * limit_s
    with TemporaryFile() as said:
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_CPU, (ceil(limit_s), ceil(limit_s) + 1))
            be_child(lambda: os.write(said.fileno(), _word_of(work).encode()))
        in_time = _waited_for(child, until)
        said.seek(0)
        return (said.read().decode() or CRASH) if in_time else TIME


def _word_of(work: Callable[[], str]) -> str:
    try:
        return work()
    except MemoryError:
        return CRASH
    except Exception:  # noqa: BLE001  # whatever it is, it is no test that fails
        return BROKEN


def be_child(work: Callable[[], object]) -> NoReturn:
    """Do the work, unheard, and end."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    try:
        work()
    finally:
        os._exit(0)  # threads of a mutant may hang; nobody waits for them


def _waited_for(child: int, until: float) -> bool:
    """Whether the child has ended in time; it is ended in any case, and what it started with it."""
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0) and time.monotonic() < until:
        time.sleep(PAUSE_S)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if ended == (0, 0):
        os.waitpid(child, 0)
        return False
    return os.waitstatus_to_exitcode(ended[1]) != -signal.SIGXCPU
