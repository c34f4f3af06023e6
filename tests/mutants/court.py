"""The order in which the mutants of an area are tried, so that most of them die quickly.

1. What was found in an earlier run, by what has not changed since, is not tried again.
2. Warm, by the near tests.
3. Cold, by the bare, the near and the far tests: only who could not be tried warm.
4. Warm, by the far tests: who survives yet. Then cold: what is computed at import.
5. Last, and the same way, those whose survival is explained: what kills one makes it stale.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache

from rich.console import Console
from rich.progress import track

from memory import Memory
from mutant import Mutant, mutants_of
from reach import Reach
from scope import Area
from trial import FROZEN, SURVIVED, cold, reach_of, warm

__all__ = ["Court"]

CONSOLE = Console(stderr=True, highlight=False, soft_wrap=True)


class Court:
    """Tries the mutants of one area.

    Args:
        area: its files, and the tests that are to kill them.
        memory: what has killed whom.
        explained: the names of those whose survival is.
    """

    def __init__(
        self, area: Area, memory: Memory, explained: Collection[tuple[str, str, str]]
    ) -> None:
        self._area = area
        self._memory = memory
        self._explained = explained

    def verdicts(self, only: Sequence[str]) -> Iterator[tuple[Mutant, str]]:
        """Each mutant of the chosen files, and what has killed it.

        Who survives, and is not explained, is told of at once.
        """
        mutants = [it for file in self._area.chosen(only) for it in mutants_of(file)]
        untried = [it for it in mutants if self._verdict(it) is None]
        for mutant in self._alive([it for it in untried if it.name not in self._explained]):
            self._keep(mutant, SURVIVED)
            CONSOLE.print(f"alive: {mutant}", markup=False)
        for mutant in self._alive([it for it in untried if it.name in self._explained]):
            self._keep(mutant, SURVIVED)
        yield from ((it, self._verdict(it) or SURVIVED) for it in mutants)

    def _alive(self, untried: Sequence[Mutant]) -> list[Mutant]:
        near, far, bare = self._area.near, self._area.far, self._area.bare
        alive, frozen = self._warm(near, [it for it in untried if it.function])
        frozen += [it for it in untried if not it.function]
        for stage in (bare, near, far):
            frozen = self._cold(stage, frozen)
        alive, _ = self._warm(far, alive)
        self._cold(near, [it for it in alive if self._reach(near).is_imported(it)])
        return [it for it in untried if self._verdict(it) is None]

    def _warm(
        self, tests: Sequence[str], mutants: Sequence[Mutant]
    ) -> tuple[list[Mutant], list[Mutant]]:
        """Who survives, and who cannot be tried warm."""
        left: dict[str, list[Mutant]] = {SURVIVED: [], FROZEN: []}
        killers = warm(self._reach(tests), mutants) if mutants else ()
        for mutant, killed_by in zip(self._progress(mutants, "warm"), killers, strict=True):
            if killed_by in left:
                left[killed_by].append(mutant)
            else:
                self._keep(mutant, killed_by)
        return left[SURVIVED], left[FROZEN]

    def _cold(self, tests: Sequence[str], mutants: Sequence[Mutant]) -> list[Mutant]:
        """Who survives."""
        if not tests:
            return [*mutants]
        for mutant in self._progress(mutants, "cold"):
            killed_by = cold(self._reach(tests), mutant)
            if killed_by != SURVIVED:
                self._keep(mutant, killed_by)
        return [it for it in mutants if self._verdict(it) is None]

    def _verdict(self, mutant: Mutant) -> str | None:
        return self._memory.verdict(mutant, self._area.tests)

    def _keep(self, mutant: Mutant, by: str) -> None:
        self._memory.keep(mutant, by, self._area.tests)

    def _reach(self, tests: Sequence[str]) -> Reach:
        return _reach_of(tuple(tests), tuple(self._area.chosen()))

    def _progress(self, mutants: Sequence[Mutant], how: str) -> Iterable[Mutant]:
        what = f"{self._area.folder}, {how}"
        return track(mutants, what, console=CONSOLE, disable=not mutants)


_reach_of = cache(reach_of)
