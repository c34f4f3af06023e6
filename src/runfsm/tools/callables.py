"""Every kind of callable, taken apart: its name, its docstring, and the Python function behind it.

A tool is made of a function, a bound method, a `functools.partial`, an object with `__call__`, or
of whatever `functools.wraps` or `lru_cache` has put around one of them. A class is none, because a
call of it makes an object; a builtin is none, because it has no type hints.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Final

from runfsm.tools.refusals import refusal

__all__ = ["Callee", "check_hints", "place_of"]

RIGHT: Final = "def get_weather(location: str) -> str: ...\n              tool(get_weather)"

#: The file that the functions of `singledispatch` are made in.
DISPATCHER: Final = functools.singledispatch.__code__.co_filename


@dataclass(frozen=True, slots=True)
class Callee:
    """A callable that can be described.

    Attributes:
        name: its own name, or that of what it wraps; not always one that a tool may have.
        doc: its docstring, or that of what it wraps; may be empty.
        parameters: what a caller still has to give, by name, in order.
        code: the Python function in the middle; `None` for a builtin.
        is_async: whether a call is sure to give an awaitable. One that is not, may all the same.
    """

    name: str
    doc: str
    parameters: Mapping[str, inspect.Parameter]
    code: FunctionType | None
    is_async: bool

    @classmethod
    def of(cls, function: Any, *, name: str | None = None) -> Callee:
        """Take a callable apart.

        Args:
            function: what is to be called.
            name: the tool's, for an error; that of the function, if it is `None`.

        Raises:
            ToolDefinitionError: it is not callable, or nothing that a tool can be made of.
        """
        layers = [*_layers(function)]
        name = _name(layers) if name is None else name
        _check_kind(function, layers, name)
        return cls(
            name=name,
            doc=next(filter(None, map(_doc, [*layers, *_classes(layers)])), ""),
            parameters=_parameters(function, layers, name),
            code=next((it for it in reversed(layers) if isinstance(it, FunctionType)), None),
            is_async=inspect.iscoroutinefunction(_called(function)),
        )


def place_of(function: Any) -> str:
    """Return the module and name of a callable, for people."""
    named = next((it for it in _layers(function) if hasattr(it, "__qualname__")), type(function))
    return f"{named.__module__}.{named.__qualname__}"


# Layers ------------------------------------------------------------------------------------------


def _layers(function: Any) -> Iterator[Any]:
    """Yield a callable, then what it wraps, and so on inwards."""
    seen: list[Any] = []
    while not any(function is it for it in seen):
        seen.append(function)
        yield function
        if (inner := _inner(function)) is not None:
            function = inner


def _inner(function: Any) -> Any:
    if isinstance(function, functools.partial):
        return function.func
    for attribute in ("__wrapped__", "__func__"):  # of a decorator; of a method
        if (inner := getattr(function, attribute, None)) is not None:
            return inner
    return _call_of(function)


def _call_of(function: Any) -> Any:
    """Return the `__call__` that somebody wrote in Python for the objects of a class."""
    call = getattr(type(function), "__call__", None)  # noqa: B004  # the method itself is wanted
    return call if isinstance(call, FunctionType) else getattr(call, "__wrapped__", None)


def _called(function: Any) -> Any:
    """Return what runs first when it is called: a decorator, and not what that wraps."""
    while isinstance(function, functools.partial | staticmethod):
        function = function.func if isinstance(function, functools.partial) else function.__func__
    is_own = isinstance(function, FunctionType) or inspect.ismethod(function)
    return function if is_own else _call_of(function) or function


def _classes(layers: list[Any]) -> list[type]:
    return [type(it) for it in layers if not isinstance(it, FunctionType) and _call_of(it)]


# What is read off them ---------------------------------------------------------------------------


def _name(layers: list[Any]) -> str:
    for layer in layers:
        if isinstance(name := getattr(layer, "__name__", None), str):
            return name
        if _call_of(layer) and not hasattr(layer, "__wrapped__"):
            return type(layer).__name__
    return repr(layers[0])


def _doc(layer: Any) -> str:
    if inspect.ismethod(layer):
        return inspect.getdoc(layer) or ""  # which may be of a base class
    # That of this object, and not of its class.
    is_function = isinstance(layer, FunctionType)
    own = layer.__doc__ if is_function else getattr(layer, "__dict__", {}).get("__doc__")
    is_generated = isinstance(layer, type) and str(own).startswith(f"{layer.__name__}(")
    return inspect.cleandoc(own) if isinstance(own, str) and not is_generated else ""


def _parameters(function: Any, layers: list[Any], name: str) -> dict[str, inspect.Parameter]:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError) as error:  # a partial that gives too much; a builtin
        problem = f"its parameters are not known: {error}"
        raise refusal(name, problem, wrong=f"tool({name})", right=_plain(name)) from error
    # What a partial gives by name is its caller's decision, and no model's.
    given = {key for it in layers if isinstance(it, functools.partial) for key in it.keywords}
    return {key: it for key, it in parameters.items() if key not in given}


# What is refused ---------------------------------------------------------------------------------


def _check_kind(function: Any, layers: list[Any], name: str) -> None:
    if not callable(function) and not isinstance(function, classmethod):
        raise refusal(
            name, "a tool is made from a function", wrong=f"tool({function!r})", right=RIGHT
        )
    if isinstance(function, classmethod):
        raise refusal(
            name,
            "a class method has no class before the class is made",
            wrong=f"@tool @classmethod def {name}(cls, ...)",
            right=f"tool(TheClass.{name}), below the class",
        )
    if kind := next((it for it in layers if isinstance(it, type)), None):
        raise refusal(
            name,
            "a class is no tool: a call of it makes an object",
            wrong=f"tool({kind.__name__})",
            right=f"tool({kind.__name__}().a_method), or give it __call__: tool({kind.__name__}())",
        )
    if inspect.isasyncgenfunction(_called(function)):
        raise refusal(
            name,
            "an async generator has no result that can be handed in",
            wrong=f"@tool async def {name}(...): yield ...",
            right=f"@tool async def {name}(...) -> list[str]: return [...]",
        )
    if any(map(_is_dispatched, layers)):
        raise refusal(
            name,
            "singledispatch chooses by the first argument's place, and a model sends names",
            wrong=f"@tool @singledispatch def {name}(value: int | str)",
            right=f"@tool def one_more(value: int | str): return {name}(value)",
        )
    for layer in layers:
        if hasattr(layer, "cache_info") and inspect.iscoroutinefunction(_inner(layer)):
            raise refusal(
                name,
                "lru_cache keeps an async function's awaitable, which can be awaited only once",
                wrong=f"@tool @lru_cache async def {name}(...)",
                right=f"@tool async def {name}(...), with a dict of its results",
            )


def _is_dispatched(layer: Any) -> bool:
    """Return whether it is of `singledispatch` or `singledispatchmethod`."""
    code = getattr(layer, "__code__", None)
    is_made_there = code is not None and code.co_filename == DISPATCHER
    return hasattr(layer, "register") and (is_made_there or type(layer).__module__ == "functools")


def check_hints(callee: Callee) -> None:
    """Refuse a builtin, unless it has a type for each parameter.

    Raises:
        ToolDefinitionError: it has none.
    """
    names = [it.name for it in callee.parameters.values() if it.annotation is it.empty]
    if callee.code is None and names:
        raise refusal(
            callee.name,
            f"a builtin has no type hints, so there is no schema for {', '.join(names)}",
            wrong=f"tool({callee.name})",
            right=_plain(callee.name),
        )


def _plain(name: str) -> str:
    own = name if name.isidentifier() else "tool"
    return f"def my_{own}(text: str) -> str: return {name}(text)"
