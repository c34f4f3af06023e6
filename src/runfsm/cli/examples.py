"""`runfsm examples`: what a checkout has in examples/, for those who installed a wheel."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from runfsm.errors import CallerError

__all__ = ["examples"]

SUFFIXES = (".ipynb", ".md", ".py")


def examples(
    folder: Annotated[
        Path, typer.Argument(help="Where to write them; it is made if it is not there.")
    ] = Path("examples"),
) -> None:
    """Write the examples into a folder: programs to read and run, tools, loops to explore.

    A file of yours is never replaced: one that is there and says something else is an error, and
    then nothing is written.
    """
    source = _source()
    wanted = {folder / path.relative_to(source): path.read_bytes() for path in _found(source)}
    _check_free(folder, wanted)
    for path, content in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        print(path)
    print(f"Begin with: python {folder / 'function_calling.py'}")


def _source() -> Path:
    installed = Path(str(files("runfsm_simulator"))) / "examples"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "examples"


def _found(source: Path) -> Iterator[Path]:
    for path in sorted(source.rglob("*")):
        if path.suffix in SUFFIXES and "__pycache__" not in path.parts:
            yield path


def _check_free(folder: Path, wanted: dict[Path, bytes]) -> None:
    taken = [path for path, content in wanted.items() if path.exists() and not _is(path, content)]
    if taken or (folder.exists() and not folder.is_dir()):
        raise CallerError(
            f"{(taken or [folder])[0]} is there already and is not an example of this version: "
            "give another folder, as `runfsm examples my-examples`"
        )


def _is(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content
