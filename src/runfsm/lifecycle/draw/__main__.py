"""`python -m runfsm.lifecycle.draw DIRECTORY` writes every diagram anew; see `make diagrams`."""

from __future__ import annotations

import sys
from pathlib import Path

from runfsm.errors import CallerError
from runfsm.lifecycle.draw.gallery import GENERATED, text_files
from runfsm.lifecycle.draw.svg import svg_of

__all__ = ["write_diagrams"]


def write_diagrams(directory: Path) -> list[Path]:
    """Write the gallery, overwriting what is there; return the files written.

    Raises:
        CallerError: Graphviz is not installed. Nothing has been written.
    """
    files = text_files()
    drawings = {
        f"{Path(name).stem}.svg": f"<!-- {GENERATED} -->\n{svg_of(text)}"
        for name, text in files.items()
        if name.endswith(".dot")
    }
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in (files | drawings).items():
        (directory / name).write_text(text, encoding="utf-8", newline="\n")
    return [directory / name for name in files | drawings]


def main(arguments: list[str]) -> int:
    """The command; its exit code is 2 for a wrong call."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m runfsm.lifecycle.draw DIRECTORY\n")
        return 2
    try:
        written = write_diagrams(Path(arguments[0]))
    except CallerError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"wrote {len(written)} files to {arguments[0]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
