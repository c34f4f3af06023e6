"""`runfsm drive`: prompts, driven from the shell, with tools of one's own.

command.py    the command, and what it refuses
options.py    what each option is called, takes and means
usertools.py  the functions that `--tools` names
services.py   whom it asks: a service behind a URL, or a simulator
asked.py      what holds for every prompt: who answers, with what, on what terms
onerun.py     one prompt, driven
manyruns.py   many prompts (`--each`), driven; a line for each, a bar for all
interrupts.py Ctrl-C
view.py       a run before a person's eyes
jsonview.py   a run for a script (`--json`)
tracefile.py  a run for later (`--save-trace`)
"""

from runfsm.cli.drive.command import drive

__all__ = ["drive"]
