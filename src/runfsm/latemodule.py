"""A module that is imported when something in it is first asked for.

Annotations name types of the official client, which takes long to import. A type checker reads them
by an import of its own; `typing.get_type_hints`, and frameworks that use it, read them by this.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["LateModule"]


class LateModule:
    """Stands for a module that nobody may need.

    Args:
        name: of the module.

    Example:
        >>> LateModule("decimal").Decimal(1)
        Decimal('1')
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # asked by who only looks, as `inspect` and `doctest` do
            raise AttributeError(attribute)
        return getattr(import_module(self._name), attribute)
