"""A function with a JSON schema of its arguments, where no type hints tell them.

The schema comes from elsewhere: from an MCP server, say. So it is checked before a model sees it,
and nothing in it is fetched.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from runfsm.errors import ToolDefinitionError
from runfsm.tools import arguments
from runfsm.tools.callables import Callee
from runfsm.tools.refusals import refusal
from runfsm.tools.signature import Signature, checked_name

__all__ = ["signature_of_schema"]

RIGHT: Final = '{"type": "object", "properties": {"city": {"type": "string"}}}'

#: Keywords whose messages name properties, and repeat no value.
SAY_NAMES: Final = frozenset({"required", "additionalProperties", "dependentRequired"})

#: The value of a keyword may be a page of alternatives.
MAX_VALUE_CHARS: Final = 100


def signature_of_schema(
    function: Any, name: str | None, description: str | None, parameters: Mapping[str, Any]
) -> Signature:
    """Join a function and a schema.

    Raises:
        ToolDefinitionError: the schema is none, or the function does not take what it offers.
    """
    callee = Callee.of(function, name=name)
    tool = checked_name(callee.name)
    schema = _checked_schema(tool, parameters)
    _check_takes(tool, callee, schema)
    return Signature(
        name=tool,
        description=description or "",
        parameters=schema,
        read=partial(_read, _validator(schema)),
        is_async=callee.is_async,
    )


def _read(validator: Validator, text: str) -> dict[str, Any]:
    values = arguments.parsed(text)
    if problems := [_problem(error) for error in validator.iter_errors(values)]:
        raise arguments.MisfitError(problems)
    return values


def _problem(error: ValidationError) -> tuple[str, str]:
    where = ".".join(map(str, error.absolute_path))
    if error.validator is None:  # a property whose schema is `false`; its path is not told
        return where, "has a property that is not allowed"
    if error.validator in SAY_NAMES:
        return where, error.message
    value = json.dumps(error.validator_value)
    if len(value) > MAX_VALUE_CHARS:
        value = f"{value[:MAX_VALUE_CHARS]}..."
    return where, f"does not fit {error.validator}: {value}"


# The schema --------------------------------------------------------------------------------------


def _checked_schema(tool: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(parameters, Mapping):
        raise _no_schema(tool, "a model sends an object", parameters)
    try:
        schema: dict[str, Any] = json.loads(json.dumps({**parameters}, allow_nan=False))
        _validator(schema).check_schema(schema)
    except (AttributeError, SchemaError, TypeError, ValueError) as error:  # "$schema": 5
        reason = getattr(error, "message", None) or error
        raise _no_schema(tool, f"parameters is no JSON schema: {reason}", parameters) from error
    if schema.get("type") != "object":
        raise _no_schema(tool, 'a model sends an object: "type" is "object" at the top', parameters)
    _check_references(tool, schema)
    return schema


def _no_schema(tool: str, problem: str, parameters: object) -> ToolDefinitionError:
    shown = repr(parameters)
    shown = f"{shown[:MAX_VALUE_CHARS]}..." if len(shown) > MAX_VALUE_CHARS else shown
    return refusal(tool, problem, wrong=f"parameters={shown}", right=f"parameters={RIGHT}")


def _validator(schema: Mapping[str, Any]) -> Validator:
    # With a registry of its own nothing is fetched.
    return validator_for(schema, default=Draft202012Validator)(schema, registry=Registry())


def _check_references(tool: str, schema: dict[str, Any]) -> None:
    root = DRAFT202012.create_resource(schema)
    resolver = Registry().with_resource("", root).resolver()
    for reference in _references(schema):
        try:
            resolver.lookup(reference)
        except Unresolvable as error:
            raise refusal(
                tool,
                f"parameters refers to {reference!r}, which is not in it",
                wrong=f'{{"$ref": "{reference}"}}',
                right='{"$ref": "#/$defs/Place"}, and "$defs" in the schema; nothing is fetched',
            ) from error


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(reference := part.get("$ref"), str):
            yield reference
        part = [*part.values()]
    if isinstance(part, list):
        for inner in part:
            yield from _references(inner)


# The function ------------------------------------------------------------------------------------


def _check_takes(tool: str, callee: Callee, schema: Mapping[str, Any]) -> None:
    """Bind the properties to the function: those that always come, and those that may."""
    given = inspect.Signature([*callee.parameters.values()])
    offered = [*schema.get("properties", {})]
    try:
        given.bind(**dict.fromkeys(schema.get("required", ())))
        given.bind(**dict.fromkeys(offered))
    except (TypeError, ValueError) as error:
        raise refusal(
            tool,
            f"the function does not take what the schema sends: {error}",
            wrong=f"def {callee.name}{given}",
            right=f"def {callee.name}(**arguments), or its parameters named as in the schema",
        ) from error
