"""`python -m runfsm.cli.diff FILE` writes the generated part of a page anew; see `make migrate`."""

from __future__ import annotations

import sys
from pathlib import Path

from runfsm.cli.diff.page import renewed
from runfsm.errors import CallerError


def main(arguments: list[str]) -> int:
    """The command; its exit code is 2 for a wrong call."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m runfsm.cli.diff FILE\n")
        return 2
    page = Path(arguments[0])
    try:
        page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    except CallerError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
