"""Time to import the package and to print the help, against `import openai`.

Whole processes by turns, each less the time of an interpreter that imports nothing. Run it by
`make bench`. The goals: at most 0.3 for `import runfsm`, at most 1.0 for `runfsm --help`.
"""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from time import perf_counter

REPEATS = 11

HELP = "import sys; sys.argv = ['runfsm', '--help']; from runfsm.cli import main; main()"
PROGRAMS = {
    "pass": "pass",
    "import openai": "import openai",
    "import runfsm": "import runfsm",
    "from runfsm import *": "from runfsm import *",
    "runfsm --help": HELP,
}


def seconds(program: str) -> float:
    """Wall time of one process."""
    began = perf_counter()
    subprocess.run(  # noqa: S603  # our own interpreter and text
        [sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL
    )
    return perf_counter() - began


def main() -> None:
    """Print one line for each program: milliseconds, and the ratio to `import openai`."""
    for program in PROGRAMS.values():
        seconds(program)  # compiles what is not compiled yet
    rounds = [
        {name: seconds(program) for name, program in PROGRAMS.items()} for _ in range(REPEATS)
    ]
    took = {name: median(each[name] - each["pass"] for each in rounds) for name in PROGRAMS}
    print(f"imports, medians of {REPEATS} rounds                ms   to `import openai`")
    for name in list(PROGRAMS)[1:]:
        print(
            f"  {name:<32} {took[name] * 1000:>12,.0f} {took[name] / took['import openai']:>12.2f}"
        )


if __name__ == "__main__":
    main()
