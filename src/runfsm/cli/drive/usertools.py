"""The functions that `--tools` names, in a module or a file of the user's.

Rule: a model is offered what was marked or named, never what merely stands there. Marked is what
`@tool` made; named is what is written behind the colon. The user's own code is imported, as Python
imports it; nothing is evaluated.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

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
    module = _imported(where)
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


# Importing ---------------------------------------------------------------------------------------


def _imported(where: str) -> ModuleType:
    is_path = where.endswith(".py") or "/" in where or "\\" in where
    try:
        return _from_file(Path(where)) if is_path else _from_name(where)
    except CallerError:
        raise
    except Exception as error:
        raise CallerError(f"{where} cannot be imported: {_told(error)}") from error


def _from_name(name: str) -> ModuleType:
    _look_first_in(Path.cwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # it is there, and misses another one
        raise CallerError(
            f"there is no module {name}, neither here nor installed; a file is named by its path: "
            f"--tools ./{name.rpartition('.')[2]}.py"
        ) from error


def _from_file(path: Path) -> ModuleType:
    spec = spec_from_file_location(str(path.resolve()), path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise CallerError(f"there is no Python file {path}")
    _look_first_in(path.resolve().parent)
    module = sys.modules[spec.name] = module_from_spec(spec)  # type hints are looked up in there
    spec.loader.exec_module(module)
    return module


def _look_first_in(folder: Path) -> None:
    """As `python file.py` and `python -m module` do."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _told(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if not frame.filename.startswith("<frozen")]
    where = "" if isinstance(error, SyntaxError) else f" ({ours[-1].filename}:{ours[-1].lineno})"
    return f"{type(error).__name__}: {error}{where}"
