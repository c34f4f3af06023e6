"""What diagrams/ holds: each picture in each format, and a page that shows them.

Text only, and pure: the same tables give the same files on every machine, so that a test can
tell whether the ones in the repository are stale.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runfsm.lifecycle.catalog import CATALOG
from runfsm.lifecycle.draw import draw
from runfsm.lifecycle.draw.picture import Picture, picture_of
from runfsm.lifecycle.draw.thread_lock import thread_lock_picture

__all__ = ["GENERATED", "pictures", "text_files"]

GENERATED = "GENERATED from the tables in src/runfsm/lifecycle by `make diagrams`: do not edit."

FORMATS = {"mmd": "mermaid", "dot": "dot", "md": "markdown"}
COMMENT = {"mmd": "%% {}", "dot": "// {}", "md": "<!-- {} -->"}

PAGE = f"""\
<!-- {GENERATED} -->
# Diagrams

Everything here is drawn from the tables in [`src/runfsm/lifecycle`](../src/runfsm/lifecycle) by
`make diagrams`; a test fails when a file is stale. To change a picture, change its table.

How to read them:

* **Who** takes an arrow: ● client (blue), ■ service (black), ◷ clock (vermilion).
* **How sure** we are: solid is certain, dashed (in Mermaid `?`) likely, dotted (`??`) inferred.
* **Where it ends**: a double border is terminal.
* **Where the thread is locked**: on the tinted ground (in Mermaid and Markdown 🔒), the thread
  takes no new message and no new run.
* **Who says it**, where it is not always the service: ƒ computed (light blue) follows from what
  the service shows, ⌂ local (grey) is the library's own.

Open an SVG by itself and rest the pointer on an arrow: it says why, and where we know it from.
"""


def pictures() -> dict[str, Picture]:
    """Every picture by the name of its files."""
    tables: Mapping[str, Any] = CATALOG  # of statuses and events of several types
    drawn = {name: picture_of(table) for name, table in tables.items()}
    return drawn | {"thread-lock": thread_lock_picture()}


def text_files() -> dict[str, str]:
    """The content of each file of diagrams/ by its name; all but the drawings."""
    files = {"README.md": _page()}
    for name, picture in pictures().items():
        for suffix, form in FORMATS.items():
            heading = COMMENT[suffix].format(GENERATED)
            files[f"{name}.{suffix}"] = f"{heading}\n{draw(picture, form)}"
    return files


def _page() -> str:
    return PAGE + "".join(
        f"\n## {picture.name.capitalize()}\n\n{picture.about}\n\n"
        f"![{picture.name}]({name}.svg)\n\n"
        f"[table]({name}.md) · [Mermaid]({name}.mmd) · [DOT]({name}.dot)\n"
        for name, picture in pictures().items()
    )
