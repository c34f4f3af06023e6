"""What a function asks for, read once from its signature, its type hints and its docstring.

Rule: whatever keeps a function from becoming a tool is found and told here, when the tool is
defined; afterwards only the model can be wrong.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import CodeType
from typing import Any, Final, get_origin, get_type_hints

import docstring_parser
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from pydantic_core import SchemaError

from runfsm.errors import ToolDefinitionError
from runfsm.tools import arguments
from runfsm.tools.callables import Callee, check_hints
from runfsm.tools.hints import ONCE, HintSchema, checked_hint, unchecked_in
from runfsm.tools.refusals import refusal

__all__ = ["Signature", "checked_name", "signature_of"]

# The Assistants API reference on `function.name`: "Must be a-z, A-Z, 0-9, or contain underscores
# and dashes, with a maximum length of 64."
NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")

# A model sends a JSON object, that is: arguments by name, one for each parameter.
UNSENDABLE: Final = {
    inspect.Parameter.POSITIONAL_ONLY: ("is positional-only", "{0}, /", "{0}: str"),
    inspect.Parameter.VAR_POSITIONAL: ("takes any number of values", "*{0}", "{0}: list[str]"),
    inspect.Parameter.VAR_KEYWORD: ("takes any name", "**{0}", "{0}: dict[str, str]"),
}


@dataclass(frozen=True, slots=True)
class Signature:
    """All that is read off a function.

    Attributes:
        name: the name that the model calls it by.
        description: what the model is told that it does.
        parameters: the JSON schema of its arguments.
        read: makes checked keyword arguments of what a model wrote; see `Tool.read`.
        is_async: whether a call is sure to give an awaitable.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    read: Callable[[str], dict[str, Any]]
    is_async: bool


def signature_of(
    function: Any, *, name: str | None = None, description: str | None = None
) -> Signature:
    """Read a function, or what is as good as one; see `Callee`.

    Args:
        function: what the model may call.
        name: instead of the function's own name.
        description: instead of the text above the sections of the docstring.

    Raises:
        ToolDefinitionError: it cannot be a tool; the message says why, and what to write instead.
    """
    callee = Callee.of(function, name=name)
    tool = checked_name(callee.name)
    check_hints(callee)
    doc = _parsed_doc(callee.doc)
    model = _arguments(tool, callee)
    return Signature(
        name=tool,
        description=(doc.description or "").strip() if description is None else description,
        parameters=_schema(model, _parameter_docs(doc)),
        read=partial(arguments.read, model),
        is_async=callee.is_async,
    )


def checked_name(name: str) -> str:
    """Return the name, if the API takes it.

    Raises:
        ToolDefinitionError: it does not.
    """
    if NAME.fullmatch(name):
        return name
    if name == "<lambda>":
        raise refusal(
            name,
            "a lambda has no name, and no types for its parameters",
            wrong="tool(lambda: ...)",
            right="def get_weather(location: str) -> str: ...\n              tool(get_weather)",
        )
    raise refusal(
        name,
        "a name is 1 to 64 of the characters a-z A-Z 0-9 _ -",
        wrong=f"tool(name={name!r})",
        right='tool(name="get_weather")(...)',
    )


# From the signature to a model -------------------------------------------------------------------


def _arguments(tool: str, callee: Callee) -> type[BaseModel]:
    """Make the model that checks arguments.

    Its fields are called `p0`, `p1` ..., and the parameters' names are their aliases: a parameter
    may then be called `schema`, `copy` or `_id`, which a pydantic field may not.
    """
    known = callee.code.__globals__ if callee.code else {}
    names = _enclosing_names(callee.code.__code__) if callee.code else {}
    fields: dict[str, Any] = {}
    for i, parameter in enumerate(callee.parameters.values()):
        _check_sendable(tool, parameter)
        resolved = _resolved(tool, parameter, known, names)
        _check_type(tool, resolved)
        default = {} if resolved.default is resolved.empty else {"default": resolved.default}
        fields[f"p{i}"] = (resolved.annotation, Field(alias=parameter.name, **default))
    return create_model(tool, __config__=ConfigDict(extra="forbid"), **fields)


def _check_sendable(tool: str, parameter: inspect.Parameter) -> None:
    name = parameter.name
    if parameter.kind in UNSENDABLE:
        problem, wrong, right = UNSENDABLE[parameter.kind]
        raise refusal(
            tool,
            f"{problem}, but a model sends one value for each name",
            parameter=name,
            wrong=f"def {tool}({wrong.format(name)})",
            right=f"def {tool}({right.format(name)})",
        )
    if parameter.annotation is parameter.empty:
        method = name == "self"
        raise refusal(
            tool,
            "a model cannot send it" if method else "has no type, so there is no schema for it",
            parameter=name,
            wrong=f"@tool def {tool}({name})",
            right=f"tool(instance.{tool})" if method else f"@tool def {tool}({name}: str)",
        )


