"""Picture -> Graphviz: the drawing for a wall or a slide.

The layout is Graphviz's own, led by the hints of `layout.py`. The locking statuses stand together
on a tinted ground; a call that is refused bounces off its node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Final

from runfsm.lifecycle.draw.layout import column_of, leads_back, spine_of
from runfsm.lifecycle.draw.legend import (
    ACTOR_COLOUR,
    ACTOR_MARK,
    HIGHLIGHT_COLOUR,
    LOCK_COLOUR,
    LOCKED,
    MISSING_COLOUR,
    ORIGIN_COLOUR,
    ORIGIN_WORDS,
    TAKEN_COLOUR,
    below_name,
    event_text,
    origin_text,
)
from runfsm.lifecycle.draw.picture import Arrow, Node, Picture, bundled
from runfsm.lifecycle.table import Actor, Confidence, Origin

__all__ = ["render"]

STROKE: Final[Mapping[Confidence, str]] = {
    Confidence.CERTAIN: "solid",
    Confidence.LIKELY: "dashed",
    Confidence.INFERRED: "dotted",
}
STROKE_SAMPLE: Final[Mapping[Confidence, str]] = {
    Confidence.CERTAIN: "—————",
    Confidence.LIKELY: "— — —",
    Confidence.INFERRED: "· · · · · ·",
}
PAPER: Final = "#FDFDFB"
EDGE_OF_PAPER: Final = "#D9D9D0"
FONT: Final = 'fontname="Helvetica,Arial,sans-serif"'
STYLE: Final = (
    'rankdir=LR; newrank=true; bgcolor="transparent"; nodesep=0.3; ranksep=0.7; pad=0.1;',
    f"node [{FONT} fontsize=14];",
    'node [shape=box style="rounded,filled" fillcolor=white height=0.5 width=1.2];',
    f"edge [{FONT} fontsize=12 arrowsize=0.8];",
)
OUTSIDE: Final = '"(created)"'  # the filled dot, where nothing is yet
START: Final = (
    f'{OUTSIDE} [shape=circle style=filled fillcolor=black label="" width=0.2 height=0.2 '
    "fixedsize=true group=spine];"
)


def render(picture: Picture) -> str:
    """The DOT text of a picture."""
    spine = spine_of(picture)
    straight = {arrow.dest for arrow in spine}
    inner = [node for node in picture.nodes if not node.terminal]
    body = [
        *STYLE,
        "subgraph cluster_paper {",
        f'style="rounded,filled"; fillcolor="{PAPER}"; color="{EDGE_OF_PAPER}";',
        f"{FONT}; fontsize=12; labeljust=l;",
        f"label=<{_legend(picture)}>;",
        START,
        *(_node(node, straight) for node in inner if not node.locks),
        *_locked([_node(node, straight) for node in inner if node.locks]),
        *_ends(column_of(picture, spine), straight),
        *_refusals(picture),
        "}",
        *_arrows(picture, spine),
        *_pull([node for node in inner if node.name not in straight], spine),
    ]
    return "\n".join([f"digraph {_quoted(picture.name)} {{", *body, "}", ""])


# Nodes -------------------------------------------------------------------------------------------


def _node(node: Node, straight: set[str]) -> str:
    attributes = [f"label={_label(node)}"]
    if node.name in straight:
        attributes.append("group=spine")
    if node.terminal:
        attributes.append("peripheries=2")
    if node.highlighted:
        attributes.append(f'fillcolor="{HIGHLIGHT_COLOUR}" penwidth=2.5')
    elif node.count == 0:
        attributes.append(f'color="{MISSING_COLOUR}" style="rounded,filled,dashed"')
    elif node.origin is not Origin.NATIVE:
        attributes.append(f'fillcolor="{ORIGIN_COLOUR[node.origin]}"')
    return f"{_quoted(node.name)} [{' '.join(attributes)}];"


def _label(node: Node) -> str:
    lines = below_name(node)
    if not lines:
        return _quoted(node.name)
    inside = "<BR/>".join(map(escape, lines))
    return f'<<B>{escape(node.name)}</B><BR/><FONT POINT-SIZE="11">{inside}</FONT>>'


def _locked(nodes: list[str]) -> Iterator[str]:
    if nodes:
        yield "subgraph cluster_lock {"
        yield f'fillcolor="{LOCK_COLOUR}"; color="{LOCK_COLOUR}"; label="{LOCKED}"; labelloc=b;'
        yield from nodes
        yield "}"


def _ends(column: tuple[Node, ...], straight: set[str]) -> Iterator[str]:
    if column:
        order = " -> ".join(_quoted(node.name) for node in column)
        yield "subgraph ends { rank=same;"
        yield from (_node(node, straight) for node in column)
        yield f"{order} [style=invis]; }}"


def _pull(aside: list[Node], spine: tuple[Arrow, ...]) -> Iterator[str]:
    """Unseen arrows that draw the nodes beside the spine to the height of its end."""
    if spine:
        end = _quoted(spine[-1].dest)
        yield from (f"{_quoted(node.name)} -> {end} [style=invis weight=0];" for node in aside)


# Arrows ------------------------------------------------------------------------------------------


def _arrows(picture: Picture, spine: tuple[Arrow, ...]) -> Iterator[str]:
    yield from (
        f"{OUTSIDE} -> {_quoted(node.name)};" for node in picture.nodes if node.before_creation
    )
    for arrows in bundled(
        picture.arrows,
        by=lambda arrow: (
            arrow.source,
            arrow.dest,
            arrow.source == arrow.dest or arrow.actor,  # two loops would cross each other's labels
            arrow.evidence.confidence,
            arrow.highlighted,
            arrow.count == 0,
        ),
    ):
        yield _line(arrows, straight=arrows[0] in spine, back=leads_back(arrows[0], spine))


def _line(arrows: tuple[Arrow, ...], *, straight: bool, back: bool) -> str:
    first = arrows[0]
    colours = dict.fromkeys(map(_colour, arrows))
    tooltip = "\n".join(f"{a.event}: {a.why} ({_provenance(a)})" for a in arrows)
    attributes = [
        f"label=<{'<BR/>'.join(map(_event, arrows))}>",
        f'color="{":".join(colours)}" style={_stroke(first)}',
        f"tooltip={_quoted(tooltip)} labeltooltip={_quoted(tooltip)}",
    ]
    if straight:
        attributes.append("weight=20")
    if back:  # at a corner of its own: elsewhere another arrow may begin under its head
        attributes.append("headport=nw")
    if first.highlighted:
        attributes.append("penwidth=3.5")
    source = _quoted(first.source) if first.source else OUTSIDE
    return f"{source} -> {_quoted(first.dest)} [{' '.join(attributes)}];"


def _event(arrow: Arrow) -> str:
    return f' <FONT COLOR="{_colour(arrow)}">{escape(event_text(arrow))}</FONT> '


def _colour(arrow: Arrow) -> str:
    """Whose hand it is; where it was counted, whether it was taken."""
    if arrow.count is None:
        return ACTOR_COLOUR[arrow.actor]
    return TAKEN_COLOUR if arrow.count else MISSING_COLOUR


def _stroke(arrow: Arrow) -> str:
    """How sure we are of it; where it was counted, whether it was taken."""
    if arrow.count is None:
        return STROKE[arrow.evidence.confidence]
    return "solid" if arrow.count else "dashed"


def _provenance(arrow: Arrow) -> str:
    return f"{arrow.evidence.confidence}: {arrow.evidence.source}"


def _refusals(picture: Picture) -> Iterator[str]:
    for refused in bundled(picture.refusals, by=lambda refusal: refusal.node):
        node = refused[0].node
        colour = ACTOR_COLOUR[Actor.CLIENT]
        calls = "\n".join(f"{ACTOR_MARK[Actor.CLIENT]} {refusal.call}" for refusal in refused)
        answers = "\n".join(refusal.answer for refusal in refused)
        bounce = _quoted(f"refused {node}")
        paint = f'color="{colour}" fontcolor="{colour}"'
        yield f"{bounce} [shape=plaintext style=solid fontsize=12 label={_quoted(calls)} {paint}];"
        yield (
            f'{_quoted(node)} -> {bounce} [dir=back arrowtail=tee arrowsize=1.4 label=" ✗ refused "'
            f" {paint} tooltip={_quoted(answers)} labeltooltip={_quoted(answers)}];"
        )


# Words -------------------------------------------------------------------------------------------


def _legend(picture: Picture) -> str:
    words = [
        *(_counted() if picture.counted else _hands_and_doubts()),
        *(["double border: terminal"] if any(node.terminal for node in picture.nodes) else []),
    ]
    rows = [
        f'<FONT POINT-SIZE="18"><B>{escape(picture.name)}</B></FONT>',
        escape(picture.about),
        _table("".join(f'<TD>{word}</TD><TD WIDTH="9"></TD>' for word in words)),
        *([] if picture.all_native else [_table("".join(map(_origin, Origin)))]),
    ]
    return _table("</TR><TR>".join(f'<TD ALIGN="LEFT">{row}</TD>' for row in rows))


def _hands_and_doubts() -> Iterator[str]:
    for actor, mark in ACTOR_MARK.items():
        yield f'<FONT COLOR="{ACTOR_COLOUR[actor]}">{mark} {actor}</FONT>'
    for level, sample in STROKE_SAMPLE.items():
        yield f"{sample} {level}"


def _counted() -> Iterator[str]:
    for actor, mark in ACTOR_MARK.items():
        yield f"{mark} {actor}"
    yield f'<FONT COLOR="{TAKEN_COLOUR}">{STROKE_SAMPLE[Confidence.CERTAIN]} taken</FONT>'
    yield f'<FONT COLOR="{MISSING_COLOUR}">{STROKE_SAMPLE[Confidence.LIKELY]} never</FONT>'


def _origin(origin: Origin) -> str:
    words = escape(f"{origin_text(origin)}: {ORIGIN_WORDS[origin]}")
    colour = ORIGIN_COLOUR[origin]
    return f'<TD BGCOLOR="{colour}" BORDER="1">{words}</TD><TD WIDTH="9"></TD>'


def _table(cells: str) -> str:
    return f'<TABLE BORDER="0" CELLPADDING="2" CELLSPACING="0"><TR>{cells}</TR></TABLE>'


def _quoted(text: str) -> str:
    r"""A DOT string. A line break in the text becomes DOT's own `\n`."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
