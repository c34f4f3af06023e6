"""A mutant put into a program that runs already: the code of one function, exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from inspect import isfunction, unwrap
from types import CodeType, FunctionType
from typing import Any

from mutant import Mutant, module_of

__all__ = ["swap_in"]


def swap_in(mutant: Mutant) -> bool:
    """Exchange the code of the mutant's function; say whether that was possible.

    It is not for what stands outside of functions, and in a signature.
    """
    function = _found(mutant)
    if function is None:
        return False
    for code in _codes(compile(mutant.changed(), function.__code__.co_filename, "exec")):
        if code.co_qualname == function.__code__.co_qualname and code != function.__code__:
            function.__code__ = code
            return True
    return False


def _found(mutant: Mutant) -> FunctionType | None:
    """The outermost function that the change is in."""
    here: Any = import_module(module_of(mutant.file))
    for name in mutant.function.split("."):
        here = _raw(vars(here).get(name))
        if isfunction(here):
            return here
        if not isinstance(here, type):
            return None
    return None


def _raw(thing: Any) -> Any:
    match thing:
        case property():
            return thing.fget
        case cached_property():
            return thing.func
        case classmethod() | staticmethod():
            return unwrap(thing.__func__)
    return unwrap(thing) if callable(thing) else thing


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A module's code, and all that stands in it."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)
