"""The clients that are tried: a folder each, with its program, its pins and `client.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

__all__ = ["HERE", "Client", "Marked", "read_clients"]

HERE: Final = Path(__file__).parent

#: Why a cell is no plain pass: the client's own bug, or something that the simulator lacks.
Kind = Literal["client bug", "not simulated yet"]


@dataclass(frozen=True, slots=True)
class Marked:
    """A scenario that is expected to fail.

    Attributes:
        kind: whose fault it is.
        why: the reason, for a reader of the page.
        seen: a piece of the text with which it fails, so that no other failure passes for it.
        versions: in which versions it fails; all if there are none.
    """

    kind: Kind
    why: str
    seen: str
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Client:
    """A client on one wire, in one or several versions.

    Attributes:
        name: of its folder.
        title: its name, for a reader.
        wire: `assistants` or `responses`.
        language: `python` or `node`.
        versions: the direct requirements of each version, from which its pins are made.
        cannot: scenarios that it has no way to express, with the reasons.
        marks: scenarios that are expected to fail.
    """

    name: str
    title: str
    wire: str
    language: str
    versions: Mapping[str, tuple[str, ...]]
    cannot: Mapping[str, str]
    marks: Mapping[str, Marked]

    @property
    def program(self) -> Path:
        """The program that drives it."""
        return HERE / self.name / f"program.{'py' if self.language == 'python' else 'mjs'}"

    def named(self, version: str) -> str:
        """Return the name of one row, for the terminal."""
        return f"{self.title} {version} ({self.wire})"

    def pins(self, version: str) -> Path:
        """The file that pins a version and all that it needs."""
        file = f"{version}.txt" if self.language == "python" else f"{version}/package-lock.json"
        return HERE / self.name / file

    def mark(self, version: str, scenario: str) -> Marked | None:
        """The mark of one cell."""
        mark = self.marks.get(scenario)
        return mark if mark and (not mark.versions or version in mark.versions) else None


def read_clients(words: list[str] | None = None) -> tuple[Client, ...]:
    """Return the clients whose folder's name has one of the words in it; all without words."""
    folders = sorted(HERE.glob("*/client.toml"))
    clients = [
        _client(path.parent.name, tomllib.loads(path.read_text("utf-8"))) for path in folders
    ]
    return tuple(it for it in clients if not words or any(word in it.name for word in words))


def _client(name: str, declared: dict[str, Any]) -> Client:
    marks = {
        scenario: Marked(**{**mark, "versions": tuple(mark.get("versions", ()))})
        for scenario, mark in declared.pop("expected", {}).items()
    }
    versions = {version: tuple(needs) for version, needs in declared.pop("versions").items()}
    cannot = declared.pop("cannot", {})
    return Client(name=name, versions=versions, cannot=cannot, marks=marks, **declared)
