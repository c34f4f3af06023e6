"""What a test's markers and the command line ask for, made into a simulator.

A marker that says something else than it may fails its test with what to write instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Final

import pytest

from runfsm.errors import CallerError
from runfsm_simulator import Simulator, Storm, scenarios
from runfsm_simulator.doors.pacing import Pace
from runfsm_simulator.world.script import Planner
from runfsm_simulator.world.storm import REASONS

__all__ = ["Made", "made_for"]

#: The fixture that puts a simulator behind a URL.
SERVER: Final = "runfsm_server"

#: How likely a fault is that is given by its name alone.
LIKELY: Final = 0.2

SCRIPT: Final = (
    "give one script: runfsm_script(Script.of(say('Hello!'))), runfsm_script('weather.yaml') for a "
    f"file beside the test, or a shipped scenario: {', '.join(scenarios.names())}"
)
SEED: Final = "give one whole number: runfsm_seed(7)"
FAULTS: Final = (
    "give a Storm, or fields of it: runfsm_faults(Storm(timeout=0.2)), runfsm_faults(timeout=0.2), "
    f"runfsm_faults('timeout') for {LIKELY}; there are {', '.join(REASONS)}"
)


@dataclass(frozen=True, slots=True)
class Made:
    """A simulator, and what it was made of.

    Attributes:
        simulator: the test's own.
        seed: of its choices.
        script: what it plays, in a word.
        storm: what goes wrong.
        began_at: its first moment, in Unix seconds.
    """

    simulator: Simulator
    seed: int
    script: str
    storm: Storm
    began_at: float


def made_for(node: pytest.Item) -> Made:
    """The simulator that a test asks for.

    Behind a URL, time passes by everybody's looks: a client in another process cannot wait on the
    clock.
    """
    planner, script = _script(node)
    seed, storm = _seed(node), _storm(node)
    pacing: Pace = "everybody" if SERVER in getattr(node, "fixturenames", ()) else "helpers"
    simulator = Simulator(planner, seed=seed, storm=storm, pacing=pacing)
    return Made(simulator, seed, script, storm, began_at=simulator.clock.now())


def _seed(node: pytest.Item) -> int:
    given: int | None = node.config.option.runfsm_seed
    marker = node.get_closest_marker("runfsm_seed")
    if marker is None:
        return given or 0
    match marker.args:
        case (int() as seed,) if not isinstance(seed, bool) and not marker.kwargs:
            return seed if given is None else given
    raise _wrong(marker, SEED)


def _script(node: pytest.Item) -> tuple[Planner | None, str]:
    marker = node.get_closest_marker("runfsm_script")
    if marker is None:
        return None, "the sensible one"
    match marker.args:
        case (str() | PathLike() as name,) if not marker.kwargs:
            return _loaded(marker, name, beside=node.path.parent), str(name)
        case (planner,) if callable(planner) and not marker.kwargs:
            return planner, getattr(planner, "__qualname__", type(planner).__name__)
    raise _wrong(marker, SCRIPT)


def _loaded(marker: pytest.Mark, name: str | PathLike[str], *, beside: Path) -> Planner:
    try:
        return scenarios.find(name, beside=beside)
    except CallerError as error:
        raise _wrong(marker, str(error)) from None


def _storm(node: pytest.Item) -> Storm:
    marker = node.get_closest_marker("runfsm_faults")
    if marker is None:
        return Storm()
    match marker.args:
        case (Storm() as storm,) if not marker.kwargs:
            return storm
        case names if (names or marker.kwargs) and all(isinstance(name, str) for name in names):
            return _of_fields(marker, {**dict.fromkeys(names, LIKELY), **marker.kwargs})
    raise _wrong(marker, FAULTS)


def _of_fields(marker: pytest.Mark, fields: dict[str, Any]) -> Storm:
    try:
        return Storm(**fields)
    except TypeError:  # a name that it does not have
        raise _wrong(marker, FAULTS) from None
    except CallerError as error:
        raise _wrong(marker, str(error)) from None


def _wrong(marker: pytest.Mark, instead: str) -> BaseException:
    given = [*map(repr, marker.args), *(f"{key}={value!r}" for key, value in marker.kwargs.items())]
    told = f"{marker.name}({', '.join(given)}): {instead}"
    return pytest.fail.Exception(told, pytrace=False)  # a failure that is told without a traceback
