"""The mutants that no test kills, each with its reason, in `survivors.toml`.

An entry that names no mutant, or one that is killed, is stale, and an error.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["read_reasons"]

FILE: Final = Path(__file__).with_name("survivors.toml")


def read_reasons(text: str | None = None) -> Mapping[tuple[str, str, str], str]:
    """The reason of each, by the mutant's name.

    Args:
        text: what the file says, if it is not to be read.

    Raises:
        ValueError: an entry without a reason, or two for one mutant.
    """
    entries = tomllib.loads(FILE.read_text("utf-8") if text is None else text)
    reasons: dict[tuple[str, str, str], str] = {}
    for entry in entries.get("survivor", []):
        name = (entry["file"], entry["function"], entry["change"])
        if name in reasons or not entry.get("reason"):
            raise ValueError(f"two entries for one mutant, or no reason: {name}")
        reasons[name] = entry["reason"]
    return reasons
