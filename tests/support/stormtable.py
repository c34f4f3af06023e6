"""All ten thousand storms, and how they ended, as a table: `make storm`.

`make storm CASE=timeout/17` tells what happens in one of them instead. `make storm CASE=responses`
plays all of them on the Responses wire, `CASE="agents 1000"` the first thousand on the Agents API,
and `CASE=responses:timeout/17` tells of one there.
"""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from time import perf_counter
from typing import Final

from rich.console import Console
from rich.progress import track

from stormplay import STAGES, Played, play, told
from storms import Case, fixed_set

#: The columns, and what of a story's ending counts where.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "completed": ("completed",),
    "ended otherwise": ("cancelled", "expired", "failed", "incomplete"),
    "given up": ("cancelling", "in_progress", "queued", "requires_action"),
    "left": ("left",),
    "as the app wanted": ("DeadlineExceeded", "RunCancelled", "ToolError"),
    "fault raised": ("BackendError",),
    "busy": ("ThreadBusy",),
}


def main(names: list[str]) -> int:
    """Tell the cases of these names; or play all of a wire, and tell of them in a table."""
    if not names or names[0] in STAGES:
        return _all(*names)
    for name in names:
        sys.stdout.write(told(Case.named(name)) + "\n")
    return 0


def _all(wire: str = "assistants", count: str | None = None) -> int:
    cases, began_at = [*islice(fixed_set(wire), int(count) if count else None)], perf_counter()
    with ProcessPoolExecutor() as pool:
        playing = pool.map(play, cases, chunksize=20)
        played = [*track(playing, "storms", len(cases), console=Console(stderr=True))]
    sys.stdout.write("\n".join(_table(played)) + "\n\n")
    broken = [one for one in played if one.broken]
    took_s = perf_counter() - began_at
    sys.stdout.write(
        f"{len(played):,} storms on the wire of {wire}, each by threads, asyncio and trio, in "
        f"{took_s:.0f} s on {os.cpu_count()} processors: {len(broken)} with a broken rule.\n"
    )
    for one in broken[:20]:
        sys.stdout.write(f"  make storm CASE={one.case}   # {'; '.join(one.broken)}\n")
    return bool(broken)


def _table(played: Iterable[Played]) -> Iterable[str]:
    """Lines of Markdown: a row for each storm, and one for all of them."""
    by_weather: dict[str, list[Played]] = defaultdict(list)
    for one in played:
        by_weather[one.case.weather].append(one)
        by_weather["all"].append(one)
    by_weather["all"] = by_weather.pop("all")  # last
    heads = ["storm", "cases", *COLUMNS, "calls a run", "broken"]
    yield f"| {' | '.join(heads)} |"
    yield f"| --- |{' ---: |' * (len(heads) - 1)}"
    for weather, those in by_weather.items():
        broken = sum(bool(one.broken) for one in those)
        cells = [weather, len(those), *_counts(those), _mean(those), broken]
        yield f"| {' | '.join(map(str, cells))} |"


def _counts(played: Iterable[Played]) -> list[int]:
    ends = Counter(one.ended.partition(" ")[0] for one in played)
    return [sum(ends[end] for end in column) for column in COLUMNS.values()]


def _mean(played: list[Played]) -> str:
    return f"{sum(one.calls for one in played) / len(played):.1f}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
