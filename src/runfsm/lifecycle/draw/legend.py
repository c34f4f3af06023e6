"""How a thing looks, in every format alike; and the words that explain it.

Nothing is told by colour alone: an actor has a mark and a colour, a confidence a mark (in text)
and a stroke (in a drawing). The colours are from Okabe and Ito's palette, which the colour-blind
can tell apart; the three that have the most contrast on white.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runfsm.lifecycle.draw.picture import Arrow, Node
from runfsm.lifecycle.table import Actor, Confidence, Origin

__all__ = [
    "ACTOR_COLOUR",
    "ACTOR_MARK",
    "CONFIDENCE_MARK",
    "HIGHLIGHT_COLOUR",
    "HIGHLIGHT_MARK",
    "LOCKED",
    "LOCK_COLOUR",
    "LOCK_MARK",
    "MISSING_COLOUR",
    "ORIGIN_COLOUR",
    "ORIGIN_MARK",
    "ORIGIN_WORDS",
    "TAKEN_COLOUR",
    "below_name",
    "event_text",
    "origin_text",
]

ACTOR_MARK: Final[Mapping[Actor, str]] = {
    Actor.CLIENT: "●",
    Actor.SERVICE: "■",
    Actor.CLOCK: "◷",
}
ACTOR_COLOUR: Final[Mapping[Actor, str]] = {
    Actor.CLIENT: "#0072B2",
    Actor.SERVICE: "#000000",
    Actor.CLOCK: "#D55E00",
}
CONFIDENCE_MARK: Final[Mapping[Confidence, str]] = {
    Confidence.CERTAIN: "",
    Confidence.LIKELY: "?",
    Confidence.INFERRED: "??",
}
ORIGIN_MARK: Final[Mapping[Origin, str]] = {
    Origin.NATIVE: "",
    Origin.COMPUTED: "ƒ",
    Origin.LOCAL: "⌂",
}
ORIGIN_COLOUR: Final[Mapping[Origin, str]] = {
    Origin.NATIVE: "#FFFFFF",
    Origin.COMPUTED: "#D6EAF5",
    Origin.LOCAL: "#E3E3E3",
}
ORIGIN_WORDS: Final[Mapping[Origin, str]] = {
    Origin.NATIVE: "the service says it",
    Origin.COMPUTED: "follows from what the service shows",
    Origin.LOCAL: "the library's own",
}
HIGHLIGHT_MARK: Final = "★"
HIGHLIGHT_COLOUR: Final = "#F0E442"
TAKEN_COLOUR: Final = "#009E73"
MISSING_COLOUR: Final = "#D55E00"
LOCK_COLOUR: Final = "#F3EBD3"
LOCK_MARK: Final = "🔒"
LOCKED: Final = "the thread is locked"


def event_text(arrow: Arrow) -> str:
    """An arrow's event behind the mark of its actor, `"● cancel"`, and its count, if any."""
    return " ".join([ACTOR_MARK[arrow.actor], arrow.event, *_times(arrow.count)])


def below_name(node: Node) -> tuple[str, ...]:
    """The lines within a node: who says it, if not the service, what is folded in, its count."""
    origin = () if node.origin is Origin.NATIVE else (origin_text(node.origin),)
    return *origin, *node.inside, *_times(node.count)


def _times(count: int | None) -> tuple[str, ...]:
    return () if count is None else (f"\N{MULTIPLICATION SIGN}{count}",)


def origin_text(origin: Origin) -> str:
    """An origin behind its mark: `"⌂ local"`."""
    return f"{ORIGIN_MARK[origin]} {origin}".strip()
