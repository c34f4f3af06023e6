"""The lock files of this folder: their names, what each is made of, and how one is read.

Standard library only: `install.py` runs before anything is installed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["LOCKS", "PYTHONS", "ROOT", "Lock", "pins", "python_range"]

ROOT: Final = Path(__file__).parents[1]

#: The lowest and the highest Python that the locks are made for.
PYTHONS: Final = ((3, 11), (3, 14))

PIN: Final = re.compile(
    r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)(?: ; ([^\\]+?))? *\\?$", re.MULTILINE
)


@dataclass(frozen=True, kw_only=True)
class Lock:
    """The recipe of one lock file.

    Attributes:
        purpose: what it is for, as its first line says.
        extras: the extras of the project whose dependencies it holds, beside the base ones.
        groups: the dependency groups of `pyproject.toml` that it holds.
        constraints: further version specifiers.
        options: further options of `uv pip compile`.
        keeps: whether versions that still fit stay as they are when it is made anew.
    """

    purpose: str
    extras: Sequence[str] = ("dev",)
    groups: Sequence[str] = ("build",)
    constraints: Sequence[str] = ()
    options: Sequence[str] = ()
    keeps: bool = True


LOCKS: Final[Mapping[str, Lock]] = {
    "dev": Lock(purpose="Development and `make test`", groups=("build", "lock")),
    "sdk2": Lock(purpose="`make sdk2`: openai 2.54", constraints=("openai==2.54.*",)),
    "lowest": Lock(
        purpose="`make lowest`: the lowest versions that pyproject.toml allows",
        options=("--resolution", "lowest-direct"),
        keeps=False,  # a bound that was lowered would go unnoticed
    ),
    "server": Lock(purpose="The Dockerfile: `runfsm serve`", extras=("server",)),
    "contract": Lock(purpose="`make contract`: Azure's server", extras=("dev", "contract")),
}


def pins(text: str) -> list[tuple[str, str, str]]:
    r"""Return the name, the version and the marker ("" for none) of each line that pins one.

    Example:
        >>> pins("anyio==4.16.0 \\\n    --hash=sha256:00\nuvloop==0.23.0 ; os_name != 'nt'")
        [('anyio', '4.16.0', ''), ('uvloop', '0.23.0', "os_name != 'nt'")]
    """
    return PIN.findall(text)


def python_range() -> str:
    """Return the Pythons of the locks, as they are told.

    Example:
        >>> python_range()
        '3.11 to 3.14'
    """
    return " to ".join(".".join(map(str, version)) for version in PYTHONS)
