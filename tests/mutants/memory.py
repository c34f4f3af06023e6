"""The kills of earlier runs, kept in a file, so that a run goes on where the last one ended.

A kill is believed as long as the mutated file and the file of the test that killed it are as they
were. A survivor is tried again each time: tests may have come.
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from mutant import Mutant

__all__ = ["Memory"]

FILE: Final = Path(".mutants.jsonl")


class Memory:
    """What has killed which mutant.

    Args:
        fresh: forget all of it.
    """

    def __init__(self, *, fresh: bool) -> None:
        self._kills: dict[str, str] = {}
        if fresh:
            FILE.unlink(missing_ok=True)
        if FILE.exists():
            for line in FILE.read_text("utf-8").splitlines():
                key, killed_by = json.loads(line)
                self._kills[key] = killed_by

    def killer(self, mutant: Mutant) -> str | None:
        """What has killed it, if that still holds."""
        killed_by = self._kills.get(_key(mutant))
        if killed_by is None:
            return None
        test, _, digest = killed_by.partition(" @")
        return test if digest == _digest_of_test(test) else None

    def keep(self, mutant: Mutant, killed_by: str) -> None:
        """Note a kill, at once: the run may be stopped at any time."""
        self._kills[_key(mutant)] = kept = f"{killed_by} @{_digest_of_test(killed_by)}"
        with FILE.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps([_key(mutant), kept])}\n")


def _key(mutant: Mutant) -> str:
    return " | ".join((_digest(mutant.file), *mutant.name))


def _digest_of_test(test: str) -> str:
    file = test.partition("::")[0]
    return _digest(file) if file.endswith(".py") else ""


@cache
def _digest(file: str) -> str:
    path = Path(file)
    return blake2b(path.read_bytes(), digest_size=8).hexdigest() if path.exists() else "gone"
