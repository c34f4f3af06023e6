"""What is wrong with a script, told in the words of one who writes scripts.

pydantic says where and what (`turns.1.say`, "Input should be a valid string"); here it becomes
`turns[1].say: expected text, got the number 5`, one line for each place, whether the script came
from Python or from a file.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from runfsm.errors import ScriptError

__all__ = [
    "Loc",
    "ScriptPart",
    "Text",
    "listed",
    "mistakes",
    "mistakes_at",
    "path_text",
    "suggestion",
    "told_as_script_error",
]

Loc = tuple[int | str, ...]

# What pydantic's own error types expected; the rest of them say it in their message. Every number
# of a script that pydantic judges is one of seconds; the only pattern is that of a function's name.
EXPECTED: Final[Mapping[str, str]] = {
    "float_type": "a number of seconds",
    "finite_number": "a finite number of seconds",
    "greater_than_equal": "0 seconds or more",
    "model_attributes_type": "a mapping",
    "model_type": "a mapping",
    "string_pattern_mismatch": "1 to 64 of the characters a-z, A-Z, 0-9, _ and -",
    "string_type": "text",
    "tuple_type": "a list",
}


class ScriptPart(BaseModel):
    """A piece of a script: frozen, and with no key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """All that is not left at its default: a failure shows a script as one would write it."""
        for name, value in super().__repr_args__():
            field = type(self).model_fields[str(name)]
            if value != field.get_default(call_default_factory=True):
                yield name, value

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: Any) -> Any:
        """Refuse unknown keys here rather than by pydantic, which does not name the right one."""
        known = list(cls.model_fields)
        unknown = [key for key in data if key not in known] if isinstance(data, Mapping) else []
        if unknown:
            raise mistakes_at(
                {(key,): f"unknown key; {suggestion(str(key), known)}" for key in unknown}
            )
        return data


def _can_be_sent(text: str) -> str:
    """Refuse half of a surrogate pair, as an escape in a text can make it: no wire carries it."""
    text.encode()
    return text


Text = Annotated[str, AfterValidator(_can_be_sent)]


def listed(value: Any) -> Any:
    """One thing as a list of one; a list as it is."""
    return (value,) if isinstance(value, Mapping | ScriptPart) else value


def mistakes_at(found: Mapping[Loc, str]) -> ValidationError:
    """The error to raise in a validator when a mistake stands deeper than what it validates."""
    details = [_details(loc, what) for loc, what in found.items()]
    return ValidationError.from_exception_data("script", details)


def _details(loc: Loc, what: str) -> InitErrorDetails:
    kind = PydanticCustomError("mistake", "{error}", {"error": what})
    return InitErrorDetails(type=kind, loc=loc, input=None)


def suggestion(word: str, known: Sequence[str]) -> str:
    """The near miss if there is one, otherwise all that is known."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"


def mistakes(error: ValidationError) -> Iterator[tuple[Loc, str]]:
    """Each mistake: where it stands in the script, and a clause about it."""
    for detail in error.errors(include_url=False):
        kind, context = detail["type"], detail.get("ctx", {})
        # Lowered, for `True` is a word of Python's, and the other literals are lower case.
        choices = str(context["expected"]).lower() if kind == "literal_error" else None
        expected = choices or EXPECTED.get(kind)
        if expected:
            yield detail["loc"], f"expected {expected}, got {_named(detail['input'])}"
        elif kind == "missing":
            yield detail["loc"], "is missing"
        else:
            yield detail["loc"], str(context.get("error", detail["msg"]))


def _named(value: object) -> str:
    """A value as a writer of YAML calls it."""
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f"the text {value!r}" if len(value) <= 60 else "a long text"  # fits a line
    kinds = {int | float: f"the number {value}", Mapping: "a mapping", list | tuple: "a list"}
    named = (name for kind, name in kinds.items() if isinstance(value, kind))
    return next(named, f"an object of type {type(value).__name__}")


def path_text(loc: Loc) -> str:
    """A place in a script as one says it: `turns[1].call[0].name`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return text.removeprefix(".")


@contextmanager
def told_as_script_error() -> Iterator[None]:
    """Turn pydantic's error about something made in Python into a `ScriptError`."""
    try:
        yield
    except ValidationError as error:
        found = [f"{path_text(loc)}: {what}".removeprefix(": ") for loc, what in mistakes(error)]
        raise ScriptError("script", found) from error
