"""Set up a virtual environment from a lock: `python locks/install.py FOLDER LOCK`.

By uv where there is one, else by venv and pip. What they say is kept in FOLDER/setup.log, and a
failure is told in one line. Standard library only: nothing is installed yet.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from lockfile import LOCKS, PYTHONS, ROOT, python_range

__all__ = ["commands", "find_uv", "main", "misfit"]

PROJECT: Final = ("--no-deps", "--no-build-isolation", "--editable", ".")  # the backend is locked


def find_uv() -> str | None:
    """Return a uv: that of the PATH, or the one that the lock `dev` has brought."""
    brought = ROOT / ".venv" / "bin" / "uv"
    return shutil.which("uv") or (str(brought) if brought.exists() else None)


def misfit(name: str, version: tuple[int, int]) -> str | None:
    """Return why a lock cannot be taken by a Python, or `None` if it can."""
    lowest, highest = PYTHONS
    if lowest <= version <= highest:
        return None
    told = ".".join(map(str, version))
    return (
        f"locks/{name}.txt is for Python {python_range()}, and this is {told}: "
        "make PYTHON=/path/to/python3.13"
    )


def commands(folder: str, name: str, uv: str | None) -> Iterator[Sequence[str]]:
    """Yield the commands that set up a folder: the environment, what is locked, the project."""
    python = str(Path(folder, "bin", "python"))
    locked = ("--require-hashes", "--requirement", f"locks/{name}.txt")
    if uv:
        yield (uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, folder)
        install = (uv, "pip", "install", "--quiet", "--python", python)
    else:
        yield (sys.executable, "-m", "venv", folder)
        install = (python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    yield (*install, *locked)
    yield (*install, *PROJECT)


def main(folder: str, name: str) -> str | None:
    """Set up a folder, and return what went wrong, if something did."""
    if name not in LOCKS:
        return f"there is no lock {name!r}: {', '.join(LOCKS)}"
    if reason := misfit(name, sys.version_info[:2]):
        return reason
    print(f"Setting up {folder}, once ...", flush=True)
    if _is_of_another_python(Path(folder)):
        shutil.rmtree(folder)
    log = Path(folder, "setup.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as file:
        for words in commands(folder, name, find_uv()):
            done = subprocess.run(words, check=False, cwd=ROOT, stdout=file, stderr=file)  # noqa: S603  # our own words
            if done.returncode:
                return _failure(name, log)
    Path(folder, "ready").touch()
    return None


def _is_of_another_python(folder: Path) -> bool:
    """Return whether there is an environment whose packages this Python would not see."""
    there = {path.name for path in folder.glob("lib/python3*")}
    return bool(there) and there != {"python{}.{}".format(*sys.version_info)}


def _failure(name: str, log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace")
    said = [line.strip() for line in text.splitlines() if line.lower().lstrip().startswith("error")]
    python = "{}.{}.{}".format(*sys.version_info)
    return (
        f"locks/{name}.txt cannot be installed with Python {python} on {sys.platform} "
        f"({said[-1] if said else 'no reason given'}); all of it: {log}. If the lock does not fit: "
        "make lock, or another Python, make PYTHON=/path/to/python3.13"
    )


if __name__ == "__main__":
    if wrong := main(*sys.argv[1:3]):
        print(wrong, file=sys.stderr)
        raise SystemExit(2)
