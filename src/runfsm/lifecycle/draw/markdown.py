"""Picture -> Markdown: the table itself, to be read aloud and searched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runfsm.lifecycle.draw.legend import (
    HIGHLIGHT_MARK,
    LOCK_MARK,
    LOCKED,
    ORIGIN_WORDS,
    event_text,
    origin_text,
)
from runfsm.lifecycle.draw.picture import Arrow, Node, Picture, Refusal

__all__ = ["render", "table"]

STATUSES = ("status", "kind", "thread")
ORIGIN = "who says it"
EDGES = ("from", "event", "to", "actor", "why", "confidence", "source")
REFUSED = ("in", "refused call", "answer", "confidence", "source")


def render(picture: Picture) -> str:
    """The Markdown text of a picture: its nodes, its arrows, what it refuses."""
    ends = {node.name for node in picture.nodes if node.terminal}
    lines = [
        f"# {picture.name.capitalize()}",
        "",
        picture.about,
        "",
        *_statuses(picture),
        "",
        *table(EDGES, (_arrow(arrow, ends) for arrow in picture.arrows)),
    ]
    if picture.refusals:
        lines += ["", *table(REFUSED, map(_refusal, picture.refusals))]
    return "\n".join([*lines, ""])


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """The lines of a table in Markdown."""
    for row in (header, ("---",) * len(header), *rows):
        cells = (cell.replace("|", "\\|") for cell in row)
        yield f"| {' | '.join(cells)} |"


def _statuses(picture: Picture) -> Iterator[str]:
    """The nodes; who says a status stands there only where it is not always the service."""
    if picture.all_native:
        return table(STATUSES, map(_node, picture.nodes))
    return table((*STATUSES, ORIGIN), ((*_node(node), _origin(node)) for node in picture.nodes))


def _origin(node: Node) -> str:
    return f"{origin_text(node.origin)}: {ORIGIN_WORDS[node.origin]}"


def _node(node: Node) -> tuple[str, ...]:
    name = f"**{node.name}**"
    if node.inside:
        name += f" ({', '.join(node.inside)})"
    return (
        f"{HIGHLIGHT_MARK} {name}" if node.highlighted else name,
        "terminal" if node.terminal else "",
        f"{LOCK_MARK} {LOCKED}" if node.locks else "",
    )


def _arrow(arrow: Arrow, ends: set[str]) -> tuple[str, ...]:
    event = event_text(arrow)
    return (
        arrow.source or "(created)",
        f"{HIGHLIGHT_MARK} {event}" if arrow.highlighted else event,
        f"**{arrow.dest}**, terminal" if arrow.dest in ends else arrow.dest,
        arrow.actor,
        arrow.why,
        arrow.evidence.confidence,
        arrow.evidence.source,
    )


def _refusal(refusal: Refusal) -> tuple[str, ...]:
    evidence = refusal.evidence
    return refusal.node, f"✗ {refusal.call}", refusal.answer, evidence.confidence, evidence.source
