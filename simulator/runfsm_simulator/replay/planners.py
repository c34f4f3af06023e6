"""Who plays, as a tape has it: a script in full, or the name of a program."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from runfsm.errors import CallerError
from runfsm_simulator.world.script import Planner, Script
from runfsm_simulator.world.scriptfile import parse_script
from runfsm_simulator.world.sensible import sensible

__all__ = ["planner_from_dict", "planner_to_dict"]


def planner_to_dict(planner: Planner) -> dict[str, Any]:
    """A planner, as JSON has it."""
    if planner is sensible:
        return {"kind": "sensible"}
    if isinstance(planner, Script):
        text = planner.model_dump_json(exclude_defaults=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return {"kind": "script", "name": planner.name, "sha256": digest, "text": text}
    where = getattr(planner, "__module__", "?"), getattr(planner, "__qualname__", "?")
    return {"kind": "python", "name": ":".join(where)}


def planner_from_dict(written: Mapping[str, Any]) -> Planner:
    """The planner that was written down.

    Raises:
        CallerError: there is the name of a program alone.
    """
    if written.get("kind") == "sensible":
        return sensible
    if "text" in written:
        return parse_script(written["text"], where="the tape's script")
    name = str(written.get("name"))
    raise CallerError(
        f"the tape was played by {name}, a program, which is not on it: "
        f"give it, as in play(tape, script={name.rpartition(':')[2]})"
    )
