"""What the assistant does when nobody wrote a script: call every tool once, then answer.

So a first try with one's own tools needs no script, and shows each of them being called.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from runfsm_simulator.world.arguments import make_arguments, make_value
from runfsm_simulator.world.scene import Scene
from runfsm_simulator.world.script import Call, Turn

__all__ = ["sensible"]

QUOTE_MAX: Final = 200  # characters of an output or a question that an answer repeats


def sensible(scene: Scene) -> Turn:
    """Call the function tools that the tool choice allows; answer with their outputs.

    All of them in one round, or one a round where the run asks for no parallel calls. Without
    function tools, answer at once. Where a response format asks for JSON, the answer is JSON: a
    value that fits the schema, or an object. This is a planner: give it to the world as it is.
    """
    wanted = _wanted(scene.tools, scene.tool_choice)
    rounds = [wanted] if scene.parallel_tool_calls else [[function] for function in wanted]
    due = rounds[scene.round] if scene.round < len(rounds) else []
    if due:
        return Turn(call=tuple(_call(function, scene) for function in due))
    return Turn(say=_formatted(scene))


def _wanted(tools: Sequence[Mapping[str, Any]], choice: Any) -> list[Mapping[str, Any]]:
    """The functions to call: all of them, unless the tool choice is `"none"` or names a tool."""
    functions = [tool["function"] for tool in tools if tool["type"] == "function"]
    if choice == "none":
        return []
    if isinstance(choice, Mapping):
        name = (choice.get("function") or {}).get("name")  # a built-in tool is no function
        return [function for function in functions if function["name"] == name][:1]
    return functions


def _call(function: Mapping[str, Any], scene: Scene) -> Call:
    schema = function.get("parameters") or {}  # the wire leaves them out for a function without
    return Call(name=function["name"], arguments=make_arguments(schema, pick=scene.pick))


def _formatted(scene: Scene) -> str:
    """The answer in the form that is asked for."""
    form = scene.response_format
    match form if isinstance(form, Mapping) else {}:
        case {"type": "json_schema", **more}:
            schema = (more.get("json_schema") or {}).get("schema")
            value = make_value(schema, pick=scene.pick) if schema else {}
        case {"type": "json_object"}:
            value = {"answer": _answer(scene)}
        case _:
            return _answer(scene)
    return json.dumps(value, ensure_ascii=False)


def _answer(scene: Scene) -> str:
    if scene.answered:
        found = [f"{name} answered: {_quoted(output)}" for name, _, output in scene.answered]
        return "\n".join(found)
    asked = [text for role, text in scene.messages if role == "user"]
    if asked:
        return f'You said: "{_quoted(asked[-1])}". This answer is simulated.'
    return "This answer is simulated."


def _quoted(text: str) -> str:
    return text if len(text) <= QUOTE_MAX else f"{text[:QUOTE_MAX]}…"
