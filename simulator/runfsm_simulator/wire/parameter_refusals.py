"""How one parameter is refused. Recorded: for a role, a metadata value, a content, a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runfsm.lifecycle import Evidence
from runfsm_simulator.wire.wording import PLATFORM, Wording

__all__ = ["PARAMETER_REFUSALS"]

_certain, _likely, _inferred = Evidence.certain, Evidence.likely, Evidence.inferred

#: Every one by a short name; `errors.py` has them among all others.
PARAMETER_REFUSALS: Final[Mapping[str, Wording]] = {
    "unknown_parameter": Wording(
        "Unknown parameter: '{name}'.",
        _certain("openai-node#902; MicrosoftDocs/azure-docs#122953, with the code"),
        param="{name}",
        code="unknown_parameter",
    ),
    "missing": Wording(
        "Missing required parameter: '{name}'.",
        PLATFORM,
        param="{name}",
        code="missing_required_parameter",
    ),
    "invalid_type": Wording(
        "Invalid type for '{name}': expected {expected}, but got {got} instead.",
        _certain("recording: ruby-openai 2024-04-29"),
        param="{name}",
        code="invalid_type",
    ),
    "invalid_value": Wording(
        "Invalid value: '{value}'. Supported values are: {supported}.",
        _certain("public code"),
        param="{name}",
        code="invalid_value",
    ),
    "out_of_range": Wording(
        "Invalid '{name}': {kind} {words} value. "
        "Expected a value {sign} {bound}, but got {value} instead.",
        PLATFORM,
        param="{name}",
        code="{code}",
    ),
    "wrong_length": Wording(
        "Invalid '{name}': {kind} too {side}. Expected {a_kind} with {limit} length {bound}, "
        "but got {a_kind} with length {length} instead.",
        _certain("semantic-kernel#12814, with the code; public code, for a content"),
        param="{name}",
        code="{code}",
    ),
    "outputs_too_large": Wording(
        "'{name}' too large: the combined tool outputs must be less than {max_kb}kb.",
        _certain("semantic-kernel#12814; public code, several, with the whole error"),
        param="{name}",
        code="invalid_value",
    ),
    "out_of_schema": Wording(
        "{value} is {words} of {bound} - '{name}'",
        _inferred("the wording of the platform's older endpoints, recorded for 'purpose'"),
    ),
    "empty": Wording(
        "Invalid '{name}': empty {kind}. "
        "Expected {a_kind} with minimum length 1, but got an empty {kind} instead.",
        _inferred("public code, many, for chat completions and responses"),
        param="{name}",
        code="empty_{kind}",
    ),
    "too_many_properties": Wording(
        "Invalid '{name}': too many properties. Expected an object with at most {bound} "
        "properties, but got an object with {length} properties instead.",
        _likely("public code, for the metadata of other endpoints"),
        param="{name}",
        code="object_above_max_properties",
    ),
    "long_property_name": Wording(
        "Invalid property name in '{name}': '{property}' is too long. Expected a string with "
        "maximum length {bound}, but got a string with length {length} instead.",
        _likely("public code, for the metadata of other endpoints"),
        param="{name}.{property}",
        code="property_name_above_max_length",
    ),
    "wrong_pattern": Wording(
        "Invalid '{name}': string does not match pattern. "
        "Expected a string that matches the pattern '{pattern}'.",
        PLATFORM,
        param="{name}",
        code="invalid_value",
    ),
    "invalid": Wording(
        "Invalid '{name}': {problem}.",
        _inferred("what the platform has no known words for"),
        param="{name}",
        code="invalid_value",
    ),
}
