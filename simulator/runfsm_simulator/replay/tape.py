"""How a tape is written down: JSON lines, one for each thing that happened, in its order.

The first line, the *head*, says how the world was made. Then, as they come:

    {"choice": …}                      what the world chose, as `explore.choosers` writes it
    {"request": …, "at": …, "answer": …}    what was asked, when, and what was answered
    {"call": …, "with": …, "at": …, "answer": …}    the same of a method: see `calls.py`
    {"read": 1, "at": …, "answer": …}       a block of the first stream
    {"edge": …}                        an edge that a run took
    {"lost": [letter, attempt]}        a webhook's receiver did not take a letter
    {"unplayable": why}                here is something that no tape can hold

Rule 1: a tape holds what clients sent, save their keys: without that, nothing can be asked again.
So its file is readable by its owner only. Answers are digests, unless they are wished for in full.

Rule 2: each line is sealed (`seal.py`), so a tape is played as it was written, or not at all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from runfsm.errors import CallerError
from runfsm.textfile import decoded
from runfsm_simulator.explore.choosers import Choice
from runfsm_simulator.replay.planners import planner_from_dict, planner_to_dict
from runfsm_simulator.replay.seal import Seal
from runfsm_simulator.world.script import Planner
from runfsm_simulator.world.storm import Storm
from runfsm_simulator.world.switches import Switches

__all__ = ["BYTES_MAX", "FORMAT", "KIND", "Head", "Tape", "head_to_dict"]

FORMAT: Final = "runfsm recording"

#: Of what is written. Who writes another gives it a higher number.
VERSION: Final = 2

#: What the first line begins with.
KIND: Final[Mapping[str, Any]] = {"format": FORMAT, "version": VERSION}

#: A tape that is longer is not read, and not written on, in bytes.
BYTES_MAX: Final = 256_000_000


@dataclass(frozen=True, slots=True)
class Head:
    """How a world was made.

    Attributes:
        script: what is played: `{"kind": "sensible"}`, a script in full, or the name of a planner.
        seed: of the choices; they are on the tape too.
        start: the clock's first moment, in Unix seconds.
        is_real: time went by itself, and no power could move it.
        pacing: see `Simulator`, as for all below.
        profile: the form of the bodies.
        permissive: rules about state are off.
        storm: the fields of the storm.
        switches: those that are not as documented.
    """

    script: Mapping[str, Any]
    seed: int
    start: float
    is_real: bool
    pacing: Any
    profile: Any
    permissive: bool
    storm: Mapping[str, Any]
    switches: Mapping[str, Any]

    @classmethod
    def of(  # noqa: PLR0913  # the settings of a simulator, all by keyword
        cls,
        planner: Planner,
        *,
        seed: int,
        start: float,
        is_real: bool,
        pacing: str,
        profile: str,
        permissive: bool,
        storm: Storm,
        switches: Switches,
    ) -> Head:
        """The head of a tape of such a simulator."""
        changed = {name: getattr(switches, name) for name in switches.thrown}
        return cls(
            script=planner_to_dict(planner),
            seed=seed,
            start=start,
            is_real=is_real,
            pacing=pacing,
            profile=profile,
            permissive=permissive,
            storm=asdict(storm),
            switches=changed,
        )

    def planner(self, given: Planner | None) -> Planner:
        """Who played, as far as the tape has it.

        Args:
            given: in place of it; wanted where the tape has no more than a name.

        Raises:
            CallerError: there is the name alone, and nobody is given.
        """
        return planner_from_dict(self.script) if given is None else given


@dataclass(frozen=True, slots=True)
class Tape:
    """A tape that was read.

    Attributes:
        head: how the world was made.
        steps: what happened, oldest first: (line, what the line says).
    """

    head: Head
    steps: tuple[tuple[int, Mapping[str, Any]], ...]

    @property
    def choices(self) -> Iterator[Choice]:
        """What the world chose."""
        return (Choice.from_dict(step["choice"]) for _, step in self.steps if "choice" in step)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Tape:
        """The tape in a file.

        Raises:
            CallerError: it cannot be read, or is none of ours.
        """
        try:
            if Path(path).stat().st_size > BYTES_MAX:
                raise CallerError(f"{path} is longer than {BYTES_MAX} bytes")
            head, *steps = _opened(decoded(Path(path).read_bytes(), errors="replace"))
            return cls(_head(head), tuple(enumerate(steps, start=2)))
        except OSError as error:
            raise CallerError(f"the tape {path} cannot be read: {error.strerror}") from error
        except (ValueError, TypeError, RecursionError) as error:
            raise CallerError(
                f"{path} is no recording of runfsm, or a damaged one: {error}"
            ) from error


def _opened(text: str) -> Iterator[Any]:
    """What each line says.

    Raises:
        ValueError: it is no tape, or one of another version, or was changed in this line.
    """
    lines = text.removesuffix("\n").split("\n")
    _check_kind(json.loads(lines[0]))
    seal = Seal()
    for number, line in enumerate(lines, start=1):
        try:
            yield seal.opened(line)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error


def _check_kind(head: Any) -> None:
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise ValueError(f'its first line has no "format": "{FORMAT}"')
    if (version := head.get("version")) != VERSION:
        raise ValueError(
            f"it has version {version}, and this runfsm reads version {VERSION}: record it anew"
        )


def _head(written: Mapping[str, Any]) -> Head:
    return Head(**{key: value for key, value in written.items() if key not in KIND})


def head_to_dict(head: Head) -> dict[str, Any]:
    """The first line."""
    return {**KIND, **asdict(head)}
