"""Worlds in a file, to go on with in another process.

A line of JSON that says what the file is, and one for each world (`world/plain.py`). The first has
a version, and a checksum of the rest: a file that is foreign, newer or damaged is refused whole.

Rule: a file is replaced whole (`wholefile.py`); what is refused is left alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from pydantic_core import to_json

from runfsm.errors import CallerError
from runfsm.textfile import check_is_utf8
from runfsm_simulator.doors import wholefile
from runfsm_simulator.world import plain

__all__ = ["MAIN", "check_writable", "read", "sweep", "write"]

#: The world of who names none.
MAIN: Final = "main"

FORMAT: Final = "runfsm state"

#: How an error of writing begins.
TOLD: Final = "the state cannot be written"

#: Of what is written. One that reads another gives it a higher number.
VERSION: Final = 2


# Writing -----------------------------------------------------------------------------------------


def write(path: str | os.PathLike[str], worlds: Mapping[str, Mapping[str, Any]]) -> None:
    """Write worlds, by their names, in place of what the file held.

    It is readable by its owner only: it holds what users said.

    Raises:
        CallerError: something in a world is no JSON; or the file cannot be written. What it held
            before, it still holds.
    """
    try:
        lines = [_line({"name": name, **world}) for name, world in worlds.items()]
        data = _with_head(b"".join(lines))
    except (TypeError, ValueError, RecursionError) as error:
        raise CallerError(f"{TOLD} as JSON: {error}") from error
    wholefile.write_whole(path, data, told=TOLD)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Find out now, rather than when there is something to lose.

    Raises:
        CallerError: there is no folder for the file, or it takes none.
    """
    wholefile.check_writable(path, told=TOLD)


def sweep(path: str | os.PathLike[str]) -> None:
    """Remove what was left by processes that were killed in the middle of a save.

    Only for who holds the file.
    """
    wholefile.sweep(path)


def _line(world: Mapping[str, Any]) -> bytes:
    try:
        text = to_json(world, inf_nan_mode="constants")  # four times as fast: requests may wait
    except ValueError:  # half of a surrogate pair has no UTF-8; the rest is no JSON for either
        text = json.dumps(world).encode("ascii")
    return text + b"\n"


def _with_head(body: bytes) -> bytes:
    digest = hashlib.sha256(body).hexdigest()
    head = {"format": FORMAT, "version": VERSION, "sha256": digest}
    return json.dumps(head).encode() + b"\n" + body


# Reading -----------------------------------------------------------------------------------------


def read(path: str | os.PathLike[str]) -> dict[str, plain.Kept]:
    """The worlds that a file holds, by their names.

    Raises:
        CallerError: it cannot be read, or it holds no worlds that this version of runfsm knows.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise CallerError(f"the state cannot be read from {path}: {error.strerror}") from error
    try:
        return _parsed(data)
    except (ValueError, RecursionError) as error:
        raise CallerError(f"{path} is not taken, and left as it is: {error}") from error


def _parsed(data: bytes) -> dict[str, plain.Kept]:
    check_is_utf8(data)
    first, _, body = data.partition(b"\n")
    _check_head(_head(first), body)
    worlds: dict[str, plain.Kept] = {}
    for line in body.splitlines():
        name, record = _named(json.loads(line))
        if name in worlds:
            raise ValueError(f"it has two worlds {name}")
        worlds[name] = plain.parse(record)
    return worlds


def _named(record: Any) -> tuple[str, Any]:
    match record:
        case {"name": str(name), **world}:
            return name, world
    raise ValueError("it has a world without a name")


def _head(line: bytes) -> dict[str, Any]:
    head = None
    with suppress(ValueError, RecursionError):
        head = json.loads(line)
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise ValueError(
            f'it is no state of runfsm; such a file begins with {{"format": "{FORMAT}"'
        )
    return head


def _check_head(head: Mapping[str, Any], body: bytes) -> None:
    version = head.get("version")
    if version != VERSION:
        raise ValueError(
            f"it was written by another runfsm: it has version {version} of the format, and this "
            f"one reads version {VERSION}"
        )
    if head.get("sha256") != hashlib.sha256(body).hexdigest():
        raise ValueError("it is damaged: its checksum is another one")
