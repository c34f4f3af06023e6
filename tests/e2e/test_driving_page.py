"""The programs of `docs/driving.md` that stand for themselves run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "driving.md").read_text(encoding="utf-8")
PROGRAMS = [
    program
    for program in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    if "runfsm_simulator" in program
]


@pytest.mark.parametrize(("program", "printed"), [*zip(PROGRAMS, ["Two.", "Done."], strict=True)])
def test_the_programs_of_the_page_run(program: str, printed: str) -> None:
    """Tools on one thread, and tools in one event loop, each as a program of its own."""
    command = [sys.executable, "-W", "error", "-c", program]
    ended = subprocess.run(  # noqa: S603  # our own page
        command, timeout=60, capture_output=True, encoding="utf-8", check=True
    )

    assert f"{printed}\n" == ended.stdout
