"""Behaviours and states a second of a search: through the SDK, and of the bare core.

Both are the project's own driver under the same policy, and what the service may do is the same.
Run it by `make bench`.
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

from runfsm_simulator.explore.core import CoreStage, drive_client
from runfsm_simulator.explore.search import search
from runfsm_simulator.explore.stage import Stage

DEPTH = 3

ROADS: dict[str, Callable[[], Stage]] = {
    "the openai client": lambda: Stage(drive_client),
    "the core alone": CoreStage,
}


def main() -> None:
    """One line for each road. Seconds are of this process: others may be busy, too."""
    print("a search of the driver   depth   behaviours   a second     states   a second")
    for road, make in ROADS.items():
        search(make(), depth=1)  # what is imported late, is imported
        began = process_time()
        found = search(make(), depth=DEPTH)
        took_s = process_time() - began
        assert found.is_clean, found.found[0].broken  # noqa: S101  # else it measures something else
        print(
            f"  {road:<20} {DEPTH:>7} {found.behaviours:>12,} {found.behaviours / took_s:>10,.0f}"
            f" {found.states:>10,} {found.states / took_s:>10,.0f}"
        )


if __name__ == "__main__":
    main()
