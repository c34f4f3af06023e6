"""The functions that `--tools` names, in a module or a file of the user's.

Rule: a model is offered what was marked or named, never what merely stands there. Marked is what
`@tool` made; named is what is written behind the colon. The user's own code is imported, as Python
imports it; nothing is evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any

from runfsm.cli.importing import imported
from runfsm.errors import CallerError
from runfsm.tools import Tool, Toolset

__all__ = ["load_tools"]


def load_tools(places: Iterable[str]) -> Toolset:
    """The tools of all these places.

    Args:
        places: each `package.module` or `path/to/file.py`, and behind a colon the names of
            functions, with commas between them; a name may stand for a list of them, too.

    Raises:
        CallerError: there is no such module, file or function; the module cannot be imported; or
            no name was given, and nothing in it is marked with `@tool`.
        ToolDefinitionError: a function that cannot be a tool.

    Example:
        >>> load_tools(["weather_tools.py", "my.tools:find"]).names  # doctest: +SKIP
        ('get_weather', 'get_nickname', 'find')
    """
    return Toolset(found for place in places for found in _tools_of(place))


def _tools_of(place: str) -> list[Callable[..., Any]]:
    where, names = _split(place)
    module = imported(where)
    if names:
        return [found for name in names for found in _named(module, name, where)]
    marked = {id(value): value for value in vars(module).values() if isinstance(value, Tool)}
    if marked:
        return [*marked.values()]
    functions = ", ".join(_functions(module)) or "none"
    raise CallerError(
        f"nothing in {where} is marked with @tool, and a model is not offered what nobody chose: "
        f"mark functions, or name them: --tools {where}:name,another "
        f"(the functions defined there: {functions})"
    )


def _split(place: str) -> tuple[str, list[str]]:
    where, _, names = place.rpartition(":")
    listed = names.split(",")
    # In `C:\tools.py` the colon is the path's own.
    is_list = bool(where) and all(name.isidentifier() for name in listed)
    return (where, listed) if is_list else (place, [])


def _named(module: ModuleType, name: str, where: str) -> Iterable[Callable[..., Any]]:
    if not hasattr(module, name):
        functions = ", ".join(_functions(module)) or "none"
        raise CallerError(f"{where} has no {name}; the functions defined there: {functions}")
    value = getattr(module, name)
    values = [*value] if isinstance(value, Toolset | list | tuple) else [value]
    if not all(callable(each) for each in values):
        raise CallerError(
            f"{name} in {where} is no function, and no list of them: {type(value).__name__}"
        )
    return values


def _functions(module: ModuleType) -> Iterator[str]:
    for name, value in vars(module).items():
        if getattr(value, "__module__", None) == module.__name__ and _is_public_function(value):
            yield name


def _is_public_function(value: object) -> bool:
    name = getattr(value, "__name__", "_")
    return callable(value) and not isinstance(value, type) and not name.startswith("_")
