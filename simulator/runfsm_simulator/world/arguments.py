"""Arguments for a function, or an answer, that nobody scripted: a small value for a JSON schema.

What a schema offers is taken in this order: `const`, `enum`, `default`, `examples`, an "e.g. X" in
the description of a text, and otherwise the plainest value of the type within its bounds.
Properties that are not required are left out, so that the function's own defaults are used.

A keyword of a shape that JSON Schema does not give it (`"properties": []`) is as good as absent.

Not honoured, because no plain value is sure to fit: `pattern`, `not`, `if`, `minProperties`, and
`uniqueItems` for more than one item.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final

from runfsm_simulator.world.scene import Pick

__all__ = ["make_arguments", "make_value"]

# A schema may refer to itself, may branch while it does so, and may ask for a billion items.
DEPTH_MAX: Final = 32
VALUES_MAX: Final = 10_000
LENGTH_MAX: Final = 10_000  # of a list or a text
NUMBER_MAX: Final = 1e300  # a bound beyond is none

FORMATS: Final[Mapping[str, str]] = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "time": "12:00:00Z",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda part: isinstance(part, kinds)


def _is_names(part: Any) -> bool:
    return isinstance(part, list | tuple) and all(isinstance(name, str) for name in part)


#: The shape of each keyword that is looked at without asking what it is.
SHAPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "properties": _is(Mapping),
    "required": _is_names,
    "type": lambda part: isinstance(part, str) or _is_names(part),
    **dict.fromkeys(("$ref", "description", "format"), _is(str)),
    **dict.fromkeys(("minItems", "maxItems", "minLength", "maxLength"), _is(int)),
    **dict.fromkeys(
        ("enum", "examples", "allOf", "anyOf", "oneOf", "prefixItems"), _is(list, tuple)
    ),
}


def _shaped(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: part for key, part in schema.items() if key not in SHAPES or SHAPES[key](part)}


# The city, e.g. "Paris". The city, e.g. San Francisco, CA (in the US). The city, e.g. Paris.
HINT: Final = re.compile(
    r"""\be\.g\.,?\s+(?:"([^"]+)"|'([^']+)'|`([^`]+)`|((?:[^;()\n.]|\.\S)+))"""
)


def make_arguments(schema: Mapping[str, Any], *, pick: Pick) -> dict[str, Any]:
    """Arguments that fit the `parameters` of a function tool.

    Args:
        schema: a JSON schema of an object; its `$ref`s may point into it, nowhere else.
        pick: chooses among the values of an `enum` or of `examples`.

    Example:
        >>> make_arguments(
        ...     {"properties": {"unit": {"enum": ["c", "f"]}}, "required": ["unit"]},
        ...     pick=lambda stream, options: options[0],
        ... )
        {'unit': 'c'}
    """
    maker = _Maker(schema, pick)
    return maker.mapping(*maker.resolved(schema, _Place()))


