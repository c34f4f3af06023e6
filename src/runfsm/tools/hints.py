"""Type hints, as a model's arguments are checked by them: at once, as a whole, and described.

Rule: what a tool gets was checked before the call, and can be read twice. pydantic checks an
`Iterable` while it is read, and `SkipValidation` never; here the first is checked as a list, and
the second as the type that it is put on. Where that cannot be rewritten, in a field of a class of
the app's, the tool is refused.
"""

from __future__ import annotations

import types
from collections import abc
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from pydantic import Field, SkipValidation
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

__all__ = ["ONCE", "HintSchema", "checked_hint", "unchecked_in"]

#: What a list is good for, too. pydantic checks the first while it is read, and refuses the others.
LISTS: Final = (abc.Iterable, abc.Collection, abc.Container, abc.Reversible)

#: What can be read only once.
ONCE: Final = (
    abc.Iterator,
    abc.Generator,
    abc.AsyncIterable,
    abc.AsyncIterator,
    abc.AsyncGenerator,
)


#: Where a core schema has the class that it is of; the second is a named tuple's.
OWNERS: Final = ("cls", "function")


def checked_hint(hint: Any) -> Any:
    """Return a type hint that pydantic checks before the call, with its descriptions as `Field`s.

    Example:
        >>> from collections.abc import Iterable
        >>> checked_hint(dict[str, Iterable[int]])
        dict[str, collections.abc.Sequence[int]]
    """
    origin, args = get_origin(hint), get_args(hint)
    if hint in LISTS or (origin in LISTS and not args):
        return abc.Sequence
    if origin is Annotated:
        return _annotated(*args)
    if not args or any(isinstance(arg, list) for arg in args):  # a Callable's
        return hint
    inner = tuple(map(checked_hint, args))
    if origin in LISTS:
        return abc.Sequence[inner[0]]  # type: ignore[valid-type]  # made at run time
    return hint if all(map(_is_same, args, inner)) else _rebuilt(hint, origin, inner)


def _is_same(one: object, other: object) -> bool:
    return one is other


def _rebuilt(hint: Any, origin: Any, args: tuple[Any, ...]) -> Any:
    if origin in {Union, types.UnionType}:
        return Union[args]  # noqa: UP007  # made at run time
    return hint.copy_with(args) if hasattr(hint, "copy_with") else origin[args]


def _annotated(base: Any, *metadata: Any) -> Any:
    kept = [it for it in metadata if it is not SkipValidation and not _is_skipping(it)]
    text = description_of(metadata)
    if text is not None and not any(_has_description(it) for it in kept):
        kept.append(Field(description=text))
    hint = checked_hint(base)
    return Annotated[(hint, *kept)] if kept else hint


def _is_skipping(item: object) -> bool:
    return type(item) is SkipValidation


# Descriptions ------------------------------------------------------------------------------------


def description_of(metadata: tuple[Any, ...]) -> str | None:
    """Return the description in an `Annotated`: a `Field`'s, else a `Doc`'s, else a plain text."""
    fields = [it.description for it in metadata if _has_description(it)]
    docs = [
        getattr(it, "documentation", None) for it in metadata
    ]  # PEP 727's, and annotated-types'
    texts = [it for it in metadata if isinstance(it, str)]
    found = [it for it in (*texts, *docs, *fields) if isinstance(it, str)]
    return found[-1] if found else None


def _has_description(item: object) -> bool:
    return isinstance(item, FieldInfo) and item.description is not None


class HintSchema(GenerateJsonSchema):
    """The schema of type hints: with the descriptions of fields, and without pydantic's titles.

    pydantic titles `unit` as "Unit"; a model pays for such words and learns nothing.
    """

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # pydantic's own name
        """See pydantic."""
        return False

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        """See pydantic."""
        return _with_descriptions(super().model_schema(schema), schema)

    def dataclass_schema(self, schema: Any) -> JsonSchemaValue:
        """See pydantic."""
        return _with_descriptions(super().dataclass_schema(schema), schema)

    def typed_dict_schema(self, schema: Any) -> JsonSchemaValue:
        """See pydantic."""
        return _with_descriptions(super().typed_dict_schema(schema), schema)


def _with_descriptions(told: JsonSchemaValue, schema: Mapping[str, Any]) -> JsonSchemaValue:
    try:
        hints = get_type_hints(schema["cls"], include_extras=True)
    except Exception:  # noqa: BLE001  # pydantic has found its types by other ways: then it is left
        return told
    for name, part in told.get("properties", {}).items():
        hint = hints.get(name)
        text = description_of(get_args(hint)[1:]) if get_origin(hint) is Annotated else None
        if text is not None:
            part.setdefault("description", text)
    return told


# What could not be rewritten ---------------------------------------------------------------------


def unchecked_in(schema: Any, where: str = "") -> Iterator[str]:
    """Yield what is not checked at once in a core schema: `"Order.items"`, or `""`: all of it.

    Args:
        schema: of pydantic's core.
        where: the place of this schema.
    """
    if isinstance(schema, list | tuple):
        for part in schema:
            yield from unchecked_in(part, where)
    if not isinstance(schema, Mapping):
        return
    if schema.get("type") == "generator" or _is_skipped(schema):
        yield where
    where = next((it.__name__ for it in map(schema.get, OWNERS) if isinstance(it, type)), where)
    if isinstance(field := schema.get("name"), str):  # of a dataclass, a named tuple
        where = f"{where}.{field}"
    for name, part in schema.items():
        if name == "fields" and isinstance(part, Mapping):
            for field, inner in part.items():
                yield from unchecked_in(inner, f"{where}.{field}")
        elif name not in {"metadata", "serialization"}:
            yield from unchecked_in(part, where)


def _is_skipped(schema: Mapping[str, Any]) -> bool:
    # Nothing but the name of what makes its JSON schema tells it from `Any`.
    makers = (schema.get("metadata") or {}).get("pydantic_js_annotation_functions", ())
    return schema.get("type") == "any" and any("SkipValidation" in it.__qualname__ for it in makers)
