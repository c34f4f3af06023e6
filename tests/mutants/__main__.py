"""Change one rule at a time, and see whether a test notices: docs/mutants.md tells how to read it.

Ends with 1 if a mutant survives that is not explained, or an explanation is stale.
"""

from __future__ import annotations

import argparse
import sys

from court import Court
from memory import Memory
from report import told
from scope import AREAS
from survivors import read_reasons
from trial import SURVIVED, warm_up


def main(words: list[str]) -> int:
    """Try the mutants of the files that are asked for."""
    parser = argparse.ArgumentParser(prog="python tests/mutants", description=__doc__)
    parser.add_argument("word", nargs="*", help="a file or folder: decide.py, lifecycle")
    parser.add_argument("--fresh", action="store_true", help="forget the kills of earlier runs")
    asked = parser.parse_args(words)
    memory = Memory(fresh=asked.fresh)
    reasons = read_reasons()
    warm_up()
    courts = [Court(area, memory, reasons.keys()) for area in AREAS]
    verdicts = [it for court in courts for it in court.verdicts(asked.word)]
    if not verdicts:
        parser.error(f"tests/mutants/scope.py has no such file: {', '.join(asked.word)}")
    files = {mutant.file for mutant, _ in verdicts}
    alive = {mutant.name for mutant, by in verdicts if by == SURVIVED}
    stale = [name for name in reasons if name[0] in files and name not in alive]
    sys.stdout.write("\n".join(told(verdicts, reasons, stale)) + "\n")
    return bool(stale or alive - set(reasons))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
