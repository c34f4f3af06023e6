"""`runfsm lifecycle`: any table of the catalog, in any format."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from runfsm.lifecycle import CATALOG
from runfsm.lifecycle.draw import RENDERERS, draw, thread_lock_picture

__all__ = ["lifecycle"]

SUBJECTS = {**CATALOG, "thread-lock": thread_lock_picture()}
Subject = StrEnum("Subject", {name: name for name in SUBJECTS})
Format = StrEnum("Format", {name: name for name in RENDERERS})
RUN, MARKDOWN = Subject("run"), Format("markdown")


def lifecycle(
    subject: Annotated[Subject, typer.Argument(help="Which lifecycle.")] = RUN,
    *,
    format: Annotated[Format, typer.Option("--format", "-f", help="How to print it.")] = Format(
        "markdown"
    ),
) -> None:
    """Print a lifecycle: its statuses and edges, who may take them, why, and how sure that is.

    `runfsm lifecycle` prints the run's table; `runfsm lifecycle --format mermaid` a diagram that
    GitHub renders; `runfsm lifecycle --format dot | dot -Tsvg` a picture.
    """
    print(draw(SUBJECTS[subject], format), end="")
