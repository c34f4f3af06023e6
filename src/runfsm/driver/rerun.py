"""Reads whether a run failed for its model's rate limit, and when another one may be made. Pure.

Such a run was taken by the service, and failed on its way: `failed`, `rate_limit_exceeded`, "Rate
limit reached for gpt-4o … Please try again in 6.5s" (assistant-pf-demo#10, empirical PR 210).
"""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import blake2b
from typing import Final

from runfsm.driver.pacing import FOREVER_S
from runfsm.driver.request import RunRequest
from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.snapshot import RunSnapshot

__all__ = ["is_of", "rerun_delay_s", "rerun_request"]

CODES: Final = frozenset({"rate_limit_exceeded", "too_many_requests"})

#: The same code is used where waiting does not help: no money, or more tokens than a minute has.
HOPELESS: Final = re.compile(r"quota|billing|too large|must be reduced", re.IGNORECASE)

#: A time after one of these words, in the same sentence: "try again in 1m30s", "wait 6 seconds".
DUE: Final = re.compile(
    r"\b(?:again|retry|wait)\b[^.\d]*(?P<parts>(?:\d+(?:\.\d+)?\s*[a-z]+[\s,]*(?:and\s+)?)+)",
    re.IGNORECASE,
)
PART: Final = re.compile(r"(?P<count>\d+(?:\.\d+)?)\s*(?P<unit>[a-z]+)", re.IGNORECASE)

#: By the names of a unit; each may have an `s` at its end.
UNITS_S: Final = {
    **dict.fromkeys(("ms", "msec", "milli", "millisecond"), 0.001),
    **dict.fromkeys(("s", "sec", "second"), 1.0),
    **dict.fromkeys(("m", "min", "minute"), 60.0),
    **dict.fromkeys(("h", "hr", "hour"), 3600.0),
    **dict.fromkeys(("d", "day"), 86400.0),
}

#: The wait before the first further run, in seconds, where no time is told; it doubles.
BACKOFF_S: Final = 5.0

#: Of a further run, behind its key. Others' keys may end in anything: `int` would raise for "²".
NUMBER: Final = re.compile(r"[1-9][0-9]*")

#: A longer key is too long for metadata with what is added to it, in characters.
KEY_MAX: Final = 480


def rerun_delay_s(run: RunSnapshot, reruns: int) -> float | None:
    """Return how long to wait before another run, in seconds; `None`: that would not help.

    Args:
        run: the run that is over.
        reruns: how many further runs were made before.

    Example:
        >>> from runfsm.lifecycle.snapshot import RunError, RunRef
        >>> error = RunError("rate_limit_exceeded", "Please try again in 1m2.5s.")
        >>> run = RunSnapshot(RunRef("assistants", "run_1", "thread_1"), "failed", error=error)
        >>> rerun_delay_s(run, 0)
        62.5
    """
    error = run.error
    if run.status is not RunStatus.FAILED or error is None or error.code not in CODES:
        return None
    if HOPELESS.search(error.message):
        return None
    told_s = _told_s(error.message)
    return BACKOFF_S * 2**reruns if told_s is None else min(told_s, FOREVER_S)


def _told_s(message: str) -> float | None:
    for found in DUE.finditer(message):
        waits_s = [
            float(part["count"]) * seconds
            for part in PART.finditer(found["parts"])
            if (seconds := _unit_s(part["unit"])) is not None
        ]
        if waits_s:
            return min(sum(waits_s), FOREVER_S)
    return None


def _unit_s(unit: str) -> float | None:
    name = unit.lower()
    return UNITS_S.get(name, UNITS_S.get(name.removesuffix("s")))


def rerun_request(request: RunRequest, run: RunSnapshot, number: int) -> RunRequest:
    """Return what makes the further run of this number, on the thread of the one that failed.

    What was said with that one is said again only if it is not on the thread.
    """
    key = None if request.key is None else _numbered(request.key, number)
    again = replace(request, thread_id=run.ref.thread_id, key=key, idempotent=False)
    if not run.keeps_input:
        return again
    options = {**request.options}
    options.pop("additional_messages", None)
    return replace(again, message=None, options=options)


def is_of(key: str, found: str) -> bool:
    """Return whether a run of the key `found` was made for `key`, as its first or a further run."""
    number = found.rpartition("/")[2]
    return found == key or (bool(NUMBER.fullmatch(number)) and found == _numbered(key, number))


def _numbered(key: str, number: int | str) -> str:
    """The key of its own that each run must have: by the first one's, that would be found."""
    stem = key if len(key) <= KEY_MAX else blake2b(key.encode(errors="replace")).hexdigest()
    return f"{stem}/{number}"
