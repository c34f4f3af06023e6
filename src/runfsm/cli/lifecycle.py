"""`runfsm lifecycle`: any table of the catalog, in any format."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from runfsm.errors import CallerError
from runfsm.lifecycle.draw import RENDERERS, draw
from runfsm.lifecycle.draw.gallery import pictures

__all__ = ["lifecycle"]

PICTURES: Final = pictures()


def lifecycle(
    subject: Annotated[
        str, typer.Argument(help=f"Which lifecycle: {', '.join(PICTURES)}.")
    ] = "run",
    *,
    format: Annotated[
        str, typer.Option("--format", "-f", help=f"How to print it: {', '.join(RENDERERS)}.")
    ] = "markdown",
) -> None:
    """Print a lifecycle: its statuses and edges, who may take them, why, and how sure that is.

    `runfsm lifecycle` prints the run's table; `runfsm lifecycle --format mermaid` a diagram that
    GitHub renders; `runfsm lifecycle --format dot | dot -Tsvg` a picture.
    """
    if subject not in PICTURES:
        raise CallerError(f"no lifecycle '{subject}'; choose one of {', '.join(PICTURES)}")
    print(draw(PICTURES[subject], format), end="")
