"""What nobody recorded about the service, and the ways that the simulator can go there.

command.py   `runfsm switches`
page.py      docs/switches.md
__main__.py  `python -m runfsm.cli.switches docs/switches.md` writes that page anew
"""

from runfsm.cli.switches.command import switches

__all__ = ["switches"]
