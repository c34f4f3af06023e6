"""`runfsm drive`, as a test calls it: what it is given, and what it said."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TOOLS = str(ROOT / "examples" / "weather_tools.py")
SECRET = "sk-not-to-be-seen"  # noqa: S105  # opens nothing


@dataclass(frozen=True)
class Said:
    """What the command said, and its exit code."""

    code: object
    out: str
    err: str

    @property
    def folded(self) -> str:
        """Both streams, white space folded."""
        return " ".join(f"{self.out} {self.err}".split())

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Drive = Callable[..., Said]
