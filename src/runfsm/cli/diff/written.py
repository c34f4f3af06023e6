"""A comparison of two wires as text: Markdown to read, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from runfsm.lifecycle.draw.markdown import table
from runfsm.lifecycle.wires import Wire
from runfsm.lifecycle.wires.difference import Row, Section, Side, differences

__all__ = ["as_json", "as_markdown"]


def as_markdown(before: Wire, after: Wire) -> str:
    """A table for each kind, with evidence; what is the same, by name only."""
    lines = [f"From {before.title} to {after.title}:"]
    for section in differences(before, after):
        lines += ["", f"### {section.title}", "", *_section(section, before, after)]
    return "\n".join([*lines, ""])


def _section(section: Section, before: Wire, after: Wire) -> Iterator[str]:
    header = ("", before.name, after.name, "", "known from")
    yield from table(header, map(_cells, section.different))
    if section.same:
        yield ""
        yield f"The same on both: {', '.join(section.same)}."


def _cells(row: Row) -> tuple[str, ...]:
    before, after = row.before, row.after
    known = after or before
    source = f"{known.evidence.source} ({known.evidence.confidence})" if known else ""
    told = (side.told if side else "" for side in (before, after))
    return row.subject, *told, row.change, source


def as_json(before: Wire, after: Wire) -> str:
    """An object with `before`, `after`, `statuses`, `edges`, `refusals` and `promises`.

    Each of the last four is a list of objects with `subject`, `change`, `before` and `after`, the
    two having `told`, `source` and `confidence`.
    """
    document: dict[str, Any] = {"before": before.name, "after": after.name}
    for section in differences(before, after):
        document[section.title.lower()] = [_row(row) for row in section.rows]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _row(row: Row) -> dict[str, Any]:
    return {
        "subject": row.subject,
        "change": row.change,
        "before": _side(row.before),
        "after": _side(row.after),
    }


def _side(side: Side | None) -> dict[str, str] | None:
    if side is None:
        return None
    evidence = side.evidence
    return {"told": side.told, "source": evidence.source, "confidence": evidence.confidence}
