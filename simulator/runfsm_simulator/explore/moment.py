"""A moment of a behaviour, in bytes: to be gone on from, as often as one likes, or compared.

Three things are not pickled, which is slow: what is given anew each time; what never changes, of
which only the name is written down; and what only grows (a journal, a trace), whose entries do not
change. All else is pickled as one, for its parts refer to each other.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from copy import copy
from io import BytesIO
from typing import Any

__all__ = ["Moment"]

Named = Mapping[str, object]


class Moment:
    """Some things at one moment.

    Args:
        things: may refer to each other, and to the rest.
        given: what is given anew, by name.
        fixed: what never changes, by names: equal in all moments that are compared.
        grown: lists and deques of what does not change, by name.

    Attributes:
        state: all but what is given or has grown; equal bytes, equal things.

    Example:
        >>> log = ["begun"]
        >>> moment = Moment({"log": log, "left": [3]}, given={}, fixed=[], grown={"log": log})
        >>> log.append("over")
        >>> moment.revived({})
        {'log': ['begun'], 'left': [3]}
    """

    __slots__ = ("_fixed", "_grown", "state")

    def __init__(
        self,
        things: object,
        *,
        given: Named,
        fixed: Sequence[Named],
        grown: Mapping[str, Any],
    ) -> None:
        self._fixed = tuple(fixed)
        self._grown = {name: copy(one) for name, one in grown.items()}
        file = BytesIO()
        _Writer(file, given, grown, *fixed).dump(things)
        self.state = file.getvalue()

    def revived(self, given: Named) -> Any:
        """The things as they were, with what is given now."""
        grown = {name: copy(one) for name, one in self._grown.items()}
        return _Reader(BytesIO(self.state), given, grown, *self._fixed).load()


class _Writer(pickle.Pickler):
    def __init__(self, file: BytesIO, *named: Named) -> None:
        super().__init__(file, protocol=5)
        self._names = {id(one): name for group in named for name, one in group.items()}

    def persistent_id(self, thing: object) -> str | None:
        return self._names.get(id(thing))


class _Reader(pickle.Unpickler):
    def __init__(self, file: BytesIO, *named: Named) -> None:
        super().__init__(file)
        self._found = {name: one for group in named for name, one in group.items()}

    def persistent_load(self, name: str) -> object:
        return self._found[name]
