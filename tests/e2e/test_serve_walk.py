"""The README's walk with curl is what a fresh server does."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
WALK = re.search(r"```bash\n(.*?)```\n\n```text\n(.*?)```", README, flags=re.DOTALL)
BASH = shutil.which("bash")


@pytest.mark.skipif(not (BASH and shutil.which("curl")), reason="needs bash and curl")
def test_the_readmes_walk_prints_what_it_says(
    served: Callable[..., AbstractContextManager[str]],
) -> None:
    """Line by line, against a server that was started as it says."""
    assert WALK is not None
    commands, printed = WALK.groups()
    with served("--time", "virtual") as url:
        commands = commands.replace("http://127.0.0.1:4010", url)
        done = subprocess.run(  # noqa: S603  # our own text
            [str(BASH), "-c", commands], capture_output=True, text=True, check=True, timeout=60
        )

    assert "" == done.stderr
    assert printed.splitlines() == [line.rstrip() for line in done.stdout.splitlines()]
