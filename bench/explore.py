"""Behaviours and states a second of a search: through the SDK, and on the direct port.

The function is the project's own driver, on both roads; what it is told by the service is the same.
Run it by `make bench`.
"""

from __future__ import annotations

from time import perf_counter

from runfsm_simulator.explore import explore
from runfsm_simulator.explore.core import drive_client, drive_port
from runfsm_simulator.explore.stage import Explored

ROADS: dict[str, tuple[Explored, int]] = {
    "the openai client": (drive_client, 2),
    "the direct port": (drive_port, 3),
}


def main() -> None:
    """One line for each road."""
    print("a search of the driver   depth   behaviours   a second     states   a second")
    for road, (function, depth) in ROADS.items():
        explore(function, depth=1)  # what is imported late, is imported
        began = perf_counter()
        found = explore(function, depth=depth)
        took_s = perf_counter() - began
        assert found.is_clean, found.found[0].broken  # noqa: S101  # else it measures something else
        print(
            f"  {road:<20} {depth:>7} {found.behaviours:>12,} {found.behaviours / took_s:>10,.0f}"
            f" {found.states:>10,} {found.states / took_s:>10,.0f}"
        )


if __name__ == "__main__":
    main()
