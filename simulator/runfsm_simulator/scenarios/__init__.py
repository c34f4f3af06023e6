"""The shipped scripts, each a lesson and a test: one YAML file with a title and what it teaches.

Those of your own are in a `Library`.
"""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from runfsm.errors import ScriptError
from runfsm_simulator.scenarios.library import SUFFIX, Library, LiveFolder, LiveScript
from runfsm_simulator.world.script import Planner, Script
from runfsm_simulator.world.scriptfile import load_script, parse_script

__all__ = ["Library", "LiveFolder", "LiveScript", "find", "live", "load", "names"]


def names() -> tuple[str, ...]:
    """The names of all scenarios, sorted."""
    found = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX)))


def load(name: str) -> Script:
    """The script of a scenario.

    Raises:
        ScriptError: no scenario is called so; the message lists those that there are.

    Example:
        >>> load("weather").title
        'The weather assistant'
    """
    if name not in names():
        there = ", ".join(names())
        raise ScriptError(name, [f"no such scenario; there are {there}, or give a .yaml file"])
    text = (files(__name__) / f"{name}{SUFFIX}").read_text(encoding="utf-8")
    return parse_script(text, where=f"{name}{SUFFIX}")


def find(where: str | os.PathLike[str], *, beside: Path = Path()) -> Script:
    """Return the script of a file, or of the shipped scenario of this name.

    Args:
        where: a path has a suffix, or is that of a file that exists; any other string is a name.
        beside: the folder that a relative path begins in.

    Raises:
        ScriptError: there is no such file or scenario, or the file has a mistake.

    Example:
        >>> find("weather") == load("weather")
        True
    """
    path = beside / where
    if path.suffix or path.is_file() or not isinstance(where, str):
        return load_script(path)
    return load(where)


def live(where: str) -> Planner:
    """What plays the scripts that are found there, as they are at each moment.

    Args:
        where: the path of a file or of a folder; or the name of a scenario, which never changes.

    Raises:
        ScriptError: nothing is there, or it has a mistake.
    """
    path = Path(where)
    if path.is_dir():
        return LiveFolder(path)
    return LiveScript(path) if path.suffix or path.exists() else load(where)
