"""`runfsm explore`: every behaviour of the service, against a function of one's own.

command.py  what is asked, and what is explored
view.py     progress, the certificate, the counterexamples
"""

from runfsm.cli.explore.command import explore

__all__ = ["explore"]
