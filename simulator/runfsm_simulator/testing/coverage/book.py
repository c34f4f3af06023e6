"""How often each place was covered: a value. Books add up, in any order, and are JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from runfsm.errors import CallerError
from runfsm_simulator.testing.coverage.cells import Cell, Kind

__all__ = ["Book"]

#: A book of everything has a few hundred lines.
BYTES_MAX: Final = 4 * 1024 * 1024

Name = Annotated[str, Field(max_length=300)]
Line = tuple[Name, Kind, Name, Name, Annotated[int, Field(gt=0)]]


class Written(BaseModel):
    """A book as JSON has it; `cells` are lines of table, kind, row, column and count."""

    model_config = ConfigDict(extra="forbid", strict=True)

    runfsm_coverage: Literal[1]
    cells: list[Annotated[Line, Field(strict=False)]]  # JSON has lists where Python has tuples


@dataclass(frozen=True)
class Book:
    """How often each place was covered.

    Attributes:
        counts: of what happened at all; read-only.

    Example:
        >>> once = Book({Cell("run", "status", "queued"): 1})
        >>> (once + once)[Cell("run", "status", "queued")]
        2
    """

    counts: Mapping[Cell, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counted = {cell: count for cell, count in sorted(self.counts.items()) if count}
        object.__setattr__(self, "counts", MappingProxyType(counted))

    def __getitem__(self, cell: Cell) -> int:
        return self.counts.get(cell, 0)

    def __add__(self, other: Self) -> Book:
        return Book(Counter(self.counts) + Counter(other.counts))

    @classmethod
    def merged(cls, books: Iterable[Book]) -> Book:
        """All of them in one; an empty one if there are none."""
        return sum(books, start=cls())

    def to_dict(self) -> dict[str, Any]:
        """A JSON object; the same book gives the same text."""
        lines = [[*cell, count] for cell, count in self.counts.items()]
        return {"runfsm_coverage": 1, "cells": lines}

    @classmethod
    def from_dict(cls, document: Any) -> Book:
        """The book that `to_dict` wrote.

        Raises:
            CallerError: it is no such object; the message says where not.
        """
        try:
            written = Written.model_validate(document)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise CallerError(f"not a book of coverage: {where}: {first['msg']}") from error
        counts: Counter[Cell] = Counter()
        for table, kind, row, column, count in written.cells:
            counts[Cell(table, kind, row, column)] += count
        return cls(counts)

    def write(self, file: Path) -> None:
        """Write it as JSON, over what is there."""
        lines = ",\n".join(json.dumps(line) for line in self.to_dict()["cells"])
        file.write_text(f'{{"runfsm_coverage": 1, "cells": [\n{lines}\n]}}\n', encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> Book:
        """The book in a file.

        Raises:
            CallerError: there is no such file, or no book in it.
        """
        try:
            return cls.from_dict(json.loads(_text(file)))
        except (CallerError, ValueError, OSError) as error:
            problem = error.strerror if isinstance(error, OSError) else error
            how = "`pytest --runfsm-coverage FILE` writes a book"
            raise CallerError(f"{file}: {problem}; {how}") from error


def _text(file: Path) -> bytes:
    with file.open("rb") as opened:
        text = opened.read(BYTES_MAX + 1)
    if len(text) > BYTES_MAX:
        raise CallerError(f"not a book of coverage: more than {BYTES_MAX} bytes")
    return text
