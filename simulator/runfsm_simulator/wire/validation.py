"""What is wrong with a body, in the platform's own words.

pydantic finds the mistake; here its error type becomes one of the platform's texts. Of several
mistakes the first is told, as the platform does.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails

from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.wording import ApiError
from runfsm_simulator.world.switches import DOCUMENTED, Switches

__all__ = ["TAG", "parse", "switches_in", "validate"]

ModelT = TypeVar("ModelT", bound=BaseModel)
Context = Mapping[str, Any]  # what pydantic adds to an error

#: The codes that no recording shows beside their texts.
DOUBTED: Final = frozenset({"string_above_max_length", "unknown_parameter"})

#: Begins the name of a member of a union in pydantic's paths; nobody's parameter begins so.
TAG: Final = "runfsm-tag:"

DEPTH_MAX: Final = 100  # levels of a body; a tool's schema needs ten

#: What pydantic expected, by its error type.
EXPECTED: Final[Mapping[str, str]] = {
    "string_type": "a string",
    "int_type": "an integer",
    "int_parsing": "an integer",  # of a query parameter, which is always text
    "int_from_float": "an integer",
    "float_type": "a decimal",
    "bool_type": "a boolean",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "list_type": "an array",
}

#: A bound that was passed: the words for it, the sign, and the end of the code.
BOUNDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "less_than_equal": ("above maximum", "<=", "above_max_value"),
    "greater_than_equal": ("below minimum", ">=", "below_min_value"),
}

#: A length that was passed: what is too long or too short, and the bound's name in pydantic.
LENGTHS: Final[Mapping[str, tuple[str, str, str]]] = {
    "string_too_long": ("string", "long", "max_length"),
    "string_too_short": ("string", "short", "min_length"),
    "too_long": ("array", "long", "max_length"),
    "too_short": ("array", "short", "min_length"),
}


def parse(model: type[ModelT], body: bytes, switches: Switches = DOCUMENTED) -> ModelT:
    """A body as a `model`; an empty body is an empty object.

    Raises:
        ApiError: it is not JSON in UTF-8, or not such a body.
    """
    try:
        data = DECODER.decode(body.decode() or "{}")
        if b"\\u" in body or body.count(b"[") + body.count(b"{") > DEPTH_MAX:
            _check_can_be_repeated(data)
    except (ValueError, RecursionError):
        raise REFUSALS["not_json"].error() from None
    return validate(model, data, switches)


def _refused(constant: str) -> Any:
    raise ValueError(constant)  # NaN and Infinity, which JSON does not have


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(text)
    return number


#: Made once: `json.loads` makes one for each body that it reads with these.
DECODER: Final = json.JSONDecoder(parse_constant=_refused, parse_float=_finite)


def _check_can_be_repeated(data: Any, depth: int = 0) -> None:
    """Refuse what could be read and not be written again: endless depth, half a surrogate pair."""
    if depth > DEPTH_MAX:
        raise ValueError(depth)
    match data:
        case str():
            data.encode()
        case list():
            for item in data:
                _check_can_be_repeated(item, depth + 1)
        case dict():
            for key, item in data.items():
                key.encode()
                _check_can_be_repeated(item, depth + 1)


def validate(model: type[ModelT], data: Any, switches: Switches = DOCUMENTED) -> ModelT:
    """Data as a `model`, whose validators find the switches as their context.

    Raises:
        ApiError: the first mistake, told as the platform tells it.
    """
    try:
        return model.model_validate(data, context=switches)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    raise _doubted(_told(first, switches), switches)


def switches_in(info: ValidationInfo) -> Switches:
    """The switches that a body's validator heeds."""
    return info.context or DOCUMENTED


def _doubted(error: ApiError, switches: Switches) -> ApiError:
    """The error, without its code if that is in doubt and a switch says so."""
    if error.code in DOUBTED and getattr(switches, f"{error.code}_code") == "null":
        error.code = None
    return error


def _told(error: ErrorDetails, switches: Switches) -> ApiError:
    name, kind, value = _name(error["loc"]), error["type"], error["input"]
    context = error.get("ctx", {})
    if kind in EXPECTED:
        return _wrong_type(name, EXPECTED[kind], value)
    if kind in BOUNDS:
        (bound,) = context.values()
        if name == "limit" and switches.limit_out_of_range == "refuse_as_schema":
            return _out_of_schema(name, value, bound, kind)
        return _out_of_range(name, value, bound, BOUNDS[kind])
    if kind == "string_too_long" and error["loc"][-1:] == ("[key]",):
        return _long_property_name(error["loc"][:-2], value, context)
    if kind in LENGTHS and not value and switches.empty_text == "empty":
        return REFUSALS["empty"].error(name=name, kind=LENGTHS[kind][0], a_kind=_noun(value))
    if kind in LENGTHS:
        return _wrong_length(name, value, context, LENGTHS[kind])
    if kind in TELLERS:
        return TELLERS[kind](name, value, {"message": error["msg"], **context})
    return REFUSALS["invalid"].error(name=name, problem=error["msg"])


