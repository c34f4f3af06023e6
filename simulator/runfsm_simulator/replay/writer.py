"""The file of a tape, while it is written: its owner's alone, sealed line by line, and bounded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from runfsm.errors import CallerError
from runfsm_simulator.replay.seal import Seal
from runfsm_simulator.replay.tape import BYTES_MAX

__all__ = ["Writer"]

FULL: Final = (
    f"the tape has {BYTES_MAX} bytes, and no more are written: record less, as a test does, and "
    "leave out record_bodies"
)


class Writer:
    """Writes a tape, line by line.

    Args:
        path: the file, which is replaced.

    Raises:
        CallerError: the file cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._seal = Seal()
        self._left = BYTES_MAX - len(FULL) - 100  # there is room to say so
        self._is_full = False
        try:
            self._path.unlink(missing_ok=True)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise CallerError(f"nothing can be recorded in {path}: {error.strerror}") from error

    def write(self, line: Mapping[str, Any]) -> None:
        """Write the next line; where there is no room for it, that there is none, once."""
        if self._is_full:
            return
        seal = self._seal.copy()
        text = f"{seal.sealed(line)}\n"
        if len(text) > self._left:
            self._is_full, seal = True, self._seal
            text = f"{seal.sealed({'unplayable': FULL})}\n"
        self._seal = seal
        self._left -= len(text)
        with self._path.open("a", encoding="utf-8") as file:  # nobody says when it is over
            file.write(text)
