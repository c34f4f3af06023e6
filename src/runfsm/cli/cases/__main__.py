"""`python -m runfsm.cli.cases FILE` writes the page of cases anew; see `make doctor`."""

from __future__ import annotations

import sys
from pathlib import Path

from runfsm.cli.cases.page import render


def main(arguments: list[str]) -> int:
    """The command; its exit code is 2 for a wrong call."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m runfsm.cli.cases FILE\n")
        return 2
    Path(arguments[0]).write_text(render(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