def make_value(schema: Any, *, pick: Pick) -> Any:
    """A JSON value that fits a schema of any type.

    Args:
        schema: a JSON schema; its `$ref`s may point into it, nowhere else.
        pick: chooses among the values of an `enum` or of `examples`.

    Example:
        >>> make_value(
        ...     {"type": "array", "items": {"type": "integer"}, "minItems": 2},
        ...     pick=lambda stream, options: options[0],
        ... )
        [1, 1]
    """
    root = schema if isinstance(schema, Mapping) else {}
    return _Maker(root, pick).value(schema, _Place())


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the arguments a value stands, and through which `$ref`s its schema was found."""

    name: str = "value"
    depth: int = 0
    refs: tuple[str, ...] = ()

    def inside(self, name: str) -> _Place:
        return replace(self, name=name, depth=self.depth + 1)

    def through(self, ref: str) -> _Place:
        return replace(self, refs=(*self.refs, ref), depth=self.depth + 1)


@dataclass(frozen=True, slots=True)
class _Maker:
    root: Mapping[str, Any]
    pick: Pick
    budget: Iterator[int] = field(default_factory=lambda: iter(range(VALUES_MAX)))

    def value(self, schema: Any, place: _Place) -> Any:
        schema, place = self.resolved(schema, place)
        if "const" in schema:
            return schema["const"]
        if options := schema.get("enum"):
            return self.pick("arguments", options)
        if "default" in schema:
            return schema["default"]
        if options := schema.get("examples"):
            return self.pick("arguments", options)
        return self.plain(schema, place)

    def plain(self, schema: Mapping[str, Any], place: _Place) -> Any:
        match _type(schema):
            case "object":
                return self.mapping(schema, place)
            case "array":
                return self.items(schema, place)
            case "integer" | "number" as kind:
                return _number(schema, whole=kind == "integer")
            case "boolean" | "null" as kind:
                return True if kind == "boolean" else None
        return _text(schema, place.name)

    def mapping(self, schema: Mapping[str, Any], place: _Place) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        return {
            name: self.value(properties.get(name, {}), place.inside(name))
            for name in schema.get("required") or ()
        }

    def items(self, schema: Mapping[str, Any], place: _Place) -> list[Any]:
        """One item at least, where that is allowed and does not lead round in a circle."""
        first = schema.get("prefixItems") or []
        rest = schema.get("items", {})
        again = isinstance(rest, Mapping) and rest.get("$ref") in place.refs
        wanted = 0 if again or first else min(1, schema.get("maxItems", 1))
        missing = min(max(wanted, schema.get("minItems", 0)), LENGTH_MAX) - len(first)
        return [self.value(item, place) for item in [*first, *[rest] * missing]]

    # Which schema holds --------------------------------------------------------------------------

    def resolved(self, schema: Any, place: _Place) -> tuple[Mapping[str, Any], _Place]:
        """The schema without `$ref`, `allOf`, `anyOf` and `oneOf`: one of those that would do."""
        while isinstance(schema, Mapping) and place.depth < DEPTH_MAX and self.has_budget():
            schema = _shaped(schema)
            if "$ref" in schema:
                place = place.through(schema["$ref"])
                schema = {**self.target(schema["$ref"]), **_without(schema, "$ref")}
            elif "allOf" in schema:
                parts = [self.resolved(part, place.inside(place.name)) for part in schema["allOf"]]
                schema = _merged([*(part for part, _ in parts), _without(schema, "allOf")])
            elif key := next((key for key in ("anyOf", "oneOf") if schema.get(key)), None):
                schema = _merged([_without(schema, key), self.option(schema[key], place)])
            else:
                return schema, place
        return {}, place  # `true`, which allows anything, or a circle without a way out

    def has_budget(self) -> bool:
        return next(self.budget, None) is not None

    def target(self, ref: str) -> Mapping[str, Any]:
        """What a `$ref` points at in this very schema; anything goes if that is nothing."""
        node: Any = self.root
        for part in ref.removeprefix("#").split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            node = node.get(key) if isinstance(node, Mapping) else None
        return node if isinstance(node, Mapping) and ref.startswith("#") else {}

    def option(self, options: Sequence[Any], place: _Place) -> Any:
        """The first that says something and leads on; once in a circle, the way out of it."""
        null = [option for option in options if _keyword(option, "type") == "null"]
        fresh = [
            option
            for option in options
            if option not in null and _keyword(option, "$ref") not in place.refs
        ]
        circling = len(set(place.refs)) < len(place.refs)
        return [*(null if circling else ()), *fresh, *null, *options][0]


def _keyword(schema: Any, key: str) -> Any:
    return schema.get(key) if isinstance(schema, Mapping) else None


def _without(schema: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: part for name, part in schema.items() if name != key}


def _merged(parts: Iterable[Any]) -> dict[str, Any]:
    """All parts at once; a later one overrides, but properties add up."""
    whole: dict[str, Any] = {}
    for part in (_shaped(part) for part in parts if isinstance(part, Mapping)):
        both = {
            "properties": {**whole.get("properties", {}), **part.get("properties", {})},
            "required": [*dict.fromkeys([*whole.get("required", ()), *part.get("required", ())])],
        }
        whole = {**whole, **part, **{key: value for key, value in both.items() if value}}
    return whole


def _type(schema: Mapping[str, Any]) -> str:
    """The schema's type, or the one that its keywords speak of."""
    stated = schema.get("type")
    if isinstance(stated, list):
        return next((name for name in stated if name != "null"), "null")
    if stated:
        return str(stated)
    if "properties" in schema or "required" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    return "number" if "minimum" in schema or "maximum" in schema else "string"


# Plain values ------------------------------------------------------------------------------------


def _text(schema: Mapping[str, Any], name: str) -> str:
    if found := FORMATS.get(schema.get("format", "")):
        return found
    hint = HINT.search(schema.get("description") or "")
    text = hint[hint.lastindex].strip() if hint and hint.lastindex else f"example {name}"
    return text.ljust(min(schema.get("minLength", 0), LENGTH_MAX), "x")[: schema.get("maxLength")]


def _number(schema: Mapping[str, Any], *, whole: bool) -> int | float:
    """The first of some likely numbers that keeps to the bounds; 1 if there are none."""
    step = _step(schema, whole=whole)
    low, above, high, below = (
        _fraction(schema.get(key))
        for key in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
    )

    def fits(number: Fraction) -> bool:
        return (
            (low is None or number >= low)
            and (above is None or number > above)
            and (high is None or number <= high)
            and (below is None or number < below)
        )

    found = next(filter(fits, _likely([low, above, high, below], step)), Fraction(1))
    return int(found) if whole else float(found)


def _likely(bounds: Iterable[Fraction | None], step: Fraction | None) -> Iterator[Fraction]:
    """1, the bounds, what lies between and beside them; multiples of `step` if there is one."""
    given = [bound for bound in bounds if bound is not None]
    between = [sum(given, Fraction()) / len(given)] if given else []
    for start in [Fraction(1), *given, *between]:
        if step:
            yield from (step * (math.ceil(start / step) + offset) for offset in (0, 1, -1))
        else:
            yield from (start, start + 1, start - 1)


def _step(schema: Mapping[str, Any], *, whole: bool) -> Fraction | None:
    step = _fraction(schema.get("multipleOf"))
    if whole:
        return Fraction(step.numerator if step else 1)  # the whole multiples of p/q are those of p
    return step


def _fraction(value: Any) -> Fraction | None:
    """Exact, and as it is written: 0.1 is a tenth."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return Fraction(str(value)) if number and abs(value) < NUMBER_MAX else None
