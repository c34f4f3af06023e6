"""What can go wrong with runs: each trouble has a play that shows what the driver does about it.

C1 to C45 are what users of assistant-style runs complain about in public issue trackers; F1 to F28
are what services were seen to do. One case may answer several of them. None is left out: those
that come from relatives of runs (vector stores, background responses, batches) are played in a
run's terms.

locks.py stuck.py tools.py cancels.py calls.py streams.py   the cases, by subject
case.py    what a case is, and how it is judged
needs.py   what a case takes of a wire
road.py    threads or tasks, over a wire or beside it
books.py   what a service has in its own books, on each wire, in a run's terms
stage.py   a service, the clients on it, and what can be seen of both
tap.py     what stands between a driver and its backend
page.py    the cases as a page: docs/doctor.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from runfsm.cli.cases import calls, cancels, locks, repeated, streams, stuck, tools
from runfsm.cli.cases.case import Case, Finding, Verdict, judge
from runfsm.cli.cases.road import Road

__all__ = [
    "CASES",
    "COMPLAINTS",
    "FAULTS",
    "SUBJECTS",
    "Case",
    "Finding",
    "Road",
    "Verdict",
    "judge",
]

COMPLAINTS: Final = tuple(f"C{number}" for number in range(1, 46))
FAULTS: Final = tuple(f"F{number}" for number in range(1, 29))

SUBJECTS: Final[Mapping[str, Sequence[Case]]] = {
    "Locked threads": locks.CASES,
    "Stuck runs": stuck.CASES,
    "Tools and their outputs": tools.CASES,
    "Cancels": cancels.CASES,
    "Calls": calls.CASES,
    "Streams": streams.CASES,
    "Too much, and twice": repeated.CASES,
}

CASES: Final = tuple(case for cases in SUBJECTS.values() for case in cases)
