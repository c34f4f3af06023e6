"""Table -> picture -> mermaid, dot, markdown, json.

picture.py      what is shown: nodes and arrows, from any table; folding
thread_lock.py  a run's table folded into: is the thread locked?
legend.py       how a thing looks in every format
layout.py       where it stands in a drawing
mermaid.py  dot.py  markdown.py  data.py   one renderer each: a function of a picture
svg.py          dot -> svg, through Graphviz
gallery.py      which files diagrams/ holds
__main__.py     `python -m runfsm.lifecycle.draw diagrams` writes them
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from runfsm.errors import CallerError
from runfsm.lifecycle.draw import data, dot, markdown, mermaid
from runfsm.lifecycle.draw.picture import Picture, picture_of
from runfsm.lifecycle.draw.thread_lock import thread_lock_picture
from runfsm.lifecycle.table import Lifecycle

__all__ = ["RENDERERS", "Picture", "draw", "picture_of", "thread_lock_picture"]

#: Every format by its name.
RENDERERS: Final[Mapping[str, Callable[[Picture], str]]] = MappingProxyType(
    {
        "mermaid": mermaid.render,
        "dot": dot.render,
        "markdown": markdown.render,
        "json": data.render,
    }
)


def draw(subject: Lifecycle[Any, Any] | Picture, format: str) -> str:
    """A lifecycle, or a picture of one, as text in a format of `RENDERERS`.

    Raises:
        CallerError: there is no such format; the message names those that there are.

    Example:
        >>> from runfsm.lifecycle import MESSAGE
        >>> print(draw(MESSAGE, "mermaid").splitlines()[0])
        stateDiagram-v2
    """
    if format not in RENDERERS:
        raise CallerError(f"no format '{format}' to draw in; choose one of {', '.join(RENDERERS)}")
    picture = subject if isinstance(subject, Picture) else picture_of(subject)
    return RENDERERS[format](picture)
