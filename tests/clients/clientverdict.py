"""The outcome of `make clients`: what came out otherwise than declared, and what was not tried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from clientlist import Client
from clientplay import Cell, to_play
from clientscenarios import SCENARIOS

__all__ = ["Verdict"]


@dataclass(slots=True)
class Verdict:
    """The outcome so far.

    Attributes:
        wrong: a line for each cell that is not as declared.
        missing: a line for each version that could not be installed here.
        found: what stands in the printed table in place of the declaration.
        played: how many cells came out as declared.
    """

    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    found: dict[tuple[str, str, str], str] = field(default_factory=dict)
    played: int = 0

    @property
    def is_as_declared(self) -> bool:
        """All of them were tried, and came out as declared."""
        return not self.wrong and not self.missing

    def add(self, client: Client, version: str, cells: Sequence[Cell]) -> None:
        """Hold a version's cells against the declaration."""
        for cell in cells:
            surprise = _surprise(client, version, cell)
            if surprise is None:
                self.played += 1
                continue
            sign, problem = surprise
            name = f"{client.named(version)}, {SCENARIOS[cell.scenario].title}"
            self.wrong.append(f"{sign} {name}: {problem}")
            self.found[client.name, version, cell.scenario] = sign

    def crash(self, client: Client, version: str, error: Exception) -> None:
        """Note that playing a version went wrong on our side."""
        self.wrong.append(f"FAILED {client.named(version)}: {error!r}")
        for scenario in to_play(client):
            self.found[client.name, version, scenario] = "FAILED"

    def miss(self, client: Client, version: str, reason: str) -> None:
        """Note that a version could not be installed here."""
        self.missing.append(f"NOT RUN HERE {client.named(version)}: {reason}")
        for scenario in to_play(client):
            self.found[client.name, version, scenario] = "not run"

    def lines(self) -> Iterator[str]:
        """Yield what a reader must know; the last line counts."""
        yield from (*self.wrong, *self.missing)
        yield (
            f"Clients: {self.played} cells as declared in docs/clients.md, "
            f"{len(self.wrong)} otherwise, {len(self.missing)} versions not run here."
        )


def _surprise(client: Client, version: str, cell: Cell) -> tuple[str, str] | None:
    """A sign for the table and what there is to say, if a cell is not as declared."""
    mark = client.mark(version, cell.scenario)
    if mark is None:
        return ("FAILED", cell.problem) if cell.problem else None
    if not cell.problem:
        return "WORKS NOW", f"take its mark out of {client.name}/client.toml ({mark.why})"
    if mark.seen not in cell.problem:
        return "FAILED OTHERWISE", f"expected '{mark.seen}' in: {cell.problem}"
    return None
