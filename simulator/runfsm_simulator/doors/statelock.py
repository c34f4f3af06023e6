"""A lock on a state file: one server at a time writes it.

The lock is the operating system's, on a file beside (`worlds.json.lock`). It ends with the process
that holds it, however that ends, so nothing is ever to be removed by hand. The lock file stays: to
remove it would be a race with the next holder.

Needs the extra `server`: `pip install 'runfsm[server]'`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from runfsm.errors import CallerError

__all__ = ["SUFFIX", "held"]

SUFFIX: Final = ".lock"


@contextmanager
def held(path: str | os.PathLike[str]) -> Iterator[None]:
    """Hold a state file for this process.

    Args:
        path: of the state file; several links to one file are one.

    Raises:
        CallerError: another process holds it, or the folder takes no lock.

    Example:
        >>> with held("worlds.json"):              # doctest: +SKIP
        ...     worlds.dump("worlds.json")
    """
    beside = Path(f"{os.path.realpath(path)}{SUFFIX}")
    # Not of a thread: who saves, and who ends the server, may be two.
    lock = FileLock(beside, timeout=0, mode=0o600, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise CallerError(
            f"{path} is held by another server{_holder(beside)}: end that one, or give --state "
            f"another file"
        ) from error
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CallerError(f"{path} cannot be locked by {beside}: {reason}") from error
    try:
        with suppress(OSError):  # on Windows, what is locked cannot be written
            beside.write_text(f"{os.getpid()}\n", encoding="ascii")
        yield
    finally:
        lock.release()


def _holder(beside: Path) -> str:
    """The process that wrote its number there, if that can be read."""
    try:
        number = beside.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return f", process {number}" if number.isdecimal() else ""
