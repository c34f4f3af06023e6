"""Picture -> Mermaid, a `stateDiagram-v2` that GitHub renders.

Mermaid can neither colour nor dash a single arrow of a state diagram, so the label says it all:
the mark of the actor in front, the doubt behind. The syntax is kept to what every version reads:
no composite states (their classes, and arrows out of them, break), no colon and no semicolon in
a label.
"""

from __future__ import annotations

from collections.abc import Iterator

from runfsm.lifecycle.draw.legend import (
    ACTOR_MARK,
    CONFIDENCE_MARK,
    HIGHLIGHT_COLOUR,
    HIGHLIGHT_MARK,
    LOCK_COLOUR,
    LOCK_MARK,
    LOCKED,
    ORIGIN_COLOUR,
    ORIGIN_WORDS,
    below_name,
    event_text,
    origin_text,
)
from runfsm.lifecycle.draw.picture import Arrow, Picture, bundled
from runfsm.lifecycle.table import Origin

__all__ = ["render"]

OUTSIDE = "[*]"  # at an arrow's tail the filled dot, where nothing is yet; at its tip the ringed


def render(picture: Picture) -> str:
    """The Mermaid text of a picture."""
    body = [
        "direction LR",
        *_nodes(picture),
        *_arrows(picture),
        *_legend(picture),
        *_classes(picture),
    ]
    return "\n".join(["stateDiagram-v2", *(f"    {line}" for line in body), ""])


def _nodes(picture: Picture) -> Iterator[str]:
    for node in picture.nodes:
        mark = f" {LOCK_MARK}" if node.locks else ""
        text = "<br/>".join([f"{node.name}{mark}", *below_name(node)])
        yield f'state "{text}" as {node.name}'


def _arrows(picture: Picture) -> Iterator[str]:
    yield from (f"{OUTSIDE} --> {node.name}" for node in picture.nodes if node.before_creation)
    for arrows in bundled(picture.arrows, by=lambda arrow: (arrow.source, arrow.dest)):
        labels = ", ".join(map(_label, arrows))
        yield f"{arrows[0].source or OUTSIDE} --> {arrows[0].dest} : {labels}"
    for refused in bundled(picture.refusals, by=lambda refusal: refusal.node):
        calls = ", ".join(f"✗ {refusal.call}" for refusal in refused)
        yield f"{refused[0].node} --> {refused[0].node} : {calls}"
    yield from (f"{node.name} --> {OUTSIDE}" for node in picture.nodes if node.terminal)


def _label(arrow: Arrow) -> str:
    label = f"{event_text(arrow)} {CONFIDENCE_MARK[arrow.evidence.confidence]}".rstrip()
    return f"{HIGHLIGHT_MARK} {label}" if arrow.highlighted else label


def _legend(picture: Picture) -> Iterator[str]:
    yield f"note left of {picture.nodes[0].name}"
    yield "    " + ", ".join(f"{mark} {actor}" for actor, mark in ACTOR_MARK.items())
    yield "    " + ", ".join(
        f"{mark or 'no mark'} {level}" for level, mark in CONFIDENCE_MARK.items()
    )
    if any(node.terminal for node in picture.nodes):
        yield "    thick border, terminal"
    if any(node.locks for node in picture.nodes):
        yield f"    {LOCK_MARK} {LOCKED}"
    if picture.refusals:
        yield "    ✗ refused"
    if not picture.all_native:
        yield from (f"    {origin_text(origin)}, {ORIGIN_WORDS[origin]}" for origin in Origin)
    yield "end note"


def _classes(picture: Picture) -> Iterator[str]:
    nodes = picture.nodes
    for name, style, members in (
        ("locks", f"fill:{LOCK_COLOUR},color:#000", [n.name for n in nodes if n.locks]),
        *(
            (origin, f"fill:{ORIGIN_COLOUR[origin]},color:#000", _of(origin, picture))
            for origin in (Origin.COMPUTED, Origin.LOCAL)
        ),
        ("terminal", "stroke:#000,stroke-width:4px", [n.name for n in nodes if n.terminal]),
        ("seen", f"fill:{HIGHLIGHT_COLOUR},color:#000", [n.name for n in nodes if n.highlighted]),
    ):
        if members:
            yield f"classDef {name} {style}"
            yield f"class {','.join(members)} {name}"


def _of(origin: Origin, picture: Picture) -> list[str]:
    return [node.name for node in picture.nodes if node.origin is origin]
