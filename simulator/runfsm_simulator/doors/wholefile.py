"""A file that is replaced whole, or left alone: never half written, whatever happens meanwhile."""

from __future__ import annotations

import glob
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from runfsm.errors import CallerError

__all__ = ["check_writable", "sweep", "write_whole"]

#: How the name of a file ends that is being written, and then takes the place of the other.
UNFINISHED: Final = ".unfinished"


def check_writable(path: str | os.PathLike[str], *, told: str) -> None:
    """Find out now, rather than when there is something to lose.

    Args:
        path: where a file is to be written.
        told: how the error begins: `"the state cannot be written"`.

    Raises:
        CallerError: there is no folder for the file, it takes none, or something else is there.
    """
    target = _target(path)
    folder = target.parent
    if target.exists() and not target.is_file():
        raise CallerError(f"{told} to {path}: that is no file")
    if not os.access(folder, os.W_OK | os.X_OK):
        why = "no file may be written there" if folder.is_dir() else "there is no such folder"
        raise CallerError(f"{told} to {path}: {why}: {folder}")


def write_whole(path: str | os.PathLike[str], data: bytes, *, told: str) -> None:
    """Write a file in place of what is there. It is readable by its owner only.

    Args:
        path: of the file; a link to a file stays one.
        data: all that it is to hold.
        told: how the error begins.

    Raises:
        CallerError: it cannot be written. What it held before, it still holds.
    """
    try:
        _replace(_target(path), data)
    except OSError as error:
        raise CallerError(f"{told} to {path}: {error.strerror}") from error


def sweep(path: str | os.PathLike[str]) -> None:
    """Remove what processes left that were killed while they wrote this file.

    Only for who holds the file: another process may be writing it otherwise.
    """
    target = _target(path)
    for left in target.parent.glob(f".{glob.escape(target.name)}.*{UNFINISHED}"):
        with suppress(OSError):
            left.unlink()


def _target(path: str | os.PathLike[str]) -> Path:
    """The file itself: a link to it stays one."""
    return Path(os.path.realpath(path))


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(UNFINISHED, f".{path.name}.", path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