def _resolved(
    tool: str, parameter: inspect.Parameter, known: dict[str, Any], names: Mapping[str, Any]
) -> inspect.Parameter:
    """The parameter with its type in place of the text of it, as it is checked."""

    # One at a time, to know whose fault a failure is, and to leave the return type alone: nobody
    # reads that, so it may well be imported under TYPE_CHECKING.
    def holder() -> None: ...

    holder.__annotations__ = {"it": parameter.annotation}
    try:
        hint = get_type_hints(holder, known, dict(names), include_extras=True)["it"]
    except (AttributeError, NameError, SyntaxError, TypeError) as error:
        raise refusal(
            tool,
            f"its type cannot be found: {error}",
            parameter=parameter.name,
            wrong=f"def {tool}({parameter}), with a type that is not known at run time",
            right="import the type at the top of the module, outside of `if TYPE_CHECKING:`",
        ) from error
    return parameter.replace(annotation=checked_hint(hint))


def _enclosing_names(code: CodeType) -> dict[str, Any]:
    """The local names of the functions around this one, as far as they are still running.

    A type hint may name a class that is local to a test; where hints are texts
    (`from __future__ import annotations`), no closure keeps such a class.
    """
    names: dict[str, Any] = {}
    frame = inspect.currentframe()
    while frame:
        if _contains(frame.f_code, code):
            names = {**frame.f_locals, **names}
        frame = frame.f_back
    return names


def _contains(outer: CodeType, code: CodeType) -> bool:
    inner = [const for const in outer.co_consts if isinstance(const, CodeType)]
    return code in inner or any(_contains(each, code) for each in inner)


def _check_type(tool: str, parameter: inspect.Parameter) -> None:
    hint, default = parameter.annotation, parameter.default
    if hint in ONCE or get_origin(hint) in ONCE:
        raise _read_once(tool, parameter, "a model sends all values at once, and this is read once")
    try:
        adapter = TypeAdapter[Any](hint)
        adapter.json_schema()
    except (PydanticUserError, SchemaError, NameError, TypeError) as error:
        reason = str(error).partition("\n")[0].partition(". ")[0].rstrip(".")
        raise refusal(
            tool,
            f"its type has no JSON schema: {reason}",
            parameter=parameter.name,
            wrong=f"def {tool}({parameter})",
            right=f"def {tool}({parameter.name}: str), or another type that JSON can carry",
        ) from error
    for where in unchecked_in(adapter.core_schema):
        raise _read_once(tool, parameter, f"{where or 'its type'} is not checked before the call")
    if default is not parameter.empty:
        _check_default(tool, parameter, adapter)


def _read_once(tool: str, parameter: inspect.Parameter, problem: str) -> ToolDefinitionError:
    return refusal(
        tool,
        problem,
        parameter=parameter.name,
        wrong=f"def {tool}({parameter})",
        right="list[int], say, in place of an Iterable, an Iterator or a Generator",
    )


def _check_default(tool: str, parameter: inspect.Parameter, adapter: TypeAdapter[Any]) -> None:
    try:
        adapter.validate_python(parameter.default, strict=True)
        # The model reads defaults in the schema, and infinity, say, is no JSON.
        json.dumps(adapter.dump_python(parameter.default, mode="json"), allow_nan=False)
    except ValueError as error:
        hint = inspect.formatannotation(parameter.annotation)
        right = f"Annotated[{hint}, Field(...)] = ..."
        if not isinstance(parameter.default, FieldInfo):
            right = f"{hint} | None = None"
        raise refusal(
            tool,
            f"the default {parameter.default!r} is no JSON value of its type",
            parameter=parameter.name,
            wrong=f"def {tool}({parameter})",
            right=f"def {tool}({parameter.name}: {right})",
        ) from error


# From the model to a JSON schema -----------------------------------------------------------------


def _parsed_doc(text: str) -> docstring_parser.Docstring:
    try:
        return docstring_parser.parse(text)
    except Exception:  # noqa: BLE001  # it stumbles over odd texts, such as ":::    ::"
        plain = docstring_parser.Docstring()
        plain.short_description = text
        return plain


def _parameter_docs(doc: docstring_parser.Docstring) -> dict[str, str]:
    # NumPy's style may tell of two at once: "x1, x2 : int".
    named = [(name, item.description) for item in doc.params for name in item.arg_name.split(", ")]
    return {name: text for name, text in named if text}


def _schema(arguments: type[BaseModel], docs: Mapping[str, str]) -> dict[str, Any]:
    schema = arguments.model_json_schema(schema_generator=HintSchema)
    del schema["title"]
    for name, told in schema["properties"].items():
        if name in docs:
            # What stands in `Annotated[..., Field(description=...)]` was written for the model.
            told.setdefault("description", docs[name])
    return schema
