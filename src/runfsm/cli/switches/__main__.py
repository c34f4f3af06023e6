"""`python -m runfsm.cli.switches FILE` writes the page of switches anew; see `make switches`."""

from __future__ import annotations

import sys
from pathlib import Path

from runfsm.cli.switches.page import render


def main(arguments: list[str]) -> int:
    """The command; its exit code is 2 for a wrong call."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m runfsm.cli.switches FILE\n")
        return 2
    Path(arguments[0]).write_text(render(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
