"""WHAT THE MODEL MAY CALL: functions -> schemas -> calls -> outputs.

callables.py   each kind of callable, and the Python function behind it
hints.py       type hints, as arguments are checked by them, and described
signature.py   a function becomes a JSON schema and a check of arguments, or is refused
schemas.py     a JSON schema becomes a check of arguments, or is refused
definition.py  `@tool`, and the `Tool` that it makes
arguments.py   the text that a model wrote becomes keyword arguments, or is refused
outputs.py     every word that goes back to the model
refusals.py    the error of a definition that is refused
toolset.py     the tools by name, and the calls that a model makes of them

Pure: nothing here waits, retries or starts a thread. A tool is called where `BoundCall.invoke` is
called, and that is the driver's loop.
"""

from runfsm.tools.definition import Tool, tool
from runfsm.tools.toolset import BoundCall, Toolset

__all__ = ["BoundCall", "Tool", "Toolset", "tool"]
