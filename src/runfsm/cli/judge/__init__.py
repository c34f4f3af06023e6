"""What a log of looks proves, printed.

lookfile.py  the lines of a log, whoever wrote it, as looks at runs
hearing.py   looks in; the hidden path of each run out, and the first look that cannot be
locking.py   what looks at several runs of one thread prove
command.py   `runfsm judge`
"""

from runfsm.cli.judge.command import judge

__all__ = ["judge"]
