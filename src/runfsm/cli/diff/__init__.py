"""What differs between two wires, printed.

command.py   `runfsm diff`
written.py   a comparison as Markdown and as JSON
page.py      the part of docs/migrate.md that is generated
__main__.py  `python -m runfsm.cli.diff docs/migrate.md` writes that part anew
"""

from runfsm.cli.diff.command import diff

__all__ = ["diff"]