def _wrong_type(name: str, expected: str, value: Any) -> ApiError:
    if not name:
        return REFUSALS["not_an_object"].error(got=_noun(value))
    return REFUSALS["invalid_type"].error(name=name, expected=expected, got=_noun(value))


def _out_of_range(name: str, value: Any, bound: float, words: tuple[str, str, str]) -> ApiError:
    number = "integer" if isinstance(bound, int) else "decimal"
    where, sign, code = words
    return REFUSALS["out_of_range"].error(
        name=name,
        kind=number,
        words=where,
        sign=sign,
        bound=f"{bound:g}",
        value=value,
        code=f"{number}_{code}",
    )


def _out_of_schema(name: str, value: Any, bound: float, kind: str) -> ApiError:
    """The same, in the words of older endpoints."""
    words = "greater than the maximum" if kind == "less_than_equal" else "less than the minimum"
    return REFUSALS["out_of_schema"].error(name=name, words=words, bound=f"{bound:g}", value=value)


def _wrong_length(name: str, value: Any, context: Context, words: tuple[str, str, str]) -> ApiError:
    kind, side, limit = words
    if isinstance(value, Mapping):
        return REFUSALS["too_many_properties"].error(
            name=name, bound=context[limit], length=len(value)
        )
    above, most = ("above", "maximum") if side == "long" else ("below", "minimum")
    return REFUSALS["wrong_length"].error(
        name=name,
        kind=kind,
        a_kind=_noun(value),
        side=side,
        limit=most,
        bound=context[limit],
        length=len(value),
        code=f"{kind}_{above}_{limit}",
    )


def _long_property_name(loc: tuple[int | str, ...], property: str, context: Context) -> ApiError:
    return REFUSALS["long_property_name"].error(
        name=_name(loc), property=property, bound=context["max_length"], length=len(property)
    )


def _unsupported(name: str, value: Any, expected: str) -> ApiError:
    if not isinstance(value, str):
        return _wrong_type(name, "a string", value)
    *others, last = [option.replace(TAG, "") for option in re.findall("'[^']*'", expected)]
    comma = "," if len(others) > 1 else ""
    supported = f"{', '.join(others)}{comma} and {last}" if others else last
    return REFUSALS["invalid_value"].error(name=name, value=value, supported=supported)


def _untyped(name: str, value: Any, _: Context) -> ApiError:
    """A member of a union that does not say in its `type` which it is."""
    if not isinstance(value, Mapping):
        return _wrong_type(name, "an object", value)
    if "type" not in value:
        return REFUSALS["missing"].error(name=f"{name}.type")
    return _wrong_type(f"{name}.type", "a string", value["type"])


#: The error types that stand for themselves.
TELLERS: Final[Mapping[str, Callable[[str, Any, Context], ApiError]]] = {
    "extra_forbidden": lambda name, _, __: REFUSALS["unknown_parameter"].error(name=name),
    "missing": lambda name, _, __: REFUSALS["missing"].error(name=name),
    "one_of": lambda name, value, context: _wrong_type(name, context["message"], value),
    "literal_error": lambda name, value, context: _unsupported(name, value, context["expected"]),
    "union_tag_invalid": lambda name, value, context: _unsupported(
        f"{name}.type", value["type"], context["expected_tags"]
    ),
    "union_tag_not_found": _untyped,
    "string_pattern_mismatch": lambda name, _, context: REFUSALS["wrong_pattern"].error(
        name=name, pattern=context["pattern"]
    ),
    "outputs_too_large": lambda name, _, context: REFUSALS["outputs_too_large"].error(
        name=name, max_kb=context["max_kb"]
    ),
    "malformed_id": lambda name, value, context: REFUSALS["malformed_id"].error(
        name=name, id=value, prefix=context["prefix"]
    ),
}


def _name(loc: tuple[int | str, ...]) -> str:
    """A path as the platform writes it: `tools[0].function.name`."""
    name = ""
    for step in loc:
        if isinstance(step, int):
            name += f"[{step}]"
        elif not step.startswith(TAG) and step != "[key]":
            name += f".{step}" if name else step
    return name


def _noun(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case list() | tuple():
            return "an array"
    return "an object"
