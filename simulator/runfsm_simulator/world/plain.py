"""A world as plain data, which JSON can hold; and back again.

Rule 1: the fields of things are never listed here. What can change (an assistant, a thread, a run)
is a dataclass that is not frozen: it is written once, all its fields by their types, and referred
to by its number. What is frozen is written where it stands. So a new field is kept without a word
here, and what was one thing is one thing again.

Rule 2: reading runs nothing and believes nothing. Only dataclasses that the types below lead to
come into being, and every value is checked against its type before a world has any of them.

Not kept: clock and planner, which are given anew; whoever listens; wishes for an id.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from functools import reduce
from operator import attrgetter, or_
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import (
    Base64Bytes,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    create_model,
)
from pydantic_core import PydanticSerializationError

from runfsm.errors import CallerError
from runfsm_simulator.world.agenda import Entry
from runfsm_simulator.world.chooser import Choices, Seeded
from runfsm_simulator.world.filebatches import FileBatch
from runfsm_simulator.world.filemodels import File, StoreFile, VectorStore
from runfsm_simulator.world.mistakes import path_text
from runfsm_simulator.world.models import Assistant, Run, Thread
from runfsm_simulator.world.post import Letter
from runfsm_simulator.world.responsemodels import Conversation, Response
from runfsm_simulator.world.sessionmodels import Session, SessionTurn
from runfsm_simulator.world.storm import Storm
from runfsm_simulator.world.switches import Switches
from runfsm_simulator.world.trace import TraceEntry

__all__ = ["KEPT", "Kept", "parse", "put_back", "write"]

#: What a world is made of: where it is found, and its type.
KEPT: Final[Mapping[str, tuple[str, Any]]] = {
    "now": ("_engine.now", float),
    "choices": ("_chooser.inner.choices", Choices),
    "assistants": ("store.assistants", dict[str, Assistant]),
    "threads": ("store.threads", dict[str, Thread]),
    "runs": ("store.runs", dict[str, Run]),
    "responses": ("store.responses", dict[str, Response]),
    "conversations": ("store.conversations", dict[str, Conversation]),
    "sessions": ("store.sessions", dict[str, Session]),
    "turns": ("store.turns", dict[str, SessionTurn]),
    "files": ("files._files", dict[str, File]),
    "vector_stores": ("files.stores", dict[str, VectorStore]),
    "batches": ("files.batches", dict[str, FileBatch]),
    "indexing": ("files._indexing", list[StoreFile]),
    "agenda": ("_engine._agenda._heap", list[Entry]),
    "letters": ("_engine.post.waiting", list[Letter]),
    "planned": ("_engine._agenda._numbers", int),
    "trace": ("_engine.trace", deque[TraceEntry]),
    "taken": ("_engine.taken", int),
    "switches": ("_engine.switches", Switches),
    "storm": ("_engine.weather.storm", Storm),
    "heals_at": ("_engine.weather._heals_at", float | None),
    "is_calm": ("_engine.weather._is_calm", bool),
}

#: The same, with the values of one world.
Kept = Mapping[str, Any]


# The forms, made of the types --------------------------------------------------------------------


def _can_change(hint: Any) -> bool:
    params = getattr(hint, "__dataclass_params__", None)
    return params is not None and not params.frozen


def _plain(hint: Any) -> Any:
    """The type, with a number for each thing that can change, and base64 for bytes."""
    if hint is bytes:
        return Base64Bytes
    if _can_change(hint):

        def thing(number: Any, info: ValidationInfo) -> Any:
            return info.context.thing(hint, number)  # type: ignore[union-attr]  # always given

        to_number = PlainSerializer(lambda thing, info: info.context.number(thing))
        return Annotated[Any, to_number, PlainValidator(thing)]
    origin, args = get_origin(hint), get_args(hint)
    if not args or origin is Literal:
        return hint
    parts = tuple(map(_plain, args))
    return reduce(or_, parts) if origin in {Union, UnionType} else origin[parts]


def _form(name: str, hints: Mapping[str, Any]) -> type[BaseModel]:
    fields: dict[str, Any] = {field: (_plain(hint), ...) for field, hint in hints.items()}
    return create_model(name, __config__=ConfigDict(extra="forbid"), **fields)


def _changing(hint: Any) -> Iterator[type]:
    """The things that can change that a type leads to, at one remove."""
    if _can_change(hint):
        yield hint
    for arg in get_args(hint):
        yield from _changing(arg)


def _forms() -> dict[type, type[BaseModel]]:
    """A form for each thing that can change, as far as one gets from what is kept."""
    forms: dict[type, type[BaseModel]] = {}
    hints = deque(hint for _, hint in KEPT.values())
    while hints:
        for thing in _changing(hints.popleft()):
            if thing not in forms:
                fields = get_type_hints(thing)
                forms[thing] = _form(thing.__name__, fields)
                hints.extend(fields.values())
    return forms


FORMS: Final = _forms()
NAMED: Final[Mapping[str, type]] = {thing.__name__: thing for thing in FORMS}
WHOLE: Final = _form("World", {name: hint for name, (_, hint) in KEPT.items()})


# Writing -----------------------------------------------------------------------------------------


class _Writing:
    """Numbers for things, in the order in which they are come upon."""

    def __init__(self) -> None:
        self.met: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._counts = dict.fromkeys(FORMS, 0)

    def number(self, thing: Any) -> int:
        """Its number among those of its kind."""
        if id(thing) not in self._numbers:
            self._numbers[id(thing)] = self._counts[type(thing)]
            self._counts[type(thing)] += 1
            self.met.append(thing)
        return self._numbers[id(thing)]

    def written(self, form: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
        """Values as plain data. That a list stands for a tuple is no matter."""
        record = form.model_construct(**values)
        return record.model_dump(mode="json", context=self, warnings=False)


def write(world: object) -> dict[str, Any]:
    """A world as it is now, as plain data: what JSON has, and infinity. Call it in an operation.

    Raises:
        CallerError: its choices are not those of a seed; or something in it, put there in Python,
            is no plain data.
    """
    chooser = attrgetter("_chooser.inner")(world)
    if not isinstance(chooser, Seeded):
        raise CallerError(
            f"a world whose choices are made by {chooser!r} cannot be written down: make the "
            "simulator with a seed instead"
        )
    writing = _Writing()
    things: dict[str, list[Any]] = {name: [] for name in NAMED}
    try:
        whole = writing.written(
            WHOLE, {name: attrgetter(path)(world) for name, (path, _) in KEPT.items()}
        )
        for thing in writing.met:  # which gets longer meanwhile
            form = FORMS[type(thing)]
            values = {field: getattr(thing, field) for field in form.model_fields}
            things[type(thing).__name__].append(writing.written(form, values))
    except PydanticSerializationError as error:
        raise CallerError(f"this world cannot be written down: {error}") from error
    return {**whole, "things": things}


# Reading -----------------------------------------------------------------------------------------


class _Reading:
    """Things by their numbers: empty at first, for they refer to each other in circles."""

    def __init__(self, counts: Mapping[type, int]) -> None:
        self._things: dict[type, list[Any]] = {
            kind: [object.__new__(kind) for _ in range(count)] for kind, count in counts.items()
        }

    def of(self, kind: type) -> list[Any]:
        """All of a kind, by their numbers."""
        return self._things[kind]

    def thing(self, kind: type, number: Any) -> Any:
        """One of a kind."""
        if isinstance(number, int) and 0 <= number < len(self._things[kind]):
            return self._things[kind][number]
        raise ValueError(f"there is no {kind.__name__} {number}")


def parse(data: Any) -> Kept:
    """What `write` wrote, made again: for one world, for it may change.

    Raises:
        ValueError: the data is not what this version of runfsm writes. It says where.
    """
    if not isinstance(data, dict) or not isinstance(things := data.get("things"), dict):
        raise ValueError("there is no world in it")  # noqa: TRY004  # wrong data, not a wrong call
    if things.keys() != NAMED.keys() or not all(isinstance(one, list) for one in things.values()):
        raise ValueError(f"a world has lists of {', '.join(NAMED)}")
    reading = _Reading({kind: len(things[name]) for name, kind in NAMED.items()})
    for name, kind in NAMED.items():
        for number, (thing, record) in enumerate(zip(reading.of(kind), things[name], strict=True)):
            for field, value in _checked(FORMS[kind], record, reading, f"{name}[{number}]").items():
                setattr(thing, field, value)
    whole = {name: value for name, value in data.items() if name != "things"}
    kept = _checked(WHOLE, whole, reading, "world")
    Seeded().choices = kept["choices"]  # their states have a sense that no type tells
    return kept


def _checked(form: type[BaseModel], record: Any, reading: _Reading, where: str) -> dict[str, Any]:
    try:
        return dict(form.model_validate(record, context=reading))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{where}.{path_text(first['loc'])}: {first['msg']}") from error


def put_back(world: object, kept: Kept) -> None:
    """Fill a world that has just begun, on the clock and with the planner that it is to have."""
    for name, (path, _) in KEPT.items():
        holder, _, attribute = path.rpartition(".")
        held = getattr(attrgetter(holder)(world), attribute)
        if isinstance(held, dict):  # filled in place, for others hold it too
            held.update(kept[name])
        elif isinstance(held, list | deque):
            held.extend(kept[name])
        else:
            setattr(attrgetter(holder)(world), attribute, kept[name])
