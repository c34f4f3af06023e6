"""The verdicts of earlier runs, kept in a file, so that a run goes on where the last one ended.

A kill is believed as long as the mutated file and the file of the test that killed it are as they
were; that one is alive, as long as none of the tests has changed that could have killed it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from mutant import Mutant
from trial import SURVIVED

__all__ = ["Memory"]

FILE: Final = Path(".mutants.jsonl")


class Memory:
    """What has killed which mutant, or that nothing has.

    Args:
        fresh: forget all of it.
    """

    def __init__(self, *, fresh: bool) -> None:
        self._verdicts: dict[str, str] = {}
        if fresh:
            FILE.unlink(missing_ok=True)
        if FILE.exists():
            for line in FILE.read_text("utf-8").splitlines():
                key, verdict = json.loads(line)
                self._verdicts[key] = verdict

    def verdict(self, mutant: Mutant, tests: Sequence[str]) -> str | None:
        """What was found, if that still holds.

        Args:
            mutant: about whom.
            tests: the files of those that could kill it.
        """
        said = self._verdicts.get(_key(mutant))
        if said is None:
            return None
        by, _, digest = said.rpartition(" @")
        return by if digest == _digest_of(by, tests) else None

    def keep(self, mutant: Mutant, by: str, tests: Sequence[str]) -> None:
        """Note a verdict, at once: the run may be stopped at any time."""
        self._verdicts[_key(mutant)] = said = f"{by} @{_digest_of(by, tests)}"
        with FILE.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps([_key(mutant), said])}\n")


def _key(mutant: Mutant) -> str:
    return " | ".join((_digest(mutant.file), *mutant.name))


def _digest_of(by: str, tests: Sequence[str]) -> str:
    """Of what the verdict hangs on, beside the mutated file."""
    if by == SURVIVED:
        return blake2b("".join(map(_digest, tests)).encode(), digest_size=8).hexdigest()
    file = by.partition("::")[0]
    return _digest(file) if file.endswith(".py") else ""


@cache
def _digest(file: str) -> str:
    path = Path(file)
    return blake2b(path.read_bytes(), digest_size=8).hexdigest() if path.exists() else "gone"
