"""What is done to a simulator in Python, as calls by name, with arguments that JSON can hold.

What comes over HTTP is a request already. What a driver asks of the direct port and what a hand
does by `simulator.control` are methods: here is the list of them, how their arguments are written
and read, and what is compared of their results.

Rule: whatever changes what comes later is in the list, and nothing outside of it is ever called by
its name on a tape. Who only looks (`control.now`, `control.next_edges`) changes nothing.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from operator import attrgetter
from typing import Any, Final

from runfsm.lifecycle import Edge, RunEvent, RunRef, RunStatus
from runfsm_simulator.doors.faults import ArmedFault
from runfsm_simulator.doors.webhooks import Webhook
from runfsm_simulator.replay.planners import planner_from_dict, planner_to_dict
from runfsm_simulator.world.script import Script
from runfsm_simulator.world.sensible import sensible
from runfsm_simulator.world.storm import Storm
from runfsm_simulator.world.switches import Switches

__all__ = ["Unwritable", "made", "methods", "result_text", "written"]

#: Where in a simulator they are found, and their names.
CALLS: Final[Mapping[str, tuple[str, ...]]] = {
    "backend": (
        "create",
        "retrieve",
        "submit",
        "cancel",
        "messages",
        "create_thread",
        "runs",
        "add_message",
        "find_message",
    ),
    "control": (
        "advance",
        "jump",
        "fire",
        "play",
        "brew",
        "heal",
        "throw",
        "reset",
        "save",
        "restore",
        "drop",
    ),
    "control.faults": ("arm", "disarm"),
    "control.journal": ("clear",),
    "control.seed": ("assistant", "thread", "message", "run"),
    "control.webhooks": ("register", "drop"),
}


class Unwritable(Exception):  # noqa: N818  # said of an argument; the recorder makes a line of it
    """Arguments that no tape can hold; why, and what to give instead."""


def methods(simulator: Any) -> Iterator[tuple[str, Any, str]]:
    """Each of them as (name on the tape, whose it is, name there)."""
    for room, names in CALLS.items():
        for name in names:
            yield f"{room}.{name}", attrgetter(room)(simulator), name


def made(simulator: Any, call: str, arguments: Mapping[str, Any]) -> Any:
    """Make a call that is on a tape; its result.

    Raises:
        ValueError: there is no call of this name.
    """
    room, _, name = call.rpartition(".")
    if name not in CALLS.get(room, ()):
        raise ValueError(f"there is no call {call}")
    read = {
        key: FORMS[key].read(value) if key in FORMS else value for key, value in arguments.items()
    }
    return getattr(attrgetter(room)(simulator), name)(**read)


def written(method: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """The arguments of a call, by their names, as JSON has them.

    Raises:
        Unwritable: JSON has no word for one.
        TypeError: the method takes no such arguments.
    """
    given = inspect.signature(method).bind(*args, **kwargs).arguments
    told = {key: FORMS[key].write(value) if key in FORMS else value for key, value in given.items()}
    try:
        json.dumps(told)
    except (TypeError, ValueError, RecursionError) as error:
        raise Unwritable(f"{error}; give what JSON can hold") from error
    return told


def result_text(result: Any) -> str:
    """What is compared of a result: its fields, or an edge by its statuses and event."""
    return json.dumps(result, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Edge):
        return str(value)
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return type(value).__name__


# Arguments ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What a backend is asked to run: `direct.RunRequest`."""

    assistant_id: str
    message: str | None
    thread_id: str | None
    options: Mapping[str, Any]
    key: str | None


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What is handed in for a call: `direct.ToolOutput`."""

    call_id: str
    output: str


@dataclass(frozen=True, slots=True)
class Form:
    """How an argument that is no JSON by itself becomes some, and is read again."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _copied(kind: type[Any]) -> Callable[[Any], dict[str, Any]]:
    """Writes whatever has the fields of this dataclass."""
    return lambda thing: {field.name: getattr(thing, field.name) for field in fields(kind)}


def _outputs(given: Sequence[Any]) -> list[dict[str, Any]]:
    return [_copied(HandedIn)(one) for one in given]


def _script(planner: Any) -> dict[str, Any]:
    if planner is sensible or isinstance(planner, Script):
        return planner_to_dict(planner)
    name = planner_to_dict(planner)["name"]
    raise Unwritable(f"{name} is a program, which is not on it; play a Script, or its file")


def _webhook(webhook: Webhook) -> dict[str, Any]:
    """What it wants to hear: who receives it is outside of the world, and its secret is secret."""
    return {"events": [*webhook.events]}


def _nobody(_body: bytes, _headers: Mapping[str, str]) -> int:
    """Whether a letter arrived, the tape says."""
    return 204


#: By the name of the parameter. All others are JSON as they are.
FORMS: Final[Mapping[str, Form]] = {
    "request": Form(_copied(Asked), lambda made: Asked(**made)),
    "ref": Form(RunRef.to_dict, RunRef.from_dict),
    "outputs": Form(_outputs, lambda made: [HandedIn(**one) for one in made]),
    "event": Form(str, RunEvent),
    "status": Form(str, RunStatus),
    "fault": Form(asdict, lambda made: ArmedFault(**made)),
    "script": Form(_script, planner_from_dict),
    "storm": Form(asdict, lambda made: Storm(**made)),
    "switches": Form(
        lambda given: {name: getattr(given, name) for name in given.thrown},
        lambda made: Switches(**made),
    ),
    "webhook": Form(_webhook, lambda made: Webhook(_nobody, events=tuple(made["events"]))),
}
