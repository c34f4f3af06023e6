"""Texts of a script that quote what happened, as in `You said: {message}`.

A place is a name in braces. There are four kinds, and nothing else can be reached through them:

* `{message}`: what the user said last;
* `{round}`: how often outputs have been submitted;
* `{output.FUNCTION}`: the latest output of that function, nothing if there is none yet;
* `{argument.FUNCTION.KEY}`: an argument of the latest call that was answered.

Braces around anything but a name, as in JSON, are text. A name in double braces is one as well:
`{{message}}` says `{message}`. What a script calls with, its own `arguments`, may quote too, but
for arguments that are a text, which goes out as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from runfsm_simulator.world.citing import Citation
from runfsm_simulator.world.mistakes import Loc
from runfsm_simulator.world.scene import Scene
from runfsm_simulator.world.turns import Call, Turn
from runfsm_simulator.world.turnsteps import MessageStep, TurnStep

__all__ = ["called_by", "filled", "misquotes"]

# No text grows without bound: at most so many places in it, and so many characters in each.
PLACES_MAX: Final = 100
QUOTE_MAX: Final = 10_000
DEPTH_MAX: Final = 32  # of arguments, as in a file; what lies deeper is left as it is

PLACE: Final = re.compile(r"\{\{([A-Za-z][\w.-]*)\}\}|\{([A-Za-z][\w.-]*)\}")

KNOWN: Final = "{message}, {round}, {output.FUNCTION}, {argument.FUNCTION.KEY}"

Change = Callable[[Loc, str], str]


def filled(turn: Turn, scene: Scene) -> Turn:
    """The turn with all places filled from the scene."""

    def quote(found: re.Match[str]) -> str:
        literal, name = found.groups()
        return f"{{{literal}}}" if literal else _quoted(_value(name, scene))

    def fill(_: Loc, text: str) -> str:
        return PLACE.sub(quote, text) if "{" in text else text

    return _changed(turn, fill)


def misquotes(turn: Turn, called: Collection[str]) -> Mapping[Loc, str]:
    """What is wrong with the places of a turn, by the places of its texts.

    Args:
        turn: of a script.
        called: the functions that can have been answered by then.
    """
    found: dict[Loc, str] = {}

    def look(loc: Loc, text: str) -> str:
        names = [name for _, name in PLACE.findall(text) if name]
        if len(names) > PLACES_MAX:
            found[loc] = f"quotes in more than {PLACES_MAX} places"
        elif wrong := next(filter(None, (_misnamed(name, called) for name in names)), None):
            found[loc] = wrong
        return text

    _changed(turn, look)
    return found


def called_by(*turns: Turn) -> frozenset[str]:
    """The names of all functions that these turns call."""
    return frozenset(call.name for turn in turns for call in turn.call or ())


# Names -------------------------------------------------------------------------------------------


def _misnamed(name: str, called: Collection[str]) -> str | None:
    kind, _, rest = name.partition(".")
    function, _, key = rest.partition(".")
    shaped = {"message": not rest, "round": not rest, "output": rest, "argument": key}
    if not shaped.get(kind):
        return f"unknown place {{{name}}}; known are {KNOWN}; for the text, write {{{{{name}}}}}"
    if kind in {"output", "argument"} and function not in called:
        names = ", ".join(sorted(called)) or "none"
        return f"{{{name}}}: {function} is not answered by then; answered are {names}"
    return None


def _value(name: str, scene: Scene) -> Any:
    kind, _, rest = name.partition(".")
    function, _, key = rest.partition(".")
    latest = next((each for each in reversed(scene.answered) if each[0] == function), ("", "", ""))
    match kind:
        case "message":
            return scene.asked
        case "round":
            return scene.round
        case "output":
            return latest[2]
    return _argument(latest[1], key)


def _argument(arguments: str, key: str) -> Any:
    """One of the arguments; nothing if they are not an object, or have no such key."""
    try:
        read = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return ""
    return read.get(key, "") if isinstance(read, Mapping) else ""


def _quoted(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.encode(errors="replace").decode()  # half a surrogate pair, from an escape in JSON
    return text if len(text) <= QUOTE_MAX else f"{text[:QUOTE_MAX]}…"


# The texts of a turn that may quote --------------------------------------------------------------


def _changed(turn: Turn, change: Change) -> Turn:
    changes: dict[str, Any] = {}
    if turn.say is not None:
        changes["say"] = change(("say",), turn.say)
    if turn.truncate:
        text = change(("truncate", "say"), turn.truncate.say)
        changes["truncate"] = turn.truncate.model_copy(update={"say": text})
    if turn.cites:
        changes["cites"] = _changed_cites(turn.cites, (), change)
    if turn.steps:
        changes["steps"] = tuple(
            _changed_step(step, ("steps", index), change) for index, step in enumerate(turn.steps)
        )
    if turn.call:
        changes["call"] = tuple(
            _changed_call(call, ("call", index), change) for index, call in enumerate(turn.call)
        )
    return turn.model_copy(update=changes)


def _changed_step(step: TurnStep, loc: Loc, change: Change) -> TurnStep:
    """A message; what a hosted tool runs is not filled in, for code is full of braces."""
    if not isinstance(step, MessageStep):
        return step
    cites = _changed_cites(step.cites, loc, change)
    return step.model_copy(update={"say": change((*loc, "say"), step.say), "cites": cites})


def _changed_cites(cites: Sequence[Citation], loc: Loc, change: Change) -> tuple[Citation, ...]:
    """As in the answer, so that a mark with a place in it is still found there."""
    return tuple(
        cite.model_copy(update={"text": change((*loc, "cites", index, "text"), cite.text)})
        for index, cite in enumerate(cites)
    )


def _changed_call(call: Call, loc: Loc, change: Change) -> Call:
    if isinstance(call.arguments, str):
        return call
    arguments = _changed_value(call.arguments, (*loc, "arguments"), change)
    return call.model_copy(update={"arguments": arguments})


def _changed_value(value: Any, loc: Loc, change: Change) -> Any:
    if isinstance(value, str):
        return change(loc, value)
    if len(loc) > DEPTH_MAX:
        return value
    if isinstance(value, Mapping):
        return {key: _changed_value(part, (*loc, key), change) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_changed_value(part, (*loc, at), change) for at, part in enumerate(value)]
    return value
