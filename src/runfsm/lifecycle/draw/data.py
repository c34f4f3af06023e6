"""Picture -> JSON, for programs: another language's tests, a web page, a diff of two tables."""

from __future__ import annotations

import json
from typing import Any

from runfsm.lifecycle.draw.picture import Arrow, Node, Picture, Refusal
from runfsm.lifecycle.table import Evidence, Origin

__all__ = ["render"]


def render(picture: Picture) -> str:
    """The JSON text of a picture.

    An object with `name`, `about`, `statuses` (of `name`, `terminal`, `locks_thread`) and `edges`
    (of `source`, `event`, `dest`, `actor`, `why`, `evidence`); `source` is null for creation.
    Keys that say nothing are left out: `highlighted`, `count`, a node's `folds` and `origin`, and
    `refused`.
    """
    document: dict[str, Any] = {
        "name": picture.name,
        "about": picture.about,
        "statuses": [_node(node) for node in picture.nodes],
        "edges": [_arrow(arrow) for arrow in picture.arrows],
    }
    if picture.refusals:
        document["refused"] = [_refusal(refusal) for refusal in picture.refusals]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _node(node: Node) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": node.name,
        "terminal": node.terminal,
        "locks_thread": node.locks,
    }
    if node.inside:
        shown["folds"] = node.inside
    if node.origin is not Origin.NATIVE:
        shown["origin"] = node.origin
    return shown | _painted(node)


def _arrow(arrow: Arrow) -> dict[str, Any]:
    return {
        "source": arrow.source,
        "event": arrow.event,
        "dest": arrow.dest,
        "actor": arrow.actor,
        "why": arrow.why,
        "evidence": _evidence(arrow.evidence),
    } | _painted(arrow)


def _refusal(refusal: Refusal) -> dict[str, Any]:
    return {
        "status": refusal.node,
        "call": refusal.call,
        "answer": refusal.answer,
        "evidence": _evidence(refusal.evidence),
    }


def _evidence(evidence: Evidence) -> dict[str, str]:
    return {"source": evidence.source, "confidence": evidence.confidence}


def _painted(item: Node | Arrow) -> dict[str, bool | int]:
    highlighted = {"highlighted": True} if item.highlighted else {}
    return highlighted | ({} if item.count is None else {"count": item.count})
