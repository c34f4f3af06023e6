"""The official Node client, unmodified, against `runfsm serve`: another language, another process.

It is installed from the npm registry, once, beside the virtual environment. Where there is no npm,
or no registry, these tests are skipped: then nothing of Node's can be said.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "node"
SDK = Path(sys.prefix) / "node-sdk"
STUCK = str(files("runfsm_simulator.scenarios") / "stuck.yaml")

Served = Callable[..., AbstractContextManager[str]]


@pytest.fixture(scope="session")
def node_sdk() -> Path:
    """Where the client is installed."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("there is no Node.js on this machine")
    if not (SDK / "node_modules" / "openai").exists() or not _is_pinned_as_here():
        SDK.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "package.json", SDK)
        install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(SDK)]
        done = subprocess.run(install, check=False, timeout=120)  # noqa: S603  # our own package.json
        if done.returncode:
            pytest.skip("the npm registry cannot be reached")
    return SDK


def _is_pinned_as_here() -> bool:
    """Return whether what is installed is of the version that package.json names."""
    installed = SDK / "package.json"
    return installed.exists() and installed.read_bytes() == (HERE / "package.json").read_bytes()


def _live(served: Served, sdk: Path, what: str, *args: str) -> dict[str, Any]:
    node = shutil.which("node")
    assert node is not None
    with served("--time", "virtual", *args) as url:
        done = subprocess.run(  # noqa: S603  # our own program
            [node, str(HERE / "life.mjs"), f"{url}/v1", what],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, "NODE_SDK": str(sdk)},
        )
    assert 0 == done.returncode, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_a_whole_run_with_tools(served: Served, node_sdk: Path) -> None:
    """`createAndPoll`, then `submitToolOutputsAndPoll`: requires_action, completed, the answer."""
    seen = _live(served, node_sdk, "tools")

    assert ["requires_action", "completed"] == seen["statuses"]
    assert "Sun in Oslo." in seen["text"]


def test_a_stream_of_two_legs(served: Served, node_sdk: Path) -> None:
    """Node's `AssistantStream` takes both legs to their final run, in the recorded order."""
    seen = _live(served, node_sdk, "stream")
    events = seen["events"]
    second = events[events.index("thread.run.requires_action") + 1 :]

    assert ["requires_action", "completed"] == seen["statuses"]
    assert ["thread.run.created", "thread.run.queued", "thread.run.in_progress"] == events[:3]
    assert ["thread.run.step.completed", "thread.run.queued"] == second[:2]
    assert "thread.run.completed" == second[-1]
    assert "Sun in Oslo." in seen["text"]


def test_an_expiry_of_ten_minutes(served: Served, node_sdk: Path) -> None:
    """`createAndPoll` on a run that hangs comes back expired, in seconds at the most."""
    seen = _live(served, node_sdk, "expiry", "--script", STUCK)

    assert ["expired"] == seen["statuses"]
    assert seen["wall_ms"] < 10_000  # its own polling interval alone is 5 s a look
